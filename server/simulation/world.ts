/** One simulated world: a scheduler, a network, and the machines in it. Everything in it follows from the seed. */
import { Random } from './random.ts';
import { type Crash, Scheduler } from './scheduler.ts';
import { MachineClock } from './virtual-clock.ts';
import { DiskImage } from './virtual-disk.ts';
import { VirtualNetwork } from './virtual-network.ts';
import { type ProcessLogLine, VirtualProcess } from './virtual-process.ts';

export interface WorldHooks {
  /** Machines of this world may lose power. */
  losesPower: boolean;
  onKilled(process: VirtualProcess, reason: string): void;
  onCrash(crash: Crash): void;
  onLog(line: ProcessLogLine): void;
}

export class World {
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly network: VirtualNetwork;
  private readonly machines = new Map<string, VirtualProcess>();

  constructor(
    seed: string,
    private readonly hooks: WorldHooks,
  ) {
    this.random = new Random(seed);
    this.network = new VirtualNetwork(this.scheduler, this.random.fork('network'));
    this.scheduler.onCrash = (crash) => hooks.onCrash(crash);
  }

  /** Adds a machine with an empty disk. `clockRate` 1 is true time. Its process begins with `start`. */
  addMachine(name: string, clockRate: number): VirtualProcess {
    const random = this.random.fork(`machine-${name}`);
    const machine = new VirtualProcess(
      name,
      this.scheduler,
      this.network,
      random,
      new DiskImage(name, this.hooks.losesPower),
      new MachineClock(clockRate, random.below(1_000_000)),
      this.hooks,
    );
    this.machines.set(name, machine);
    return machine;
  }

  /** The machine called `name`; asking for one that was never added is a defect of the caller. */
  machine(name: string): VirtualProcess {
    const machine = this.machines.get(name);
    if (!machine) throw new Error(`no machine ${name} in this world`);
    return machine;
  }

  *all(): Generator<VirtualProcess> {
    yield* this.machines.values();
  }
}
