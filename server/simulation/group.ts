/** One consistency group in a simulated world: the product's own code over virtual ports, each process on a machine of its own. */
import { type Arrangement, defaultGroup, type GroupDefinition, transportOfAll } from '../domain/arrangement.ts';
import type { WitnessReply } from '../domain/host.ts';
import { pairName, WITNESS } from '../domain/names.ts';
import { isCopying, isSuspended } from '../domain/pair-states.ts';
import { DiskError, type Ports } from '../domain/ports.ts';
import { RefusedError } from '../domain/refusal.ts';
import type { StorageInstruction } from '../domain/storage-controller.ts';
import { nextHops } from '../domain/ways.ts';
import { Host, type HostTiming } from '../hosts/host.ts';
import { attachNbdVolume } from '../hosts/ledger/nbd-volume.ts';
import { Witness } from '../hosts/witness.ts';
import type { NbdExport } from '../nbd/export.ts';
import { NbdServer } from '../nbd/server.ts';
import type { CallHandler } from '../network/channel-types.ts';
import { SwitchingDevice } from '../network/switching-device.ts';
import type { PairTransition, StorageConfig, StorageTiming } from '../replication/config.ts';
import { StorageSystem } from '../replication/storage-system.ts';
import { CloneWatch } from './clone-watch.ts';
import { CopyWatch } from './copy-watch.ts';
import { lateDisk } from './late-disk.ts';
import type { MutantName } from './mutants.ts';
import { lineAddressOf, lineConditions, Node, switchTable } from './node.ts';
import { Observer } from './observer.ts';
import type { Schedule } from './schedule.ts';
import type { Crash } from './scheduler.ts';
import { Killed, POWER_LOST, type ProcessLogLine, type VirtualProcess } from './virtual-process.ts';
import { World } from './world.ts';

export const GROUP = 'sim';
const NBD_PORT = 10_809;
/** A process that ended by itself is started again by its site's supervisor after this time. */
const RESPAWN_MS = 60;
/** Every bound of production in proportion, so that a run spends its virtual time on what it is about. */
const HOST_TIMING: HostTiming = { heartbeatMs: 300, lostAfterMs: 1000, testimonyMs: 250 };
const TERMINATION_BOUND_MS = 60_000;
/** Lines no longer than this are drawn as near ones. */
const NEAR_KM = 300;
/** Log lines kept for a look at a failing run. */
const MAX_LOG_LINES = 20_000;

export interface SimGroupHooks {
  /** A process is gone, however it ended. */
  onKilled(machine: VirtualProcess): void;
}

export class SimGroup {
  readonly world: World;
  readonly observer: Observer;
  readonly definition: GroupDefinition;
  readonly logs: ProcessLogLine[] = [];
  /** Processes that may not be started now. */
  mayRun: (process: string) => boolean = () => true;
  private readonly systems = new Map<string, StorageSystem>();
  private readonly hosts = new Map<string, Host>();
  private witness: Witness | null = null;
  private readonly copyWatch: CopyWatch;
  private readonly cloneWatch: CloneWatch;
  private register = '';

  constructor(
    readonly schedule: Schedule,
    readonly arrangement: Arrangement,
    private readonly mutants: ReadonlySet<MutantName>,
    private readonly hooks: SimGroupHooks,
  ) {
    this.world = new World(`seed-${schedule.seed}`, {
      losesPower: schedule.faults.some(({ fault }) => fault.kind === 'site-loss' && fault.power),
      onKilled: (machine, reason) => this.killed(machine, reason),
      onCrash: (crash) => this.crashed(crash),
      onLog: (line) => this.logged(line),
    });
    this.definition = definitionOf(schedule, arrangement);
    const { settings } = schedule;
    this.observer = new Observer(
      {
        arrangement: arrangement.id,
        systems: arrangement.systems.map((system) => system.name),
        firstHolder: arrangement.normal.holder,
        fence: settings.fence,
        trackBytes: settings.trackBytes,
        volumeBytes: settings.volumeBytes,
        opaqueVolumes: settings.ledger ? [0] : [],
        terminationBoundMs: TERMINATION_BOUND_MS,
      },
      settings,
      (name) => this.world.machine(name),
      (name) => this.systems.has(name),
      () => this.world.scheduler.nowMs,
    );
    this.copyWatch = new CopyWatch(
      this.observer,
      settings.trackBytes,
      (source, pair) =>
        this.systems
          .get(source)
          ?.facts()
          .pairs.find((facts) => facts.name === pair)?.transferredBytes ?? null,
      settings,
    );
    const { volumeCount, volumeBytes } = settings;
    this.cloneWatch = new CloneWatch(this.observer, volumeCount, volumeBytes, volumeName);
    if (!this.shaped) {
      for (const { from, to, conditions } of lineConditions(arrangement, this.definition))
        this.world.network.setNormal(from, to, conditions);
    }
    for (const name of this.processNames()) {
      // Oscillators of real machines differ by tens of parts per million; ours by more, so that it shows.
      this.world.addMachine(name, 1 + (this.world.random.fork(`rate-${name}`).fraction() - 0.5) * 0.002);
    }
  }

