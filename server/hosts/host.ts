/**
 * A host computer: it sends and judges heartbeats, relays the instructions of the copy control program to storage, keeps
 * the generation it may work under, and runs the ledger (003 §[0059]–[0060]).
 */
import { HEARTBEAT } from '../domain/expectation.ts';
import type { Heartbeat, HostFacts, HostInstruction, HostReply } from '../domain/host.ts';
import { type HostName, type SystemName, WITNESS } from '../domain/names.ts';
import type { Ports } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import type { CallHandler, Identity } from '../network/channel-types.ts';
import { inBackground } from './background.ts';
import type { HostConnections } from './connections.ts';
import { HeartbeatSender, type HeartbeatTarget } from './heartbeat-sender.ts';
import { HeartbeatWatch, TESTIMONY_FIELDS } from './heartbeat-watch.ts';
import { firstHostRecord, openHostRecord } from './host-record.ts';
import { Instructions } from './instructions.ts';
import { Ledger } from './ledger/ledger.ts';
import type { LedgerVolume } from './ledger/volume.ts';
import { heartbeatSchema, hostInstructionSchema, parseInstruction, peerInstructionSchema } from './messages.ts';
import { SlotFile } from './slot-file.ts';
import { StorageWatch } from './storage-watch.ts';
import { TestBench } from './test-host.ts';
import { WorkControl } from './work-control.ts';

export interface HostOptions {
  group: string;
  host: HostName;
  /** The storage system it is attached to. */
  system: SystemName;
  /** The other hosts of the group. */
  peers: readonly HostName[];
  /** Holder of the first generation: the arrangement's normal one. */
  firstHolder: SystemName;
  ledger: { enabled: boolean; transactionsPerSecond: number; maxInFlight: number };
  timing: HostTiming;
  /** Seeded defects switched on by the simulator; empty in production. */
  mutants?: ReadonlySet<string>;
}

export interface HostTiming {
  heartbeatMs: number;
  /** Another host is lost once no beat younger than this is known, ms. */
  lostAfterMs: number;
  /** Storage that takes longer to testify does not answer, ms. */
  testimonyMs: number;
}

export const DEFAULT_HOST_TIMING: HostTiming = {
  heartbeatMs: HEARTBEAT.everyMs,
  lostAfterMs: HEARTBEAT.lostAfterMs,
  testimonyMs: 1000,
};
export const DEFAULT_IN_FLIGHT = 4;

export class Host {
  private readonly work: WorkControl;
  private readonly ledger: Ledger;
  private readonly tests: TestBench;
  private readonly storage: StorageWatch;
  private readonly sender: HeartbeatSender;
  private readonly watches = new Map<HostName, HeartbeatWatch>();
  private readonly instructions: Instructions;
  private readonly incarnation: string;

