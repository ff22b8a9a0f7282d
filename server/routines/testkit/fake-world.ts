/**
 * A test double of everything behind `perform`: storage, two hosts and the monitoring host. It remembers every
 * instruction, so that routines can be walked, driven into any state and cut off anywhere.
 */
import type { Generation, RegisterRecord } from '../../domain/generation.ts';
import type { HeartbeatView, HostInstruction, HostReply } from '../../domain/host.ts';
import { systemOfHost } from '../../domain/names.ts';
import { isFlowing } from '../../domain/pair-states.ts';
import { refuse } from '../../domain/refusal.ts';
import { type FakeTest, fakeTest } from './fake-clone.ts';
import { FakeStorage } from './fake-storage.ts';
import { type FakeSystem, firstGeneration, type Letter } from './fake-systems.ts';

export interface FakeHost {
  up: boolean;
  generation: Generation;
  working: boolean;
  refusesWork: boolean;
  refusesStop: boolean;
  test: FakeTest;
}

/** Every host that any arrangement has. */
const HOSTS = ['host-P', 'host-R', 'host-M', 'host-B1', 'host-1', 'host-2'] as const;
export type FakeHostName = (typeof HOSTS)[number];

/** What is heard of a host by everybody else. */
interface Heard {
  completed: number;
  lost: boolean;
  storageAnswers: boolean;
  ageMs: number;
}

const newHost = (working: boolean, generation: Generation): FakeHost => ({
  up: true,
  generation,
  working,
  refusesWork: false,
  refusesStop: false,
  test: { run: null, worked: 0, trouble: null },
});

export class FakeWorld extends FakeStorage {
  readonly hosts: Record<FakeHostName, FakeHost>;
  witnessUp = true;
  register: RegisterRecord;
  /** What host and witness have heard of the other side. */
  heard: Record<FakeHostName, Heard>;
  /** Generations the register has ever given, in order. */
  readonly given: { number: number; runId: string }[] = [];

  constructor(id = 'chain-3') {
    super(id);
    const first = firstGeneration(this.arrangement);
    const { holder } = this.arrangement.normal;
    this.register = { generation: first, epoch: 1, state: 'joined', number: 0 };
    // Built from the very list that the types are read from.
    this.hosts = Object.fromEntries(
      HOSTS.map((name) => [name, newHost(systemOfHost(name) === holder, first)]),
    ) as Record<FakeHostName, FakeHost>;
    const heard = () => ({ completed: 0, lost: false, storageAnswers: true, ageMs: 10 });
    this.heard = Object.fromEntries(HOSTS.map((name) => [name, heard()])) as Record<FakeHostName, Heard>;
  }

  /** Hosts that the arrangement has, the one at home first. */
  get hostNames(): FakeHostName[] {
    return HOSTS.filter((name) => this.arrangement.hosts.some((host) => host.name === name));
  }

  /** The system at home, and its host. */
  private get home(): { system: FakeSystem; host: FakeHostName } {
    const { holder } = this.arrangement.normal;
    // Both lists name every system and host that there is.
    return { system: this.systems[holder as Letter], host: `host-${holder}` as FakeHostName };
  }

  /** The holder completes writes up to `number`, and they reach whatever flows. */
  write(holder: Letter, number: number): void {
    const system = this.systems[holder];
    Object.assign(system, { lastNumber: number, completedNumber: number });
    this.flow(holder, number);
    const host = this.hostNames.find((name) => systemOfHost(name) === holder);
    if (host) this.heard[host].completed = number;
  }

  /** The whole production site is gone. */
  loseProduction(): void {
    const { system, host } = this.home;
    system.up = false;
    this.hosts[host].up = false;
    this.hosts[host].working = false;
    this.heard[host].lost = true;
    for (const letter of this.letters.filter((name) => name !== system.name)) {
      for (const pair of this.systems[letter].pairs.values()) {
        if (pair.definition.source === system.name && pair.definition.kind === 'sync' && pair.state === 'duplex')
          this.change(this.systems[letter], pair, 'failure-suspend');
      }
    }
  }

  /** … and back, demoted by what it hears. */
  returnProduction(): void {
    const { system, host } = this.home;
    system.up = true;
    this.hosts[host].up = true;
    this.heard[host].lost = false;
    for (const pair of system.pairs.values()) if (isFlowing(pair.state)) this.change(system, pair, 'failure-suspend');
  }