  /** Twice the events, so only in some worlds: the product's own shaping of lines is part of what is tried. */
  private get shaped(): boolean {
    return this.schedule.settings.shaped;
  }

  processNames(): string[] {
    const { systems, hosts, switches = [] } = this.arrangement;
    return [...systems, ...hosts, ...switches].map(({ name }) => name).concat(WITNESS);
  }

  startAll(): void {
    for (const name of this.processNames()) this.start(name);
  }

  /** Starts a process that is down. What it does at its start happens as an event of its own. */
  start(name: string): void {
    const machine = this.world.machine(name);
    if (machine.alive) return;
    const ports = machine.start();
    this.observer.add({ kind: 'process', process: name, what: 'start', reason: '' });
    if (this.arrangement.systems.some((system) => system.name === name)) this.observer.noteFoundStates(name);
    const { scheduler } = this.world;
    scheduler.at(scheduler.nowMs, machine.life, () => {
      this.boot(name, ports).catch((error: unknown) => this.bootFailed(machine, error));
    });
  }

  private async boot(name: string, ports: Ports): Promise<void> {
    if (name === WITNESS) await this.bootWitness(ports);
    else if (this.arrangement.hosts.some((host) => host.name === name)) await this.bootHost(name, ports);
    else if (this.arrangement.switches?.some((device) => device.name === name)) await this.bootSwitch(name, ports);
    else await this.bootStorage(name, ports);
  }

  private async bootSwitch(name: string, ports: Ports): Promise<void> {
    const table = switchTable(ports, name, this.arrangement, this.definition, this.shaped);
    await new SwitchingDevice(ports, name, table).listen(lineAddressOf(name));
  }

  /** A disk that fails ends the process, and its supervisor tries again; anything else is a defect. */
  private bootFailed(machine: VirtualProcess, error: unknown): void {
    if (error instanceof Killed) return;
    const diskFailed =
      error instanceof DiskError || (error instanceof RefusedError && error.refusal.code.startsWith('disk-'));
    if (!diskFailed) throw error;
    machine.kill('ended: its disk fails');
  }

  private async bootStorage(name: string, ports: Ports): Promise<void> {
    const node: Node = new Node(ports, name, this.definition, this.arrangement, this.shaped, (method, params, from) =>
      this.handleStorage(name, system, method, params, from),
    );
    const config: StorageConfig = {
      system: name,
      definition: this.definition,
      arrangement: this.arrangement,
      timing: timingOf(this.schedule),
      journalSegments: this.schedule.settings.journalSegments,
      windowBytes: 4 * this.schedule.settings.trackBytes,
      mutants: this.mutants,
    };
    const connections = {
      links: node.lines(this.arrangement),
      witness: node.link(WITNESS),
      routes: nextHops(this.arrangement, name),
    };
    const system: StorageSystem = new StorageSystem(ports, config, connections, {
      transition: (change) => this.transition(name, change),
      event: (kind, text, facts) => {
        ports.log.write('warn', `${kind}: ${text}`, facts);
        if (kind === 'kept-trimmed') this.observer.add({ kind: 'let-go', system: name });
      },
      changed: () => undefined,
    });
    await system.start();
    await NbdServer.start(ports, nbdAddress(name), system.exports);
    await node.start();
    this.systems.set(name, system);
  }

  private async bootHost(name: string, ports: Ports): Promise<void> {
    const placed = this.arrangement.hosts.find((host) => host.name === name);
    if (!placed) throw new Error(`no host ${name}`);
    const { system } = placed;
    const node: Node = new Node(ports, name, this.definition, this.arrangement, this.shaped, (method, params, from) =>
      host.handle(method, params, from),
    );
    const host: Host = new Host(
      ports,
      {
        group: GROUP,
        host: name,
        system,
        peers: this.arrangement.hosts.map((other) => other.name).filter((other) => other !== name),
        firstHolder: this.arrangement.normal.holder,
        ledger: { ...this.definition.ledger, maxInFlight: 4 },
        timing: HOST_TIMING,
        mutants: this.mutants,
      },
      {
        storage: () => node.link(system),
        host: (other) => node.link(other),
        witness: () => node.link(WITNESS),
        openVolume: () => attachNbdVolume(ports, nbdAddress(system), volumeName(system, 0)),
        openClone: async (clone) => {
          const volume = await attachNbdVolume(ports, nbdAddress(system), `${volumeName(system, 0)}@${clone}`);
          return this.cloneWatch.watched(system, volume);
        },
      },
    );
    await node.start();
    host.start();
    this.hosts.set(name, host);
  }

