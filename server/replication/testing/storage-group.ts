/**
 * The storage systems and the witness of one group, chain-3 unless another arrangement is asked for, for tests: the
 * product's own code over whatever world is handed in (the tests hand in the simulator's), without hosts and routines, so that each instruction is the test's own.
 */
import { type Arrangement, findArrangement, type GroupDefinition } from '../../domain/arrangement.ts';
import type { DriverToken, Generation } from '../../domain/generation.ts';
import type { WitnessInstruction, WitnessReply } from '../../domain/host.ts';
import { type SystemName, WITNESS } from '../../domain/names.ts';
import type { PairKind, PairState } from '../../domain/pair-states.ts';
import type { Ports } from '../../domain/ports.ts';
import type {
  FenceEvidence,
  PairFacts,
  StorageInstruction,
  StorageReply,
  SystemFacts,
} from '../../domain/storage-controller.ts';
import { nextHops } from '../../domain/ways.ts';
import { Witness } from '../../hosts/witness.ts';
import type { NbdExport } from '../../nbd/export.ts';
import type { PairTransition } from '../config.ts';
import { EIO } from '../host-gate.ts';
import { StorageSystem } from '../storage-system.ts';
import {
  definitionOf,
  GROUP,
  TEST_TIMING,
  type TestMachine,
  type TestNode,
  type TestParts,
  type TestSettings,
  type TestWorld,
  UNANSWERED,
} from './test-world.ts';

export class StorageGroup<L, W extends TestWorld<L>> {
  readonly world: W;
  readonly definition: GroupDefinition;
  readonly arrangement: Arrangement;
  readonly machines = new Map<string, TestMachine<L>>();
  readonly transitions: (PairTransition & { system: string })[] = [];
  readonly happened: { system: string; kind: string; text: string }[] = [];
  readonly logs: string[] = [];
  readonly crashes: string[] = [];
  /** Processes that a death (crash, kill inside a call) ended, in order. */
  readonly deaths: string[] = [];
  witness: Witness | null = null;
  private readonly systems = new Map<string, StorageSystem>();
  private readonly unanswered = new Map<string, Set<() => void>>();
  private claims = 0;
  generation: Generation;

