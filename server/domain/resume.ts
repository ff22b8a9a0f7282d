/**
 * May a new pair go on from what its destination holds, instead of copying everything? (Lineage, number) names one content
 * for ever (1b rule 13), so the numbers of both ends tell, as long as the source still has the updates in between.
 */
import { commonNumber } from './generation.ts';
import type { SystemFacts } from './storage-controller.ts';

export type Resume =
  /** The destination holds exactly what the source holds. */
  | { kind: 'equal' }
  /** It lacks so many updates, all of which the source's journal still has. */
  | { kind: 'delta'; updates: number }
  /**
   * Both went on behind update `common`, each in its own way. Both journals still tell where, so that these tracks can be copied
   * and no others: it lacks `missing` updates, and holds `excess` that the source does not have.
   */
  | { kind: 'differ'; common: number; missing: number; excess: number }
  | { kind: 'impossible'; why: string };

export type ResumeFacts = Pick<SystemFacts, 'system' | 'lineage' | 'lastNumber' | 'consistent' | 'evidenceLost'> & {
  journal: Pick<SystemFacts['journal'], 'trimmedTo'>;
};

/** What a pair from `source` to `destination` would have to send. */
export function judgeResume(source: ResumeFacts, destination: ResumeFacts): Resume {
  for (const end of [source, destination]) {
    if (!end.consistent) return { kind: 'impossible', why: `the image of ${end.system} is part old, part new` };
    if (end.evidenceLost) return { kind: 'impossible', why: `${end.system} has lost updates that it had answered` };
  }
  const held = destination.lastNumber;
  const common = commonNumber(source.lineage, source.lastNumber, destination.lineage, held);
  if (common < held) {
    const excess = `${destination.system} holds updates ${common + 1} to ${held}, which ${source.system} does not have`;
    const trimmed = [source, destination].find(({ journal }) => journal.trimmedTo > common);
    if (!trimmed) return { kind: 'differ', common, missing: source.lastNumber - common, excess: held - common };
    const why = `${excess}; update ${common + 1} was trimmed from the journal of ${trimmed.system}`;
    return { kind: 'impossible', why };
  }
  if (held === source.lastNumber) return { kind: 'equal' };
  if (held < source.journal.trimmedTo)
    return { kind: 'impossible', why: `update ${held + 1} was trimmed from the journal of ${source.system}` };
  return { kind: 'delta', updates: source.lastNumber - held };
}
