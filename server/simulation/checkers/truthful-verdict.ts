import { CELL_BYTES } from '../cells.ts';
import type { Observed } from '../history.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';
import type { WriteRecord } from './write-table.ts';

const name = 'truthful-verdict';

type VerdictEvent = Extract<Observed, { kind: 'verdict' }>;

/** Completed writes of the stretch that the verdict ends, which the survivor does not hold. */
export function lostWrites({ writes }: Evidence, event: VerdictEvent): WriteRecord[] {
  const stretch = writes.stretches.findLast((candidate) => candidate.order < event.order);
  const image = event.image;
  if (!stretch || !image) return [];
  return [...writes.writes.values()].filter(
    (write) => write.stretch === stretch.index && Number.isFinite(write.completedOrder) && !writes.holds(image, write),
  );
}

/** Zeroes where there may have been none but zeroes before: nobody can tell whether the survivor holds such a write or lacks it. */
function indistinctWrites({ writes }: Evidence, event: VerdictEvent): WriteRecord[] {
  const stretch = writes.stretches.findLast((candidate) => candidate.order < event.order);
  const image = event.image;
  if (!stretch || !image) return [];
  return [...writes.writes.values()].filter(
    (write) =>
      write.zeroes &&
      write.stretch === stretch.index &&
      Number.isFinite(write.completedOrder) &&
      writes.holds(image, write),
  );
}

/** The verdict is never better, and where it counts never other, than what the survivor really holds. */
export const truthfulVerdict: Checker = {
  name,
  holds: '`no data loss` only if every completed write survives; a loss count equals the oracle’s',
  check(evidence: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const event of evidence.history.of('verdict')) {
      if (!event.image) continue;
      const lost = lostWrites(evidence, event);
      const bytes = lost.reduce((sum, write) => sum + write.cells * CELL_BYTES, 0);
      // What a ledger wrote beside the numbered blocks is not in the oracle: then a count can only be too small.
      const complete = evidence.history.settings.opaqueVolumes.length === 0;
      const maybe = indistinctWrites(evidence, event);
      const text = whyUntrue(event, lost, bytes, complete, maybe);
      if (text) findings.add(event.order, `run ${event.run} said ${event.verdict.kind}: ${text}`);
    }
    return findings.violations;
  },
};

function whyUntrue(
  event: VerdictEvent,
  lost: WriteRecord[],
  bytes: number,
  complete: boolean,
  maybe: readonly WriteRecord[],
): string | null {
  const most = lost.length + maybe.length;
  const mostBytes = maybe.reduce((sum, write) => sum + write.cells * CELL_BYTES, bytes);
  const { kind, lost: said } = event.verdict;
  const really = `${lost.length} completed updates of ${bytes} bytes are not on ${event.survivor}`;
  if (kind === 'no-data-loss') {
    return lost.length === 0 ? null : `${really}, the first of them write ${lost[0]?.id}`;
  }
  if (kind === 'data-loss' && said.updates === 0) return 'it proves no lost update';
  if (kind === 'data-loss' && said.bound === 'exact') {
    const differs = complete
      ? said.updates < lost.length || said.updates > most || said.bytes < bytes || said.bytes > mostBytes
      : said.updates < lost.length || said.bytes < bytes;
    if (differs) return `exactly ${said.updates} updates of ${said.bytes} bytes, but ${really}`;
  }
  if (said.bound === 'at-least' && complete && said.updates > most)
    return `at least ${said.updates} updates, but ${really}`;
  if (said.bound === 'at-most' && said.updates < lost.length) return `at most ${said.updates} updates, but ${really}`;
  return null;
}