  private async bootWitness(ports: Ports): Promise<void> {
    const early = this.mutants.has('register-answers-early');
    const witness = new Witness(early ? { ...ports, disk: lateDisk(ports) } : ports, {
      group: GROUP,
      firstHolder: this.arrangement.normal.holder,
      systems: this.arrangement.systems.map((system) => system.name),
      hosts: this.arrangement.hosts.map((host) => host.name),
      lostAfterMs: HOST_TIMING.lostAfterMs,
      mutants: this.mutants,
    });
    const node = new Node(
      ports,
      WITNESS,
      this.definition,
      this.arrangement,
      this.shaped,
      async (method, params, from) => {
        try {
          const reply = await witness.handle(method, params, from);
          if (isConfirmation(reply))
            this.observer.add({
              kind: 'confirmed',
              system: from.peer.name,
              generation: reply.record.generation.number,
            });
          return reply;
        } finally {
          this.noteRegister(witness);
        }
      },
    );
    this.noteRegister(witness);
    this.witness = witness;
    await node.start();
  }

  /** What every live observer makes of the heartbeats of a host that is dead. */
  noteHeartbeatViews(host: string, deadMs: number): void {
    const views = [...this.hosts.values()].flatMap((other) => other.facts().heartbeats);
    views.push(...(this.witness?.facts().heartbeats ?? []));
    for (const { observer, of, ageMs, lost } of views) {
      if (of === host) this.observer.add({ kind: 'heartbeat-view', observer, of, ageMs, lost, deadMs });
    }
  }

  private noteRegister(witness: Witness): void {
    if (!this.world.machine(WITNESS).alive) return;
    const { register } = witness.facts();
    const text = JSON.stringify(register);
    if (!register || text === this.register) return;
    this.register = text;
    this.observer.add({ kind: 'register', record: register });
  }

  /** The export of `volume` at `system` as its process offers it now; only to be asked in an event of that process. */
  exportOf(system: string, volume: number): NbdExport | null {
    const found = this.systems.get(system)?.exports.find(volumeName(system, volume)) ?? null;
    return found && !('refused' in found) ? found : null;
  }

  /** The running storage system, or null. */
  system(name: string): StorageSystem | null {
    return this.systems.get(name) ?? null;
  }

  private async handleStorage(
    name: string,
    system: StorageSystem,
    method: string,
    params: unknown,
    from: Parameters<CallHandler>[2],
  ): Promise<unknown> {
    const instruction = instructionFor(name, method, params);
    const { life } = this.world.machine(name);
    const cameOrder = this.observer.history.events.length;
    if (instruction?.verb === 'promote') this.observer.noteMixed(name);
    this.cloneWatch.before(name, system, instruction);
    try {
      const reply = await system.handle(method, params, from);
      if (life?.alive) this.cloneWatch.after(name, system, instruction);
      if (instruction && life?.alive)
        this.observer.add({ kind: 'instruction', system: name, instruction, outcome: 'done', cameOrder });
      // Where the register is out of reach, a peer that knows no newer generation says so by answering.
      const asker = this.observer.recordOf(from.peer.name);
      if (!instruction && method === 'storage' && life?.alive && asker && from.peer.group === GROUP)
        this.observer.add({ kind: 'confirmed', system: from.peer.name, generation: asker.generation.number });
      return reply;
    } catch (error) {
      if (instruction && life?.alive && error instanceof RefusedError)
        this.observer.add({ kind: 'instruction', system: name, instruction, outcome: error.refusal, cameOrder });
      throw error;
    } finally {
      if (instruction && life?.alive) this.observer.lookForPromotion();
    }
  }

