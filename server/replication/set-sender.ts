/**
 * Ships the frozen sets of one pair in its session (003 §[0165], [0167]; 1b rule 21): offers a set, sends what the destination has
 * not got of it yet, and freezes the next one only when the destination has confirmed it. Inside a session its frames are
 * as ordered as all others.
 */
import { isCopying } from '../domain/pair-states.ts';
import type { Timer } from '../domain/ports.ts';
import type { SetFacts } from '../domain/storage-controller.ts';
import { answeredThrough } from './answered.ts';
import type { StorageCore } from './core.ts';
import type { FrozenSet, FrozenSets } from './frozen-sets.ts';
import { SendWindow } from './send-window.ts';
import { setChecksum } from './set-checksum.ts';
import type { StreamFrame } from './stream-frames.ts';
import type { PairRecord } from './system-record.ts';

export interface SetSenderEvents {
  /** Sends a frame in the order of the session; its place in it. */
  send(frame: StreamFrame): number;
  fault(reason: string): void;
  /** The last set of a formation copy was frozen. */
  lastFrozen(): void;
}

/** Formation copy: so often all that has changed is copied once more before it is given up: it will never fit. */
const MAX_PASSES = 8;

interface Shipment {
  set: FrozenSet;
  indexes: number[];
  /** `waiting`: it may not be shown yet. `offered`: the destination has to say what it has of it. */
  phase: 'waiting' | 'offered' | 'sending' | 'sent';
  position: number;
  checksum: number;
}

export class SetSender {
  private isOpen = false;
  private shipment: Shipment | null = null;
  private timer: Timer | null = null;
  private frozenAtMs = Number.NEGATIVE_INFINITY;
  /** Formation copy: tracks yet to be copied as they stand, before the rest is frozen. */
  private leftOfPass = 0;
  private passes = 0;
  private readonly window: SendWindow;

  constructor(
    private readonly core: StorageCore,
    private readonly key: string,
    private readonly events: SetSenderEvents,
  ) {
    this.window = new SendWindow(core.config.windowBytes);
  }

  /** What is on its way, for the facts; null where nothing is. */
  get progress(): SetFacts | null {
    const { shipment } = this;
    if (!shipment) return null;
    const { id, number, at, tracks } = shipment.set.head;
    return { id, number, at, tracks, doneTracks: shipment.position };
  }

  /** A session was opened, with so many tracks to copy as the destination was told; later ones are left to a set. */
  begin(tracks: number): void {
    this.isOpen = true;
    this.shipment = null;
    this.window.clear();
    this.leftOfPass = tracks;
    this.passes = 0;
  }

  /** The session is over; the sets stay. */
  close(): void {
    this.isOpen = false;
    this.shipment = null;
    this.window.clear();
    this.timer?.cancel();
    this.timer = null;
  }

  /** Something may have become possible: changes to freeze, room on the line, a number that may be shown now. */
  look(): void {
    const pair = this.core.pairs.get(this.key);
    if (!this.isOpen || !pair || !this.core.snapshots.feeds(pair)) return;
    if (this.shipment && this.shipment.set !== this.sets.oldest) this.shipment = null;
    const set = this.sets.oldest ?? this.freezeNext(pair);
    if (!set || (pair.state === 'suspending' && set.head.number > (pair.drainTarget ?? 0))) return;
    if (!this.shipment) this.shipment = { set, indexes: set.indexes(), phase: 'waiting', position: 0, checksum: 0 };
    if (this.shipment.phase === 'waiting') this.offer(this.shipment);
    else this.ship();
  }

  /** The destination has taken everything up to `sequence`. Returns the bytes of tracks among it. */
  landed(sequence: number): number {
    return this.window.land(sequence, () => undefined);
  }

  /** The destination has so many of the tracks of set `id` already. */
  ready(id: number, have: number): void {
    const { shipment } = this;
    if (shipment?.phase !== 'offered' || shipment.set.head.id !== id) return;
    if (have > shipment.indexes.length) return this.events.fault(`the destination holds ${have} tracks of set ${id}`);
    while (shipment.position < have) if (!this.track(shipment)) return;
    shipment.phase = 'sending';
    this.ship();
  }

  /** The destination holds everything up to `number` durably: that its answers may still be under way changes nothing. */
  confirmed(number: number): void {
    const { pairs, snapshots } = this.core;
    pairs.notePeer(
      this.key,
      Math.max(pairs.peerAccepted(this.key), number),
      Math.max(pairs.peerDurable(this.key), number),
    );
    snapshots.confirmed(this.key, number);
    if (this.shipment && this.shipment.set.head.number <= number) this.shipment = null;
  }

