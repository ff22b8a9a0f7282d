/** A drill at one moment of its film: what was told up to then, drawn as the topology screen draws the present. Pure. */
import type { DrillReplay } from '../../server/api/views.ts';
import { type Arrangement, findArrangement } from '../../server/domain/arrangement.ts';
import type {
  GroupStatus,
  HostStatus,
  LineStatus,
  PairStatus,
  SwitchStatus,
  SystemStatus,
} from '../../server/domain/group-status.ts';
import { PAIR_STATES } from '../../server/domain/pair-states.ts';
import { newestOfEach, type Standing, type StandingPair, standingOf, stateOf } from '../history/standing.ts';
import { worstState } from '../pair-state/appearance.ts';
import type { StepMark } from '../topology/derive.ts';

type Second = DrillReplay['seconds'][number];
type Note = DrillReplay['notes'][number];

/** Nobody observes again what a recording tells. */
const OBSERVER = 'recording';
const TRACK_BYTES = 65_536;

/** When the film began, by the clock of the control plane; null where nothing was filmed. */
export function filmBeganAt(notes: readonly Note[]): number | null {
  const note = notes.find(({ filmMs }) => filmMs !== null);
  return note?.filmMs == null ? null : note.at - note.filmMs;
}

/** The span that can be shown: of the film, or else of what was recorded. */
export function spanOf(replay: DrillReplay): { from: number; to: number } {
  const moments = [...replay.notes, ...replay.timeline].map(({ at }) => at);
  const from = filmBeganAt(replay.notes) ?? Math.min(...moments);
  return { from, to: Math.max(...moments, from) };
}

/** The last note at or before `at`, by its place; -1 before the first. */
export function noteAt(notes: readonly Note[], at: number): number {
  return notes.findLastIndex((note) => note.at <= at);
}

export interface ReplayMoment {
  at: number;
  standing: Standing;
  second: Second | null;
  status: GroupStatus;
  step: StepMark | null;
}

/** Null where this version does not know the arrangement. */
export function replayAt(replay: DrillReplay, group: string, at: number): ReplayMoment | null {
  const arrangement = findArrangement(replay.topology.arrangement);
  if (!arrangement) return null;
  const told = newestOfEach([...replay.standing, ...replay.timeline.filter((event) => event.at <= at)]);
  const standing = standingOf(arrangement, told);
  const second = replay.seconds.findLast((each) => each.at <= at) ?? null;
  const step = stepAt(replay, at);
  return { at, standing, second, step, status: statusOf(replay, arrangement, { group, at, standing, second }) };
}

/** The step that a run was at. */
function stepAt({ runs }: DrillReplay, at: number): StepMark | null {
  for (const { run, steps } of runs) {
    const step = steps.findLast(({ startedAt, endedAt }) => startedAt <= at && (endedAt === null || at < endedAt));
    if (step) return { step: step.id, run, system: null, pairs: [] };
  }
  return null;
}

interface Shown {
  group: string;
  at: number;
  standing: Standing;
  second: Second | null;
}

/** In the shape that the graph draws; what a recording does not tell is left unknown. */
function statusOf(replay: DrillReplay, arrangement: Arrangement, shown: Shown): GroupStatus {
  const { group, at, standing, second } = shown;
  const writers = arrangement.systems.filter(({ name }) => (second?.systems[name]?.writesPerSecond ?? 0) > 0);
  const witness = standing.processes.find((process) => process.name === 'witness');
  return {
    name: group,
    arrangement: arrangement.id,
    operation: 'unknown',
    severity: 'none',
    summary: '',
    generation: null,
    holder: writers.length === 1 ? (writers[0]?.name ?? null) : null,
    powered: true,
    systems: arrangement.systems.map((system) => systemOf(replay, system, shown)),
    pairs: standing.pairs.map((pair) => pairOf(pair, shown)),
    hosts: arrangement.hosts.map((host) => hostOf(arrangement, host, shown)),
    switches: (arrangement.switches ?? []).map(
      (device): SwitchStatus => ({
        name: device.name,
        site: device.site,
        role: device.role,
        system: device.system,
        up: upOf(standing, device.name),
        pid: null,
        observer: OBSERVER,
        observedAt: at,
      }),
    ),
    lines: linesOf(replay, arrangement, standing),
    witness: { up: witness?.up ?? null, observedAt: at, register: null },
    rpo: { nowMs: second?.rpoMs ?? null, objectiveMs: 0 },
    exposure: { text: '', survivors: [] },
    forecasts: [],
    alarms: [],
    activeRun: null,
    lastDrill: null,
    observedAt: at,
  };
}

const upOf = (standing: Standing, name: string) =>
  standing.processes.find((process) => process.name === name)?.up ?? null;

