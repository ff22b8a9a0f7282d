/**
 * Every defect that a simulated run found, as the shortest schedule known to show it. Plain data, so that no change of the
 * generator can take them away. They are played by the tests and by `switchback rehearse`.
 */
import type { Fault, Phase, Schedule, Settings, Story, TimedFault } from './schedule.ts';

export interface Regression {
  name: string;
  /** What went wrong, in one sentence. */
  found: string;
  schedule: Schedule;
}

const SETTINGS: Settings = {
  volumeCount: 2,
  volumeBytes: 128 * 1024,
  trackBytes: 4096,
  journalBytes: 512 * 1024,
  journalSegments: 8,
  fence: 'status',
  transport: 'journal',
  pullIntervalMs: 5,
  kmNear: 100,
  kmFar: 1000,
  rateFarBytesPerSecond: null,
  writers: 2,
  pauseMs: 60,
  ledger: false,
  shaped: false,
};

const STORY: Story = {
  kind: 'failover',
  loadMs: 200,
  reverseLoadMs: 120,
  resyncAtTakeover: true,
  controlCycles: 1,
  controlKills: [],
};

function schedule(
  seed: number,
  settings: Partial<Settings>,
  story: Partial<Story>,
  faults: readonly (readonly [Phase, number, Fault])[],
  arrangement = 'chain-3',
): Schedule {
  const timed = faults.map(([phase, afterMs, fault]): TimedFault => ({ phase, afterMs, fault }));
  return {
    seed,
    arrangement,
    survivable: false,
    settings: { ...SETTINGS, ...settings },
    story: { ...STORY, ...story },
    faults: timed,
  };
}

const productionLost = (power: boolean): readonly [Phase, number, Fault] => [
  'disaster',
  0,
  { kind: 'site-loss', site: 'production', power, returnAfterMs: null },
];
const cut = (from: string, to: string): Fault => ({
  kind: 'line',
  from,
  to,
  bothWays: true,
  change: { cut: true },
  forMs: null,
});

