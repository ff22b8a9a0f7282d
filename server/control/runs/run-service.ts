/**
 * Runs of routines as DBOS workflows. A worker that dies leaves its workflows pending under its name; the leading worker
 * resumes them, under a new claim epoch, at the step they were on (1b rules 8, 9).
 */
import { randomUUID } from 'node:crypto';
import { DBOS, Error as DBOSErrors } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import type { Clock, Log } from '../../domain/ports.ts';
import { RefusedError, refuse } from '../../domain/refusal.ts';
import { ACTIONS } from '../../routines/actions/table.ts';
import { findRoutine } from '../../routines/find-routine.ts';
import { whyStartRefused } from '../../routines/order-rules.ts';
import { newState, type RunState, viewOf } from '../../routines/run-state.ts';
import { walk } from '../../routines/runner.ts';
import { DEFAULT_SETTINGS, type RunStart, type RunView } from '../../routines/step-graph.ts';
import type { Chronicler } from '../chronicler.ts';
import type { RunRequest } from '../commands.ts';
import type { Database } from '../database.ts';
import type { GroupAccess } from '../group-access.ts';
import { readGroup } from '../groups.ts';
import type { NoticeListener } from '../notices.ts';
import { DurableRunStore, OrderBell } from './durable-run-store.ts';
import { RunPublisher } from './publisher.ts';
import { RunClaim } from './run-claim.ts';
import { createRun, readRun, readRuns, storeView } from './run-records.ts';

/**
 * Recovery looks only at workflows of its own version. Ours are resumable over any change that keeps the routines' step
 * ids, so the version is ours to raise, not derived from the code.
 */
const APPLICATION_VERSION = 'runs-1';
/** A run may be taken over this often: a resident one may live through many restarts. */
const MAX_RECOVERIES = 1_000_000;

const LAUNCH_LOOK_MS = 100;
/** Drills are workflows too, and tell themselves what becomes of them. */
export const DRILL_PREFIX = 'drill/';

export interface RunServiceParts {
  database: Database;
  access: GroupAccess;
  chronicler: Chronicler;
  clock: Clock;
  log: Log;
  worker: string;
  /** Called once a run has ended, by the worker that drove it to its end. */
  onEnded: (view: RunView) => void;
}

type Drive = (run: string, part: number, from: RunState | null) => Promise<void>;

const workflowId = (run: string, part: number) => `${run}/${part}`;

export class RunService {
  private readonly bell = new OrderBell();
  private readonly stopping = new AbortController();
  private readonly workflow: Drive;

  constructor(
    private readonly parts: RunServiceParts,
    notices: NoticeListener,
  ) {
    notices.on('switchback_orders', (run) => this.bell.ring(run));
    this.workflow = DBOS.registerWorkflow(
      (run: string, part: number, from: RunState | null) => this.drive(run, part, from),
      {
        name: 'routine-run',
        maxRecoveryAttempts: MAX_RECOVERIES,
      },
    );
  }

