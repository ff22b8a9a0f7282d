import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import pino, { type Logger } from 'pino';
import { refuse } from '../../domain/refusal.ts';
import { applyMigrations } from './apply-migrations.ts';
import { keepDataFormat } from './data-format.ts';
import { choosePort, tryPort } from './free-port.ts';
import { stopLeftover } from './leftovers.ts';
import { openLog, rotateLogs } from './log-files.ts';
import { openDatabase, preparePostgres } from './postgres.ts';
import { waitUntilReady } from './readiness.ts';
import { keepSecret } from './secrets.ts';
import { isLoopback, LOCAL_SITES, type Settings } from './settings.ts';
import { type ChildEvent, type ChildPlan, NODE_STOP, SupervisedChild } from './supervised-child.ts';
import { SupervisorRecord } from './supervisor-record.ts';

const ROTATE_EVERY_MS = 10 * 60_000;
const LEFTOVER_PATIENCE_MS = 10_000;

/** The parts in the order they are stopped: who asks goes before who answers. */
const STOP_ORDER = ['web', 'control', 'site', 'database'] as const;
type Part = (typeof STOP_ORDER)[number];

/** What a supervisor is started with. */
export interface SupervisorOptions {
  settings: Settings;
  /** Folder of the installation: `dist`, `prisma` and `.next` lie in it. */
  root: string;
  /** Environment the children inherit. */
  environment: NodeJS.ProcessEnv;
  /** One line for whoever started us: `out` for what scripts wait for, `note` for the rest. */
  print: (stream: 'out' | 'note', line: string) => void;
}

