/** Draws a schedule from a seed. The same seed gives the same schedule for ever, whatever the run makes of it. */
import { type Arrangement, findArrangement } from '../domain/arrangement.ts';
import { pairName, type SiteName, WITNESS } from '../domain/names.ts';
import type { Transport } from '../domain/storage-controller.ts';
import { lineEnds } from '../domain/ways.ts';
import { testOf } from '../routines/find-routine.ts';
import { Random } from './random.ts';
import type { Fault, Phase, Schedule, Settings, Story, StoryKind, TimedFault } from './schedule.ts';
import type { KillMoment } from './virtual-process.ts';

/** What there is to hit in an arrangement. */
interface Targets {
  arrangement: Arrangement;
  /** System whose loss is the disaster. */
  primary: string;
  storage: readonly string[];
  processes: readonly string[];
  /** Ways between processes that can be disturbed, the lines first. */
  ways: readonly (readonly [string, string])[];
  lineCount: number;
  /** Host, target and pair of instructions given by hand. */
  byHand: readonly (readonly [string, string, string])[];
  otherSites: readonly SiteName[];
  hasControl: boolean;
}

function targetsOf(id: string): Targets {
  const arrangement = findArrangement(id);
  if (!arrangement) throw new Error(`no arrangement ${id}`);
  const { systems, hosts, lines, normal, reverse, switches = [] } = arrangement;
  const storage = systems.map(({ name }) => name);
  const hostOf = (system: string) => hosts.find((host) => host.system === system)?.name ?? '';
  const [near, far] = [hostOf(normal.holder), hostOf(reverse.holder)];
  const home = systems.find(({ name }) => name === normal.holder)?.site;
  const feeding = normal.pairs.find(({ destination }) => destination === reverse.holder);
  const lineWays = lines.map((line) => lineEnds(arrangement, line));
  const toWitness = storage.filter((name) => name !== reverse.holder);
  const forward = normal.pairs.map(({ source, destination }) => [near, source, pairName(source, destination)] as const);
  const backward = reverse.pairs.map(
    ({ source, destination }) => [far, source, pairName(source, destination)] as const,
  );
  return {
    arrangement,
    primary: normal.holder,
    storage,
    processes: [...storage, ...hosts.map(({ name }) => name), ...switches.map(({ name }) => name), WITNESS],
    ways: [
      ...lineWays,
      [near, far],
      ...[...toWitness, near, far].map((name) => [name, WITNESS] as const),
      [far, reverse.holder],
      [near, normal.holder],
      ['control', far],
      ['control', near],
    ],
    lineCount: lineWays.length,
    byHand: [
      ...forward,
      ...backward,
      ...(feeding ? [[far, reverse.holder, pairName(feeding.source, feeding.destination)] as const] : []),
    ],
    otherSites: arrangement.sites.filter((site) => site !== home),
    hasControl: arrangement.moves.control !== null,
  };
}

/** How long a phase lasts about, ms: where in it a fault may fall. */
const PHASE_MS: Record<Phase, number> = {
  form: 300,
  load: 300,
  disaster: 1200,
  takeover: 400,
  reverse: 500,
  control: 400,
  failback: 400,
  restore: 300,
};
const PHASES_OF: Record<StoryKind, readonly Phase[]> = {
  'ride-out': ['form', 'load', 'disaster'],
  failover: ['form', 'load', 'disaster', 'takeover', 'reverse', 'control', 'failback', 'restore'],
  'switch-over': ['form', 'load', 'takeover', 'reverse', 'control', 'failback', 'restore'],
};

/** The schedule of `seed`, the same one with either transport. One seed in five goes beyond what must be survived. */
export function generateSchedule(seed: number, arrangement = 'chain-3', transport: Transport = 'journal'): Schedule {
  const random = new Random(`schedule-${arrangement}-${seed}`);
  const target = targetsOf(arrangement);
  const survivable = !random.fork('class').chance(0.2);
  const settings = { ...drawSettings(random.fork('settings'), survivable), transport };
  const story = { ...drawStory(random.fork('story'), target), ...drawTest(random.fork('test'), target) };
  const faults = [
    ...drawDisaster(random.fork('disaster'), story.kind, survivable, target),
    ...drawFaults(random.fork('faults'), story.kind, survivable, target),
  ];
  return { seed, arrangement, survivable, settings, story, faults };
}

