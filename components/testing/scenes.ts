/** Every screen in every situation worth a look: the accessibility test walks them all. */
import type { DrillEntry } from '../../server/api/views.ts';
import { BASIS, drillFixture, scheduleFixture } from './drill-fixture.ts';
import type { Scene } from './fixture-services.ts';
import { sceneFixture } from './fixture-services.ts';
import { copyingStatus, lossStatus, normalStatus, rowOf } from './group-fixture.ts';
import { drainingRun, endedRun, LOSS, stoppedRun, UNKNOWN, waitingRun } from './run-fixture.ts';

export interface ScreenCase {
  name: string;
  path: string;
  /** A text that is there once the screen is. */
  shows: string | RegExp;
  change?: (scene: Scene, at: number) => void;
}

const inLoss = (scene: Scene, at: number) => {
  scene.status = lossStatus(at);
};

const withFault = (scene: Scene, at: number) => {
  inLoss(scene, at);
  scene.faults = [
    {
      id: 'f1',
      group: 'demo',
      kind: 'site-loss',
      target: 'production',
      text: 'site production lost: SIGKILL P pid 4121, host-P pid 4122; held down',
      startedAt: at - 62_000,
      startedBy: 'operator',
      clearedAt: null,
      clearedBy: null,
      cure: 'Clearing starts P, host-P again.',
    },
  ];
};

/** Three drills alike, one that took far longer on a longer line, and one that failed. */
const withDrills = (scene: Scene, at: number) => {
  const day = 86_400_000;
  const stale = [{ kind: 'topology' as const, text: 'line I-R is 2000 km, was 1000 km' }];
  const of = (sequence: number, durationMs: number, change: Partial<DrillEntry> = {}): DrillEntry => {
    const drill = drillFixture(at - (6 - sequence) * day, sequence);
    const phases = drill.phases?.map((phase) => ({ ...phase, durationMs })) ?? null;
    return { ...drill, phases, stale, ...change };
  };
  const { topology } = BASIS;
  const line = { km: 2_000, paths: 2, rateBytesPerSecond: null };
  const lines = { ...topology.definition.lines, 'I-R': line };
  const longer = { ...BASIS, topology: { ...topology, definition: { ...topology.definition, lines } } };
  const stopped = { passed: false, stoppedAt: 'pair P-I duplex', reason: 'expected duplex, seen suspend' };
  const { progress: whole } = drillFixture(at, 5);
  const progress = { ...whole, last: 'Cleared: P-I', done: 6, ended: stopped };
  scene.drills = [
    of(5, 2_000, { outcome: 'failed', stale: [], approvedBy: null, progress }),
    of(4, 9_000, { stale: [], basis: longer }),
    of(3, 2_100),
    of(2, 2_200),
    of(1, 2_000),
  ];
  scene.schedules = [scheduleFixture(at)];
  scene.status = {
    ...scene.status,
    lastDrill: {
      ...{ bundle: 'demo-0004-line-cut', runbook: 'line-cut', title: 'A cut line', endedAt: at - 2 * day },
      stale: ['the software changed: 0.1.0 (a1b2c3d4) → 0.2.0 (e5f60718)'],
    },
  };
};

