/** Real agents with real processes in a folder of their own, for one test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defaultGroup, findArrangement, type GroupDefinition } from '../../../domain/arrangement.ts';
import type { Ports } from '../../../domain/ports.ts';
import { RealClock } from '../../ports/real-clock.ts';
import { RealDisk } from '../../ports/real-disk.ts';
import { RealEntropy } from '../../ports/real-entropy.ts';
import { RealLog } from '../../ports/real-log.ts';
import { RealNetwork } from '../../ports/real-network.ts';
import { isAlive, type ProcessIdentity, signalProcess } from '../../processes/process-identity.ts';
import { readSecret } from '../../processes/secret.ts';
import { choosePort } from '../../supervisor/free-port.ts';
import { processIdentity } from '../../supervisor/process-identity.ts';
import { keepSecret } from '../../supervisor/secrets.ts';
import { ControlClient } from './control-client.ts';

export class SiteBench {
  readonly dataFolder = mkdtempSync(path.join(tmpdir(), 'switchback-site-'));
  readonly secretFile = keepSecret(this.dataFolder, 'secret').file;
  readonly ports: Ports = {
    clock: new RealClock(),
    disk: new RealDisk(this.dataFolder),
    network: new RealNetwork(),
    entropy: new RealEntropy(),
    log: new RealLog({ test: 'site' }, 'error'),
  };
  private readonly addresses: Record<string, string> = {};
  private readonly agents: ChildProcess[] = [];
  private readonly clients: ControlClient[] = [];
  private readonly seen: ProcessIdentity[] = [];

  private constructor(private readonly bundles: string) {}

  static async create(bundles: string, sites: readonly string[]): Promise<SiteBench> {
    const bench = new SiteBench(bundles);
    const taken = new Set<number>();
    for (const site of sites) {
      const port = await choosePort(undefined, taken);
      taken.add(port);
      bench.addresses[site] = `127.0.0.1:${port}`;
    }
    return bench;
  }

  get secret(): Uint8Array {
    return readSecret(this.secretFile);
  }

  addressOf(site: string): string {
    return this.addresses[site] ?? '';
  }

  folderOf(site: string, group: string, process: string): string {
    return path.join(this.dataFolder, 'sites', site, group, process);
  }

  startAgent(site: string, secretFile = this.secretFile): ChildProcess {
    const agent: ChildProcess = spawn(process.execPath, ['--enable-source-maps', path.join(this.bundles, 'agent.js')], {
      // Its IPC channel tells it at once should the tests be killed.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        NODE_ENV: 'production',
        PATH: process.env.PATH,
        SWITCHBACK_SITE: site,
        SWITCHBACK_AGENTS: JSON.stringify(this.addresses),
        SWITCHBACK_DATA: this.dataFolder,
        SWITCHBACK_SECRET_FILE: secretFile,
      },
    });
    agent.stderr?.resume();
    this.agents.push(agent);
    return agent;
  }

  control(site: string): ControlClient {
    const client = new ControlClient(this.ports, this.secret, site, this.addressOf(site));
    this.clients.push(client);
    return client;
  }

  /** Remembers a process, so that nothing is left running whatever the test does. */
  note(pid: number | null): ProcessIdentity {
    if (pid === null) throw new Error('no such process');
    const lifeMark = processIdentity(pid);
    if (lifeMark === null) throw new Error(`process ${pid} is not alive`);
    const identity = { pid, lifeMark };
    this.seen.push(identity);
    return identity;
  }

  /** Ends every agent and with it its processes. Answers which noted processes outlived them, after killing those. */
  async close(): Promise<number[]> {
    for (const client of this.clients) client.close();
    await Promise.all(this.agents.map((agent) => endOf(agent, 'SIGTERM')));
    const left = this.seen.filter((identity) => isAlive(identity));
    for (const identity of left) signalProcess(identity, 'SIGKILL');
    rmSync(this.dataFolder, { recursive: true, force: true });
    return left.map(({ pid }) => pid);
  }
}

/** Signals a child and resolves with how it ended. */
export async function endOf(
  child: ChildProcess,
  signal: NodeJS.Signals | null,
): Promise<{ code: number | null; signal: string | null }> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    if (signal) child.kill(signal);
    await ended;
  }
  return { code: child.exitCode, signal: child.signalCode };
}

/** A small group: one volume of 1 MiB, no ledger, no distance. */
export function tinyGroup(name: string): GroupDefinition {
  const arrangement = findArrangement('chain-3');
  if (!arrangement) throw new Error('chain-3 is gone');
  const definition = defaultGroup(name, arrangement);
  return {
    ...definition,
    volumeCount: 1,
    volumeBytes: 1024 * 1024,
    journalBytes: 4 * 1024 * 1024,
    lines: Object.fromEntries(
      Object.entries(definition.lines).map(([line, settings]) => [line, { ...settings, km: 0 }]),
    ),
    ledger: { enabled: false, transactionsPerSecond: 0 },
  };
}
