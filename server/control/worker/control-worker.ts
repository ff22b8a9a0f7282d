/**
 * One control worker: hears the agents, carries out commands, drives runs. Any number may live at once; one of them leads
 * and alone writes observations, reconciles groups and takes over what a dead worker left.
 */
import path from 'node:path';
import type { Software } from '../../domain/evidence/staleness.ts';
import type { Log } from '../../domain/ports.ts';
import type { AgentNotices, ProcessView } from '../../site/agent-protocol.ts';
import { type AgentPorts, Agents } from '../agents.ts';
import { Chronicler } from '../chronicler.ts';
import { CommandServer } from '../command-queue.ts';
import { type Database, openControlDatabase } from '../database.ts';
import { DrillService } from '../drills/drill-service.ts';
import { readLibrary } from '../drills/runbook-library.ts';
import { ScheduleKeeper } from '../drills/schedule-keeper.ts';
import { drillUnderWay } from '../drills/schedule-service.ts';
import { FaultInjector } from '../faults.ts';
import { GroupAccess, Views } from '../group-access.ts';
import { Instructions } from '../instructions.ts';
import { NoticeListener } from '../notices.ts';
import { ObservationWriter } from '../observations.ts';
import { Reconciler } from '../reconciler.ts';
import { removeOldRollups, rollupOf, writeRollups } from '../rollups.ts';
import { RunService } from '../runs/run-service.ts';
import { StatusBoard } from '../status-board.ts';
import { WorkerRegistry } from '../worker-registry.ts';
import { killControlWorkers, makeHandlers } from './command-handlers.ts';
import { DemoGroup } from './demo-group.ts';

const EVERY_SECOND_MS = 1_000;
/** The worker itself looks at the status for charts and for the demo group only. */
const GATHER_MS = 500;
const AGENTS_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 3_000;
const SCHEDULES_EVERY_MS = 2_000;
const CLEAN_EVERY_MS = 10 * 60_000;

export interface WorkerSettings {
  id: string;
  databaseUrl: string;
  /** Site → `host:port` of its agent. */
  agents: Record<string, string>;
  secret: Uint8Array;
  ports: AgentPorts;
  /** Of the repository, where the runbooks are. */
  root: string;
  /** Where bundles of evidence are kept. */
  dataFolder: string;
  software: Software;
  /** Make and look after the group `demo`. */
  demo: boolean;
}

export class ControlWorker {
  private readonly database: Database;
  private readonly notices: NoticeListener;
  private readonly views = new Views();
  private readonly agents: Agents;
  private readonly chronicler: Chronicler;
  private readonly observations: ObservationWriter;
  private readonly reconciler: Reconciler;
  private readonly registry: WorkerRegistry;
  private readonly runs: RunService;
  private readonly drills: DrillService;
  private readonly commands: CommandServer;
  private readonly board: StatusBoard;
  private readonly demo: DemoGroup | null;
  private readonly schedules: ScheduleKeeper;
  private timers: NodeJS.Timeout[] = [];
  private lastRollupAt = 0;

  constructor(private readonly settings: WorkerSettings) {
    const { id, databaseUrl, ports, secret } = settings;
    const { log, clock } = ports;
    this.database = openControlDatabase(databaseUrl, log);
    this.notices = new NoticeListener(databaseUrl, log);
    this.board = new StatusBoard(this.database, log, this.notices, GATHER_MS, {
      software: settings.software,
      library: () => readLibrary(path.join(settings.root, 'e2e', 'runbooks')),
    });
    this.chronicler = new Chronicler(this.database, log, () => this.registry.leads);
    this.observations = new ObservationWriter(this.database, log);
    this.agents = new Agents(settings.agents, ports, secret, id, {
      onUp: (site, views) => this.agentUp(site, views),
      onDown: (site, reason) => this.agentDown(site, reason),
      onNotice: (site, notice, params) => this.heard(site, notice, params),
    });
    this.reconciler = new Reconciler(
      this.database,
      this.agents,
      log,
      (site, views) => {
        for (const view of views) this.saw(site, view);
      },
      async (group) => this.groupGone(group),
    );
    const access = new GroupAccess(this.agents, this.views);
    const instructions = new Instructions(this.database, this.agents, access, this.views);
    this.runs = new RunService(
      {
        database: this.database,
        access,
        chronicler: this.chronicler,
        clock,
        log,
        worker: id,
        onEnded: (view) => this.demo?.runEnded(view),
      },
      this.notices,
    );
    const faults = new FaultInjector(this.database, this.agents, this.chronicler, (before) =>
      killControlWorkers(this.database, before),
    );
    this.drills = new DrillService({
      database: this.database,
      board: this.board,
      instructions,
      chronicler: this.chronicler,
      log,
      root: settings.root,
      dataFolder: settings.dataFolder,
      software: settings.software,
    });
    this.schedules = new ScheduleKeeper({
      database: this.database,
      now: () => Date.now(),
      status: (group) => this.board.find(group),
      library: () => this.drills.library(),
      underWay: (group) => drillUnderWay(this.database, group),
      start: (request, by) => this.drills.start(request, by),
      tell: (event) => this.chronicler.add(event),
      log,
    });
    const handlers = makeHandlers(
      {
        database: this.database,
        chronicler: this.chronicler,
        views: this.views,
        instructions,
        faults,
        runs: this.runs,
        drills: this.drills,
      },
      () => this.commands,
    );
    this.commands = new CommandServer(this.database, id, handlers, (error) => this.report('a command failed', error));
    this.registry = new WorkerRegistry(
      this.database,
      id,
      log,
      (dead) => this.workerDied(dead),
      (leads) => this.leadChanged(leads),
    );
    this.demo = settings.demo
      ? new DemoGroup({ database: this.database, board: this.board, runs: this.runs, instructions, log })
      : null;
    this.commands.listen(this.notices);
    this.notices.on('switchback_groups', () => this.reconciler.look());
  }

