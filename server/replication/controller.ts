/**
 * One incarnation of a storage system's controller: its parts, and what each of them brings about in the others. Everything
 * it does follows from calls, frames and timers; everything it must remember is on its disk.
 */
import { pairKey } from '../domain/names.ts';
import { isFlowing } from '../domain/pair-states.ts';
import type { Ports } from '../domain/ports.ts';
import type { StorageInstruction, StorageReply } from '../domain/storage-controller.ts';
import { CatchUp } from './catch-up.ts';
import type { StorageConfig, StorageConnections, StorageObserver } from './config.ts';
import { Confirmation } from './confirmation.ts';
import { StorageCore } from './core.ts';
import { Drains } from './drains.ts';
import { Drivers } from './drivers.ts';
import { FactsReader } from './facts.ts';
import { Fencing } from './fencing.ts';
import { Formation } from './formation.ts';
import { EIO } from './host-gate.ts';
import { HostWrites } from './host-writes.ts';
import type { Incarnation } from './incarnation.ts';
import { Instructions } from './instructions.ts';
import { JournalRoom } from './journal-room.ts';
import { PairEnds } from './pair-ends.ts';
import { endSchema, flushReply, type OpenReply } from './pair-messages.ts';
import { PairRemoval } from './pair-removal.ts';
import { PairService } from './pair-service.ts';
import { Reconciler } from './reconcile.ts';
import { recover } from './recovery.ts';
import { SplitRecord } from './split-record.ts';
import { StateWaiters } from './state-waiters.ts';
import { Suspension } from './suspension.ts';

export interface Surroundings {
  ports: Ports;
  config: StorageConfig;
  connections: StorageConnections;
  observer: StorageObserver;
  clients: () => number;
  relay: (target: string, instruction: StorageInstruction) => Promise<StorageReply>;
  /** What hosts may do here, or what they would read, has changed. */
  exportsChanged: () => void;
}

export class Controller {
  readonly core: StorageCore;
  readonly writes: HostWrites;
  readonly pairService: PairService;
  readonly instructions: Instructions;
  readonly facts: FactsReader;
  private readonly ends: PairEnds;
  private readonly suspension: Suspension;
  private readonly drains: Drains;
  private readonly formation: Formation;
  private readonly reconciler: Reconciler;
  private readonly catchUp: CatchUp;
  private readonly fencing: Fencing;
  private readonly confirmation: Confirmation;
  private readonly splitRecord: SplitRecord;
  private readonly room: JournalRoom;
  private readonly waiters: StateWaiters;
  private served = { holds: false, consistent: false };