export const SCREENS: readonly ScreenCase[] = [
  {
    name: 'fleet',
    path: '/',
    shows: 'The production site is lost and no work runs.',
    change: (scene, at) => {
      inLoss(scene, at);
      const stale = ['line I-R is 2000 km, was 1000 km'];
      const lastDrill = { bundle: 'b-0001-x', runbook: 'x', title: 'A cut line', endedAt: at - 9_000_000, stale };
      scene.others = [{ ...rowOf({ ...normalStatus(at), lastDrill }), group: 'billing' }];
    },
  },
  { name: 'fleet, empty', path: '/', shows: 'No groups yet.', change: (scene) => (scene.empty = true) },
  { name: 'topology', path: '/groups/demo?view=graph', shows: 'P ⇒ I and I → R are in duplex' },
  { name: 'topology, site lost', path: '/groups/demo?view=graph', shows: 'Production site lost', change: inLoss },
  {
    name: 'topology, copying, with inspector',
    path: '/groups/demo?view=graph&inspect=pair:R-I',
    shows: 'Pair R → I (async)',
    change: (scene, at) => {
      scene.status = copyingStatus(at);
    },
  },
  { name: 'topology as a table', path: '/groups/demo?view=table&inspect=system:P', shows: 'Storage P, primary' },
  { name: 'host', path: '/groups/demo?view=table&inspect=host:host-P', shows: 'Stop ledger' },
  { name: 'no such group', path: '/groups/nowhere', shows: 'There is no group called nowhere.' },
  {
    name: 'routines',
    path: '/groups/demo/runs',
    shows: 'Reverse copy control',
    change: (scene, at) => {
      inLoss(scene, at);
      scene.runs = [endedRun(at, LOSS)];
    },
  },
  { name: 'preflight', path: '/groups/demo/runs/new?routine=failover', shows: 'Host P has failed', change: inLoss },
  {
    name: 'run, decision',
    path: '/groups/demo/runs/run-waiting',
    shows: 'Is the production site really down?',
    change: (scene, at) => {
      inLoss(scene, at);
      scene.runs = [waitingRun(at)];
    },
  },
  {
    name: 'run, draining',
    path: '/groups/demo/runs/run-draining',
    shows: /412 MiB of 1 GiB/,
    change: (scene, at) => {
      inLoss(scene, at);
      scene.runs = [drainingRun(at)];
    },
  },
  {
    name: 'run, stopped',
    path: '/groups/demo/runs/run-stopped',
    shows: 'Retry S230',
    change: (scene, at) => {
      scene.runs = [stoppedRun(at)];
    },
  },
  {
    name: 'run, no data loss',
    path: '/groups/demo/runs/run-no-data-loss',
    shows: 'No data loss, proven.',
    change: (scene, at) => {
      scene.runs = [endedRun(at)];
    },
  },
  {
    name: 'run, data loss',
    path: '/groups/demo/runs/run-data-loss',
    shows: /Data loss: at least 37 updates/,
    change: (scene, at) => {
      scene.runs = [endedRun(at, LOSS)];
    },
  },
  {
    name: 'run, unknown',
    path: '/groups/demo/runs/run-unknown',
    shows: 'Missing evidence',
    change: (scene, at) => {
      scene.runs = [endedRun(at, UNKNOWN)];
    },
  },
  {
    name: 'report',
    path: '/groups/demo/runs/run-data-loss/report',
    shows: 'Steps taken',
    change: (scene, at) => {
      scene.runs = [endedRun(at, LOSS)];
    },
  },
  { name: 'faults', path: '/groups/demo/faults', shows: 'Lose site production', change: withFault },
  { name: 'history', path: '/history', shows: 'P pid 4121 ended by SIGKILL' },
  { name: 'history at an event', path: '/history?group=demo&at=1203', shows: 'last told duplex', change: inLoss },
  {
    name: 'runbooks, none recorded yet',
    path: '/groups/demo/runbooks',
    shows: 'No drill of this group was recorded yet.',
  },
  {
    name: 'runbooks, with schedule, drills and trend',
    path: '/groups/demo/runbooks',
    shows: 'would be skipped now: I-R is suspend',
    change: withDrills,
  },
  { name: 'drill', path: '/groups/demo/runbooks/demo-0004-line-cut', shows: 'Cut P-I', change: withDrills },
  {
    name: 'drills compared',
    path: '/groups/demo/runbooks/compare?a=demo-0001-line-cut&b=demo-0004-line-cut',
    shows: 'line I-R is 2000 km, was 1000 km',
    change: withDrills,
  },
  {
    name: 'difference bitmap',
    path: '/groups/demo?view=table&inspect=pair:I-R',
    shows: 'Ranges with most marked tracks',
  },
  {
    name: 'history of runs',
    path: '/history?show=runs',
    shows: 'the work runs on host R',
    change: (scene, at) => {
      scene.runs = [endedRun(at), endedRun(at, LOSS)];
    },
  },
];

/** The scene of a screen as it is now. */
export function sceneOf(screen: ScreenCase): Scene {
  const at = Date.now();
  const scene = sceneFixture(at);
  screen.change?.(scene, at);
  return scene;
}