  /** Resolves once it serves. Rejects where the database does not answer. */
  async start(): Promise<void> {
    const { id } = this.settings;
    await this.runs.launch();
    await this.notices.start();
    await this.board.start();
    this.agents.start();
    await this.registry.start();
    // What is asked of a worker that has just started should not fail for want of a moment.
    await this.agents.whenConnected(AGENTS_WITHIN_MS);
    this.commands.open();
    this.chronicler.add({
      at: Date.now(),
      group: null,
      kind: 'worker-started',
      subject: id,
      observer: 'control',
      text: `control worker ${id} started (pid ${process.pid})`,
    });
    this.timers = [
      setInterval(() => this.everySecond(), EVERY_SECOND_MS),
      // A command is announced; this finds one whose announcement was lost.
      setInterval(() => this.commands.look(), LOOK_EVERY_MS),
      setInterval(() => this.lookAtSchedules(), SCHEDULES_EVERY_MS),
      setInterval(() => this.clean(), CLEAN_EVERY_MS),
    ];
    await this.demo?.start();
  }

  /** Leaves runs and commands to the next worker. */
  async stop(): Promise<void> {
    this.runs.stop();
    this.demo?.stop();
    for (const timer of this.timers) clearInterval(timer);
    this.reconciler.stop();
    this.agents.stop();
    this.observations.stop();
    this.chronicler.stop();
    this.board.stop();
    await this.registry.stop();
    await this.notices.stop();
  }

  private get log(): Log {
    return this.settings.ports.log;
  }

  private agentUp(site: string, views: readonly ProcessView[]): void {
    for (const view of views) this.saw(site, view);
    this.reconciler.agentUp(site);
    this.recordAgent(site, true, null);
  }

  private agentDown(site: string, reason: string): void {
    this.recordAgent(site, false, reason);
  }

  private recordAgent(site: string, connected: boolean, reason: string | null): void {
    if (!this.registry.leads) return;
    const address = this.settings.agents[site] ?? '';
    const data = { address, connected, reason, changedAt: new Date() };
    this.database.prisma.agent
      .upsert({ where: { site }, create: { site, ...data }, update: data })
      .catch((error: unknown) => this.report('an agent was not recorded', error));
    this.chronicler.add({
      at: Date.now(),
      group: null,
      kind: connected ? 'agent-found' : 'agent-lost',
      subject: site,
      observer: 'control',
      text: connected ? `the agent of site ${site} answers` : `the agent of site ${site} no longer answers: ${reason}`,
      severity: connected ? 'none' : 'major',
    });
  }

  private heard<N extends keyof AgentNotices>(site: string, notice: N, params: AgentNotices[N]): void {
    // The name of the notice says which shape it has, which TypeScript does not conclude for a type parameter.
    if (notice === 'process.changed') this.saw(site, params as AgentNotices['process.changed']);
    else if (notice === 'pair.transition') this.chronicler.transition(params as AgentNotices['pair.transition']);
    else if (notice === 'process.event') this.chronicler.processEvent(params as AgentNotices['process.event']);
  }

  private saw(site: string, view: ProcessView): void {
    this.views.put(view);
    if (!this.registry.leads) return;
    this.observations.put(site, view);
    this.chronicler.view(view);
    this.reconciler.view(site, view);
  }

  private leadChanged(leads: boolean): void {
    this.schedules.lead(leads);
    if (!leads) return this.reconciler.stop();
    this.takeLead().catch((error: unknown) => this.report('the lead could not be taken', error));
  }

  private async takeLead(): Promise<void> {
    await this.chronicler.load();
    await this.reconciler.start();
    for (const { site, connected } of this.agents.sites)
      this.recordAgent(site, connected, connected ? null : 'not connected yet');
    await this.runs.beginForgotten();
    await this.drills.sealForgotten();
  }

  private async workerDied(worker: string): Promise<void> {
    if (!this.registry.leads) return;
    await CommandServer.markLost(this.database, worker);
    await this.runs.takeOver(worker);
    await this.registry.forget(worker);
    this.chronicler.add({
      at: Date.now(),
      group: null,
      kind: 'worker-lost',
      subject: worker,
      observer: 'control',
      text: `control worker ${worker} is gone`,
      severity: 'minor',
    });
  }

  private groupGone(group: string): void {
    this.views.forget(group);
    this.chronicler.forget(group);
    this.observations.forget(group);
  }

  private everySecond(): void {
    if (!this.registry.leads) return;
    const at = Math.floor(Date.now() / EVERY_SECOND_MS) * EVERY_SECOND_MS;
    if (at === this.lastRollupAt) return;
    this.lastRollupAt = at;
    const points = this.board.all().map((status) => ({ group: status.name, point: rollupOf(status, at) }));
    writeRollups(this.database, points).catch((error: unknown) => this.report('gauges not kept', error));
  }

  private lookAtSchedules(): void {
    this.schedules.look().catch((error: unknown) => this.report('schedules were not looked at', error));
  }

  private clean(): void {
    if (!this.registry.leads) return;
    Promise.all([
      removeOldRollups(this.database),
      CommandServer.removeOld(this.database),
      this.drills.sealForgotten(),
    ]).catch((error: unknown) => this.report('not tidied up', error));
  }

  private report(what: string, error: unknown): void {
    this.log.write('warn', what, { reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
