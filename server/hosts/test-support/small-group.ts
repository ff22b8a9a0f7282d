/** Two hosts, their storage systems and the witness, wired together in memory for tests. */
import type { Generation } from '../../domain/generation.ts';
import type { HostInstruction, HostReply } from '../../domain/host.ts';
import { refusalOf } from '../../domain/refusal.ts';
import type { CallHandler } from '../../network/channel-types.ts';
import { DEFAULT_HOST_TIMING, Host } from '../host.ts';
import { Witness } from '../witness.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryDisk } from './memory-disk.ts';
import { MemoryVolume } from './memory-volume.ts';
import { keptLog, seededEntropy } from './small-ports.ts';
import { Wire } from './wire.ts';

export const FIRST: Generation = { number: 1, runId: 'initial', holder: 'P' };
const GROUP = 'demo';

/** Storage as a host sees it: testimony, relayed instructions, volume 0. */
export class SmallStorage {
  readonly volume = new MemoryVolume(1024 * 1024);
  generation: Generation = FIRST;
  accepted: boolean;
  completedNumber = 0;
  readonly relayed: unknown[] = [];

  constructor(
    readonly name: string,
    private readonly clock: ManualClock,
  ) {
    this.accepted = name === 'P';
  }

  readonly handle: CallHandler = async (_method, params) => {
    const { instruction } = params as { instruction: { verb: string } };
    if (instruction.verb !== 'query') {
      this.relayed.push(params);
      return { verb: 'pair', pair: null };
    }
    const hostWrites = { accepted: this.accepted, reason: this.accepted ? 'it holds the host role' : 'it is a copy' };
    const facts = {
      generation: this.generation,
      hostWrites,
      completedNumber: this.completedNumber,
      completedAt: this.clock.now(),
      lastIoAgeMs: 5,
      pairs: [{ name: 'P-I', state: 'duplex' }],
    };
    return { verb: 'query', facts };
  };
}

export interface SmallSite {
  host: Host;
  disk: MemoryDisk;
  storage: SmallStorage;
  toStorage: Wire;
  toPeer: Wire;
  toWitness: Wire;
}

export class SmallGroup {
  readonly clock = new ManualClock();
  readonly witnessDisk = new MemoryDisk();
  readonly witness: Witness;
  /** Processes started so far: each draws other values, as real ones do. */
  private starts = 0;
  readonly P: SmallSite;
  readonly R: SmallSite;

  constructor() {
    this.witness = new Witness(
      { clock: this.clock, disk: this.witnessDisk, log: keptLog() },
      { group: GROUP, firstHolder: 'P', systems: ['P', 'I', 'R'], hosts: ['host-P', 'host-R'], lostAfterMs: 3000 },
    );
    this.P = this.site('P', () => this.R.host);
    this.R = this.site('R', () => this.P.host);
  }

  start(): this {
    this.P.host.start();
    this.R.host.start();
    return this;
  }

  /** A new process on the same disk. The old one must have been silenced by the test. */
  restart(site: SmallSite): void {
    site.host = this.hostOf(site);
    site.host.start();
  }

  /** What a dead process can still do: nothing that leaves it. */
  silence(site: SmallSite): void {
    void site.host.close();
  }

  private site(system: string, peer: () => Host): SmallSite {
    const storage = new SmallStorage(system, this.clock);
    const from = { group: GROUP, name: `host-${system}` };
    const parts = {
      disk: new MemoryDisk(),
      storage,
      toStorage: new Wire(this.clock, storage.handle, from),
      toPeer: new Wire(this.clock, (method, params, channel) => peer().handle(method, params, channel), from),
      toWitness: new Wire(this.clock, this.witness.handle, from),
    };
    return { ...parts, host: this.hostOf(parts) };
  }

  private hostOf(site: Omit<SmallSite, 'host'>): Host {
    const { name: system } = site.storage;
    this.starts += 1;
    return new Host(
      { clock: this.clock, disk: site.disk, entropy: seededEntropy(this.starts), log: keptLog() },
      {
        group: GROUP,
        host: `host-${system}`,
        system,
        peers: [system === 'P' ? 'host-R' : 'host-P'],
        firstHolder: 'P',
        ledger: { enabled: true, transactionsPerSecond: 10, maxInFlight: 4 },
        timing: DEFAULT_HOST_TIMING,
      },
      {
        storage: () => site.toStorage,
        host: () => site.toPeer,
        witness: () => site.toWitness,
        openVolume: () =>
          site.toStorage.up
            ? Promise.resolve(site.storage.volume.attach())
            : Promise.reject(new Error('no connection')),
        openClone: (clone) => Promise.reject(new Error(`there is no clone ${clone}`)),
      },
    );
  }
}

/** The refusal's code, or `done`. */
export async function codeOf(reply: Promise<HostReply>): Promise<string> {
  return reply.then(
    () => 'done',
    (error: unknown) => refusalOf(error).code,
  );
}

/** An instruction that waits for time to pass: moves the clock until it is answered. */
export async function performing(group: SmallGroup, site: SmallSite, instruction: HostInstruction): Promise<HostReply> {
  const reply = site.host.perform(instruction);
  await group.clock.advance(0);
  return reply;
}