  private get sets(): FrozenSets {
    return this.core.snapshots.of(this.key);
  }

  private freezeNext(pair: PairRecord): FrozenSet | null {
    const { core, key } = this;
    if (isCopying(pair.state)) {
      if (!this.mayFreezeRest()) return null;
    } else if (pair.state === 'suspending') {
      // The last set was on record when the drain began; a loss of power took it.
      if (core.pairs.peerDurable(key) >= (pair.drainTarget ?? 0)) return null;
      if (core.lastNumber !== pair.drainTarget) {
        this.events.fault('the set frozen for the drain is lost');
        return null;
      }
    } else if (!this.isDue()) {
      return null;
    }
    this.frozenAtMs = core.ports.clock.monotonic();
    core.snapshots.freeze(key, pair);
    if (isCopying(pair.state)) this.events.lastFrozen();
    return this.sets.oldest;
  }

  /**
   * A formation copy copies each track as it stands, once; what has changed meanwhile is frozen at one number, and that set is
   * its end. Where it is too large for a difference volume, it is copied once more.
   */
  private mayFreezeRest(): boolean {
    const { core, key } = this;
    const { inFlight, waiting } = core.pairs.bitmap(key);
    if (inFlight > 0 || (this.leftOfPass > 0 && waiting > 0)) return false;
    if (waiting <= core.snapshots.limitTracks) return true;
    this.leftOfPass = waiting;
    this.passes += 1;
    if (this.passes >= MAX_PASSES) this.events.fault('more changes during the copy than a difference volume holds');
    return false;
  }

  /** Formation copy: may a track still be copied as it stands now? */
  get mayCopyTrack(): boolean {
    return this.leftOfPass > 0 && this.sets.oldest === null;
  }

  /** Formation copy: a track was sent as it stood. */
  copiedTrack(): void {
    this.leftOfPass -= 1;
  }

  /** There is something to send and the interval has passed; else it is looked at again when it has. */
  private isDue(): boolean {
    const { core, key } = this;
    const isBehind = core.pairs.peerDurable(key) < core.lastNumber || core.pairs.bitmap(key).count > 0;
    if (!isBehind) return false;
    const waitMs = this.frozenAtMs + core.config.timing.snapshotIntervalMs - core.ports.clock.monotonic();
    if (waitMs <= 0) return true;
    // A fraction too small for the clock would come back at once.
    this.timer ??= core.life.after(Math.ceil(waitMs), () => {
      this.timer = null;
      this.look();
    });
    return false;
  }

  /**
   * A synchronous destination must have answered what is shown (rule 20); and what the other end is to hold must not be lost
   * here with the power, for it keeps no updates one by one that this end could have back.
   */
  private offer(shipment: Shipment): void {
    const { core } = this;
    const { head } = shipment.set;
    if (!core.mutant('reads-beyond-answered') && answeredThrough(core) < head.number) return;
    shipment.phase = 'offered';
    core.life.when(core.checkpoints.run(), () => {
      if (this.shipment === shipment && this.isOpen) this.events.send({ type: 'set-begin', ...headOf(shipment.set) });
    });
  }

  private ship(): void {
    const { shipment } = this;
    if (shipment?.phase !== 'sending') return;
    while (shipment.position < shipment.indexes.length && this.window.hasRoomForTrack) {
      const track = this.track(shipment);
      if (!track) return;
      const sequence = this.events.send({ type: 'set-track', ...track });
      this.window.add(sequence, track.data.length, { volume: track.volume, track: track.track });
    }
    if (shipment.position < shipment.indexes.length) return;
    shipment.phase = 'sent';
    const { id, tracks } = shipment.set.head;
    this.events.send({ type: 'set-end', id, tracks, checksum: shipment.checksum });
    if (this.core.mutant('set-dropped-early')) this.core.snapshots.confirmed(this.key, shipment.set.head.number);
  }

  /** Takes the next track of the set into account; null where it cannot be read. */
  private track(shipment: Shipment): { volume: number; track: number; data: Uint8Array } | null {
    const index = shipment.indexes[shipment.position] ?? 0;
    const data = this.sets.content(shipment.set, index);
    if (!data) {
      this.events.fault(`track ${index} of set ${shipment.set.head.id} is damaged in the difference volume`);
      return null;
    }
    shipment.position += 1;
    shipment.checksum = setChecksum(shipment.checksum, index, data);
    return { volume: this.sets.volumeOf(index), track: this.sets.trackOf(index), data };
  }
}

function headOf({ head }: FrozenSet): Omit<Extract<StreamFrame, { type: 'set-begin' }>, 'type'> {
  const { id, number, lineage, tracks, at } = head;
  return { id, number, lineage, tracks, at };
}
