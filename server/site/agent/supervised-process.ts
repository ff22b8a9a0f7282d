/**
 * One process of a group, kept in the condition the agent wants it in. It may have been started by this agent or by an
 * earlier one that was killed: then it is found by its run record and taken over as it runs.
 *
 *   absent ──launch──▶ starting ──channel proven──▶ up
 *     ▲  │                │  ▲                        │
 *     │  └─run.json alive─┘  └──────channel lost──────┤
 *     └──────────────ended (exit, or found dead)──────┘
 */
import type { Ports, Timer } from '../../domain/ports.ts';
import { refusalOf } from '../../domain/refusal.ts';
import type { ChannelOptions } from '../../network/channel.ts';
import type { ProcessAddress, ProcessView } from '../agent-protocol.ts';
import {
  EXIT_FOLDER_TAKEN,
  type ProcessConfig,
  type ProcessFacts,
  type ProcessSettings,
  type RunRecord,
  runRecordSchema,
} from '../processes/child-protocol.ts';
import { readRecord } from '../processes/durable-file.ts';
import type { ProcessPaths } from '../processes/layout.ts';
import { isAlive, type ProcessIdentity, signalProcess } from '../processes/process-identity.ts';
import { processIdentity } from '../supervisor/process-identity.ts';
import { launchChild } from './child-launch.ts';
import { ChildLink } from './child-link.ts';
import type { ProcessRole } from './group-processes.ts';
import { ProcessBackoff } from './process-backoff.ts';

/** Asked to stop, a process has so long before it is killed. */
const STOP_BOUND_MS = 5000;
/** A process nobody here started tells its end by its closed channel; where it died before it had one, this finds out. */
const LIFE_CHECK_MS = 100;
/** Pause before looking again where another process holds the folder: it will have left its run record by then. */
const TAKEN_PAUSE_MS = 200;

export type Wanted = 'running' | 'held-down' | 'stopped';

export interface ProcessHome {
  ports: Ports;
  /** Identity and secret the agent speaks with. */
  channelOptions: ChannelOptions;
  /** Bundle that runs a process of this kind. */
  program(kind: ProcessView['kind']): string;
}

export interface ProcessEvents {
  onChange(): void;
  /** It listens elsewhere than before, or for the first time. */
  onAddress(): void;
  onNotice(method: string, params: unknown): void;
  onEvent(kind: string, text: string, facts: Record<string, unknown>): void;
}

interface Life {
  identity: ProcessIdentity;
  /** Started by this agent, which then hears of its exit. */
  own: boolean;
  startedAt: number;
  sinceMs: number;
  record: RunRecord | null;
  link: ChildLink | null;
  check: Timer | null;
}

export class SupervisedProcess {
  facts: ProcessFacts | null = null;
  factsAt: number | null = null;

  private wanted: Wanted = 'stopped';
  private life: Life | null = null;
  private retry: Timer | null = null;
  private address: ProcessAddress | null = null;
  private exits = 0;
  private lastExit: ProcessView['lastExit'] = null;
  private restartAtOnce = false;
  private readonly backoff = new ProcessBackoff();
  private readonly endWaiters: (() => void)[] = [];

  constructor(
    readonly group: string,
    readonly role: ProcessRole,
    readonly paths: ProcessPaths,
    private readonly home: ProcessHome,
    /** What it is to be started and configured with, asked each time. */
    private readonly config: () => ProcessConfig,
    private readonly events: ProcessEvents,
  ) {}

  get pid(): number | null {
    return this.life?.identity.pid || null; // 0 stands for one that could not be started.
  }

  /** Where it listens, or listened in its last life. */
  get lastAddress(): ProcessAddress | null {
    return this.address;
  }

  view(): ProcessView {
    const { life } = this;
    return {
      group: this.group,
      name: this.role.name,
      kind: this.role.kind,
      state: this.state(),
      pid: this.pid,
      address: this.address,
      startedAt: life?.startedAt ?? null,
      exits: this.exits,
      lastExit: this.lastExit,
      facts: this.facts,
      factsAt: this.factsAt,
    };
  }

