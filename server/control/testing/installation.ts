/** A whole installation without screens, for one test file: PostgreSQL, site agents with their processes, control workers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { choosePort } from '../../site/supervisor/free-port.ts';
import { keepSecret } from '../../site/supervisor/secrets.ts';
import { LOCAL_SITES } from '../../site/supervisor/settings.ts';
import { startTestDatabase, type TestDatabase } from './database.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const ENTRIES = {
  agent: 'server/site/agent/main-agent.ts',
  storage: 'server/site/processes/main-storage.ts',
  host: 'server/site/processes/main-host.ts',
  witness: 'server/site/processes/main-witness.ts',
  switch: 'server/site/processes/main-switch.ts',
  'control-worker': 'server/control/main-control-worker.ts',
};

export class Installation {
  private readonly children: ChildProcess[] = [];

  private constructor(
    readonly database: TestDatabase,
    private readonly bundles: string,
    private readonly dataFolder: string,
    private readonly agents: Record<string, string>,
  ) {}

  /** Starts PostgreSQL and the agents; workers are the test's to start. */
  static async start(): Promise<Installation> {
    const cache = path.join(root, 'node_modules', '.cache');
    mkdirSync(cache, { recursive: true });
    // Below node_modules, where the bundles find their packages and git does not look.
    const bundles = mkdtempSync(path.join(cache, 'switchback-installation-'));
    const options = {
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      sourcemap: true,
      logLevel: 'silent',
    } as const;
    await build({ absWorkingDir: root, entryPoints: ENTRIES, outdir: bundles, ...options });
    const taken = new Set<number>();
    const agents: Record<string, string> = {};
    for (const site of LOCAL_SITES) {
      const port = await choosePort(undefined, taken);
      taken.add(port);
      agents[site] = `127.0.0.1:${port}`;
    }
    const dataFolder = mkdtempSync(path.join(tmpdir(), 'switchback-installation-'));
    const installation = new Installation(await startTestDatabase(), bundles, dataFolder, agents);
    for (const site of LOCAL_SITES) installation.spawn('agent', { SWITCHBACK_SITE: site });
    return installation;
  }

  /** Starts one control worker more. */
  startWorker(): ChildProcess {
    return this.spawn('control-worker', { DATABASE_URL: this.database.url });
  }

  /** Ends everything: workers first, then the agents with their processes, then PostgreSQL. */
  async stop(): Promise<void> {
    for (const child of [...this.children].reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await this.database.stop();
    rmSync(this.dataFolder, { recursive: true, force: true });
    rmSync(this.bundles, { recursive: true, force: true });
  }

  private spawn(entry: keyof typeof ENTRIES, environment: Record<string, string>): ChildProcess {
    const child = spawn(process.execPath, ['--enable-source-maps', path.join(this.bundles, `${entry}.js`)], {
      // The IPC channel tells it at once should the tests be killed.
      stdio: ['ignore', 'ignore', process.env.SWITCHBACK_TEST_LOG ? 'inherit' : 'ignore', 'ipc'],
      env: {
        ...environment,
        NODE_ENV: 'test',
        PATH: process.env.PATH,
        SWITCHBACK_AGENTS: JSON.stringify(this.agents),
        SWITCHBACK_DATA: this.dataFolder,
        SWITCHBACK_SECRET_FILE: keepSecret(this.dataFolder, 'secret').file,
      },
    });
    this.children.push(child);
    return child;
  }
}