  /** Opens its disk. Throws `DiskError` or a refusal where it cannot. */
  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'disk' | 'entropy' | 'log'>,
    private readonly options: HostOptions,
    private readonly connections: HostConnections,
  ) {
    const { clock, disk, entropy, log } = ports;
    const { host, system, peers, timing } = options;
    this.incarnation = Buffer.from(entropy.bytes(8)).toString('hex');
    const record = openHostRecord(disk);
    if (record.damaged === null && record.read() === null) record.write(firstHostRecord(options.firstHolder));
    this.storage = new StorageWatch(clock, system, () => connections.storage(), timing.testimonyMs);
    this.ledger = new Ledger(ports, {
      host,
      maxInFlight: options.ledger.maxInFlight,
      transactionsPerSecond: options.ledger.transactionsPerSecond,
      attach: () => this.attachForWork(),
      onStopped: (reason, code) => this.workStopped(reason, code),
    });
    this.tests = new TestBench(ports, {
      system,
      name: `test-${host}`,
      maxInFlight: options.ledger.maxInFlight,
      attach: (clone) => connections.openClone(clone),
    });
    this.work = new WorkControl(
      record,
      this.ledger,
      this.storage,
      { system, ledgerEnabled: options.ledger.enabled },
      log,
    );
    for (const peer of peers) {
      const kept = new SlotFile(disk, `heartbeat-${peer}`, TESTIMONY_FIELDS);
      this.watches.set(
        peer,
        new HeartbeatWatch({
          observer: host,
          of: peer,
          clock,
          lostAfterMs: timing.lostAfterMs,
          kept,
          mutants: options.mutants ?? new Set(),
        }),
      );
    }
    this.sender = new HeartbeatSender({
      clock,
      log,
      intervalMs: timing.heartbeatMs,
      answerTimeoutMs: timing.lostAfterMs,
      targets: this.targets(),
      refresh: () => this.askStorage(),
      content: () => this.heartbeatContent(),
    });
    this.instructions = new Instructions({
      host,
      system,
      peers,
      connections,
      work: this.work,
      ledger: this.ledger,
      tests: this.tests,
      facts: () => this.facts(),
    });
  }

  /** Begins to send heartbeats, and resumes the work if it was running and may. */
  start(): void {
    this.work.resume();
    this.sender.start();
  }

  /** Ends heartbeats and work without changing what is meant to run: the next start resumes it. */
  async close(): Promise<void> {
    this.sender.stop();
    await this.tests.close();
    await this.ledger.stop('The host process is ending.');
  }

  /** Carries out one instruction of the agent of its site. Throws `RefusedError`. */
  async perform(instruction: unknown): Promise<HostReply> {
    const checked: HostInstruction = parseInstruction(hostInstructionSchema, instruction);
    return this.instructions.perform(checked);
  }

  /** Answers the methods `heartbeat` (another host) and `host` (another host in part; agent and control plane in full). */
  readonly handle: CallHandler = async (method, params, from) => {
    const { peer } = from;
    if (peer.group !== '' && peer.group !== this.options.group) {
      throw refuse(
        'forbidden',
        `This host serves group ${this.options.group}, not ${peer.group}.`,
        'Call the host of the group.',
      );
    }
    if (method === 'heartbeat') return this.hear(parseInstruction(heartbeatSchema, params), peer);
    if (method !== 'host') throw refuse('bad-request', `A host knows no method ${method}.`, 'Call heartbeat or host.');
    if (peer.group === '') return this.perform(params);
    if (!this.watches.has(peer.name))
      throw refuse('forbidden', `${peer.name} may not instruct this host.`, 'Instruct it through its site agent.');
    return this.instructions.perform(parseInstruction(peerInstructionSchema, params));
  };

  /** What it knows now. */
  facts(): HostFacts {
    const { host, system, timing } = this.options;
    const test = this.tests.facts();
    const witnessAgeMs = this.sender.answeredAgeMs(WITNESS);
    return {
      host,
      system,
      generation: this.work.generation,
      work: this.work.state(),
      storageAnswers: this.storage.answers,
      heartbeats: [...this.watches.values()].map((watch) => watch.view()),
      witnessAnswers: witnessAgeMs !== null && witnessAgeMs <= timing.lostAfterMs,
      ...(test ? { test } : {}),
    };
  }

  private targets(): HeartbeatTarget[] {
    const toPeer = (peer: HostName): HeartbeatTarget => ({
      name: peer,
      caller: () => this.connections.host(peer),
      method: 'heartbeat',
      wrap: (beat) => beat,
    });
    const toWitness: HeartbeatTarget = {
      name: WITNESS,
      caller: () => this.connections.witness(),
      method: 'witness',
      wrap: (beat) => ({ verb: 'heartbeat', beat }),
    };
    return [...this.options.peers.map(toPeer), toWitness];
  }

  private heartbeatContent(): Omit<Heartbeat, 'beat' | 'echo'> {
    const { testimony } = this.storage;
    return {
      from: this.options.host,
      system: this.options.system,
      incarnation: this.incarnation,
      // The storage system's own, for it is the one its completed number was given under.
      generation: testimony?.generation ?? this.work.generation,
      pairs: (testimony?.pairs ?? []).map(({ name, state }) => ({ name, state })),
      completedNumber: testimony?.completedNumber ?? 0,
      completedAt: testimony?.completedAt ?? null,
      lastIoAgeMs: this.storage.lastIoAgeMs(),
      storageAnswers: this.storage.answers,
      work: this.work.state(),
    };
  }

  private hear(beat: Heartbeat, from: Identity): { beat: number } {
    const watch = this.watches.get(beat.from);
    if (!watch || beat.from !== from.name) {
      throw refuse(
        'forbidden',
        `${from.name} may not send heartbeats of ${beat.from}.`,
        'A host sends its own heartbeats only.',
      );
    }
    watch.receive(beat);
    this.work.hear(beat.generation);
    return { beat: beat.beat };
  }

  private async askStorage(): Promise<void> {
    const testimony = await this.storage.ask();
    this.work.hear(testimony.generation);
  }

  private async attachForWork(): Promise<LedgerVolume> {
    const { hostWrites, generation } = await this.storage.ask();
    this.work.hear(generation);
    if (!hostWrites.accepted)
      throw new Error(`Storage system ${this.options.system} takes no host writes: ${hostWrites.reason}`);
    return this.connections.openVolume();
  }

  private workStopped(reason: string, code: string | null): void {
    this.work.stopped(reason);
    if (code !== 'EPERM') return;
    // The protocol says only that it is not permitted; the storage system itself knows why.
    const explain = this.storage.ask().then(
      ({ hostWrites }) => {
        if (!hostWrites.accepted && !this.ledger.state().running) this.ledger.explain(`${reason} ${hostWrites.reason}`);
      },
      () => {},
    );
    inBackground(explain, this.ports.log, 'asking why the write was refused');
  }
}
