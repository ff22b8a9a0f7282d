/**
 * Where to look for a seeded defect: the general schedules with something added that brings its place into play. Each is
 * still drawn from a seed, and passes every checker as long as the defect is off.
 */
import type { Transport } from '../domain/storage-controller.ts';
import { generateSchedule } from './generate.ts';
import type { MutantName } from './mutants.ts';
import { Random } from './random.ts';
import type { Fault, Phase, Schedule, TimedFault } from './schedule.ts';

type Focus = (schedule: Schedule, random: Random) => Schedule;

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

const siteLoss = at('disaster', 0, { kind: 'site-loss', site: 'production', power: false, returnAfterMs: null });

/** Where a defect lies in something that chain-3 does not do. */
const ARRANGEMENT: Partial<Record<MutantName, string>> = {
  'mixed-image-served': 'twin-no-merge',
  'own-tracks-forgotten': 'twin-no-merge',
  'reads-beyond-answered': 'fan',
  'forgets-consumers': 'fan',
  'trim-by-one-consumer': 'fan',
  'lineage-ignored': 'fan',
  'table-before-fence': 'twin',
};

/** The same for what only one transport does. */
const TRANSPORT: Partial<Record<MutantName, Transport>> = {
  'partial-snapshot-reflected': 'difference-snapshot',
  'set-dropped-early': 'difference-snapshot',
  'overwrite-not-copied': 'difference-snapshot',
};

/** Sets of many tracks, on a line slow enough that much is overwritten while each of them is on its way. */
const manySets: Focus = (schedule, random) => ({
  ...calm(schedule, 'ride-out'),
  settings: { ...calm(schedule).settings, writers: 4, pauseMs: 10, kmFar: 3000, pullIntervalMs: 5 },
  story: { ...schedule.story, kind: 'ride-out', loadMs: 700, controlKills: [] },
  faults: Array.from({ length: 3 }, (_, turn) =>
    at('load', 60 + turn * 200 + random.below(100), line('I', 'R', true, { cut: true }, 60)),
  ),
});

/** The master writes on for a while, cut off from its backup, and is lost; when it returns, the line has long been well again. */
const unsent: Focus = (schedule, random) => ({
  ...calm(schedule),
  settings: { ...calm(schedule).settings, writers: 4, pauseMs: 40 },
  faults: [at('load', random.below(60), line('M', 'B1', true, { cut: true }, 1000)), siteLoss],
});

/** The first system of a fan writes much, and one of its lines is cut. */
const cutInFan =
  (from: string, to: string, journalBytes: number): Focus =>
  (schedule, random) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, journalBytes, writers: 4, pauseMs: 20 },
    story: { ...calm(schedule).story, kind: 'ride-out', loadMs: 600 },
    faults: [at('load', random.below(100), line(from, to, true, { cut: true }, null))],
  });

