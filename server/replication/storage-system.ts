/**
 * One storage system: a controller with its volumes, journal, bitmaps and pairs (003 §[0061]–[0063]). Everything it does
 * follows from calls, frames and timers; everything it must remember is on its disk, so that it may be killed at any
 * instant and be rebuilt from there.
 */
import { z } from 'zod';
import { pairKey } from '../domain/names.ts';
import { isFlowing, isSuspended, type PairState } from '../domain/pair-states.ts';
import type { Ports, Timer } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import type { StorageController, StorageInstruction, StorageReply, SystemFacts } from '../domain/storage-controller.ts';
import type { Channel } from '../network/channel-types.ts';
import type { StorageConfig, StorageConnections, StorageObserver } from './config.ts';
import { StorageCore } from './core.ts';
import type { Entry } from './entry.ts';
import { VolumeExports } from './exports.ts';
import { FactsReader } from './facts.ts';
import { Fencing } from './fencing.ts';
import { HostWrites } from './host-writes.ts';
import { Instructions } from './instructions.ts';
import { PairEnds } from './pair-ends.ts';
import { endSchema, type OpenReply, type PairMethod, pairMethods } from './pair-messages.ts';
import { PairPeer } from './pair-peer.ts';
import { recover } from './recovery.ts';
import { instructionSchema } from './storage-messages.ts';

const relaySchema = z.object({ target: z.string(), instruction: z.unknown() });

interface StateWaiter {
  key: string;
  states: readonly PairState[];
  settle: (reached: boolean) => void;
  timer: Timer;
}

export class StorageSystem implements StorageController {
  readonly exports: VolumeExports;
  /** Told when clients must be dropped, for what they may do has changed. */
  onExportsChanged: (() => void) | null = null;
  /** Number of NBD clients, for `facts`. */
  clients: () => number = () => 0;
  private readonly core: StorageCore;
  private readonly ends: PairEnds;
  private readonly writes: HostWrites;
  private readonly peer: PairPeer;
  private readonly fencing: Fencing;
  private readonly instructions: Instructions;
  private readonly reader: FactsReader;
  private waiters: StateWaiter[] = [];
  private served: { holds: boolean; consistent: boolean };
  private retryTimer: Timer | null = null;
  private stopped = false;

  constructor(
    private readonly ports: Ports,
    private readonly config: StorageConfig,
    private readonly connections: StorageConnections,
    observer: StorageObserver,
  ) {
    this.core = new StorageCore(ports, config, {
      event: (kind, text, facts) => observer.event(kind, text, facts),
      changed: () => observer.changed(),
      transition: (change) => {
        observer.transition(change);
        this.settleWaiters();
        this.exportsMayHaveChanged();
        observer.changed();
      },
    });
    this.writes = new HostWrites(this.core, {
      stored: (entry) => this.ends.stored(entry),
      journalFull: () => this.letSlowestGo(),
      flushPeer: async (key) => {
        await this.ends.at(key).link.call('pair.flush', { key }, config.timing.callMs);
      },
    });
    this.ends = new PairEnds(this.core, connections, {
      accepted: () => this.writes.release(),
      stored: (entry: Entry) => this.ends.stored(entry),
      syncSuspended: (key, pair) => {
        this.core.record.joinPending = false;
        this.writes.suspended(pair);
        this.fencing.recordAlone(key, pair);
      },
      syncJoined: () => {
        this.core.record.joinPending = true;
        this.core.save();
        this.fencing.recordJoined();
      },
      sessionRefused: (key, reply) => this.sessionRefused(key, reply),
    });
    this.fencing = new Fencing(this.core, this.ends, this.writes, connections, (target) =>
      this.relay(target, { verb: 'query' }),
    );
    this.peer = new PairPeer(
      this.core,
      this.ends,
      this.writes,
      (generation) => this.fencing.learn(generation),
      (token) => this.fencing.admit(token),
    );
    this.reader = new FactsReader(
      this.core,
      this.ends,
      this.writes,
      connections,
      () => this.fencing.consistentNumber(),
      () => this.clients(),
    );
    this.instructions = new Instructions(
      this.core,
      this.ends,
      this.peer,
      this.fencing,
      this.reader,
      (target, instruction) => this.relay(target, instruction),
      (key, states, timeoutMs) => this.waitForState(key, states, timeoutMs),
    );
    this.exports = new VolumeExports(this.core, this.writes);
    this.served = { holds: this.core.record.holdsHostRole, consistent: this.core.record.imageConsistent };
    this.core.onCheckpoint = () => this.checkpointed();
  }

