/**
 * The life and death of a simulated process. A `VirtualProcess` is the place (its disk, its clock, its count of port
 * calls); a `Life` is one incarnation in it. Killing a life makes every port of it throw `Killed` without effect and
 * drops its timers, callbacks and promises, so that no `catch` or `finally` of the dead can act: SIGKILL, exactly.
 */
import type { Log, LogLevel, Ports } from '../domain/ports.ts';
import type { Random } from './random.ts';
import type { Scheduler, VirtualEvent } from './scheduler.ts';
import { type MachineClock, VirtualClock } from './virtual-clock.ts';
import { type DiskImage, VirtualDisk } from './virtual-disk.ts';
import type { VirtualNetwork } from './virtual-network.ts';

/** Reason of an end by the loss of power. */
export const POWER_LOST = 'power lost';

/** Thrown by every port of a dead process. */
export class Killed extends Error {
  constructor(process: string) {
    super(`${process} was killed`);
    this.name = 'Killed';
  }
}

/**
 * Where a planned kill strikes. `torn` writes the first `pages` pages (4 KiB boundaries of the file) of a disk write and
 * no more; any other call treats it as `before`.
 */
export type KillMoment = { when: 'before' } | { when: 'after' } | { when: 'torn'; pages: number };

/** Ordinals count the calls that can have an effect outside memory: disk changes, syncs and all that leaves by the network. */
export interface KillPlan {
  ordinal: number;
  moment: KillMoment;
}

/** One incarnation. */
export class Life {
  alive = true;
  paused = false;
  /** Events that came due while paused. */
  readonly deferred: VirtualEvent[] = [];

  constructor(
    readonly process: VirtualProcess,
    readonly incarnation: number,
  ) {}

  /** Throws `Killed` if this incarnation is dead. Every port call begins with it. */
  check(): void {
    if (!this.alive) throw new Killed(this.process.name);
  }

  /**
   * Numbers a call with an outside effect. Strikes where a kill is planned before it; otherwise returns the moment at
   * which the port has to strike itself, or null.
   */
  enter(): KillMoment | null {
    this.check();
    const process = this.process;
    process.calls += 1;
    const plan = process.killPlan;
    if (!plan || process.calls !== plan.ordinal) return null;
    process.killPlan = null;
    if (plan.moment.when === 'before') this.strike();
    return plan.moment;
  }

  /** Kills this incarnation from inside a port call and unwinds its stack. */
  strike(): never {
    this.process.kill('killed inside a call');
    this.process.onPlannedKill?.();
    throw new Killed(this.process.name);
  }
}

export interface ProcessLogLine {
  atMs: number;
  process: string;
  level: LogLevel;
  message: string;
  facts: Record<string, unknown> | undefined;
}

export interface ProcessHooks {
  onKilled(process: VirtualProcess, reason: string): void;
  onLog(line: ProcessLogLine): void;
}

export class VirtualProcess {
  life: Life | null = null;
  incarnations = 0;
  /** Port calls with effect over all incarnations. */
  calls = 0;
  killPlan: KillPlan | null = null;
  /** Called when a planned kill has struck. */
  onPlannedKill: (() => void) | null = null;

  constructor(
    readonly name: string,
    private readonly scheduler: Scheduler,
    private readonly network: VirtualNetwork,
    private readonly random: Random,
    readonly image: DiskImage,
    readonly clock: MachineClock,
    private readonly hooks: ProcessHooks,
  ) {}

  get alive(): boolean {
    return this.life !== null;
  }

  /** Begins a new incarnation and returns its ports. A live one must have been killed before. */
  start(): Ports {
    if (this.life) throw new Error(`${this.name} runs already`);
    this.incarnations += 1;
    const life = new Life(this, this.incarnations);
    this.life = life;
    const entropy = this.random.fork(`entropy-${this.incarnations}`);
    const disk = new VirtualDisk(life, this.image, this.scheduler, this.random.fork(`disk-${this.incarnations}`));
    return {
      clock: new VirtualClock(life, this.scheduler, this.clock),
      disk,
      network: this.network.portOf(life),
      entropy: {
        bytes: (count) => {
          life.check();
          return entropy.bytes(count);
        },
        fraction: () => {
          life.check();
          return entropy.fraction();
        },
      },
      log: this.logOf(life),
    };
  }

  private logOf(life: Life): Log {
    return {
      write: (level, message, facts) => {
        life.check();
        this.hooks.onLog({ atMs: this.scheduler.nowMs, process: this.name, level, message, facts });
      },
    };
  }

  /** SIGKILL. The network decides how much of what was sent still arrives. Does nothing to a dead process. */
  kill(reason: string): void {
    const life = this.life;
    if (!life) return;
    life.alive = false;
    life.deferred.length = 0;
    this.life = null;
    this.image.abandonSyncs();
    this.network.dropLife(life, false);
    this.hooks.onKilled(this, reason);
  }

  /** The machine loses power: as `kill`, but peers hear nothing, and any subset of the unsynced pages is lost. */
  losePower(random: Random): void {
    const life = this.life;
    if (life) {
      life.alive = false;
      life.deferred.length = 0;
      this.life = null;
      this.network.dropLife(life, true);
      this.hooks.onKilled(this, POWER_LOST);
    }
    this.image.losePower(random);
    this.clock.reboot(this.scheduler.nowMs);
  }

  /** SIGSTOP: nothing of it runs, its clocks go on, its sockets fill. */
  pause(): void {
    if (this.life) this.life.paused = true;
  }

  /** SIGCONT: everything that came due meanwhile happens now, in order. */
  resume(): void {
    const life = this.life;
    if (!life?.paused) return;
    life.paused = false;
    this.scheduler.requeue(life.deferred.splice(0));
  }
}
