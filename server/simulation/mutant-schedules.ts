/**
 * Where to look for a seeded defect: the general schedules with something added that brings its place into play. Each is
 * still drawn from a seed, and passes every checker as long as the defect is off.
 */
import { type ArrangementPair, findArrangement } from '../domain/arrangement.ts';
import { pairName, type SiteName } from '../domain/names.ts';
import type { Transport } from '../domain/storage-controller.ts';
import { lineEnds } from '../domain/ways.ts';
import { generateSchedule } from './generate.ts';
import type { MutantName } from './mutants.ts';
import { Random } from './random.ts';
import type { Fault, Phase, Schedule, TimedFault } from './schedule.ts';
import { Stage } from './stage.ts';

type Focus = (schedule: Schedule, random: Random, stage: Stage) => Schedule;

const at = (phase: Phase, afterMs: number, fault: Fault): TimedFault => ({ phase, afterMs, fault });
const line = (
  from: string,
  to: string,
  bothWays: boolean,
  change: Extract<Fault, { kind: 'line' }>['change'],
  forMs: number | null,
): Fault => ({
  kind: 'line',
  from,
  to,
  bothWays,
  change,
  forMs,
});
const isLost = ({ phase }: TimedFault): boolean => phase === 'disaster';

/** Only the disaster is left of the faults, and nobody kills the driver. */
function calm(schedule: Schedule, kind: Schedule['story']['kind'] = 'failover'): Schedule {
  return {
    ...schedule,
    settings: { ...schedule.settings, ledger: false, rateFarBytesPerSecond: null, journalBytes: 512 * 1024 },
    story: { ...schedule.story, kind, controlKills: [] },
    faults: kind === 'failover' ? schedule.faults.filter(isLost) : [],
  };
}

function withFence(schedule: Schedule, fence: Schedule['settings']['fence']): Schedule {
  return { ...schedule, settings: { ...schedule.settings, fence } };
}

/** A copy over it takes a while. */
const SLOW = { rateBytesPerSecond: 150_000 };

/** The site of the holder is lost for good. */
function siteLoss(stage: Stage): TimedFault {
  const site = stage.siteOf(stage.holder);
  return at('disaster', 0, { kind: 'site-loss', site, power: false, returnAfterMs: null });
}

/** The line from the holder to what it copies to is cut. */
function cutOff(stage: Stage, forMs: number | null = null): Fault {
  const [from, to] = stage.wayBetween(stage.holder, stage.near);
  return line(from, to, true, { cut: true }, forMs);
}

function powerLoss(site: SiteName, returnAfterMs: number): Fault {
  return { kind: 'site-loss', site, power: true, returnAfterMs };
}

/** The operator instructs the source of a pair by hand. */
function byHand(stage: Stage, verb: Extract<Fault, { kind: 'operator' }>['verb'], pair: ArrangementPair): Fault {
  const { source, destination } = pair;
  return {
    kind: 'operator',
    host: stage.hostOf(stage.holder),
    target: source,
    verb,
    pair: pairName(source, destination),
  };
}

/** Where a defect lies in something that only one transport does. */
const TRANSPORT: Partial<Record<MutantName, Transport>> = {
  'partial-snapshot-reflected': 'difference-snapshot',
  'set-dropped-early': 'difference-snapshot',
  'overwrite-not-copied': 'difference-snapshot',
};

/** Sets of many tracks, on a line slow enough that much is overwritten while each of them is on its way. */
const manySets: Focus = (schedule, random, stage) => ({
  ...calm(schedule, 'ride-out'),
  settings: { ...calm(schedule).settings, writers: 4, pauseMs: 10, kmFar: 3000, pullIntervalMs: 5 },
  story: { ...schedule.story, kind: 'ride-out', loadMs: 700, controlKills: [] },
  faults: Array.from({ length: 3 }, (_, turn) =>
    at('load', 60 + turn * 200 + random.below(100), line(...stage.asyncWay, true, { cut: true }, 60)),
  ),
});

/** The holder writes on for a while, cut off from what it copies to, and is lost. The line is whole when it comes back. */
const unsent: Focus = (schedule, random, stage) => ({
  ...calm(schedule),
  settings: { ...calm(schedule).settings, writers: 4, pauseMs: 40 },
  faults: [at('load', random.below(60), cutOff(stage, 1500)), siteLoss(stage)],
});