  /** Recovers from disk, then takes its links in hand. Links may be started once it has resolved. */
  async start(): Promise<void> {
    recover(this.core, this.ends, this.fencing);
    for (const [peer, link] of this.connections.links) this.takeLink(peer, link);
    const { witness } = this.connections;
    witness.onUp = () => this.poke();
    this.poke();
  }

  /** Serves any call that reaches this process over a channel. Throws `RefusedError`. */
  async handle(method: string, params: unknown, from: Channel): Promise<unknown> {
    if (method === 'storage') return this.serveRelay(params);
    if (Object.hasOwn(pairMethods, method)) {
      // `hasOwn` has just proven that it is one of them.
      const answer = await this.peer.serve(method as PairMethod, params, from.peer.name);
      this.poke();
      return answer;
    }
    throw refuse('bad-request', `A storage system knows no method ${method}.`, 'Call storage.');
  }

  async perform(instruction: StorageInstruction): Promise<StorageReply> {
    const reply = await this.instructions.perform(instruction);
    this.poke();
    return reply;
  }

  facts(): SystemFacts {
    return this.reader.system();
  }

  stop(): void {
    this.stopped = true;
    this.retryTimer?.cancel();
    this.fencing.stop();
    this.ends.stop();
    for (const waiter of this.waiters.splice(0)) waiter.timer.cancel();
    this.core.stop();
  }

  private serveRelay(params: unknown): Promise<StorageReply> {
    const parsed = relaySchema.safeParse(params);
    if (!parsed.success)
      throw refuse('bad-request', 'An instruction names its target and what to do.', 'Send { target, instruction }.');
    const instruction = instructionSchema.safeParse(parsed.data.instruction);
    if (!instruction.success) {
      const issue = instruction.error.issues[0];
      throw refuse(
        'bad-request',
        `The instruction is malformed: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`,
        'Send an instruction of this version.',
      );
    }
    return parsed.data.target === this.config.system
      ? this.perform(instruction.data)
      : this.relay(parsed.data.target, instruction.data);
  }

  /** Instructs another system of the group, through the neighbour that leads there (003 §[0077]: I is instructed through P). */
  private async relay(target: string, instruction: StorageInstruction): Promise<StorageReply> {
    const hop = this.connections.routes[target];
    const link = hop === undefined ? undefined : this.connections.links.get(hop);
    if (!link)
      throw refuse(
        'unknown-system',
        `${this.config.system} knows no way to ${target}.`,
        'Name a system of this group.',
      );
    const timeoutMs = this.config.timing.callMs + ('timeoutMs' in instruction ? instruction.timeoutMs : 0);
    // The other end checks what it gets and answers in kind.
    return (await link.call('storage', { target, instruction }, timeoutMs)) as StorageReply;
  }

  private takeLink(peer: string, link: StorageConnections['witness']): void {
    const key = pairKey(this.config.system, peer);
    link.onFrame = (frame) => this.ends.frame(key, frame);
    link.onDown = () => {
      this.ends.lineDown(key);
      this.core.observer.changed();
    };
    link.onUp = () => this.meet(key);
  }