  private transition(system: string, change: PairTransition): void {
    const { pair, from, to, version, reason } = change;
    const pairKind = this.kindOf(system, pair);
    const event = { kind: 'pair', system, pair, pairKind, from, to, version, reason } as const;
    this.observer.noteTransition(event);
    this.copyWatch.follow(event);
    if (isCopying(to)) this.world.scheduler.after(2, () => this.observer.takeImages(`while ${pair} copies`, 'glance'));
    // What others may know of a sync pair's updates is judged by the journals, as they are when it breaks.
    const depth = pairKind === 'sync' && from === 'duplex' ? 'normal' : 'glance';
    if (isSuspended(to)) this.observer.takeImages(`${pair} ${to} at ${system}`, depth);
    if (to !== 'duplex' || pairKind !== 'sync') return;
    const sync = this.observer.syncPairOf(system);
    if (sync?.name !== pair) return;
    this.observer.add({
      kind: 'entered-duplex',
      pair,
      source: this.observer.cellsOf(system),
      destination: this.observer.cellsOf(sync.peer),
    });
  }

  private kindOf(system: string, pair: string): 'sync' | 'async' {
    const record = this.observer.recordOf(system);
    for (const { definition } of Object.values(record?.pairs ?? {})) {
      if (pairName(definition.source, definition.destination) === pair) return definition.kind;
    }
    const planned = [...this.arrangement.normal.pairs, ...this.arrangement.reverse.pairs];
    return planned.find(({ source, destination }) => pairName(source, destination) === pair)?.kind ?? 'async';
  }

  private killed(machine: VirtualProcess, reason: string): void {
    this.systems.delete(machine.name);
    this.hosts.delete(machine.name);
    if (machine.name === WITNESS) this.witness = null;
    const what = reason === POWER_LOST ? 'power-loss' : 'kill';
    this.observer.add({ kind: 'process', process: machine.name, what, reason });
    this.hooks.onKilled(machine);
    this.world.scheduler.after(RESPAWN_MS, () => {
      if (this.mayRun(machine.name) && this.processNames().includes(machine.name)) this.start(machine.name);
    });
  }

  private crashed({ process, error }: Crash): void {
    // A process that cannot write what it must remember has to end; its supervisor starts it again.
    if (process && error instanceof DiskError) {
      this.world.machine(process).kill(`ended: ${error.message}`);
      return;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.observer.add({ kind: 'crash', process, error: text.split('\n').slice(0, 4).join(' | ') });
  }

  private logged(line: ProcessLogLine): void {
    if (this.logs.length < MAX_LOG_LINES) this.logs.push(line);
  }
}

function isConfirmation(reply: unknown): reply is Extract<WitnessReply, { verb: 'confirmed' }> {
  return (
    typeof reply === 'object' &&
    reply !== null &&
    'verb' in reply &&
    reply.verb === 'confirmed' &&
    'yes' in reply &&
    reply.yes === true
  );
}

function nbdAddress(system: string): string {
  return `${system}:${NBD_PORT}`;
}

function volumeName(system: string, volume: number): string {
  return `${GROUP}/${system}/${volume}`;
}

/** The instruction that `system` itself is to carry out, or null. */
function instructionFor(system: string, method: string, params: unknown): StorageInstruction | null {
  if (method !== 'storage' || typeof params !== 'object' || params === null) return null;
  if (!('target' in params) || params.target !== system || !('instruction' in params)) return null;
  // The product has checked it by the time its outcome is recorded.
  const instruction = params.instruction as StorageInstruction;
  return instruction.verb === 'query' || instruction.verb === 'wait-pair' || instruction.verb === 'query-journal'
    ? null
    : instruction;
}

function timingOf({ settings }: Schedule): StorageTiming {
  return {
    syncTimeoutMs: 250,
    copyTimeoutMs: 1500,
    holdWritesMs: 700,
    retryMs: 60,
    checkpointMs: 70,
    pullIntervalMs: settings.pullIntervalMs,
    snapshotIntervalMs: 4 * settings.pullIntervalMs,
    callMs: 500,
    cloneLeaseMs: 20_000,
  };
}

function definitionOf({ settings }: Schedule, arrangement: Arrangement): GroupDefinition {
  const { volumeCount, volumeBytes, trackBytes, journalBytes, fence, pullIntervalMs, transport } = settings;
  return {
    ...defaultGroup(GROUP, arrangement),
    volumeCount,
    volumeBytes,
    trackBytes,
    journalBytes,
    fence,
    pullIntervalMs,
    transport: transportOfAll(arrangement, transport),
    lines: Object.fromEntries(
      arrangement.lines.map(({ name, defaultKm, defaultPaths }) => {
        const isFar = defaultKm > NEAR_KM;
        const km = isFar ? settings.kmFar : settings.kmNear;
        const rateBytesPerSecond = isFar ? settings.rateFarBytesPerSecond : null;
        return [name, { km, paths: defaultPaths, rateBytesPerSecond }];
      }),
    ),
    ledger: { enabled: settings.ledger, transactionsPerSecond: 25 },
  };
}
