/** What the graph and the table show, derived from the one status of the group. Pure; no judgement of its own. */
import { findArrangement, plannedPairs } from '../../server/domain/arrangement.ts';
import type { GroupStatus, HostStatus, PairStatus, SystemStatus } from '../../server/domain/group-status.ts';
import { parsePairName } from '../../server/domain/names.ts';
import type { RunView } from '../../server/routines/step-graph.ts';
import { shareOf } from '../format/numbers.ts';
import type { ShownPairState } from '../pair-state/appearance.ts';
import type { LayoutShape, LayoutSite } from './layout.ts';

/** Sites in topology order; one the arrangement does not name comes last, in the order it was met. */
function siteOrder(status: GroupStatus): string[] {
  const known: readonly string[] = findArrangement(status.arrangement)?.sites ?? [];
  const met = [...status.systems, ...status.hosts].map((part) => part.site as string);
  return [...new Set([...known, ...met])].filter((site) => met.includes(site));
}

/** What the layout depends on. */
export function shapeOf(status: GroupStatus): LayoutShape {
  const sites = siteOrder(status).map(
    (name): LayoutSite => ({
      name,
      systems: status.systems.filter((system) => system.site === name).map((system) => system.name),
      hosts: status.hosts
        .filter((host) => host.site === name)
        .map((host) => ({ name: host.name, system: host.name.replace(/^host-/, '') })),
      switches: status.switches
        .filter((device) => device.site === name)
        .map((device) => ({ name: device.name, system: device.system })),
    }),
  );
  const systems = status.systems.map((system) => system.name);
  return {
    sites,
    couples: couplesOf(status),
    lines: status.lines
      .filter((line) => line.ends.every((end) => systems.includes(end)))
      .map(({ name, ends, km }) => ({ name, ends, km })),
    witness: true,
  };
}

/** Systems that are paired in some operation: by the arrangement, which does not change, and then by what stands besides. */
function couplesOf(status: GroupStatus): [string, string][] {
  const arrangement = findArrangement(status.arrangement);
  const known = arrangement ? plannedPairs(arrangement) : [];
  const met = status.pairs.map((pair) => parsePairName(pair.name)).filter((ends) => ends !== null);
  const couples = [...known, ...met].map((ends): [string, string] => [ends.source, ends.destination]);
  const keys = couples.map((ends) => ends.toSorted().join('~'));
  return couples.filter((_ends, index) => keys.indexOf(keys[index] ?? '') === index);
}

const keyOf = (name: string): string => {
  const ends = parsePairName(name);
  return ends ? [ends.source, ends.destination].sort().join('~') : name;
};

/** Pairs worth drawing: of two directions of the same two systems, the one that exists. */
export function drawnPairs(pairs: readonly PairStatus[]): PairStatus[] {
  return pairs.filter(
    (pair) =>
      pair.state !== 'absent' ||
      !pairs.some(
        (other) => other.name !== pair.name && keyOf(other.name) === keyOf(pair.name) && other.state !== 'absent',
      ),
  );
}

export interface EndsView {
  /** Both ends say the same, or only one end says anything. */
  agree: boolean;
  source: string;
  destination: string;
}

/** What each end says. A pair where one end is silent does not disagree; it is unknown there. */
export function endsOf(pair: PairStatus): EndsView {
  const { stateAtSource: source, stateAtDestination: destination } = pair;
  return { agree: source === destination || source === 'unknown' || destination === 'unknown', source, destination };
}

/** Share of a formation copy done, 0…1; null where none is under way. */
export function copyShare(pair: PairStatus): number | null {
  return pair.copy ? (pair.copy.totalBytes === 0 ? 1 : shareOf(pair.copy.doneBytes, pair.copy.totalBytes)) : null;
}

/** States of all pairs that end at `system`. */
export function statesAt(status: GroupStatus, system: string): ShownPairState[] {
  return drawnPairs(status.pairs)
    .filter((pair) => {
      const ends = parsePairName(pair.name);
      return ends?.source === system || ends?.destination === system;
    })
    .map((pair) => pair.state);
}

/** The part of the group the current step works on, to be outlined. Null where no run is at a step. */
export interface StepMark {
  step: string;
  run: string;
  system: string | null;
  pairs: readonly string[];
}

/** Where the run under way stands, with the target its graph names. */
export function stepMarkOf(
  run: RunView | null,
  step: { target: string | null; expects: readonly { pair: string }[] } | null,
): StepMark | null {
  if (!run?.currentStep || run.status === 'ended') return null;
  return {
    step: run.currentStep,
    run: run.run,
    system: step?.target ?? null,
    pairs: step?.expects.map((each) => each.pair) ?? [],
  };
}

/** Is it up: three answers, for not knowing is not being down. */
export type UpWord = 'up' | 'down' | 'unknown';

export function upWord(part: SystemStatus | HostStatus | { up: boolean | null }): UpWord {
  return part.up === null ? 'unknown' : part.up ? 'up' : 'down';
}

/** Where a heartbeat from `host` is lost by the word of an observer that is itself heard. Null: nobody says anything. */
export function heartbeatSeen(
  status: GroupStatus,
  observer: string,
  of: string,
): { lost: boolean; ageMs: number | null } | null {
  const views = status.hosts.find((host) => host.name === observer)?.heartbeats ?? [];
  const view = views.find((each) => each.of === of && each.observer === observer);
  return view ? { lost: view.lost, ageMs: view.ageMs } : null;
}