const FOCUS: Partial<Record<MutantName, Focus>> = {
  'mixed-image-served': unsent,
  'own-tracks-forgotten': unsent,
  'reads-beyond-answered': cutInFan('1', '2', 512 * 1024),
  'forgets-consumers': cutInFan('1', '3', 512 * 1024),
  'trim-by-one-consumer': cutInFan('1', '3', 128 * 1024),
  // 1 goes on alone, 3 follows it, and 2, which knows nothing of that, takes over and writes too.
  'lineage-ignored': (schedule, random) => ({
    ...withFence(calm(schedule), 'status'),
    settings: { ...calm(schedule).settings, fence: 'status', writers: 4, pauseMs: 30 },
    story: { ...calm(schedule).story, loadMs: 700 },
    faults: [at('load', random.below(60), line('1', '2', true, { cut: true }, null)), siteLoss],
  }),
  // The master lives on, cut off from everybody, and its hosts write.
  'table-before-fence': (schedule) => ({
    ...calm(schedule),
    faults: ['M', 'host-M'].flatMap((from) =>
      ['B1', 'host-B1', 'witness', 'control'].map((to) => at('disaster', 0, line(from, to, true, { cut: true }, null))),
    ),
  }),
  'partial-snapshot-reflected': manySets,
  'set-dropped-early': manySets,
  'overwrite-not-copied': manySets,
  // P had gone on alone when it was lost.
  'verdict-from-async-pair-alone': (schedule, random) => ({
    ...withFence(calm(schedule), random.pick(['status', 'never'])),
    faults: [at('load', random.below(40), line('P', 'I', true, { cut: true }, null)), siteLoss],
  }),
  'register-skipped': (schedule, random) => ({
    ...withFence(calm(schedule), 'status'),
    faults: [
      ...['I', 'witness'].map((peer) => at('load', random.below(40), line('P', peer, true, { cut: true }, null))),
      at('disaster', 400, { kind: 'kill', process: 'P', restartAfterMs: null }),
    ],
  }),
  // P comes back in the middle of the takeover and can ask nobody.
  'restart-serves-unconfirmed': (schedule, random) => ({
    ...withFence(calm(schedule), 'never'),
    faults: [
      at('load', random.below(60), { kind: 'kill', process: 'P', restartAfterMs: random.between(20, 80) }),
      at('load', 0, line('P', 'witness', true, { cut: true }, 900)),
      at('load', 0, line('P', 'I', true, { cut: true }, 900)),
    ],
    story: { ...schedule.story, kind: 'ride-out', loadMs: 800, controlKills: [] },
  }),
  // I loses its power while its word that the image is whole is under way to P.
  'duplex-before-durable': (schedule, random) => ({
    ...calm(schedule, 'ride-out'),
    faults: [
      {
        ...at('form', random.fraction() * 2, {
          kind: 'site-loss',
          site: 'intermediate',
          power: true,
          returnAfterMs: 100,
        }),
        upon: { system: 'I', pair: 'P-I', to: 'duplex' },
      },
    ],
  }),
  // I dies right after something of it has left.
  'answered-entry-cut': (schedule, random) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, writers: 4, pauseMs: 20 },
    story: { ...schedule.story, kind: 'ride-out', loadMs: 900, controlKills: [] },
    faults: Array.from({ length: 6 }, (_, turn) =>
      at('load', 20 + turn * 250, {
        kind: 'kill-at-call',
        process: 'I',
        calls: random.between(1, 40),
        moment: { when: 'after' },
        restartAfterMs: 10,
      }),
    ),
  }),
  'number-reused': (schedule, random) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, writers: 4, pauseMs: 20 },
    story: { ...schedule.story, kind: 'ride-out', loadMs: 900, controlKills: [] },
    faults: Array.from({ length: 5 }, (_, turn) =>
      at('load', 20 + turn * 300 + random.below(50), { kind: 'kill', process: 'P', restartAfterMs: 20 }),
    ),
  }),
  'trim-early': (schedule) => ({ ...schedule, settings: { ...schedule.settings, journalBytes: 128 * 1024 } }),
  'trim-on-applied': (schedule) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, journalBytes: 128 * 1024, writers: 4, pauseMs: 40 },
  }),
  'flush-local-only': (schedule, random) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, writers: 4, pauseMs: 30 },
    story: { ...schedule.story, kind: 'ride-out', loadMs: 1000, controlKills: [] },
    faults: [
      at('disaster', 900 + random.below(50), { kind: 'site-loss', site: 'remote', power: true, returnAfterMs: 100 }),
    ],
  }),
  // Nothing was ever copied to R, so the intermediate system's old image is all there is beside P.
  'gold-dropped-early': (schedule) => ({
    ...calm(schedule, 'ride-out'),
    settings: { ...calm(schedule).settings, kmNear: 300, writers: 4, pauseMs: 30 },
    faults: [
      at('form', 0, line('I', 'R', true, { cut: true }, null)),
      at('load', 0, line('P', 'I', true, { cut: true }, null)),
    ],
    story: { ...schedule.story, kind: 'ride-out', loadMs: 500, controlKills: [] },
  }),
  'both-copiers': (schedule, random) => ({
    ...calm(schedule, 'switch-over'),
    faults: ['control', 'reverse'].map((phase) =>
      at(phase === 'control' ? 'control' : 'reverse', random.between(100, 400), {
        kind: 'operator',
        host: 'host-R',
        target: 'I',
        verb: 'resync',
        pair: 'I-P',
      }),
    ),
    story: { ...calm(schedule, 'switch-over').story, controlCycles: 2 },
  }),
  'drain-target-not-frozen': (schedule) => ({
    ...withFence(calm(schedule), 'data'),
    survivable: true,
    settings: { ...calm(schedule).settings, fence: 'data', kmFar: 3000, writers: 4, pauseMs: 40, pullIntervalMs: 20 },
    faults: [at('disaster', 1150, { kind: 'kill', process: 'P', restartAfterMs: null })],
  }),
  // The driver dies with instructions on a slow way, and the next one is quicker than they are.
  'stale-instruction-accepted': (schedule, random) => ({
    ...calm(schedule, 'switch-over'),
    faults: [
      ...['host-P', 'host-R'].map((host) => at('takeover', 0, line('control', host, false, { delayMs: 500 }, 20_000))),
      at('takeover', random.between(3000, 12_000), { kind: 'pause', process: 'control', forMs: 3000 }),
    ],
  }),
  'evidence-before-fence': (schedule) => ({ ...calm(schedule), survivable: true, faults: [siteLoss] }),
  'always-unknown': (schedule) => ({ ...withFence(calm(schedule), 'status'), survivable: true, faults: [siteLoss] }),
  'wait-for-ever': (schedule, random) => ({
    ...calm(schedule),
    faults: [
      siteLoss,
      at('takeover', 0, { kind: 'kill', process: random.pick(['R', 'host-R', 'witness']), restartAfterMs: 4000 }),
    ],
  }),
  'resync-wrong-way': (schedule) => calm(schedule, 'switch-over'),
  'generation-raised-twice-on-resume': (schedule, random) => ({
    ...calm(schedule),
    faults: [siteLoss],
    story: {
      ...calm(schedule).story,
      controlKills: [{ routine: 'failover', calls: random.between(6, 40), slowMs: 0 }],
    },
  }),
  'skip-step-on-resume': (schedule, random) => ({
    ...calm(schedule),
    faults: [siteLoss],
    story: {
      ...calm(schedule).story,
      controlKills: ['failover', 'reverse-copy', 'failback', 'initial-copy'].map((routine) => ({
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
  'register-answers-early': (schedule, random) => ({
    ...calm(schedule),
    faults: [
      siteLoss,
      ...Array.from({ length: 6 }, (_, turn) =>
        at('takeover', 60 + turn * 160 + random.below(100), {
          kind: 'kill',
          process: 'witness',
          restartAfterMs: 5,
        } as const),
      ),
    ],
  }),
  'delayed-heartbeat-fresh': (schedule) => ({
    ...calm(schedule),
    faults: [at('form', 0, line('host-P', 'host-R', false, { delayMs: 900 }, null)), siteLoss],
  }),
};

/** The `index`-th schedule to try for `mutant`. */
export function scheduleFor(mutant: MutantName, index: number): Schedule {
  const seed = 900_000 + index;
  const schedule = generateSchedule(seed, ARRANGEMENT[mutant], TRANSPORT[mutant]);
  return FOCUS[mutant]?.(schedule, new Random(`focus-${mutant}-${index}`)) ?? schedule;
}