/**
 * Runs one installation: PostgreSQL, web, control worker and the site agents, each a process of its own, started again
 * when it dies. Everything it needs to find after its own death is in the data folder.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #record: SupervisorRecord;
  readonly #log: Logger;
  readonly #logFolder: string;
  readonly #children: { part: Part; child: SupervisedChild }[] = [];
  readonly #stop = new AbortController();
  #rotation: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { dataFolder } = options.settings;
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    this.#logFolder = path.join(dataFolder, 'logs');
    this.#record = new SupervisorRecord(dataFolder);
    // Written at once: the last words before a crash are the ones that matter.
    this.#log = pino(
      { name: 'supervisor' },
      pino.destination({ fd: openLog(this.#logFolder, 'supervisor'), sync: true }),
    );
  }

  /**
   * Starts everything and resolves when `/readyz` answers 200, or when `stop` was called meanwhile. Throws a
   * `RefusedError` for what the operator can mend, and otherwise what went wrong; then `stop` is still to be called.
   */
  async start(): Promise<void> {
    keepDataFormat(this.#options.settings.dataFolder);
    await this.#clearLeftovers();
    rotateLogs(this.#logFolder);
    this.#rotation = setInterval(() => rotateLogs(this.#logFolder), ROTATE_EVERY_MS).unref();
    const { settings } = this.#options;
    const port = await tryPort(settings.host, settings.port);
    if (port === null) {
      throw refuse(
        'busy',
        `Port ${settings.port} is in use on ${settings.host}.`,
        'Stop what uses it, or set PORT to another.',
      );
    }
    const ports = await this.#choosePorts(port);
    const databaseUrl = await this.#startDatabase(ports.database);
    if (this.#stop.signal.aborted) return;
    const complete = this.#startProcesses(ports.agents, port, databaseUrl);
    await this.#announceReady(port, complete);
  }

  /** Asks everything to end, in order, and resolves when it has. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#rotation);
    for (const part of STOP_ORDER) {
      await Promise.all(this.#children.filter((entry) => entry.part === part).map(({ child }) => child.stop()));
    }
    this.#log.info('stopped');
  }

  /** Ends everything this instant. Databases and storage systems recover at the next start. */
  kill(): void {
    for (const { child } of this.#children) child.kill();
  }

  /** Processes of a supervisor that was killed. They notice and stop by themselves; who does not is helped. */
  async #clearLeftovers(): Promise<void> {
    const stopOne = async ([name, process]: ReturnType<SupervisorRecord['processes']>[number]) => {
      // PostgreSQL is asked in its own way, once its folder is known to be ours.
      if (name === 'postgres') return;
      const stopped = await stopLeftover(process, ['SIGTERM'], LEFTOVER_PATIENCE_MS);
      if (stopped) this.#log.warn({ process: name, pid: process.pid }, 'stopped a process left over from before');
      this.#record.forget(name);
    };
    await Promise.all(this.#record.processes().map(stopOne));
  }

  /** Ports of the last time where they are free. Peers were told them, and a restart should not make them learn anew. */
  async #choosePorts(web: number): Promise<{ database: number; agents: Record<string, number> }> {
    const taken = new Set([web]);
    const choose = async (name: string) => {
      const port = await choosePort(this.#record.port(name), taken);
      taken.add(port);
      return port;
    };
    const database = await choose('postgres');
    const agents: Record<string, number> = {};
    for (const site of LOCAL_SITES) agents[site] = await choose(`agent-${site}`);
    const named = Object.entries(agents).map(([site, port]) => [`agent-${site}`, port] as const);
    this.#record.setPorts({ postgres: database, ...Object.fromEntries(named) });
    return { database, agents };
  }

  async #startDatabase(port: number): Promise<string> {
    const { settings, root } = this.#options;
    let databaseUrl = settings.databaseUrl;
    if (databaseUrl === null) {
      const postgres = await preparePostgres(settings.dataFolder, port);
      if (this.#stop.signal.aborted) return postgres.databaseUrl;
      this.#startChild('database', postgres.plan);
      await openDatabase(postgres.databaseUrl);
      databaseUrl = postgres.databaseUrl;
    }
    const applied = await applyMigrations(databaseUrl, path.join(root, 'prisma', 'migrations'));
    this.#log.info({ applied }, 'database ready');
    return databaseUrl;
  }

  /** Starts what is built, and says of the rest that it is missing. Answers whether everything was there. */
  #startProcesses(agents: Record<string, number>, port: number, databaseUrl: string): boolean {
    const { settings } = this.#options;
    const addresses = Object.entries(agents).map(([site, agentPort]) => [site, `127.0.0.1:${agentPort}`] as const);
    const common = {
      SWITCHBACK_DATA: settings.dataFolder,
      SWITCHBACK_SECRET_FILE: keepSecret(settings.dataFolder, 'secret').file,
      SWITCHBACK_AGENTS: JSON.stringify(Object.fromEntries(addresses)),
    };
    // Only these two know the database: an agent that could write there could forge what was observed.
    const control = { ...common, DATABASE_URL: databaseUrl, HOST: settings.host, PORT: String(port) };
    const started = [
      ...LOCAL_SITES.map((site) =>
        this.#startEntry('site', `agent-${site}`, 'agent', { ...common, SWITCHBACK_SITE: site }),
      ),
      this.#startEntry('control', 'control-worker', 'control-worker', control),
      this.#startEntry('web', 'web', 'web', control),
    ];
    return started.every(Boolean);
  }

  #startEntry(part: Part, name: string, entry: string, env: Record<string, string>): boolean {
    const file = path.join(this.#options.root, 'dist', `${entry}.js`);
    if (!existsSync(file)) {
      this.#say(
        'note',
        `not started: ${name}, because dist/${entry}.js is missing (it is built from main-${entry}.ts)`,
      );
      return false;
    }
    this.#startChild(part, {
      name,
      command: process.execPath,
      args: ['--enable-source-maps', file],
      env: { ...inherited(this.#options.environment), ...env },
      channel: true,
      stopSignals: NODE_STOP,
    });
    return true;
  }

  #startChild(part: Part, plan: ChildPlan): void {
    const child = new SupervisedChild(plan, this.#logFolder, this.#record, (event) => this.#onChild(event));
    this.#children.push({ part, child });
    child.start();
  }

  #onChild(event: ChildEvent): void {
    this.#log.info(event, `${event.name}: ${event.kind}`);
    if (event.kind !== 'ended') return;
    const how = event.signal ?? (event.code === null ? 'cannot be started' : `status ${event.code}`);
    const log = path.join(this.#logFolder, `${event.name}.log`);
    this.#say(
      'note',
      `${event.name} ended (${how}); starting it again in ${event.nextStartMs / 1000} s. Its log: ${log}`,
    );
  }

  async #announceReady(port: number, complete: boolean): Promise<void> {
    const { host } = this.#options.settings;
    // An address that means "all of this machine's" is no address to go to.
    const shown = isLoopback(host) ? '127.0.0.1' : host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    const url = `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
    const onWaiting = (message: string) => this.#say('note', `waiting: ${message}`);
    if (!complete) return this.#say('note', `Switchback is not complete; ${url} shows what there is.`);
    const ready = await waitUntilReady(url, this.#stop.signal, onWaiting);
    if (ready) this.#say('out', `switchback ready ${url}`);
  }

  #say(stream: 'out' | 'note', line: string): void {
    this.#log.info(line);
    this.#options.print(stream, line);
  }
}

/** Our environment without what npm and a debugger put there for this process alone. */
function inherited(environment: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const kept = Object.entries(environment).filter(
    ([name]) => !/^(npm_|INIT_CWD$|NODE_OPTIONS$|DATABASE_URL$)/.test(name),
  );
  return Object.fromEntries(kept);
}
