/** The reads of the API, from the database and the status board. */
import path from 'node:path';
import { readAudit, verifyAudit } from '../control/audit-log.ts';
import type { Database } from '../control/database.ts';
import { readDrill, readDrills } from '../control/drills/drill-records.ts';
import { readReplay } from '../control/drills/read-replay.ts';
import { readLibrary } from '../control/drills/runbook-library.ts';
import { readScheduleViews } from '../control/drills/schedule-service.ts';
import { readCron } from '../control/drills/schedule-times.ts';
import { verifyDrill } from '../control/drills/verify-drill.ts';
import { readEvents, readStanding } from '../control/event-log.ts';
import { faultOptions } from '../control/fault-options.ts';
import { readFaults } from '../control/fault-store.ts';
import { preflight } from '../control/preflight.ts';
import { readRollups } from '../control/rollups.ts';
import { readRun, readRuns } from '../control/runs/run-records.ts';
import type { StatusBoard } from '../control/status-board.ts';
import { VERSION } from '../control/version.ts';
import { readWorkers } from '../control/worker-registry.ts';
import { staleReasons } from '../domain/evidence/staleness.ts';
import { findRoutine, ROUTINES } from '../routines/find-routine.ts';
import type { LiveHub } from './live-hub.ts';
import { type Readiness, readiness } from './readiness.ts';
import type { ReadServices } from './services.ts';
import type { DrillEntry, DrillView } from './views.ts';
import type { InstallationFacts } from './web-services.ts';

/** Runs whose time tells how long the next will take. */
const EARLIER_RUNS = 20;

/** Is the demo group where scripts can use it? */
export async function demoReadiness(database: Database, board: StatusBoard): Promise<Readiness> {
  const made = await database.prisma.counter.findUnique({ where: { name: 'demo-made' } });
  const row = await database.prisma.group.findUnique({ where: { name: 'demo' } });
  const standing = await readFaults(database, { group: 'demo', active: true });
  return readiness({
    demoMade: made !== null,
    formationOwed: row?.formation ?? false,
    demo: board.find('demo'),
    standingFaults: standing.length,
  });
}

/** `startedAt`: of this process, ms. */
export function makeReadServices(
  database: Database,
  board: StatusBoard,
  hub: LiveHub,
  startedAt: number,
  { software, ...folders }: InstallationFacts,
): ReadServices {
  /** Of drills that proved something, why they no longer do. */
  const entriesOf = (drills: readonly DrillView[]): DrillEntry[] => {
    const library = new Map(readLibrary(folders.runbooks).map(({ name, sha256 }) => [name, sha256]));
    const at = Date.now();
    return drills.map((drill) => {
      if (drill.outcome !== 'passed' || drill.endedAt === null || !board.find(drill.group))
        return { ...drill, stale: [] };
      const { definition, rpoObjectiveMs, createdAt } = board.record(drill.group);
      const present = {
        software,
        runbook: library.get(drill.runbook) ?? null,
        topology: { definition, rpoObjectiveMs },
        groupSince: createdAt,
        at,
      };
      return { ...drill, stale: staleReasons({ basis: drill.basis, endedAt: drill.endedAt }, present) };
    });
  };
  return {
    statuses: async () => board.all(),
    status: (group) => board.get(group),
    fleet: async () => hub.fleet(),
    definition: async (group) => {
      await board.get(group);
      return board.record(group).definition;
    },
    rollups: async (group, from, to) => {
      await board.get(group);
      return readRollups(database, group, from, to);
    },
    routines: async (group) => {
      const { arrangement } = await board.get(group);
      return ROUTINES.filter((graph) => graph.arrangement === arrangement);
    },
    preflight: async (group, routine) => {
      const status = await board.get(group);
      const graph = findRoutine(status.arrangement, routine);
      const ended = await readRuns(database, { group, active: false, before: null, limit: EARLIER_RUNS });
      const earlier = ended.map((row) => row.view).filter((view) => view.routine === routine);
      return preflight({ status, graph, earlier, now: Date.now() });
    },
    runs: async (filter) => (await readRuns(database, filter)).map((row) => row.view),
    run: async (id) => (await readRun(database, id)).view,
    runbooks: async () => readLibrary(folders.runbooks),
    drills: async (filter) => entriesOf(await readDrills(database, filter)),
    drill: async (id) => {
      const drill = await readDrill(database, id);
      return entriesOf([drill])[0] ?? { ...drill, stale: [] };
    },
    replayDrill: async (id) => readReplay(path.join(folders.evidence, (await readDrill(database, id)).bundle)),
    schedules: (group) => readScheduleViews(database, readLibrary(folders.runbooks), group, (name) => board.find(name)),
    readCron: async (cron, zone) => readCron(cron, zone, Date.now()),
    verifyDrill: (id) => verifyDrill(database, folders.evidence, id),
    events: (query) => readEvents(database, query),
    standing: (group, seq) => readStanding(database, group, seq),
    faults: (filter) => readFaults(database, filter),
    faultOptions: async (group) => {
      const status = await board.get(group);
      const { definition, arrangement } = board.record(group);
      const standing = await readFaults(database, { group, active: true });
      return faultOptions({ definition, arrangement, status, standing });
    },
    audit: (filter) => readAudit(database, filter),
    verifyAudit: () => verifyAudit(database),
    system: async (actor) => {
      const agents = await database.prisma.agent.findMany({ orderBy: { site: 'asc' } });
      return {
        version: VERSION,
        startedAt,
        now: Date.now(),
        actor,
        workers: await readWorkers(database),
        agents: agents.map(({ changedAt, ...agent }) => ({ ...agent, changedAt: changedAt.getTime() })),
        ready: await demoReadiness(database, board),
      };
    },
  };
}