function drawSettings(random: Random, survivable: boolean): Omit<Settings, 'transport'> {
  const isSlow = random.chance(0.25);
  return {
    volumeCount: 2,
    volumeBytes: 128 * 1024,
    trackBytes: 4096,
    journalBytes: random.pick([512, 512, 256, 128]) * 1024,
    journalSegments: 8,
    // Without a fence level a cut-off P goes on alone, unseen: that lies beyond what can be proven.
    fence: random.pickWeighted([
      [6, 'status'],
      [3, 'data'],
      [survivable ? 0 : 4, 'never'],
    ]),
    pullIntervalMs: random.pick([2, 5, 20]),
    kmNear: random.pick([10, 100, 300]),
    kmFar: random.pick([200, 1000, 3000]),
    // A slow line lets the journal fill now and then, not always.
    rateFarBytesPerSecond: isSlow ? random.pick([200_000, 1_000_000]) : null,
    writers: isSlow ? 1 : random.pick([1, 2, 4]),
    pauseMs: random.pick([60, 120, 200]),
    ledger: !isSlow && random.chance(0.2),
    shaped: random.chance(0.25),
  };
}

function drawStory(random: Random, { arrangement }: Targets): Story {
  const drawn = random.pickWeighted<StoryKind>([
    [3, 'ride-out'],
    [5, 'failover'],
    [2, 'switch-over'],
  ]);
  const kind = drawn === 'switch-over' && arrangement.moves.planned === null ? 'failover' : drawn;
  const { form, takeover, planned, protect, control, back } = arrangement.moves;
  const move = kind === 'switch-over' ? planned : takeover;
  const story = [form, move, protect, control, back].filter((routine) => routine !== null);
  const routines = kind === 'ride-out' ? [form] : story;
  const kills = random.chance(0.35) ? random.between(1, 2) : 0;
  return {
    kind,
    loadMs: random.between(80, 300),
    reverseLoadMs: random.between(40, 200),
    resyncAtTakeover: random.chance(0.6),
    controlCycles: random.below(3),
    controlKills: Array.from({ length: kills }, () => ({
      routine: random.pick(routines),
      calls: random.between(1, 40),
      slowMs: random.pick([0, 0, 40, 200]),
    })),
  };
}

/** In one story of four, where the arrangement has the routine, somebody tests meanwhile. */
function drawTest(random: Random, { arrangement }: Targets): Pick<Story, 'tests'> {
  const hasTest = testOf(arrangement.id) !== null;
  if (!hasTest || !random.chance(0.25)) return {};
  const phase = random.pickWeighted<Phase>([
    [5, 'load'],
    [2, 'disaster'],
    [1, 'form'],
    [1, 'restore'],
  ]);
  return { tests: [{ phase, afterMs: random.below(PHASE_MS[phase]) }] };
}

/** How production is lost, in a story that begins with a disaster. */
function drawDisaster(random: Random, kind: StoryKind, survivable: boolean, target: Targets): TimedFault[] {
  if (kind !== 'failover') return [];
  const at = (afterMs: number, fault: Fault): TimedFault => ({ phase: 'disaster', afterMs, fault });
  const lost = random.pickWeighted<'site' | 'storage' | 'torn' | 'cut-off' | 'return'>([
    [5, 'site'],
    [3, 'storage'],
    [3, 'torn'],
    [3, 'cut-off'],
    [2, 'return'],
  ]);
  const faults: TimedFault[] = [];
  if (lost === 'site')
    faults.push(at(0, { kind: 'site-loss', site: 'production', power: random.chance(0.3), returnAfterMs: null }));
  else if (lost === 'storage') faults.push(at(0, { kind: 'kill', process: target.primary, restartAfterMs: null }));
  else if (lost === 'torn')
    faults.push(
      at(0, {
        kind: 'kill-at-call',
        process: target.primary,
        calls: random.between(1, 30),
        moment: drawMoment(random),
        restartAfterMs: null,
      }),
    );
  else faults.push(...cutOff(target).map((fault) => at(random.fraction() * 20, fault)));
  // P comes back in the middle of the takeover, and nobody can tell it.
  if (lost === 'return')
    faults.push(
      at(random.fraction() * 30, {
        kind: 'kill',
        process: target.primary,
        restartAfterMs: random.between(1100, 1700),
      }),
    );
  if (survivable) return faults;
  // Beyond: the line had been cut before, or the intermediate site goes too, or the witness does.
  const [nearest = [target.primary, target.primary]] = target.ways;
  if (random.chance(0.6))
    faults.push({
      phase: 'load',
      afterMs: random.fraction() * 150,
      fault: { kind: 'line', from: nearest[0], to: nearest[1], bothWays: true, change: { cut: true }, forMs: null },
    });
  if (random.chance(0.3))
    faults.push(
      at(random.fraction() * 60, {
        kind: 'site-loss',
        site: target.otherSites[0] ?? 'intermediate',
        power: random.chance(0.3),
        returnAfterMs: random.chance(0.5) ? null : 800,
      }),
    );
  if (random.chance(0.2))
    faults.push(
      at(random.fraction() * 60, { kind: 'kill', process: 'witness', restartAfterMs: random.between(100, 1500) }),
    );
  return faults;
}