  constructor(
    private readonly parts: TestParts<L, W>,
    private readonly settings: TestSettings = {},
  ) {
    const id = settings.arrangement ?? 'chain-3';
    const arrangement = findArrangement(id);
    if (!arrangement) throw new Error(`${id} is gone`);
    this.arrangement = arrangement;
    this.generation = { number: 1, runId: 'initial', holder: arrangement.normal.holder };
    this.definition = definitionOf(arrangement, settings);
    this.world = parts.world({
      losesPower: true,
      onKilled: ({ name }) => this.died(name),
      onCrash: ({ process, error }) =>
        this.crashes.push(`${process}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
      onLog: (line) =>
        this.logs.push(
          `${line.atMs.toFixed(2)} ${line.process} ${line.level} ${line.message} ${JSON.stringify(line.facts ?? {})}`,
        ),
    });
    for (const name of [...arrangement.systems.map((each) => each.name), WITNESS])
      this.machines.set(name, this.world.addMachine(name, 1));
  }

  /** Runs `story` to its end in virtual time; everything that crashed meanwhile fails it. */
  async run<T>(story: () => Promise<T>, limitEvents = 2_000_000): Promise<T> {
    const result = await this.world.scheduler.drive(story, limitEvents);
    if (this.crashes.length > 0) throw new Error(`crashed: ${this.crashes.join('\n')}`);
    return result;
  }

  startAll(): void {
    for (const name of this.machines.keys()) this.start(name);
  }

  /** Starts everything; resolves once all systems run, are linked, and P takes writes. */
  async begin(): Promise<void> {
    this.startAll();
    const isReady = (): boolean =>
      ['P', 'I', 'R'].every((name) => this.running(name) && this.facts(name).lines.every((line) => line.connected)) &&
      this.facts('P').hostWrites.reason === 'generation 1';
    if (!(await this.world.scheduler.until(isReady, 5000))) throw new Error(`never ready: ${this.describe()}`);
  }

  /** `begin`, then both pairs of normal operation in duplex. */
  async form(): Promise<void> {
    await this.begin();
    await this.create('P', 'I', 'sync');
    await this.reaches('P', 'I', 'duplex');
    await this.create('I', 'R', 'async');
    await this.reaches('I', 'R', 'duplex');
  }

  /**
   * What an operator does after a fault in normal operation: starts what is down, waits until all are linked, and brings
   * both pairs back to duplex.
   */
  async mend(): Promise<void> {
    const { scheduler } = this.world;
    for (const name of this.machines.keys()) if (this.machine(name).life === null) this.start(name);
    const isLinked = (): boolean =>
      ['P', 'I', 'R'].every((name) => this.running(name) && this.facts(name).lines.every((line) => line.connected));
    if (!(await scheduler.until(isLinked, 10_000))) throw new Error(`never linked: ${this.describe()}`);
    await scheduler.sleep(500);
    for (let tries = 0; tries < 8; tries += 1) {
      if (await this.isWhole()) return;
      await this.mendOnce().catch((error: unknown) => this.logs.push(`mending: ${String(error)}`));
      await scheduler.sleep(300);
    }
    throw new Error(`could not be mended: ${this.describe()}`);
  }

  private async isWhole(): Promise<boolean> {
    const settled = (): boolean =>
      [...this.endsOf('P', 'I'), ...this.endsOf('I', 'R')].every((state) => state === 'duplex');
    return this.world.scheduler.until(settled, 1000);
  }

  private endsOf(a: SystemName, b: SystemName): (PairState | undefined)[] {
    return [this.pairOf(a, b)?.state, this.pairOf(b, a)?.state];
  }

  /** Bottom up: nothing may lead on from I while it is rebuilt. */
  private async mendOnce(): Promise<void> {
    const isDown = (a: SystemName, b: SystemName) => this.endsOf(a, b).some((state) => state !== 'duplex');
    if (isDown('P', 'I')) {
      const token = this.token();
      if (this.pairOf('I', 'R')) await this.instruct('I', { verb: 'split', pair: 'I-R', token });
      await this.world.scheduler.until(
        () => this.endsOf('I', 'R').every((state) => state === undefined || state.includes('suspend')),
        5000,
      );
      if ((this.pairOf('P', 'I')?.state ?? 'simplex') === 'simplex') await this.create('P', 'I', 'sync');
      else await this.instruct('P', { verb: 'resync', pair: 'P-I', token: this.token() });
      await this.reaches('P', 'I', 'duplex');
    }
    const far = this.pairOf('I', 'R')?.state;
    if (far === undefined || far === 'simplex') await this.create('I', 'R', 'async');
    else if (isDown('I', 'R')) await this.instruct('I', { verb: 'resync', pair: 'I-R', token: this.token() });
    await this.reaches('I', 'R', 'duplex');
  }

  /** Are the volumes of all three systems equal, byte for byte? Waits until what is under way has arrived. */
  async equalises(): Promise<boolean> {
    const last = (name: SystemName) => this.facts(name).lastNumber;
    await this.world.scheduler.until(() => last('P') === last('I') && last('P') === last('R'), 5000);
    const truth = this.contents('P');
    return this.contents('I').equals(truth) && this.contents('R').equals(truth);
  }

  machine(name: string): TestMachine<L> {
    const machine = this.machines.get(name);
    if (!machine) throw new Error(`no machine ${name}`);
    return machine;
  }

  start(name: string): void {
    const machine = this.machine(name);
    const ports = machine.start();
    this.world.scheduler.at(this.world.scheduler.nowMs, machine.life, () => {
      // A rejection belongs to the process whose event this is: the world reports it, or drops it with the dead.
      if (name === WITNESS) void this.bootWitness(ports);
      else void this.bootStorage(name, ports);
    });
  }

  kill(name: string): void {
    this.machine(name).kill('killed by the test');
  }

  private died(name: string): void {
    this.deaths.push(name);
    this.systems.delete(name);
    if (name === WITNESS) this.witness = null;
    for (const giveUp of this.unanswered.get(name) ?? []) giveUp();
    this.unanswered.delete(name);
  }

  private async bootWitness(ports: Ports): Promise<void> {
    const witness = new Witness(ports, {
      group: GROUP,
      firstHolder: this.arrangement.normal.holder,
      systems: this.arrangement.systems.map((each) => each.name),
      hosts: this.arrangement.hosts.map((each) => each.name),
      lostAfterMs: 500,
    });
    await this.parts.node(ports, WITNESS, this.definition, this.arrangement, witness.handle).start();
    this.witness = witness;
  }

  private async bootStorage(name: string, ports: Ports): Promise<void> {
    const node: TestNode = this.parts.node(ports, name, this.definition, this.arrangement, (method, params, from) =>
      system.handle(method, params, from),
    );
    const system: StorageSystem = new StorageSystem(
      ports,
      {
        system: name,
        definition: this.definition,
        arrangement: this.arrangement,
        timing: { ...TEST_TIMING, ...this.settings.timing },
        journalSegments: this.settings.journalSegments ?? 8,
        windowBytes: 4 * this.definition.trackBytes,
        mutants: new Set(this.settings.mutants ?? []),
      },
      { links: node.lines(this.arrangement), witness: node.link(WITNESS), routes: nextHops(this.arrangement, name) },
      {
        transition: (change) => this.transitions.push({ system: name, ...change }),
        event: (kind, text) => this.happened.push({ system: name, kind, text }),
        changed: () => undefined,
      },
    );
    await system.start();
    await node.start();
    this.systems.set(name, system);
  }

  system(name: SystemName): StorageSystem {
    const system = this.systems.get(name);
    if (!system) throw new Error(`${name} does not run`);
    return system;
  }

  running(name: SystemName): boolean {
    return this.systems.has(name);
  }

  facts(name: SystemName): SystemFacts {
    return this.system(name).facts();
  }

  /** How `system` sees the pair it shares with `peer`; null where it has none. */
  pairOf(system: SystemName, peer: SystemName): PairFacts | null {
    const between = ({ definition }: PairFacts) => definition.source === peer || definition.destination === peer;
    return this.facts(system).pairs.find(between) ?? null;
  }

  /** A token of a driver that is newer than every one before. */
  token(): DriverToken {
    this.claims += 1;
    return { generation: this.generation.number, runId: this.generation.runId, claimEpoch: this.claims, step: 1 };
  }

  /** Carries out `run` as an event of `name`'s process; null where it dies before it has answered. */
  inside<T>(name: SystemName, run: (system: StorageSystem) => Promise<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => resolve(null);
      const { life } = this.machine(name);
      if (life === null) return giveUp();
      const waiting = this.unanswered.get(name) ?? new Set();
      this.unanswered.set(name, waiting);
      waiting.add(giveUp);
      this.world.scheduler.at(this.world.scheduler.nowMs, life, () => {
        const system = this.systems.get(name);
        if (!system) return giveUp();
        run(system)
          .then(resolve, (error: unknown) => (this.machine(name).life === life ? reject(error) : giveUp()))
          .finally(() => waiting.delete(giveUp));
      });
    });
  }

  async instruct(name: SystemName, instruction: StorageInstruction): Promise<StorageReply> {
    const reply = await this.inside(name, (system) => system.perform(instruction));
    if (reply === null) throw new Error(`${name} died while it carried out ${instruction.verb}`);
    return reply;
  }

  /** Errno of the write, or `UNANSWERED`. */
  async write(name: SystemName, volume: number, offsetBytes: number, data: Uint8Array, fua = false): Promise<number> {
    return (
      (await this.inside(
        name,
        (system) =>
          new Promise<number>((resolve) =>
            this.withExport(system, name, volume, resolve, (found) => found.write(offsetBytes, data, fua, resolve)),
          ),
      )) ?? UNANSWERED
    );
  }

  async zero(name: SystemName, volume: number, offsetBytes: number, lengthBytes: number): Promise<number> {
    return (
      (await this.inside(
        name,
        (system) =>
          new Promise<number>((resolve) =>
            this.withExport(system, name, volume, resolve, (found) =>
              found.zero(offsetBytes, lengthBytes, false, resolve),
            ),
          ),
      )) ?? UNANSWERED
    );
  }

  async flush(name: SystemName): Promise<number> {
    return (
      (await this.inside(
        name,
        (system) =>
          new Promise<number>((resolve) => this.withExport(system, name, 0, resolve, (found) => found.flush(resolve))),
      )) ?? UNANSWERED
    );
  }

  /** Where the volume is not exported now, a host gets EIO. */
  private withExport(
    system: StorageSystem,
    name: SystemName,
    volume: number,
    done: (errno: number) => void,
    run: (found: NbdExport) => void,
  ): void {
    const found = system.exports.find(`${GROUP}/${name}/${volume}`);
    if (!found || 'refused' in found) done(EIO);
    else run(found);
  }

  /** Contents of all volumes as the disk of `name` holds them, whether its process lives or not. */
  contents(name: SystemName): Buffer {
    const { image } = this.machine(name);
    const volumes = Array.from({ length: this.definition.volumeCount }, (_, volume) => image.peek(`volume-${volume}`));
    return Buffer.concat(volumes.map((bytes) => bytes ?? new Uint8Array(this.definition.volumeBytes)));
  }

  /** `goesOn`: from what the destination holds; `differing`: even if it holds other updates. */
  async create(
    source: SystemName,
    destination: SystemName,
    kind: PairKind,
    goesOn: boolean | 'differing' = false,
  ): Promise<void> {
    const fence = this.settings.fence ?? 'status';
    const transport = (kind === 'async' && this.settings.transport) || ('journal' as const);
    const pair = { source, destination, kind, transport, fence };
    const how = { knownEqual: goesOn !== false, mayDiffer: goesOn === 'differing' };
    await this.instruct(source, { verb: 'create', pair, token: this.token(), ...how });
  }

  /** Waits until both living ends of the pair between `a` and `b` are in one of `states`. */
  async reaches(a: SystemName, b: SystemName, ...states: PairState[]): Promise<void> {
    const isThere = (name: SystemName): boolean => {
      const state = this.running(name) ? this.pairOf(name, name === a ? b : a)?.state : undefined;
      return state !== undefined && states.includes(state);
    };
    const { scheduler } = this.world;
    let reached = false;
    // Whoever is dead reaches nothing.
    await scheduler.until(() => {
      reached = isThere(a) && isThere(b);
      return reached || [a, b].some((name) => this.machine(name).life === null);
    }, 20_000);
    if (!reached) throw new Error(`${a}-${b} never reached ${states.join(' or ')}: ${this.describe()}`);
  }

  /** All pairs as both ends see them, for messages. */
  describe(): string {
    const lines = [...this.systems.keys()].flatMap((name) =>
      this.facts(name).pairs.map(
        (pair) =>
          `${name}: ${pair.name} ${pair.end} ${pair.state} (${pair.reason}) v${pair.version} given ${pair.givenNumber} applied ${pair.appliedNumber} dirty ${pair.dirtyTracks} ${pair.connected ? 'connected' : 'cut off'}`,
      ),
    );
    const events = this.happened.map(({ system, kind, text }) => `${system} ${kind}: ${text}`);
    const changes = this.transitions.map(
      ({ system, pair, from, to, reason }) => `${system} ${pair} ${from} → ${to}: ${reason}`,
    );
    return `\n${[...lines, ...events.slice(-20), ...changes.slice(-30), ...this.logs.slice(-40)].join('\n')}\n`;
  }

  cut(a: string, b: string): void {
    this.world.network.setWay(a, b, { cut: true });
    this.world.network.setWay(b, a, { cut: true });
  }

  heal(a: string, b: string): void {
    this.world.network.setWay(a, b, { cut: false });
    this.world.network.setWay(b, a, { cut: false });
  }

  private async atRegister(instruction: WitnessInstruction): Promise<WitnessReply> {
    const { witness } = this;
    if (!witness) throw new Error('the witness does not run');
    return witness.perform(instruction, { group: GROUP, name: 'control' });
  }

  /** The fence step: the register first, then each of `systems`. Returns what they answered. */
  async fence(runId: string, systems: readonly SystemName[]): Promise<Map<SystemName, FenceEvidence>> {
    const reply = await this.atRegister({ verb: 'register-fence', expected: this.generation.number, runId });
    if (reply.verb !== 'register') throw new Error('the register did not answer');
    this.generation = reply.record.generation;
    const evidence = new Map<SystemName, FenceEvidence>();
    for (const name of systems) {
      const answer = await this.instruct(name, {
        verb: 'raise-generation',
        generation: this.generation,
        token: this.token(),
      });
      if (answer.verb === 'fence') evidence.set(name, answer.evidence);
    }
    return evidence;
  }

  /** Names `holder` at the register, then promotes it. */
  async promote(holder: SystemName, acceptMixed = false): Promise<void> {
    const { number: generation, runId } = this.generation;
    const reply = await this.atRegister({ verb: 'register-holder', generation, runId, holder });
    if (reply.verb !== 'register') throw new Error('the register did not answer');
    this.generation = reply.record.generation;
    await this.instruct(holder, { verb: 'promote', generation: this.generation, token: this.token(), acceptMixed });
  }

  async drain(system: SystemName, source: SystemName, destination: SystemName): Promise<void> {
    const pair = `${source}-${destination}`;
    await this.instruct(system, { verb: 'drain', pair, token: this.token(), deadlineMs: 3000 });
    await this.reaches(source, destination, 'suspend');
  }

  async split(system: SystemName, source: SystemName, destination: SystemName): Promise<void> {
    await this.instruct(system, { verb: 'split', pair: `${source}-${destination}`, token: this.token() });
    await this.reaches(source, destination, 'suspend');
  }

  async resync(system: SystemName, source: SystemName, destination: SystemName): Promise<void> {
    await this.instruct(system, { verb: 'resync', pair: `${source}-${destination}`, token: this.token() });
    await this.reaches(source, destination, 'duplex');
  }

  async reverse(system: SystemName, source: SystemName, destination: SystemName): Promise<void> {
    await this.instruct(system, { verb: 'reverse', pair: `${source}-${destination}`, token: this.token() });
  }
}