  /** Says what is wanted from now on. A process that runs is not touched by wanting it held down or stopped: see `kill` and `stop`. */
  want(wanted: Wanted): void {
    const before = this.wanted;
    this.wanted = wanted;
    if (wanted !== 'running') this.cancelRetry();
    else if (before !== 'running') {
      this.backoff.reset();
      this.cancelRetry();
      this.bringUp();
    }
    this.events.onChange();
  }

  /** SIGKILL. Resolves with the id of the process killed once it is dead, or null where none ran. */
  async kill(): Promise<number | null> {
    const pid = this.pid;
    if (pid === null) return null;
    this.restartAtOnce = true;
    await this.end('SIGKILL');
    return pid;
  }

  /** Asks it to end, waits for a bounded time, then kills it. Resolves once it is dead. */
  async stop(): Promise<void> {
    this.want('stopped');
    if (!this.life) return;
    const timer = this.home.ports.clock.after(STOP_BOUND_MS, () => this.signal('SIGKILL'));
    await this.end('SIGTERM');
    timer.cancel();
  }

  /** Hands the present settings to the process; where it does not run it gets them when it starts. Rejects where it did not take them. */
  async configure(): Promise<void> {
    const link = this.life?.link;
    if (!link?.up) return;
    try {
      await link.call('child.configure', this.settings());
    } catch (error) {
      // A new channel begins by handing over the settings, so one that failed to carry them is given up.
      link.reconnect('settings were not taken');
      throw error;
    }
  }

  /** The channel to the process, or null while it does not answer. */
  get link(): ChildLink | null {
    return this.life?.link?.up ? this.life.link : null;
  }

  private settings(): ProcessSettings {
    return this.config().settings;
  }

  private state(): ProcessView['state'] {
    if (this.life) return this.life.link?.up ? 'up' : 'starting';
    if (this.wanted === 'held-down') return 'held-down';
    return this.wanted === 'stopped' ? 'stopped' : 'down';
  }

  /** Takes over the life that the run record names, where it is alive, or starts a new one. */
  private bringUp(): void {
    if (this.life || this.wanted !== 'running') return;
    const record = this.readRun();
    if (record && isAlive(record)) this.adopt(record);
    else this.launch();
    this.events.onChange();
  }

  /** Whatever an earlier agent left running is taken over even where it is not wanted, so that it can be stopped. */
  adoptIfAlive(): void {
    const record = this.life ? null : this.readRun();
    if (record && isAlive(record)) this.adopt(record);
  }

  private readRun(): RunRecord | null {
    try {
      return readRecord(this.paths.run, runRecordSchema);
    } catch (error) {
      // The folder's lock still keeps a second process out, so a damaged record costs no more than this start.
      this.home.ports.log.write('warn', 'run record unreadable', { error: String(error) });
      return null;
    }
  }

  private adopt(record: RunRecord): void {
    this.life = this.newLife({ pid: record.pid, lifeMark: record.lifeMark }, false, record.startedAt);
    this.events.onEvent('adopted', `${this.role.name} was found running as process ${record.pid} and taken over.`, {
      pid: record.pid,
    });
    this.listens(this.life, record);
    this.watchForeign(this.life);
  }

  private launch(): void {
    let life: Life | null = null;
    let pid: number;
    try {
      const child = launchChild(this.home.program(this.role.kind), this.paths, this.config(), {
        onReady: (record) => life && this.life === life && this.listens(life, record),
        onEnd: (code, signal, problem) => {
          if (problem) this.notStarted(problem);
          if (life && this.life === life) this.ended(life, code, signal);
        },
      });
      pid = child.pid ?? 0;
    } catch (error) {
      // A full or broken disk of the site: it may be mended, and the agent must live on to say what it met.
      this.notStarted(refusalOf(error).message);
      this.retryIn(this.backoff.afterLife(0));
      return;
    }
    life = this.newLife({ pid, lifeMark: processIdentity(pid) ?? '' }, true, this.home.ports.clock.now());
    this.life = life;
    if (pid > 0) this.events.onEvent('started', `${this.role.name} was started as process ${pid}.`, { pid });
  }