  async perform(host: string, instruction: HostInstruction): Promise<HostReply> {
    const at = this.hosts[host as FakeHostName];
    if (!at?.up) throw refuse('unreachable', `${host} does not answer`, 'Restart it.');
    switch (instruction.verb) {
      case 'host-facts':
        return { verb: 'host-facts', facts: this.hostFacts(host as FakeHostName) };
      case 'storage':
        return {
          verb: 'storage',
          reply: this.storage(systemOfHost(host) as Letter, instruction.target as Letter, instruction.instruction),
        };
      case 'raise-host-generation':
        return this.raiseHost(at, host, instruction.generation);
      case 'peer-host': {
        const other = this.hostNames.find((name) => name !== host) ?? host;
        if (this.cut.has(this.hostNames.join('-')))
          throw refuse('unreachable', `${other} does not answer`, 'Restore the line.');
        return this.perform(other, instruction.instruction);
      }
      case 'work-start':
        at.working = !at.refusesWork;
        this.done.push(`${host} work-start`);
        return { verb: 'work', work: this.work(at) };
      case 'work-stop':
        at.working = at.refusesStop && at.working;
        this.done.push(`${host} work-stop`);
        return { verb: 'work', work: this.work(at) };
      case 'test-start':
      case 'test-work':
      case 'test-verify':
      case 'test-stop':
        return fakeTest(at.test, this.systems[systemOfHost(host) as Letter], instruction, this.done);
      case 'witness-facts':
        this.mustHearWitness();
        return { verb: 'witness-facts', facts: { register: this.register, heartbeats: this.views('witness') } };
      case 'register-read':
        this.mustHearWitness();
        return { verb: 'register', record: this.register };
      case 'register-fence':
        return this.registerFence(instruction.expected, instruction.runId);
      case 'register-holder':
        return this.registerHolder(instruction.generation, instruction.runId, instruction.holder);
      default:
        throw refuse('bad-request', `${instruction.verb} is not part of this double`, 'Extend it.');
    }
  }

  private mustHearWitness(): void {
    if (!this.witnessUp) throw refuse('unreachable', 'the monitoring host does not answer', 'Restart it.');
  }

  /** What the holder's storage has put on record by itself: its sync pair is in duplex. */
  private noteJoined(): void {
    const { holder } = this.register.generation;
    const own = holder ? [...this.systems[holder as Letter].pairs.values()] : [];
    if (
      own.some(
        ({ definition, state }) => definition.source === holder && definition.kind === 'sync' && state === 'duplex',
      )
    )
      this.register = { ...this.register, state: 'joined' };
  }

  private registerFence(expected: number, runId: string): HostReply {
    this.mustHearWitness();
    this.noteJoined();
    const { generation } = this.register;
    if (generation.runId === runId) return { verb: 'register', record: this.register };
    if (generation.number !== expected)
      throw refuse('stale-generation', `the register is at ${generation.number}`, 'Start a new run.');
    const { number, holder } = generation;
    const lastHeld = holder === null ? this.register.lastHeld : { number, holder };
    this.register = { ...this.register, generation: { number: expected + 1, runId, holder: null }, lastHeld };
    this.given.push({ number: expected + 1, runId });
    this.done.push(`register ${expected + 1}`);
    return { verb: 'register', record: this.register };
  }

  private registerHolder(number: number, runId: string, holder: string): HostReply {
    this.mustHearWitness();
    const { generation } = this.register;
    if (generation.number !== number || generation.runId !== runId)
      throw refuse('stale-generation', 'another run was faster', 'Start a new run.');
    if (generation.holder !== null && generation.holder !== holder)
      throw refuse('wrong-state', `held by ${generation.holder}`, 'Start a new run.');
    if (generation.holder === null) {
      this.done.push(`register holder ${holder}`);
      this.register = { ...this.register, generation: { ...generation, holder }, state: 'alone' };
    }
    return { verb: 'register', record: this.register };
  }

  private raiseHost(at: FakeHost, host: string, generation: Generation): HostReply {
    if (generation.number >= at.generation.number) at.generation = generation;
    if (generation.holder !== systemOfHost(host)) at.working = false;
    return { verb: 'host-fenced', generation: at.generation, work: this.work(at) };
  }

  private work(at: FakeHost) {
    return {
      running: at.working,
      generation: at.generation.number,
      lastCompletedTransaction: 0,
      completedTransactions: 0,
      ratePerSecond: 0,
      stoppedReason: at.working ? null : 'stopped',
    };
  }

  private hostFacts(host: FakeHostName) {
    const at = this.hosts[host];
    const { generation } = at;
    return {
      host,
      system: systemOfHost(host),
      generation,
      work: this.work(at),
      storageAnswers: true,
      heartbeats: this.views(host),
      witnessAnswers: this.witnessUp,
    };
  }

  private views(observer: string): HeartbeatView[] {
    return this.hostNames.filter((of) => of !== observer).map((of) => this.view(observer, of));
  }

  private view(observer: string, of: FakeHostName): HeartbeatView {
    const { completed, lost, storageAnswers, ageMs } = this.heard[of];
    const last = {
      from: of,
      system: systemOfHost(of),
      beat: 1,
      incarnation: 'a',
      generation: this.hosts[of].generation,
      pairs: [],
      completedNumber: completed,
      completedAt: 0,
      lastIoAgeMs: 0,
      storageAnswers,
      work: this.work(this.hosts[of]),
      echo: null,
    };
    return {
      observer,
      of,
      ageMs: lost ? 60_000 : ageMs,
      lost,
      last,
      highestCompletedNumber: completed,
      highestCompletedAt: 0,
    };
  }
}