/** The holder writes much, and its line to the `first` of those it copies to is cut, or to the `other` one. */
const cutFromOne =
  (whom: 'first' | 'other', journalBytes: number): Focus =>
  (schedule, random, stage) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, journalBytes, writers: 4, pauseMs: 20 },
    story: { ...calm(schedule).story, kind: 'ride-out', loadMs: 600 },
    faults: [
      at(
        'load',
        random.below(100),
        line(
          ...stage.wayBetween(stage.holder, whom === 'first' ? stage.near : (stage.third ?? '')),
          true,
          { cut: true },
          null,
        ),
      ),
    ],
  });

/** Somebody tests, with a ledger, while much is written. */
const tested: Focus = (schedule, random) => ({
  ...calm(schedule, 'ride-out'),
  settings: { ...calm(schedule).settings, ledger: true, writers: 2, pauseMs: 25, shaped: false },
  story: {
    ...calm(schedule).story,
    kind: 'ride-out',
    loadMs: 400,
    tests: [{ phase: 'load', afterMs: random.below(100) }],
  },
});

const FOCUS: Partial<Record<MutantName, Focus>> = {
  'clone-writes-through': tested,
  'clone-keeps-too-late': tested,
  'bits-from-source-only': (schedule, random, stage) =>
    random.chance(0.5) ? unsent(schedule, random, stage) : schedule,
  'mixed-image-served': unsent,
  'own-tracks-forgotten': unsent,
  'reads-beyond-answered': cutFromOne('first', 512 * 1024),
  'forgets-consumers': cutFromOne('other', 512 * 1024),
  'trim-by-one-consumer': cutFromOne('other', 128 * 1024),
  // The holder goes on alone, one follows it, and the heir, which knows nothing of that, takes over and writes too.
  'lineage-ignored': (schedule, random, stage) => ({
    ...withFence(calm(schedule), 'status'),
    settings: { ...calm(schedule).settings, fence: 'status', writers: 4, pauseMs: 30 },
    story: { ...calm(schedule).story, loadMs: 700 },
    faults: [at('load', random.below(60), cutOff(stage)), siteLoss(stage)],
  }),
  // The holder lives on, cut off from everybody, and its hosts write.
  'table-before-fence': (schedule, _random, stage) => ({
    ...calm(schedule),
    faults: stage.inside.flatMap((from) =>
      stage.outside.map((to) => at('disaster', 0, line(from, to, true, { cut: true }, null))),
    ),
  }),
  'partial-snapshot-reflected': manySets,
  'set-dropped-early': manySets,
  'overwrite-not-copied': manySets,
  // The holder had gone on alone when it was lost.
  'verdict-from-async-pair-alone': (schedule, random, stage) => ({
    ...withFence(calm(schedule), random.pick(['status', 'never'])),
    faults: [at('load', random.below(40), cutOff(stage)), siteLoss(stage)],
  }),
  'register-skipped': (schedule, random, stage) => ({
    ...withFence(calm(schedule), 'status'),
    faults: [
      at('load', random.below(40), cutOff(stage)),
      at('load', random.below(40), line(stage.holder, 'witness', true, { cut: true }, null)),
      at('disaster', 400, { kind: 'kill', process: stage.holder, restartAfterMs: null }),
    ],
  }),
  // The holder comes back and can ask nobody.
  'restart-serves-unconfirmed': (schedule, random, stage) => ({
    ...withFence(calm(schedule), 'never'),
    faults: [
      at('load', random.below(60), { kind: 'kill', process: stage.holder, restartAfterMs: random.between(20, 80) }),
      at('load', 0, line(stage.holder, 'witness', true, { cut: true }, 900)),
      ...stage.arrangement.lines
        .filter(({ ends }) => ends.includes(stage.holder))
        .map((each) => at('load', 0, line(...lineEnds(stage.arrangement, each), true, { cut: true }, 900))),
    ],
    story: { ...schedule.story, kind: 'ride-out', loadMs: 800, controlKills: [] },
  }),
  // The destination loses its power while its word that the image is whole is under way.
  'duplex-before-durable': (schedule, random, stage) => ({
    ...calm(schedule, 'ride-out'),
    faults: [
      {
        ...at('form', random.fraction() * 2, powerLoss(stage.siteOf(stage.near), 100)),
        upon: { system: stage.near, pair: stage.firstName, to: 'duplex' },
      },
    ],
  }),
  // The destination dies right after something of it has left.
  'answered-entry-cut': (schedule, random, stage) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, writers: 4, pauseMs: 20 },
    story: { ...schedule.story, kind: 'ride-out', loadMs: 900, controlKills: [] },
    faults: Array.from({ length: 6 }, (_, turn) =>
      at('load', 20 + turn * 250, {
        kind: 'kill-at-call',
        process: stage.near,
        calls: random.between(1, 40),
        moment: { when: 'after' },
        restartAfterMs: 10,
      }),
    ),
  }),
  'number-reused': (schedule, random, stage) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, writers: 4, pauseMs: 20 },
    story: { ...schedule.story, kind: 'ride-out', loadMs: 900, controlKills: [] },
    faults: Array.from({ length: 5 }, (_, turn) =>
      at('load', 20 + turn * 300 + random.below(50), { kind: 'kill', process: stage.holder, restartAfterMs: 20 }),
    ),
  }),
  'trim-early': (schedule) => ({
    ...schedule,
    settings: { ...schedule.settings, journalBytes: 128 * 1024, writers: 4, pauseMs: 20 },
  }),
  'trim-on-applied': (schedule) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, journalBytes: 128 * 1024, writers: 4, pauseMs: 15 },
  }),
  // What was synced is only kept in mind where some power is lost.
  'flush-local-only': (schedule, random, stage) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, writers: 4, pauseMs: 30 },
    story: { ...schedule.story, kind: 'ride-out', loadMs: 1000, controlKills: [] },
    faults: [at('disaster', 900 + random.below(50), powerLoss(stage.arrangement.sites.at(-1) ?? 'remote', 100))],
  }),
  // Hosts write to what is being copied.
  'copied-track-overtakes': (schedule) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, pullIntervalMs: 2, writers: 4, pauseMs: 8 },
    story: { ...schedule.story, kind: 'ride-out', loadMs: 100, controlKills: [] },
  }),
  // Nothing was ever copied elsewhere, so the old image of the first destination is all there is beside the holder.
  'gold-dropped-early': (schedule, _random, stage) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, kmNear: 300, writers: 2, pauseMs: 50 },
    faults: [
      ...stage.others.map(({ source, destination }) =>
        at('form', 0, line(...stage.wayBetween(source, destination), true, { cut: true }, null)),
      ),
      at('load', 0, byHand(stage, 'split', stage.first)),
      at('load', 380, line(...stage.wayBetween(stage.holder, stage.near), false, SLOW, null)),
      at('load', 400, byHand(stage, 'resync', stage.first)),
    ],
    story: { ...schedule.story, kind: 'ride-out', loadMs: 500, controlKills: [] },
  }),
  // The operator has the system in the middle copy on by hand, while it is copied to.
  'both-copiers': (schedule, random, stage) => ({
    ...calm(schedule, 'switch-over'),
    faults: (['control', 'reverse'] as const).map((phase) =>
      at(phase, random.between(100, 400), {
        kind: 'operator',
        host: stage.hostOf(stage.heir),
        target: stage.near,
        verb: 'resync',
        pair: pairName(stage.near, stage.holder),
      }),
    ),
    story: { ...calm(schedule, 'switch-over').story, controlCycles: 2 },
  }),
  // Only the holder's host is unheard, so the holder writes until it is fenced, and the heir has long not pulled when it drains.
  'drain-target-not-frozen': (schedule, _random, stage) => ({
    ...withFence(calm(schedule), 'data'),
    settings: { ...calm(schedule).settings, fence: 'data', kmFar: 200, writers: 4, pauseMs: 30, pullIntervalMs: 400 },
    faults: ['witness', stage.hostOf(stage.heir)].map((peer) =>
      at('disaster', 0, line(stage.hostOf(stage.holder), peer, true, { cut: true }, null)),
    ),
  }),
  // The driver dies with instructions on a slow way, and the next one is quicker than they are.
  'stale-instruction-accepted': (schedule, random, stage) => ({
    ...calm(schedule, 'switch-over'),
    faults: [
      ...[stage.holder, stage.heir].map((system) =>
        at('takeover', 0, line('control', stage.hostOf(system), false, { delayMs: 500 }, 20_000)),
      ),
      at('takeover', random.between(3000, 12_000), { kind: 'pause', process: 'control', forMs: 3000 }),
    ],
  }),
  'evidence-before-fence': (schedule, _random, stage) => ({
    ...calm(schedule),
    survivable: true,
    faults: [siteLoss(stage)],
  }),
  'always-unknown': (schedule, _random, stage) => ({
    ...withFence(calm(schedule), 'status'),
    survivable: true,
    faults: [siteLoss(stage)],
  }),
  'wait-for-ever': (schedule, random, stage) => ({
    ...calm(schedule),
    faults: [
      siteLoss(stage),
      at('takeover', 0, {
        kind: 'kill',
        process: random.pick([stage.heir, stage.hostOf(stage.heir), 'witness']),
        restartAfterMs: 4000,
      }),
    ],
  }),
  'resync-wrong-way': (schedule) => calm(schedule, 'switch-over'),
  'generation-raised-twice-on-resume': (schedule, random, stage) => ({
    ...calm(schedule),
    survivable: true,
    faults: [siteLoss(stage)],
    settings: { ...calm(schedule).settings, fence: 'status' },
    story: {
      ...calm(schedule).story,
      controlCycles: 0,
      controlKills: [{ routine: stage.arrangement.moves.takeover, calls: random.between(4, 24), slowMs: 0 }],
    },
  }),
  'skip-step-on-resume': (schedule, random, stage) => ({
    ...calm(schedule),
    faults: [siteLoss(stage)],
    story: {
      ...calm(schedule).story,
      controlKills: movesOf(stage).map((routine) => ({
        routine,
        calls: random.between(3, 40),
        slowMs: 0,
      })),
    },
  }),
  'forget-bit': (schedule) => ({
    ...calm(schedule, 'switch-over'),
    settings: { ...calm(schedule).settings, ledger: true },
  }),
  'register-answers-early': (schedule, random, stage) => ({
    ...calm(schedule),
    faults: [
      siteLoss(stage),
      ...Array.from({ length: 6 }, (_, turn) =>
        at('takeover', 60 + turn * 160 + random.below(100), {
          kind: 'kill',
          process: 'witness',
          restartAfterMs: 5,
        } as const),
      ),
    ],
  }),
  'delayed-heartbeat-fresh': (schedule, _random, stage) => ({
    ...calm(schedule),
    faults: [
      at('form', 0, line(stage.hostOf(stage.holder), stage.hostOf(stage.heir), false, { delayMs: 900 }, null)),
      siteLoss(stage),
    ],
  }),
  // The heir holds old tracks, copied ones and new writes when nobody is left to copy the rest.
  'rollback-unmarked': (schedule, random, stage) => ({
    ...calm(schedule),
    settings: { ...calm(schedule).settings, pullIntervalMs: 2, kmFar: 200, writers: 2, pauseMs: 50 },
    story: { ...calm(schedule).story, loadMs: 1500, resyncAtTakeover: false },
    faults: [
      // Nothing may lead on from who is copied to.
      ...[...stage.onward, stage.feed].map((pair) => at('load', 20, byHand(stage, 'split', pair))),
      at('load', 680, line(...stage.wayBetween(stage.feed.source, stage.feed.destination), false, SLOW, 1500)),
      at('load', 700, byHand(stage, 'resync', stage.feed)),
      ...stage.ahead.map((site) =>
        at('load', 850 + random.below(500), { kind: 'site-loss', site, power: false, returnAfterMs: 2500 } as const),
      ),
    ],
  }),
  // The holder dies over and over with a write under way that is in its data and not in its bits.
  'bits-after-data': (schedule, random, stage) => ({
    ...withFence(calm(schedule, 'ride-out'), 'never'),
    settings: { ...calm(schedule).settings, fence: 'never', writers: 4, pauseMs: 20 },
    story: { ...schedule.story, kind: 'ride-out', loadMs: 900, controlKills: [] },
    faults: [
      at('load', 0, byHand(stage, 'split', stage.first)),
      ...Array.from({ length: 6 }, (_, turn) =>
        at('load', 60 + turn * 250, {
          kind: 'kill-at-call',
          process: stage.holder,
          calls: random.between(1, 30),
          moment: { when: 'after' },
          restartAfterMs: 10,
        } as const),
      ),
    ],
  }),
};

/** Routines of the whole cycle, in the order of the story. */
function movesOf({ arrangement }: Stage): string[] {
  const { takeover, protect, back, form } = arrangement.moves;
  return [takeover, protect, back, form];
}

/** The `index`-th schedule to try for `mutant` in the arrangement named. */
export function scheduleFor(mutant: MutantName, index: number, arrangement: string): Schedule {
  const found = findArrangement(arrangement);
  if (!found) throw new Error(`no arrangement ${arrangement}`);
  const drawn = generateSchedule(900_000 + index, arrangement, TRANSPORT[mutant]);
  // Whether somebody tests meanwhile has nothing to do with any of them but those of clones, and moves every instant.
  const { tests: _tests, ...story } = drawn.story;
  const schedule = { ...drawn, story };
  const random = new Random(`focus-${mutant}-${index}`);
  return FOCUS[mutant]?.(schedule, random, new Stage(found)) ?? schedule;
}