  private notStarted(problem: string): void {
    this.events.onEvent('not-started', `${this.role.name} could not be started: ${problem}`, {});
    this.home.ports.log.write('error', 'process could not be started', { process: this.role.name, problem });
  }

  private newLife(identity: ProcessIdentity, own: boolean, startedAt: number): Life {
    return {
      identity,
      own,
      startedAt,
      sinceMs: this.home.ports.clock.monotonic(),
      record: null,
      link: null,
      check: null,
    };
  }

  private listens(life: Life, record: RunRecord): void {
    const before = this.address;
    life.record = record;
    this.address = { channel: record.channel, nbd: record.nbd };
    if (before?.channel !== record.channel) this.events.onAddress();
    if (before && before.channel !== record.channel)
      this.events.onEvent('moved', `${this.role.name} listens on ${record.channel} now, for its old port was taken.`, {
        channel: record.channel,
      });
    life.link = new ChildLink(
      this.home.ports,
      this.home.channelOptions,
      this.group,
      this.role.name,
      record,
      () => this.settings(),
      {
        onUp: () => this.events.onChange(),
        onDown: () => {
          this.watchForeign(life);
          this.events.onChange();
        },
        onNotice: (method, params) => this.noticed(method, params),
      },
    );
    life.link.start();
    this.events.onChange();
  }

  private noticed(method: string, params: unknown): void {
    if (method === 'facts' && typeof params === 'object' && params !== null) {
      // Sent by a process of this installation that has proven itself; ChildNotices types both ends.
      const { facts, at } = params as { facts: ProcessFacts; at: number };
      this.facts = facts;
      this.factsAt = at;
      this.events.onChange();
    } else {
      this.events.onNotice(method, params);
    }
  }

  /** Nobody is told of the exit of a process that somebody else started, so its life is looked after while it has no open channel. */
  private watchForeign(life: Life): void {
    if (life.own || life.check !== null) return;
    life.check = this.home.ports.clock.after(LIFE_CHECK_MS, () => {
      life.check = null;
      if (this.life !== life || life.link?.up) return;
      if (isAlive(life.identity)) this.watchForeign(life);
      else this.ended(life, null, null);
    });
  }

  private ended(life: Life, code: number | null, signal: string | null): void {
    const { clock } = this.home.ports;
    life.link?.stop();
    life.check?.cancel();
    this.life = null;
    for (const waiter of this.endWaiters.splice(0)) waiter();
    if (code === EXIT_FOLDER_TAKEN) {
      this.retryIn(TAKEN_PAUSE_MS);
    } else {
      this.exits += 1;
      this.lastExit = { at: clock.now(), code, signal };
      this.events.onEvent('exited', `${this.role.name} ended${describeExit(code, signal)}.`, {
        pid: life.identity.pid,
        code,
        signal,
      });
      const pauseMs = this.restartAtOnce ? 0 : this.backoff.afterLife(clock.monotonic() - life.sinceMs);
      this.restartAtOnce = false;
      this.retryIn(pauseMs);
    }
    this.events.onChange();
  }

  private retryIn(pauseMs: number): void {
    if (this.wanted !== 'running') return;
    this.cancelRetry();
    this.retry = this.home.ports.clock.after(pauseMs, () => {
      this.retry = null;
      this.bringUp();
    });
  }

  private cancelRetry(): void {
    this.retry?.cancel();
    this.retry = null;
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.life) signalProcess(this.life.identity, signal);
  }

  /** Sends `signal` and resolves when the process is dead. */
  private end(signal: NodeJS.Signals): Promise<void> {
    return new Promise((resolve) => {
      this.endWaiters.push(resolve);
      this.signal(signal);
    });
  }
}

function describeExit(code: number | null, signal: string | null): string {
  if (signal !== null) return ` by ${signal}`;
  return code === null ? '' : ` with code ${code}`;
}