  /** Opens the disk. Throws `DiskError`. */
  constructor(
    private readonly around: Surroundings,
    private readonly life: Incarnation,
  ) {
    const { config, connections, observer } = around;
    this.waiters = new StateWaiters(life);
    const core = new StorageCore(
      around.ports,
      config,
      {
        event: (kind, text, facts) => observer.event(kind, text, facts),
        changed: () => observer.changed(),
        transition: (change) => {
          observer.transition(change);
          observer.changed();
          this.life.soon(() => {
            this.ends.tellProgress();
            this.catchUp.look();
          });
          this.waiters.settle((key) => this.core.pairs.get(key)?.state ?? null);
        },
      },
      life,
    );
    this.core = core;
    this.ends = this.makeEnds();
    this.suspension = new Suspension(core, this.ends, {
      stopped: (key) => this.drains.disarm(key),
      syncSuspended: (_key, pair) => {
        core.record.joinPending = false;
        this.writes.suspended(pair);
        this.ends.released();
        this.splitRecord.recordAlone();
      },
    });
    this.drains = new Drains(core, this.ends, this.suspension);
    const formation = new Formation(core, this.ends, {
      syncJoined: () => {
        core.record.joinPending = true;
        core.save();
        this.splitRecord.recordJoined();
        this.writes.release();
      },
      imageChanged: () => this.poke(),
      heldAbove: () => this.writes.heldAbove(),
    });
    const learn = this.fencingLearn.bind(this);
    this.reconciler = new Reconciler(core, this.ends, this.suspension, this.drains, formation, learn);
    this.catchUp = new CatchUp(core, this.ends, this.suspension, { settled: () => this.settled() });
    this.writes = new HostWrites(core, {
      stored: (entry) => this.ends.stored(entry),
      noRoom: (neededBytes) => this.room.want(neededBytes),
      flushPeer: (key) => this.askDurable(key),
    });
    this.room = new JournalRoom(core, {
      askDurable: (key) => this.pressDurable(key),
      letGo: (key) => this.suspension.suspend(key, 'fault', 'the journal is full', null, true),
      room: () => {
        this.ends.unblock();
        this.writes.release();
      },
    });
    this.fencing = new Fencing(core, this.suspension, {
      demoted: () => this.writes.demoted(),
      promoted: () => {
        this.writes.gate.confirmed = true;
        this.poke();
      },
      raised: () => {
        // Whoever is linked hears of it, be it from whomever (rule 4); in the next turn, when it is all carried out here.
        life.soon(() => this.meetAll());
      },
    });
    this.confirmation = new Confirmation(core, connections, {
      learn,
      isConfirmed: () => this.writes.gate.confirmed,
      confirmed: () => {
        this.writes.gate.confirmed = true;
        this.poke();
      },
      ask: (target) => around.relay(target, { verb: 'query' }),
    });
    this.splitRecord = new SplitRecord(core, this.ends, connections, {
      learn,
      recorded: () => {
        this.writes.release();
        this.ends.released();
      },
    });
    this.facts = new FactsReader(
      core,
      this.ends,
      this.writes,
      connections,
      () => this.fencing.consistentNumber(),
      around.clients,
    );
    const drivers = new Drivers(core);
    const untold = (key: string): void => this.meetAgain(key);
    const parts = {
      core,
      ends: this.ends,
      suspension: this.suspension,
      drains: this.drains,
      formation,
      reconciler: this.reconciler,
    };
    this.pairService = new PairService({
      ...parts,
      catchUp: this.catchUp,
      learn,
      admit: (token) => drivers.admit(token),
    });
    this.instructions = new Instructions({
      ...parts,
      removal: new PairRemoval(core, this.ends, this.suspension, untold),
      fencing: this.fencing,
      drivers,
      confirmation: this.confirmation,
      facts: this.facts,
      relay: around.relay,
      untold,
      waitForState: (key, states, timeoutMs) =>
        this.waiters.wait(() => core.pairs.get(key)?.state ?? null, key, states, timeoutMs),
    });
    this.formation = formation;
    core.onCheckpoint = () => this.checkpointed();
    core.snapshots.onOverflow = (key) =>
      this.suspension.suspend(key, 'fault', 'the difference volume is full', null, true);
  }

  private makeEnds(): PairEnds {
    return new PairEnds(this.core, this.around.connections, {
      accepted: () => {
        this.writes.release();
        this.ends.released();
      },
      durable: () => this.ends.tellProgress(),
      stored: (entry) => this.ends.stored(entry),
      moved: () => {
        this.ends.released();
        this.poke();
      },
      fault: (key, reason) => this.suspension.suspend(key, 'fault', reason, null, true),
      refused: (key, reply) => this.sessionRefused(key, reply),
      whole: (key) => this.formation.equal(key),
      drained: (key, number) => this.drains.drained(key, number),
      copyEnded: (key, number) => this.formation.whole(key, number),
      reached: (key) => this.drains.reached(key),
      noRoom: (neededBytes) => this.room.want(neededBytes),
      caughtUp: (key) => this.catchUp.caughtUp(key),
    });
  }

  /** Recovers from disk, then takes its links in hand. Throws `DiskError`, `HaltedError`. */
  start(syncFailed: boolean): void {
    const { core, ends, suspension, drains, fencing } = this;
    recover({ core, ends, suspension, drains, fencing }, syncFailed);
    this.served = this.serving();
    for (const [peer, link] of this.around.connections.links) {
      const key = pairKey(this.around.config.system, peer);
      link.onFrame = (frame) => this.life.enter(() => ends.frame(key, frame));
      link.onDown = () =>
        this.life.enter(() => {
          ends.close(key);
          core.observer.changed();
        });
      link.onUp = () => this.life.enter(() => this.meet(key));
      if (link.up) this.meet(key);
    }
    this.around.connections.witness.onUp = () => this.life.enter(() => this.poke());
    this.poke();
  }

