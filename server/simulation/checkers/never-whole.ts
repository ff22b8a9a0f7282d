import { findArrangement } from '../../domain/arrangement.ts';
import { CELL_BYTES } from '../cells.ts';
import type { History, Observed } from '../history.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'never-whole';

/** Where the arrangement promises it, nothing is copied whole a second time: the difference tables know what differs (004). */
export const neverWhole: Checker = {
  name,
  holds: 'a system that once had a copy is never copied whole again, as long as no table was lost with its disk',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const { arrangement, firstHolder, opaqueVolumes } = history.settings;
    // What a ledger writes beside the numbered blocks is not counted, and may well be everywhere.
    if (!findArrangement(arrangement)?.neverWhole || opaqueVolumes.length > 0) return [];
    const copied = new Set([firstHolder]);
    const touched = new Set<string>();
    for (const event of history.events) {
      if (isExcuse(event)) return findings.violations;
      if (event.kind === 'write-issued') touch(touched, history, event);
      if (event.kind === 'pair' && event.to === 'duplex') copied.add(event.pair.split('-')[1] ?? '');
      if (event.kind !== 'copy-begun' || !copied.has(event.destination)) continue;
      const { markedTracks, allTracks, pair } = event;
      if (markedTracks < allTracks || touched.size >= allTracks) continue;
      findings.add(
        event.order,
        `${pair} copies all of ${allTracks} tracks, though hosts ever wrote to ${touched.size}`,
      );
    }
    return findings.violations;
  },
};

/** A lost table is all bits, and so is what a system knows whose disk fails it. */
function isExcuse(event: Observed): boolean {
  return (
    (event.kind === 'process' && event.what === 'power-loss') || (event.kind === 'fault' && event.what.includes('disk'))
  );
}

function touch(
  touched: Set<string>,
  { settings }: History,
  { volume, firstCell, cells }: Extract<Observed, { kind: 'write-issued' }>,
): void {
  const trackOf = (cell: number) => Math.floor((cell * CELL_BYTES) / settings.trackBytes);
  for (let track = trackOf(firstCell); track <= trackOf(firstCell + cells - 1); track += 1)
    touched.add(`${volume}/${track}`);
}