export const REGRESSIONS: readonly Regression[] = [
  {
    name: 'formation-base-moves',
    found:
      'Writes made between the begin of a resync and its first session were neither sent nor marked, for the session began at the newest number instead of the one the copy had begun at.',
    schedule: schedule(0, { kmNear: 10, writers: 4, pauseMs: 20 }, { resyncAtTakeover: false, controlCycles: 2 }, [
      productionLost(false),
    ]),
  },
  {
    name: 'power-loss-short-files',
    found:
      'A storage system that had lost its power could never start again: files whose size was never synced were short.',
    schedule: schedule(3, { fence: 'data', kmFar: 200 }, { controlCycles: 2 }, [productionLost(true)]),
  },
  {
    name: 'power-loss-claims-consistent',
    found: 'After a loss of power a system called its image consistent, though pages that were never synced were gone.',
    schedule: schedule(5, { fence: 'data', kmFar: 200 }, { controlCycles: 2 }, [productionLost(true)]),
  },
  {
    name: 'old-holder-never-hears',
    found:
      'A holder whose own lines had stayed up never heard of the newer generation: it went on writing, and nothing could be copied onto it.',
    schedule: schedule(37, { kmFar: 3000, pullIntervalMs: 2 }, { resyncAtTakeover: false, controlCycles: 0 }, [
      ['load', 100, cut('P', 'I')],
      productionLost(false),
    ]),
  },
  {
    name: 'failback-after-unfinished-takeover',
    found:
      'A takeover stopped before it promoted anybody; failback then copied older data over what P had completed and said `no data loss`, for it took R for the last to serve hosts.',
    schedule: schedule(
      4,
      { kmFar: 3000, pullIntervalMs: 20, writers: 4, pauseMs: 15 },
      { loadMs: 155, controlCycles: 0 },
      [
        productionLost(false),
        ['disaster', 0, { kind: 'site-loss', site: 'intermediate', power: true, returnAfterMs: 300 }],
      ],
    ),
  },
  {
    name: 'record-changed-before-it-was-saved',
    found:
      'A disk error while a change of state was saved left memory and disk in disagreement, and the change was never recorded.',
    schedule: schedule(
      354,
      { kmNear: 10, kmFar: 3000, pullIntervalMs: 20 },
      { kind: 'switch-over', controlCycles: 2 },
      [['failback', 59, { kind: 'disk', process: 'I', trouble: 'io-error', forMs: 101 }]],
    ),
  },
  {
    name: 'bitmap-on-a-disk-without-power',
    found:
      'The checker took the bitmap on the disk of a system that had lost its power for its word, though recovery takes every bit for set.',
    schedule: schedule(
      281,
      { fence: 'data', pullIntervalMs: 20, kmFar: 200 },
      { loadMs: 105, reverseLoadMs: 126 },
      [
        ['disaster', 0, { kind: 'kill', process: 'P', restartAfterMs: null }],
        ['takeover', 105, { kind: 'site-loss', site: 'intermediate', power: true, returnAfterMs: 714 }],
      ],
      'chain-3-direct',
    ),
  },
  {
    name: 'pair-turned-round-is-the-same',
    found:
      'The checker took a pair defined the other way round for another one: what it had last heard of the first was held against the second.',
    schedule: schedule(
      75,
      { fence: 'data', pullIntervalMs: 2, kmNear: 10, kmFar: 3000, writers: 1, pauseMs: 200 },
      { loadMs: 15, reverseLoadMs: 19, controlKills: [{ routine: 'failover', calls: 4, slowMs: 200 }] },
      [
        ['disaster', 19, cut('P', 'I')],
        [
          'takeover',
          215,
          {
            kind: 'kill-at-call',
            process: 'J',
            calls: 46,
            moment: { when: 'torn', pages: 0 },
            restartAfterMs: 157,
          },
        ],
      ],
      'chain-4',
    ),
  },
  {
    name: 'demoted-holder-never-settles',
    found:
      'A holder that lost its power and was demoted before it met its backups stayed in doubt for ever; where the first backup had lost its power too, nobody was left with an image to go on from.',
    schedule: schedule(
      52,
      { kmFar: 3000, writers: 1, pauseMs: 120 },
      { loadMs: 12, reverseLoadMs: 12, resyncAtTakeover: false, controlCycles: 0 },
      [productionLost(true), ['takeover', 339, { kind: 'site-loss', site: 'remote', power: true, returnAfterMs: 234 }]],
      'twin-2-sync',
    ),
  },
  {
    name: 'journal-of-a-holder-in-doubt',
    found:
      'A holder in doubt let its journal go while a backup still lived from it: their pair flowed, and nothing could ever flow in it again.',
    schedule: schedule(
      83,
      {
        fence: 'data',
        kmNear: 300,
        kmFar: 3000,
        journalBytes: 128 * 1024,
        pullIntervalMs: 2,
        writers: 4,
        pauseMs: 200,
      },
      {
        loadMs: 168,
        reverseLoadMs: 16,
        controlCycles: 0,
        controlKills: [{ routine: 'pair-recovery', calls: 14, slowMs: 40 }],
      },
      [productionLost(true), ['takeover', 227, { kind: 'kill', process: 'M', restartAfterMs: 72 }]],
      'twin-2-no-merge',
    ),
  },
  {
    name: 'refused-entry-comes-back',
    found:
      'A full disk refused a journal entry of which everything was there; the write failed, the pairs were suspended without it, and after a restart it was carried out and no bit told of it.',
    schedule: schedule(
      49,
      { kmNear: 300, kmFar: 3000, pullIntervalMs: 20, writers: 4, pauseMs: 200 },
      { loadMs: 82, reverseLoadMs: 18 },
      [
        ...['B1', 'B2', 'B3', 'witness'].map((peer) => ['disaster', 10, cut('M', peer)] as const),
        [
          'takeover',
          1,
          { kind: 'kill-at-call', process: 'M', calls: 110, moment: { when: 'torn', pages: 0 }, restartAfterMs: 222 },
        ],
        ['load', 269, { kind: 'disk', process: 'M', trouble: 'disk-full', forMs: 57 }],
        [
          'form',
          150,
          { kind: 'kill-at-call', process: 'M', calls: 28, moment: { when: 'before' }, restartAfterMs: 44 },
        ],
      ],
      'twin-3-sync',
    ),
  },
  {
    name: 'number-of-a-lost-update',
    found:
      'A first system that lost its power went on by the word of the one that pulls from it, which trails, and gave numbers again that the synchronous one knew otherwise.',
    schedule: schedule(
      373,
      { fence: 'data', pullIntervalMs: 20 },
      { loadMs: 205, reverseLoadMs: 90, resyncAtTakeover: false, controlCycles: 0 },
      [
        productionLost(true),
        ['load', 136, cut('1', '2')],
        ['disaster', 6, { kind: 'site-loss', site: 'intermediate', power: false, returnAfterMs: null }],
        [
          'reverse',
          80,
          { kind: 'kill-at-call', process: '3', calls: 8, moment: { when: 'after' }, restartAfterMs: 298 },
        ],
      ],
      'fan',
    ),
  },
  {
    name: 'nothing-kept-under-steady-load',
    found:
      'What 2 is to keep for 3 was given up for good as soon as it had trimmed more than 3 had confirmed, which under a steady load it always had: no delta was ever possible.',
    schedule: schedule(
      900_003,
      { fence: 'data', pullIntervalMs: 20, kmFar: 3000, writers: 4, pauseMs: 20 },
      { kind: 'ride-out', loadMs: 600 },
      [['load', 7, cut('1', '3')]],
      'fan',
    ),
  },
  {
    name: 'snapshot-bits-after-a-loss-of-power',
    found:
      'A source of difference snapshots that had lost its power trusted the bits of its last checkpoint, though data of updates that never came again had survived.',
    schedule: schedule(
      47,
      { transport: 'difference-snapshot', fence: 'never', kmNear: 10, writers: 4 },
      { loadMs: 18, reverseLoadMs: 16, resyncAtTakeover: false, controlCycles: 0 },
      [['load', 94, { kind: 'site-loss', site: 'intermediate', power: true, returnAfterMs: 547 }]],
    ),
  },
  {
    name: 'snapshot-interval-ends-a-fraction-early',
    found:
      'The rest of a snapshot interval was too small to move the clock, and the timer came back at once, for ever.',
    schedule: schedule(
      41,
      {
        transport: 'difference-snapshot',
        fence: 'data',
        journalBytes: 128 * 1024,
        kmNear: 300,
        kmFar: 200,
        writers: 1,
        pauseMs: 120,
        shaped: true,
      },
      { loadMs: 93, reverseLoadMs: 68, resyncAtTakeover: false },
      [productionLost(true), ['form', 27, { kind: 'pause', process: 'M', forMs: 510 }]],
      'twin',
    ),
  },
  {
    name: 'copy-of-nothing-that-copies',
    found:
      'A copy by difference snapshots that began with nothing to copy left the image consistent, then copied tracks that had changed since, each as it stood.',
    schedule: schedule(
      108,
      {
        transport: 'difference-snapshot',
        fence: 'data',
        journalBytes: 128 * 1024,
        pullIntervalMs: 20,
        kmFar: 3000,
        writers: 1,
        pauseMs: 200,
        shaped: true,
      },
      {
        loadMs: 169,
        reverseLoadMs: 152,
        controlCycles: 0,
        controlKills: [{ routine: 'switch-back', calls: 2, slowMs: 40 }],
      },
      [
        productionLost(false),
        [
          'load',
          51,
          { kind: 'kill-at-call', process: 'witness', calls: 8, moment: { when: 'before' }, restartAfterMs: 8 },
        ],
      ],
      'twin',
    ),
  },
];