  /** The line is up: both ends tell what they have, and go on from there. */
  private meet(key: string): void {
    const { link } = this.ends.at(key);
    const { epoch } = link;
    this.core.observer.changed();
    link.call('pair.exchange', { key, end: this.peer.view(key) }, this.config.timing.callMs).then(
      (answer) => {
        if (this.stopped || link.epoch !== epoch) return;
        this.peer.reconcile(key, endSchema.parse(answer));
        this.ends.at(key).source.open();
        this.poke();
      },
      () => {
        // The channel is lost or the peer is of another version: after a pause the line is taken up anew.
        if (!this.stopped && link.epoch === epoch && link.up) link.drop('the ends could not agree');
      },
    );
  }

  private sessionRefused(key: string, reply: Extract<OpenReply, { opened: false }>): void {
    this.ports.log.write('info', 'session refused', { pair: key, why: reply.why, text: reply.text });
    this.fencing.learn(reply.generation);
    this.peer.reconcile(key, reply.end);
    const pair = this.core.pair(key);
    if (!pair || !this.core.isSource(pair) || !isFlowing(pair.state)) return;
    if (reply.why === 'busy') pair.session = Math.max(pair.session, reply.end.session);
    this.ports.clock.after(reply.why === 'stale-generation' ? 0 : this.config.timing.retryMs, () =>
      this.ends.at(key).source.open(),
    );
  }

  /** What may have become possible: each of these does nothing where there is nothing to do. */
  private poke(): void {
    if (this.stopped) return;
    this.fencing.confirm();
    for (const [key, pair] of this.core.pairs()) this.fencing.recordAlone(key, pair);
    this.fencing.recordJoined();
    this.writes.release();
    this.exportsMayHaveChanged();
    this.core.observer.changed();
  }

  private checkpointed(): void {
    if (!this.core.journal.fits(this.core.volumes.trackBytes)) this.letSlowestGo();
    this.ends.checkpointed();
    this.writes.release();
  }

  /** A finite journal: the destination that is furthest behind is suspended, and bits take over (spec: overflow; rule 19). */
  private letSlowestGo(): void {
    let slowest: { key: string; accepted: number } | null = null;
    for (const [key, pair] of this.core.pairs()) {
      if (
        !this.core.isSource(pair) ||
        pair.definition.kind !== 'async' ||
        isSuspended(pair.state) ||
        pair.state === 'simplex'
      )
        continue;
      const accepted = this.core.peerAccepted(key);
      if (slowest === null || accepted < slowest.accepted) slowest = { key, accepted };
    }
    if (slowest === null || slowest.accepted >= this.core.checkpointNumber) return;
    this.core.observer.event(
      'journal-overflow',
      `the journal is full; ${slowest.key} is suspended and keeps bits instead`,
      { key: slowest.key },
    );
    this.ends.suspend(slowest.key, 'fault', 'the journal is full', null, true);
    this.core.trim();
  }

  private waitForState(key: string, states: readonly PairState[], timeoutMs: number): Promise<boolean> {
    const reached = () => states.includes(this.core.pair(key)?.state ?? 'simplex') && this.core.pair(key) !== null;
    if (reached()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (result: boolean) => {
        this.waiters = this.waiters.filter((each) => each !== waiter);
        waiter.timer.cancel();
        resolve(result);
      };
      const waiter: StateWaiter = {
        key,
        states,
        settle,
        timer: this.ports.clock.after(timeoutMs, () => settle(false)),
      };
      this.waiters.push(waiter);
    });
  }

  private settleWaiters(): void {
    for (const waiter of [...this.waiters]) {
      const pair = this.core.pair(waiter.key);
      if (pair && waiter.states.includes(pair.state)) waiter.settle(true);
    }
  }

  private exportsMayHaveChanged(): void {
    const { holdsHostRole, imageConsistent } = this.core.record;
    if (this.served.holds === holdsHostRole && this.served.consistent === imageConsistent) return;
    this.served = { holds: holdsHostRole, consistent: imageConsistent };
    this.onExportsChanged?.();
  }
}
