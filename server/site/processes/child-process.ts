/**
 * What every process of a group has in common: its folder to itself, the ports of the real world, one listening channel
 * port, connections to the others of its group, and a site agent that watches over it.
 */
import path from 'node:path';
import { type Arrangement, findArrangement } from '../../domain/arrangement.ts';
import type { DifferenceMap, DifferenceMapQuery } from '../../domain/difference-map.ts';
import type { HostReply } from '../../domain/host.ts';
import type { Ports } from '../../domain/ports.ts';
import { refusalOf, refuse } from '../../domain/refusal.ts';
import type { ChannelOptions, StreamChannel } from '../../network/channel.ts';
import { ChannelServer } from '../../network/channel-server.ts';
import type { CallHandler, Channel } from '../../network/channel-types.ts';
import { RealClock, RoughClock } from '../ports/real-clock.ts';
import { RealDisk } from '../ports/real-disk.ts';
import { RealEntropy } from '../ports/real-entropy.ts';
import { RealLog } from '../ports/real-log.ts';
import { RealNetwork } from '../ports/real-network.ts';
import {
  configSchema,
  differenceMapQuerySchema,
  EXIT_FOLDER_TAKEN,
  type ProcessConfig,
  type ProcessFacts,
  type ProcessSettings,
  type RunRecord,
  runRecordSchema,
  settingsSchema,
} from './child-protocol.ts';
import { readRecord, replaceRecord } from './durable-file.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { lockFolder } from './folder-lock.ts';
import { type ProcessPaths, processPathsIn } from './layout.ts';
import { listenWhereBefore } from './listen.ts';
import { Neighbours } from './neighbours.ts';
import { ownIdentity, type ProcessIdentity } from './process-identity.ts';
import { Reporter } from './reporter.ts';
import { readSecret } from './secret.ts';

/** Enough for messages; only storage systems move data in bulk. */
const LIGHT_RECEIVE_BYTES = 64 * 1024;

/** What a process is handed to build its particular self from. */
export interface ChildContext {
  config: ProcessConfig;
  arrangement: Arrangement;
  ports: Ports;
  /** Made anew at each start. */
  incarnation: string;
  neighbours: Neighbours;
  reporter: Reporter;
}

/** The particular self: a storage system, a host or the witness. */
export interface ChildBody {
  facts(): ProcessFacts;
  /** A call from another process of the group. */
  handle: CallHandler;
  /** An instruction from the agent; hosts only. */
  perform?(instruction: unknown): Promise<HostReply>;
  /** A pair's difference bitmap; storage systems only. */
  differences?(query: DifferenceMapQuery): DifferenceMap;
  /** What may change while it runs, beyond lines and disk faults, which are dealt with here. */
  configure(settings: ProcessSettings): void;
  /** Begins to listen to the outside world; resolves with the NBD address, or null where it serves no volumes. */
  serve(preferred: string | null): Promise<string | null>;
  /** Finishes or fails what is outstanding and closes its files. */
  stop(): Promise<void>;
}

/**
 * Runs a process from the configuration file named on the command line until it is told to end. Recovers first, listens
 * then, leaves its run record, and only then calls others. A crash ends it with a code, and its agent starts it anew.
 */
