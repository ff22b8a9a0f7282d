/** An installation of a test's own, which it may start, kill and start again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { type Client, makeClient } from '../../server/cli/client.ts';
import { repositoryRoot } from './cli.ts';

const READY = /^switchback ready (http:\/\/\S+)$/m;
const recordSchema = z.object({ processes: z.record(z.string(), z.object({ pid: z.number() })) });

export class OwnInstance {
  readonly data = mkdtempSync(path.join(tmpdir(), 'switchback-e2e-'));
  private process: ChildProcess | null = null;
  private said = '';

  /** Starts it as `npm start` does, and resolves with its client once it has said that it is ready. */
  async start(): Promise<Client> {
    const child = spawn(process.execPath, [path.join(repositoryRoot, 'scripts', 'start.mjs')], {
      cwd: repositoryRoot,
      env: { ...process.env, PORT: '0', SWITCHBACK_DATA: this.data },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    this.said = '';
    return new Promise((resolve, reject) => {
      const hear = (text: string) => {
        this.said += text;
        const url = READY.exec(this.said)?.[1];
        if (url) resolve(makeClient(url, undefined));
      };
      child.stdout.setEncoding('utf8').on('data', hear);
      child.stderr.setEncoding('utf8').on('data', hear);
      child.once('exit', (code, signal) =>
        reject(new Error(`ended (${code ?? signal}) before it was ready:\n${this.said}`)),
      );
    });
  }

  /** Process number of the supervisor. */
  get pid(): number {
    if (this.process?.pid === undefined) throw new Error('not started');
    return this.process.pid;
  }

  /** Sends `signal` to the supervisor and resolves with how it ended. */
  async end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (!this.process) throw new Error('not started');
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    const [code, by] = await ended;
    this.process = null;
    return { code, signal: by };
  }

  /** The supervisor's own children, by name: `postgres`, `web`, `control-worker`, `agent-production`, … */
  supervised(): Record<string, number> {
    const { processes } = recordSchema.parse(JSON.parse(readFileSync(path.join(this.data, 'supervisor.json'), 'utf8')));
    return Object.fromEntries(Object.entries(processes).map(([name, { pid }]) => [name, pid]));
  }

  /** Every process of this machine that works on this installation's data: told by its words and its environment. */
  processes(): number[] {
    const belongs = (pid: string, file: string) => {
      try {
        return readFileSync(path.join('/proc', pid, file), 'utf8').includes(this.data);
      } catch {
        // It ended while it was looked at, or is not ours to look into.
        return false;
      }
    };
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && (belongs(name, 'cmdline') || belongs(name, 'environ')))
      .map(Number);
  }

  /** Stops what still runs and removes the data. */
  async remove(): Promise<void> {
    if (this.process) await this.end('SIGTERM');
    rmSync(this.data, { recursive: true, force: true });
  }
}
