/** What a takeover cost, measured on the history: time until hosts were served again, and what was lost. */
import { CELL_BYTES } from './cells.ts';
import { evidenceOf } from './checkers/checker.ts';
import type { History } from './history.ts';

export interface Takeover {
  from: string;
  to: string;
  /** From the last write completed at the old holder to the first completed at the new one, ms; null where none came. */
  rtoMs: number | null;
  /** Age, at the last completion on the old holder, of the oldest completed write that the new holder lacks, ms. */
  rpoMs: number;
  lostUpdates: number;
  lostBytes: number;
}

export interface Objectives {
  takeovers: Takeover[];
}

/** RTO, RPO and loss of every takeover in `history`. Times are the observer's. */
export function measure(history: History): Objectives {
  const { writes } = evidenceOf(history);
  const atMs = (order: number): number => history.events[order]?.atMs ?? 0;
  const takeovers = writes.stretches.slice(1).map((stretch): Takeover => {
    const before = writes.stretches[stretch.index - 1];
    const completed = [...writes.writes.values()].filter((write) => Number.isFinite(write.completedOrder));
    const old = completed.filter((write) => write.stretch === stretch.index - 1);
    const lastMs = Math.max(
      0,
      ...old.filter((write) => write.completedOrder < stretch.order).map((write) => atMs(write.completedOrder)),
    );
    const { base } = stretch;
    const lost = base ? old.filter((write) => !writes.holds(base, write)) : [];
    const served = completed
      .filter((write) => write.stretch === stretch.index)
      .map((write) => atMs(write.completedOrder));
    return {
      from: before?.system ?? '?',
      to: stretch.system,
      rtoMs: served.length > 0 ? Math.min(...served) - lastMs : null,
      rpoMs: lost.length > 0 ? Math.max(0, lastMs - Math.min(...lost.map((write) => atMs(write.completedOrder)))) : 0,
      lostUpdates: lost.length,
      lostBytes: lost.reduce((bytes, write) => bytes + write.cells * CELL_BYTES, 0),
    };
  });
  return { takeovers };
}
