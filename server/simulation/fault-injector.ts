/** Carries out the faults of a schedule at their instants, and heals everything in the end. */
import type { Arrangement } from '../domain/arrangement.ts';
import { WITNESS } from '../domain/names.ts';
import type { Observer } from './observer.ts';
import { describeFault, type Fault, type Phase, type TimedFault } from './schedule.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { World } from './world.ts';

/** Restarting is the group's affair: it knows what runs on a machine. */
export type Restart = (process: string) => void;

export class FaultInjector {
  /** Processes that must not be restarted before everything is healed, and why. */
  readonly heldDown = new Set<string>();
  private healed = false;
  /** Faults of the phase whose transition has not come yet. */
  private awaiting: readonly TimedFault[] = [];
  private readonly troubledWays = new Map<string, { from: string; to: string }>();

  constructor(
    private readonly world: World,
    private readonly arrangement: Arrangement,
    private readonly observer: Observer,
    private readonly faults: readonly TimedFault[],
    private readonly restart: Restart,
    private readonly onPaused: (process: string) => void,
    private readonly onOperator: (fault: Extract<Fault, { kind: 'operator' }>) => void,
  ) {
    observer.onTransition = ({ system, pair, to }) => {
      const met = this.awaiting.filter(({ upon }) => upon?.system === system && upon.pair === pair && upon.to === to);
      this.awaiting = this.awaiting.filter((timed) => !met.includes(timed));
      for (const timed of met) this.strikeAfter(timed);
    };
  }

  /** `phase` begins now: its faults will happen in their time. */
  phaseBegins(phase: Phase): void {
    const begun = this.faults.filter((timed) => timed.phase === phase);
    this.awaiting = begun.filter(({ upon }) => upon);
    for (const timed of begun) if (!timed.upon) this.strikeAfter(timed);
  }

  private strikeAfter(timed: TimedFault): void {
    this.world.scheduler.after(timed.afterMs, () => this.strike(timed));
  }

  private strike(timed: TimedFault): void {
    if (this.healed) return;
    this.observer.add({ kind: 'fault', what: describeFault(timed) });
    this.inject(timed.fault);
  }

  private inject(fault: Fault): void {
    const { world } = this;
    switch (fault.kind) {
      case 'kill':
        this.kill(fault.process, fault.restartAfterMs, false);
        return;
      case 'kill-at-call':
        this.planKill(world.machine(fault.process), fault);
        return;
      case 'site-loss':
        this.observer.takeImages(`before the loss of ${fault.site}`);
        for (const process of this.processesOf(fault.site)) this.kill(process, fault.returnAfterMs, fault.power);
        return;
      case 'line':
        this.disturb(fault);
        return;
      case 'disk':
        world.machine(fault.process).image.trouble = fault.trouble;
        this.undo(fault.forMs, () => {
          world.machine(fault.process).image.trouble = null;
        });
        return;
      case 'pause':
        world.machine(fault.process).pause();
        this.onPaused(fault.process);
        world.scheduler.after(fault.forMs, () => world.machine(fault.process).resume());
        return;
      case 'clock-jump':
        world.machine(fault.process).clock.jump(fault.byMs);
        return;
      case 'operator':
        this.onOperator(fault);
        return;
    }
  }

  private undo(afterMs: number | null, action: () => void): void {
    if (afterMs !== null) this.world.scheduler.after(afterMs, action);
  }

  private kill(process: string, restartAfterMs: number | null, power: boolean): void {
    this.heldDown.add(process);
    const machine = this.world.machine(process);
    const wasDown = !machine.alive;
    if (power) machine.losePower(this.world.random.fork(`power-${process}-${machine.calls}`));
    else machine.kill('SIGKILL');
    // Nobody was there to be killed, and yet the disk has lost what was not on its platter.
    if (power && wasDown)
      this.observer.add({ kind: 'process', process, what: 'power-loss', reason: 'while it was down' });
    this.undo(restartAfterMs, () => this.bringBack(process));
  }

  /** The kill itself comes when the call does; from then on it is held down like any other. */
  private planKill(machine: VirtualProcess, fault: Extract<Fault, { kind: 'kill-at-call' }>): void {
    machine.killPlan = { ordinal: machine.calls + fault.calls, moment: fault.moment };
    machine.onPlannedKill = () => {
      this.heldDown.add(machine.name);
      this.undo(fault.restartAfterMs, () => this.bringBack(machine.name));
    };
  }

  private bringBack(process: string): void {
    if (!this.heldDown.delete(process)) return;
    this.restart(process);
  }

  private disturb(fault: Extract<Fault, { kind: 'line' }>): void {
    const ways = [{ from: fault.from, to: fault.to }];
    if (fault.bothWays) ways.push({ from: fault.to, to: fault.from });
    for (const way of ways) {
      this.world.network.setWay(way.from, way.to, fault.change);
      this.troubledWays.set(`${way.from}>${way.to}`, way);
    }
    this.undo(fault.forMs, () => this.calm(fault));
  }

  private calm({ from, to, bothWays }: Extract<Fault, { kind: 'line' }>): void {
    this.world.network.calm(from, to);
    if (bothWays) this.world.network.calm(to, from);
  }

  private processesOf(site: string): string[] {
    if (site === WITNESS) return [WITNESS];
    return [...this.arrangement.systems, ...this.arrangement.hosts]
      .filter((process) => process.site === site)
      .map((process) => process.name);
  }

  /** Undoes what the disaster did, so that the site can be repaired; other faults go on. */
  clearDisaster(): void {
    for (const { phase, fault } of this.faults) {
      if (phase !== 'disaster') continue;
      if (fault.kind === 'site-loss' && fault.returnAfterMs === null)
        for (const process of this.processesOf(fault.site)) this.bringBack(process);
      if ((fault.kind === 'kill' || fault.kind === 'kill-at-call') && fault.restartAfterMs === null)
        this.bringBack(fault.process);
      if (fault.kind === 'line' && fault.forMs === null) this.calm(fault);
    }
  }

  /** Clears every fault, those still to come included, and brings every process back. */
  heal(): void {
    this.healed = true;
    for (const { from, to } of this.troubledWays.values()) this.world.network.calm(from, to);
    for (const machine of this.world.all()) {
      machine.image.trouble = null;
      machine.killPlan = null;
      machine.resume();
    }
    for (const process of [...this.heldDown]) this.bringBack(process);
  }
}