/** Production lives on, cut off from everybody: the disaster in which two writers threaten. */
function cutOff({ arrangement, primary }: Targets): Fault[] {
  const { systems, hosts, switches = [] } = arrangement;
  const site = systems.find(({ name }) => name === primary)?.site;
  const placed = [...systems, ...hosts, ...switches];
  const inside = placed.filter((process) => process.site === site).map(({ name }) => name);
  const outside = placed.filter((process) => process.site !== site).map(({ name }) => name);
  outside.push(WITNESS, 'control');
  return inside.flatMap((from) =>
    outside.map((to): Fault => ({ kind: 'line', from, to, bothWays: true, change: { cut: true }, forMs: null })),
  );
}

function drawFaults(random: Random, kind: StoryKind, survivable: boolean, target: Targets): TimedFault[] {
  const count = random.pickWeighted([
    [2, 0],
    [3, 1],
    [3, 2],
    [2, 3],
    [1, 5],
  ]);
  const phases = PHASES_OF[kind].filter((phase) => phase !== 'control' || target.hasControl);
  return Array.from({ length: count }, () => {
    const phase = random.pick(phases);
    return {
      phase,
      afterMs: Math.round(random.fraction() * PHASE_MS[phase]),
      fault: drawFault(random, survivable, target),
    };
  });
}

function drawFault(random: Random, survivable: boolean, target: Targets): Fault {
  const { storage, processes, byHand, otherSites } = target;
  const restartAfterMs = random.between(5, 500);
  return random.pickWeighted<() => Fault>([
    [4, () => ({ kind: 'kill', process: random.pick([...processes, 'control']), restartAfterMs })],
    [
      5,
      () => ({
        kind: 'kill-at-call',
        process: random.pick(random.chance(0.8) ? storage : processes),
        calls: random.between(1, 120),
        moment: drawMoment(random),
        restartAfterMs,
      }),
    ],
    [4, () => drawLineFault(random, target)],
    [
      1,
      () => ({
        kind: 'disk',
        process: random.pick(storage),
        trouble: random.pick(['disk-full', 'write-error', 'io-error'] as const),
        forMs: random.between(20, 400),
      }),
    ],
    [2, () => ({ kind: 'pause', process: random.pick([...processes, 'control']), forMs: random.between(10, 700) })],
    [
      1,
      () => ({
        kind: 'clock-jump',
        process: random.pick(processes),
        byMs: random.pick([-3_600_000, -5_000, 5_000, 3_600_000]),
      }),
    ],
    [
      1,
      () => {
        const [host, target, pair] = random.pick(byHand);
        return {
          kind: 'operator',
          host,
          target,
          pair,
          verb: random.pick(['split', 'resync', 'drain', 'reverse'] as const),
        };
      },
    ],
    [
      survivable ? 0 : 2,
      () => ({
        kind: 'site-loss',
        site: random.pick(otherSites),
        power: random.chance(0.5),
        returnAfterMs: random.between(100, 1000),
      }),
    ],
  ])();
}

function drawMoment(random: Random): KillMoment {
  return random.pickWeighted<KillMoment>([
    [2, { when: 'before' }],
    [2, { when: 'after' }],
    [2, { when: 'torn', pages: random.between(0, 2) }],
  ]);
}

function drawLineFault(random: Random, { ways, lineCount }: Targets): Fault {
  const [a, b] = random.pick(random.chance(0.6) ? ways.slice(0, lineCount) : ways);
  const [from, to] = random.chance(0.5) ? [a, b] : [b, a];
  const change = random.pickWeighted([
    [4, { cut: true }],
    [2, { delayMs: random.between(1, 60), jitterMs: random.between(0, 30) }],
    [2, { loss: random.pick([0.05, 0.2, 0.5]) }],
    [1, { rateBytesPerSecond: random.pick([20_000, 100_000, 500_000]) }],
  ]);
  return { kind: 'line', from, to, bothWays: random.chance(0.6), change, forMs: random.between(20, 1200) };
}