  /** Ends this incarnation. What hosts wait for fails; what is on disk stays as it is. */
  stop(): void {
    this.life.end();
    this.ends.stop();
    this.drains.stop();
    this.waiters.abandon();
    this.writes.abandon(EIO);
    this.core.close();
  }

  /** What may have become possible: each of these does nothing where there is nothing to do. */
  poke(): void {
    this.confirmation.seek();
    this.splitRecord.recordAlone();
    this.splitRecord.recordJoined();
    this.writes.release();
    const serving = this.serving();
    if (serving.holds !== this.served.holds || serving.consistent !== this.served.consistent) {
      this.served = serving;
      this.around.exportsChanged();
    }
    this.core.observer.changed();
  }

  private serving(): { holds: boolean; consistent: boolean } {
    return { holds: this.core.record.holdsHostRole, consistent: this.core.record.imageConsistent };
  }

  private fencingLearn(generation: Parameters<Fencing['learn']>[0]): void {
    this.fencing.learn(generation);
  }

  private meetAll(): void {
    for (const key of this.ends.keys()) if (this.ends.at(key).link.up) this.meet(key);
  }

  /**
   * The other end did not answer, and a line that is silent for a while is not lost yet: the ends look at each other again,
   * once what was instructed is carried out here. Where that is not answered either, the line is taken up anew.
   */
  private meetAgain(key: string): void {
    this.life.after(0, () => {
      if (this.ends.at(key).link.up) this.meet(key);
    });
  }

  /** The line is up, or there is news: both ends tell what they have, and go on from there. */
  private meet(key: string): void {
    const { core } = this;
    const { link } = this.ends.at(key);
    const { epoch } = link;
    const version = core.pairs.get(key)?.version;
    core.observer.changed();
    this.life.when(
      link.call('pair.exchange', { key, end: this.reconciler.view(key) }, core.config.timing.callMs),
      (answer) => {
        if (link.epoch !== epoch) return;
        // What the other end said may be older than what has happened here since.
        if (core.pairs.get(key)?.version !== version) return this.meet(key);
        const theirs = endSchema.parse(answer);
        this.reconciler.reconcile(key, theirs);
        this.catchUp.met(key, theirs);
        if (core.pairs.get(key)) this.ends.at(key).source.open();
        this.poke();
      },
      () => {
        // The channel is lost or the peer is of another version: after a pause the line is taken up anew.
        if (link.epoch === epoch && link.up) link.drop('the ends could not agree');
      },
    );
  }

  private sessionRefused(key: string, reply: Extract<OpenReply, { opened: false }>): void {
    const { core } = this;
    core.ports.log.write('info', 'session refused', { pair: key, why: reply.why, text: reply.text });
    this.reconciler.reconcile(key, reply.end);
    const pair = core.pairs.get(key);
    if (!pair || !core.pairs.isSource(pair) || !isFlowing(pair.state)) return;
    if (reply.why === 'busy') pair.session = Math.max(pair.session, reply.end.session);
    this.life.after(reply.why === 'state' ? core.config.timing.retryMs : 0, () => this.ends.at(key).source.open());
  }

  private checkpointed(): void {
    this.ends.checkpointed();
    this.room.look();
  }

  /** Nothing is missing here any more: sessions may be opened, and hosts served. */
  private settled(): void {
    this.ends.openAll();
    for (const [key, pair] of this.core.pairs.all()) {
      const target = pair.state === 'suspending' && !this.core.pairs.isSource(pair) ? pair.drainTarget : null;
      if (target !== null && this.core.lastNumber >= target) this.drains.reached(key);
    }
    this.poke();
  }

  /** Has the other end make durable what it holds, and notes what it says. */
  private async askDurable(key: string): Promise<void> {
    const { pairs, config, lastNumber } = this.core;
    const reply = flushReply.parse(await this.ends.at(key).link.call('pair.flush', { key }, config.timing.callMs));
    const pair = pairs.get(key);
    if (!pair || !pairs.isSource(pair) || !isFlowing(pair.state)) return;
    const durable = Math.min(reply.durable, pairs.peerAccepted(key), lastNumber);
    this.life.enter(() => pairs.notePeer(key, pairs.peerAccepted(key), Math.max(pairs.peerDurable(key), durable)));
  }

  private pressDurable(key: string): void {
    this.life.when(
      this.askDurable(key),
      () => this.room.look(),
      () => undefined,
    );
  }
}