function systemOf(
  { topology }: DrillReplay,
  { name, site, role }: Arrangement['systems'][number],
  { at, standing, second }: Shown,
): SystemStatus {
  const up = upOf(standing, name);
  const gauges = up ? second?.systems[name] : undefined;
  return {
    name,
    site,
    role,
    up,
    pid: null,
    port: null,
    observer: OBSERVER,
    observedAt: at,
    generation: null,
    hostWrites: gauges && gauges.writesPerSecond > 0 ? { accepted: true, reason: '' } : null,
    lastNumber: null,
    completedNumber: null,
    consistent: null,
    volumes: Array.from({ length: topology.volumeCount }, (_, index) => ({
      index,
      sizeBytes: topology.volumeBytes,
      dirtyTracks: 0,
    })),
    journal: gauges
      ? {
          usedBytes: gauges.journalUsedBytes,
          sizeBytes: topology.journalBytes,
          fullInMs: null,
          trimmedTo: 0,
          kept: [],
        }
      : null,
    writesPerSecond: gauges?.writesPerSecond ?? null,
    bytesPerSecond: gauges?.bytesPerSecond ?? null,
    clients: null,
    fault: standing.faults.find((fault) => fault.target === name)?.text ?? null,
    clone: null,
  };
}

/** As the status has it: where both ends are heard and disagree, the worse of the two. */
function drawnState(stood: StandingPair): string {
  const told = stood.ends.map((end) => wordOf(end.state)).filter((state) => state !== 'unknown');
  return told.length === 2 ? (worstState(told) ?? 'unknown') : stateOf(stood);
}

type PairWord = PairStatus['stateAtSource'];
const isPairWord = (word: string): word is PairWord =>
  word === 'absent' || word === 'unknown' || PAIR_STATES.some((state) => state === word);
const wordOf = (word: string | undefined): PairWord => (word !== undefined && isPairWord(word) ? word : 'unknown');

function pairOf(stood: StandingPair, { at, second }: Shown): PairStatus {
  const { name, pair, ends } = stood;
  const gauges = second?.pairs[name];
  const endOf = (system: string) => wordOf(ends.find((end) => end.system === system)?.state);
  return {
    name,
    kind: pair.kind,
    transport: 'journal',
    pullIntervalMs: null,
    snapshotIntervalMs: null,
    set: null,
    fence: null,
    state: wordOf(drawnState(stood)),
    stateAtSource: endOf(pair.source),
    stateAtDestination: endOf(pair.destination),
    lastKnown: null,
    reason: '',
    observer: OBSERVER,
    observedAt: at,
    givenNumber: null,
    appliedNumber: null,
    lag: null,
    rateBytesPerSecond: gauges?.bytesPerSecond ?? null,
    movedBytes: null,
    lastCopyBytes: null,
    dirtyTracks: null,
    trackBytes: TRACK_BYTES,
    copy: null,
    consistentAtDestination: null,
    gold: null,
    journal: null,
    actions: [],
  };
}

function hostOf(
  arrangement: Arrangement,
  { name, site, system }: Arrangement['hosts'][number],
  { at, standing, second }: Shown,
): HostStatus {
  const rate = second?.systems[system]?.writesPerSecond ?? null;
  const up = upOf(standing, name);
  const others = arrangement.hosts.filter((other) => other.name !== name);
  return {
    name,
    site,
    role: '',
    up,
    pid: null,
    observer: OBSERVER,
    observedAt: at,
    test: null,
    work:
      up && rate !== null
        ? {
            running: rate > 0,
            generation: 0,
            lastCompletedTransaction: 0,
            completedTransactions: 0,
            ratePerSecond: rate,
            stoppedReason: null,
          }
        : null,
    heartbeats: others.map((other) => {
      const unheard = standing.unheard.find(({ by, of }) => by === name && of === other.name);
      return {
        observer: name,
        of: other.name,
        ageMs: unheard ? at - unheard.since : null,
        lost: unheard !== undefined,
        last: null,
        highestCompletedNumber: 0,
        highestCompletedAt: null,
      };
    }),
  };
}

function linesOf({ topology }: DrillReplay, arrangement: Arrangement, standing: Standing): LineStatus[] {
  return arrangement.lines.map(({ name, ends, defaultKm }): LineStatus => {
    const reversed = `${ends[1]}-${ends[0]}`;
    const fault = standing.faults.find(({ target }) => target === name || target === reversed);
    const down = ends.some((end) => upOf(standing, end) === false);
    return {
      name,
      ends,
      km: topology.lines[name]?.km ?? defaultKm,
      // A line that is slow or lossy is no line that is cut: the words of the fault say which.
      connected: down ? false : fault ? null : true,
      rttMs: null,
      fault: fault?.text ?? null,
    };
  });
}
