import { CELL_BYTES } from '../cells.ts';
import type { Observed } from '../history.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';
import type { WriteRecord } from './write-table.ts';

const name = 'truthful-verdict';

type VerdictEvent = Extract<Observed, { kind: 'verdict' }>;

/** What the survivor lacks of the stretch that a verdict ends. */
interface Lacking {
  /** Writes that were answered: every one of them is a loss. */
  completed: WriteRecord[];
  /**
   * Writes whose answer was under way: a storage system counts an update as completed before the answer leaves (1b rule 6),
   * so a verdict may count these as well. With them those that wrote zeros where zeros were, and those that overlapped with
   * what is shown in their place: no image tells.
   */
  inDoubt: WriteRecord[];
}

function lackingOf({ writes }: Evidence, event: VerdictEvent): Lacking {
  const stretch = writes.stretches.findLast((candidate) => candidate.order < event.order);
  const { image } = event;
  if (!stretch || !image) return { completed: [], inDoubt: [] };
  const mine = [...writes.writes.values()].filter((write) => write.stretch === stretch.index);
  const lacking = mine.filter((write) => !writes.holds(image, write));
  return {
    completed: lacking.filter((write) => Number.isFinite(write.completedOrder)),
    inDoubt: [
      ...lacking.filter((write) => !Number.isFinite(write.completedOrder)),
      ...mine.filter((write) => writes.holds(image, write) && (write.zeroes || writes.isAmbiguous(image, write))),
    ],
  };
}

/** The verdict is never better, and where it counts never other, than what the survivor really holds. */
export const truthfulVerdict: Checker = {
  name,
  holds: '`no data loss` only if every completed write survives; a loss count equals the oracle’s',
  check(evidence: Evidence): Violation[] {
    const findings = new Findings(name);
    // What a ledger wrote beside the numbered blocks is not in the oracle: then a count can only be too small.
    const countsAll = evidence.history.settings.opaqueVolumes.length === 0;
    for (const event of evidence.history.of('verdict')) {
      const text = event.image ? whyUntrue(event, lackingOf(evidence, event), countsAll) : null;
      if (text) findings.add(event.order, `run ${event.run} said ${event.verdict.kind}: ${text}`);
    }
    return findings.violations;
  },
};

function whyUntrue(event: VerdictEvent, { completed, inDoubt }: Lacking, countsAll: boolean): string | null {
  const { kind, lost: said } = event.verdict;
  const least = { updates: completed.length, bytes: bytesOf(completed) };
  const most = countsAll
    ? { updates: least.updates + inDoubt.length, bytes: least.bytes + bytesOf(inDoubt) }
    : { updates: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  const really = `${least.updates} completed updates of ${least.bytes} bytes are not on ${event.survivor}, ${inDoubt.length} more were under way`;
  if (kind === 'no-data-loss')
    return least.updates === 0 ? null : `${really}, the first of them write ${completed[0]?.id}`;
  if (kind === 'data-loss' && said.updates === 0) return 'it proves no lost update';
  const tooMany = said.updates > most.updates;
  const tooFew = said.updates < least.updates;
  if (kind === 'data-loss' && said.bound === 'exact') {
    const wrongBytes = said.bytes < least.bytes || said.bytes > most.bytes;
    if (tooMany || tooFew || wrongBytes) return `exactly ${said.updates} updates of ${said.bytes} bytes, but ${really}`;
  }
  if (said.bound === 'at-least' && tooMany) return `at least ${said.updates} updates, but ${really}`;
  if (said.bound === 'at-most' && tooFew) return `at most ${said.updates} updates, but ${really}`;
  return null;
}

function bytesOf(writes: readonly WriteRecord[]): number {
  return writes.reduce((bytes, write) => bytes + write.cells * CELL_BYTES, 0);
}