export function runChild(kind: ProcessConfig['kind'], build: (context: ChildContext) => Promise<ChildBody>): void {
  const log = new RealLog({ kind, pid: process.pid });
  const crash = (error: unknown): void => {
    log.write('error', 'crashed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const file = process.argv[2];
  if (file === undefined) throw new Error('usage: node <process>.js <config.json>; a site agent starts it so');
  const config = readConfig(kind, file);
  const paths = processPathsIn(path.dirname(file));
  const self = ownIdentity();
  const lock = lockFolder(paths.folder, self);
  if (!lock.held) {
    log.write('error', 'this folder belongs to another process', { folder: paths.folder, holder: lock.holderPid });
    process.exit(EXIT_FOLDER_TAKEN);
  }
  const child = new Child(config, paths, self);
  process.on('SIGTERM', () => child.stop());
  child.run(build).catch(crash);
}

class Child {
  private readonly ports: Ports;
  private readonly disk: FaultyDisk;
  private readonly arrangement: Arrangement;
  private readonly neighbours: Neighbours;
  private readonly server: ChannelServer;
  private readonly record: RunRecord;
  private body: ChildBody | null = null;
  private reporter: Reporter | null = null;
  private stopping = false;

  constructor(
    private readonly config: ProcessConfig,
    private readonly paths: ProcessPaths,
    self: ProcessIdentity,
  ) {
    this.arrangement = arrangementOf(config);
    this.disk = new FaultyDisk(new RealDisk(paths.disk));
    this.disk.setFault(config.settings.diskFault);
    const clock = new RealClock();
    const entropy = new RealEntropy();
    const log = new RealLog({ group: config.group, process: config.process });
    const network = new RealNetwork({
      receiveBufferBytes: config.kind === 'storage' ? undefined : LIGHT_RECEIVE_BYTES,
    });
    this.ports = { clock, disk: this.disk, network, entropy, log };
    const incarnation = Buffer.from(entropy.bytes(8)).toString('hex');
    this.record = { ...self, incarnation, startedAt: clock.now(), channel: '', nbd: null };
    const options: ChannelOptions = {
      ports: this.ports,
      secret: readSecret(config.secretFile),
      self: { group: config.group, name: config.process },
      handle: (method, params, from) => this.handle(method, params, from),
    };
    this.neighbours = new Neighbours(this.ports, new RoughClock(), this.arrangement, config, options);
    this.server = new ChannelServer(
      network,
      { ...options, shapeFor: (peer) => this.neighbours.shapeFor(peer) },
      (channel) => this.accept(channel),
    );
  }

  async run(build: (context: ChildContext) => Promise<ChildBody>): Promise<void> {
    const { config, arrangement, ports, neighbours } = this;
    const before = this.lastRecord();
    const reporter = new Reporter(ports, () => this.requireBody().facts());
    this.reporter = reporter;
    const body = await build({
      config,
      arrangement,
      ports,
      incarnation: this.record.incarnation,
      neighbours,
      reporter,
    });
    this.body = body;
    if (this.stopping) return this.finish();
    this.record.nbd = await body.serve(before?.nbd ?? null);
    this.record.channel = await listenWhereBefore(
      (address) => this.server.listen(address),
      config.listenHost,
      before?.channel ?? null,
    );
    replaceRecord(this.paths.run, this.record);
    tellParent(this.record);
    neighbours.start();
    reporter.changed();
  }

  /** Ends in an orderly way: nothing new is taken, what is outstanding is finished or failed, files are closed. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    // A process that is still recovering stops as soon as it has a self to stop.
    if (this.body) void this.finish();
  }

  private async finish(): Promise<void> {
    await this.body?.stop();
    this.reporter?.stop();
    this.neighbours.stop();
    this.server.close();
    process.exit(0);
  }

  private accept(channel: StreamChannel): void {
    if (this.isAgent(channel)) return; // It becomes the one reported to when it hands over the settings.
    if (this.neighbours.isNeighbour(channel.peer)) this.neighbours.accept(channel);
    else channel.close(`${this.config.process} does not know the caller`);
  }

  private isAgent({ peer }: Channel): boolean {
    return peer.group === '' && peer.name === `agent:${this.config.site}`;
  }

  private readonly handle: CallHandler = async (method, params, from) => {
    if (this.isAgent(from)) return this.answerAgent(method, params, from);
    if (this.neighbours.isNeighbour(from.peer)) return this.requireBody().handle(method, params, from);
    throw refuse(
      'forbidden',
      `${this.config.process} does not know the caller.`,
      'Call from a process of the same group.',
    );
  };

  private async answerAgent(method: string, params: unknown, from: Channel): Promise<unknown> {
    switch (method) {
      case 'child.hello':
        return this.record;
      case 'child.configure':
        this.configure(params);
        this.reporter?.attach(from);
        return { ok: true };
      case 'child.facts':
        return this.requireBody().facts();
      case 'storage.facts':
        return this.storageFacts();
      case 'storage.differences':
        return this.differences(params);
      case 'host.perform':
        return this.perform(params);
      default:
        throw refuse(
          'bad-request',
          `${this.config.process} has no method ${method}.`,
          'Run the same version of agent and processes.',
        );
    }
  }

  private configure(params: unknown): void {
    const parsed = settingsSchema.safeParse(params);
    if (!parsed.success)
      throw refuse(
        'bad-request',
        `child.configure: ${parsed.error.issues[0]?.message ?? 'not understood'}.`,
        'Run the same version of agent and processes.',
      );
    this.disk.setFault(parsed.data.diskFault);
    this.neighbours.configure(parsed.data);
    this.requireBody().configure(parsed.data);
  }

  private storageFacts(): unknown {
    const facts = this.requireBody().facts();
    if ('storage' in facts) return facts.storage;
    throw notStorage(this.config.process);
  }

  private differences(params: unknown): DifferenceMap {
    const body = this.requireBody();
    if (!body.differences) throw notStorage(this.config.process);
    const parsed = differenceMapQuerySchema.safeParse(params);
    if (parsed.success) return body.differences(parsed.data);
    const [issue] = parsed.error.issues;
    throw refuse(
      'bad-request',
      `storage.differences: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}.`,
      'Correct the question and ask again.',
    );
  }

  private perform(params: unknown): Promise<HostReply> {
    const body = this.requireBody();
    const instruction =
      typeof params === 'object' && params !== null && 'instruction' in params ? params.instruction : null;
    if (!body.perform) throw refuse('bad-request', `${this.config.process} is not a host.`, 'Name a host.');
    return body.perform(instruction);
  }

  private requireBody(): ChildBody {
    if (this.body) return this.body;
    throw refuse('busy', `${this.config.process} is still recovering.`, 'Try again in a moment.');
  }

  private lastRecord(): RunRecord | null {
    try {
      return readRecord(this.paths.run, runRecordSchema);
    } catch (error) {
      // It only says where to listen; a free port does as well.
      this.ports.log.write('warn', 'run record unreadable', { error: refusalOf(error).message });
      return null;
    }
  }
}

function notStorage(process: string): Error {
  return refuse('bad-request', `${process} is not a storage system.`, 'Name a storage system.');
}

function readConfig(kind: ProcessConfig['kind'], file: string): ProcessConfig {
  const config = readRecord(file, configSchema);
  if (!config) throw new Error(`there is no configuration ${file}`);
  if (config.kind !== kind) throw new Error(`${file} is the configuration of a ${config.kind}, not of a ${kind}`);
  return config;
}

function arrangementOf({ settings }: ProcessConfig): Arrangement {
  const arrangement = findArrangement(settings.definition.arrangement);
  if (!arrangement) throw new Error(`there is no arrangement ${settings.definition.arrangement}`);
  return arrangement;
}

/** The agent that started us waits for this. One that has died meanwhile finds the run record instead. */
function tellParent(record: RunRecord): void {
  if (!process.connected) return;
  process.send?.(record, undefined, undefined, () => {
    if (process.connected) process.disconnect();
  });
}