  /** Connects the workflow engine to the same database, in a schema of its own. */
  async launch(): Promise<void> {
    const { database, worker, log } = this.parts;
    const write = (level: 'debug' | 'info' | 'warn' | 'error') => (entry: unknown) =>
      log.write(level, String(entry), { part: 'workflows' });
    DBOS.setConfig({
      name: 'switchback',
      systemDatabaseUrl: database.url,
      systemDatabaseSchemaName: 'dbos',
      systemDatabasePoolSize: 6,
      applicationVersion: APPLICATION_VERSION,
      executorID: worker,
      // Streams and events of DBOS are not used; at its default it would look for some to announce a hundred times a second.
      notificationCoalesceMs: 1_000,
      logger: { debug: () => {}, info: () => {}, warn: write('warn'), error: write('error') },
    });
    // Two workers that find no tables would both make them.
    const client = new pg.Client({ connectionString: database.url, application_name: 'switchback-launch' });
    await client.connect();
    try {
      // Tried again and again rather than waited for: a query that waits would hold up the indexes being made.
      while (!(await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock(4711, 4) AS got')).rows[0]?.got) {
        await new Promise((resolve) => setTimeout(resolve, LAUNCH_LOOK_MS));
      }
      await DBOS.launch();
    } finally {
      // The lock goes with the connection.
      await client.end();
    }
  }

  /** From now on nothing more is recorded; what is under way is left to the next driver. */
  stop(): void {
    this.stopping.abort();
  }

  /** Starts a routine. Refuses before anything is on record; `busy` where another changing run is under way. */
  async start(request: RunRequest, by: string): Promise<{ run: string }> {
    const { database, clock, chronicler } = this.parts;
    const group = await readGroup(database, request.group);
    const graph = findRoutine(group.arrangement.id, request.routine);
    const hindrance = whyStartRefused(graph, request);
    if (hindrance) throw new RefusedError(hindrance);
    if (!group.powered) throw refuse('wrong-state', `group ${group.name} is switched off`, 'Switch it on first.');
    if (group.deleting)
      throw refuse('unknown-group', `group ${group.name} is being deleted`, 'Create it again once it is gone.');
    const start: RunStart = {
      run: randomUUID(),
      group: group.name,
      routine: graph.id,
      by,
      at: clock.now(),
      yes: request.acceptDefaults,
      decisions: request.decisions,
      attestation: request.attestation,
      stepByStep: request.mode === 'step',
      settings: DEFAULT_SETTINGS,
    };
    await createRun(database, start, viewOf(graph, newState(graph, start)), graph.intent !== 'test');
    await chronicler.write({
      at: start.at,
      group: group.name,
      kind: 'run-started',
      subject: graph.id,
      observer: 'control',
      text: `${graph.title} started by ${by}`,
      run: start.run,
      facts: { mode: request.mode, decisions: request.decisions },
    });
    await this.begin(start.run);
    return { run: start.run };
  }

  /** Resumes what a dead worker drove. Only the leader calls this: two that did would start the same run twice. */
  async takeOver(worker: string): Promise<void> {
    const { chronicler, clock, database } = this.parts;
    for (const { workflowID } of await DBOS.listWorkflows({ executorId: worker, status: 'PENDING' })) {
      await DBOS.resumeWorkflow(workflowID);
      if (workflowID.startsWith(DRILL_PREFIX)) continue;
      const run = workflowID.split('/')[0] ?? workflowID;
      const row = await database.prisma.run.findUnique({ where: { id: run } });
      chronicler.add({
        at: clock.now(),
        group: row?.group ?? null,
        kind: 'run-taken-over',
        subject: row?.routine ?? run,
        observer: 'control',
        text: `${row?.routine ?? 'a run'} goes on at its step: worker ${worker}, which drove it, is gone`,
        run,
        facts: { worker },
      });
    }
  }

  /** Begins runs whose worker died between putting them on record and beginning them. */
  async beginForgotten(): Promise<void> {
    for (const row of await readRuns(this.parts.database, { group: null, active: true, before: null, limit: 1_000 })) {
      if ((await DBOS.getWorkflowStatus(workflowId(row.id, 0))) === null) await this.begin(row.id);
    }
  }

  private async begin(run: string): Promise<void> {
    // The same id starts one workflow, however often it is started.
    await DBOS.startWorkflow(this.workflow, { workflowID: workflowId(run, 0) })(run, 0, null);
  }

  /** The workflow: one walk of the runner, and the next one where a resident routine has filled its record. */
  private async drive(run: string, part: number, from: RunState | null): Promise<void> {
    const { database, access, chronicler, clock, log, worker, onEnded } = this.parts;
    const { start } = await readRun(database, run);
    const group = await readGroup(database, start.group);
    const graph = findRoutine(group.arrangement.id, start.routine);
    const claim = await RunClaim.take(database, run, worker);
    const publisher = new RunPublisher(database, chronicler, log, run, graph);
    const store = new DurableRunStore(database, this.bell, publisher, log, {
      run,
      claim,
      stopping: this.stopping.signal,
    });
    try {
      const end = await walk({
        graph,
        actions: ACTIONS,
        definition: group.definition,
        arrangement: group.arrangement,
        start,
        store,
        clock,
        claim,
        perform: (host, instruction, timeoutMs) =>
          access.host({ name: group.name, arrangement: group.arrangement.id }, host, instruction, timeoutMs),
        from,
      });
      await publisher.settled();
      if (end.checkpoint)
        await DBOS.startWorkflow(this.workflow, { workflowID: workflowId(run, part + 1) })(
          run,
          part + 1,
          end.checkpoint,
        );
      else onEnded(end.view);
    } catch (error) {
      if (error instanceof DBOSErrors.DBOSError) throw error;
      await this.giveUp(run, error);
    }
  }

  /** A defect in a routine must not block its group for ever: the run ends, and says that nobody knows how. */
  private async giveUp(run: string, error: unknown): Promise<void> {
    const { database, log, clock, onEnded } = this.parts;
    const reason = error instanceof Error ? error.message : String(error);
    log.write('error', 'a run was given up', { run, reason: error instanceof Error ? error.stack : reason });
    const { view, revision } = await readRun(database, run);
    const ended: RunView = {
      ...view,
      status: 'ended',
      ending: 'unknown',
      endingText: `the routine itself failed at ${view.currentStep ?? 'its start'}: ${reason}; look at the status of the group`,
      endedAt: clock.now(),
    };
    await storeView(database, run, revision + 1, ended);
    onEnded(ended);
  }
}
