/**
 * Difference snapshots at one system (003 §[0163]–[0167]; 1b rule 21): as a source the frozen sets of each pair, as a destination
 * the set that came last. Volumes change in the ways known to the core; each of them asks here first.
 */
import { isFlowing } from '../domain/pair-states.ts';
import { DiskError } from '../domain/ports.ts';
import { answeredThrough } from './answered.ts';
import type { StorageCore } from './core.ts';
import { DifferenceVolume, type SetHead } from './difference-volume.ts';
import { eachTrack } from './entry.ts';
import { FrozenSets } from './frozen-sets.ts';
import type { PairRecord } from './system-record.ts';
import { joinedTracks } from './track-bits.ts';

/** A set that is being reflected into the data volumes, on record so that a crash does not leave it half done. */
export interface Reflecting {
  key: string;
  id: number;
  number: number;
  /** Number at which the image stood before. */
  from: number;
  /** All of it is in the data volumes; it stays on record until that is durable. */
  applied: boolean;
}

/** A set as its destination keeps it. */
interface ArrivedHead extends SetHead {
  /** Number at which the image stood before. */
  from: number;
}

/** Does this pair send difference snapshots? */
export function sendsSnapshots({ definition }: Pick<PairRecord, 'definition'>): boolean {
  return definition.kind === 'async' && definition.transport === 'difference-snapshot';
}

export class Snapshots {
  /** Told when the difference volume of a source has no room left for what a write overwrites. */
  onOverflow: ((key: string) => void) | null = null;
  private readonly sources = new Map<string, FrozenSets>();
  /** What was known of the differences when a doubt began, and at which number; by pair key. */
  private readonly sure = new Map<string, { bits: Uint8Array; number: number }>();
  private readonly arrived = new Map<string, DifferenceVolume<ArrivedHead>>();

  constructor(private readonly core: StorageCore) {}

  /** Finds what a kill has left. Throws `DiskError`. */
  recover(): void {
    const { disk } = this.core.ports;
    for (const [key, pair] of this.core.pairs.all()) {
      if (!sendsSnapshots(pair)) continue;
      if (this.core.pairs.isSource(pair)) this.of(key);
      const { trackBytes } = this.core.volumes;
      const arrived = DifferenceVolume.recover<ArrivedHead>(disk, fileOf(key), trackBytes, this.limitTracks);
      if (arrived) this.arrived.set(key, arrived);
    }
  }

  /** Tracks that a difference volume has room for: it stands where a journal pair has its journal volume (003 §[0163]). */
  get limitTracks(): number {
    return Math.floor(this.core.config.definition.journalBytes / this.core.volumes.trackBytes);
  }

  /** The frozen sets of the pair `key`, of which this system is the source. */
  of(key: string): FrozenSets {
    const known = this.sources.get(key);
    if (known) return known;
    const { core } = this;
    const made = new FrozenSets({
      disk: core.ports.disk,
      key,
      volumes: core.volumes,
      limitTracks: this.limitTracks,
      bitmap: () => core.pairs.bitmap(key),
      now: () => core.ports.clock.now(),
      careless: core.mutant('overwrite-not-copied'),
    });
    this.sources.set(key, made);
    return made;
  }

  /** Does this system keep the differences of this pair as bits, and no journal entries for it? */
  feeds(pair: PairRecord): boolean {
    return sendsSnapshots(pair) && isFlowing(pair.state) && this.core.pairs.isSource(pair);
  }

  /** Updates may be missing here: until they are had back, all tracks may differ. */
  beginDoubt(key: string, pair: PairRecord): void {
    const { core } = this;
    if (!this.feeds(pair) || pair.state !== 'duplex') return;
    this.sure.set(key, { bits: core.pairs.bitmap(key).snapshot(), number: core.checkpointNumber });
  }

  /**
   * Every update is here again: what differs is what was known to at the last checkpoint, for bits are durable with it, and what
   * the updates since have changed. Throws `DiskError`.
   */
  endDoubt(key: string): void {
    const sure = this.sure.get(key);
    this.sure.delete(key);
    const since = sure && this.core.tracksAfter(sure.number);
    if (sure && since) this.core.pairs.bitmap(key).narrowTo(joinedTracks(sure.bits, since));
  }

  /** A bit of `key` was set. */
  marked(key: string, volume: number, track: number): void {
    this.sources.get(key)?.marked(this.indexOf(volume, track));
  }

  /** A range of a data volume is about to be overwritten by update `number`, or by a copy (null). Throws `DiskError`. */
  protect(volume: number, offsetBytes: number, lengthBytes: number, number: number | null): void {
    for (const [key, sets] of this.sources) {
      const { newest } = sets;
      // Carried out once more at recovery: what the sets hold came after it.
      if (!newest || (number !== null && number <= newest.head.number)) continue;
      let isKept = true;
      eachTrack(offsetBytes, lengthBytes, this.core.volumes.trackBytes, (track) => {
        isKept = isKept && sets.protect(this.indexOf(volume, track));
      });
      if (!isKept) this.overflowed(key, sets);
    }
  }

  /** The bits know all that the sets held; the pair has to stop, for what was under way can no longer be sent. */
  private overflowed(key: string, sets: FrozenSets): void {
    sets.drop();
    this.core.observer.event(
      'difference-volume-overflow',
      `the difference volume of ${key} is full: the set on its way is given up`,
      {
        key,
      },
    );
    this.core.life.soon(() => this.onOverflow?.(key));
  }

  /** Freezes the next set of `key` at the last number given. Null where it is too large for a difference volume. Throws `DiskError`. */
  freeze(key: string, pair: PairRecord): SetHead | null {
    const { core } = this;
    const sets = this.of(key);
    const { head } = sets.freeze(core.lastNumber, core.record.lineage, pair.session);
    if (head.tracks <= this.limitTracks) return head;
    this.overflowed(key, sets);
    return null;
  }

  /**
   * A drain begins: the number that the destination has to reach. Everything up to the last number is frozen; what a
   * synchronous destination may never answer is not shown, and stays a difference (rules 20, 21). Throws `DiskError`.
   */
  freezeForDrain(key: string, pair: PairRecord): number {
    const { core } = this;
    const sets = this.of(key);
    const confirmed = core.pairs.peerDurable(key);
    const last = core.lastNumber;
    const willAnswer = core.pairs
      .all()
      .every(([, each]) => each.definition.kind !== 'sync' || !core.pairs.isSource(each) || each.state === 'duplex');
    if (!willAnswer && answeredThrough(core) < last) {
      const shown = sets.oldest?.head.number ?? confirmed;
      return shown <= answeredThrough(core) ? shown : confirmed;
    }
    const held = sets.newest?.head.number ?? confirmed;
    if (held < last) this.freeze(key, pair);
    return last;
  }

  /** The destination holds everything up to `number`, durably. */
  confirmed(key: string, number: number): void {
    this.sources.get(key)?.confirmed(number);
  }

  /** The pair does not flow any more: what was under way is in the bits. Throws `DiskError`. */
  giveUp(key: string): void {
    this.sources.get(key)?.drop();
    this.core.pairs.bitmap(key).joinPlanes();
  }

  /** The set that came last over `key`, whole or not; null where none did. */
  arrival(key: string): DifferenceVolume<ArrivedHead> | null {
    return this.arrived.get(key) ?? null;
  }

  /** A set begins to come. Throws `DiskError`. */
  expect(key: string, head: SetHead): DifferenceVolume<ArrivedHead> {
    this.arrived.get(key)?.close();
    const { ports, volumes, lastNumber } = this.core;
    const kept = { ...head, from: lastNumber };
    const volume = DifferenceVolume.create(ports.disk, fileOf(key), volumes.trackBytes, this.limitTracks, kept);
    this.arrived.set(key, volume);
    return volume;
  }

  /** What has come is of no use. Throws `DiskError`. */
  discard(key: string): void {
    this.arrived.get(key)?.drop();
    this.arrived.delete(key);
  }

  /** The pair is deleted. Throws `DiskError`. */
  removed(key: string): void {
    const { record } = this.core;
    this.sources.get(key)?.drop();
    this.sources.delete(key);
    this.discard(key);
    if (record.reflecting?.key === key) record.reflecting = null;
  }

  /** The machine lost its power: only what is being reflected was synced. Throws `DiskError`. */
  lost(): void {
    for (const sets of this.sources.values()) sets.drop();
    const { reflecting } = this.core.record;
    for (const key of [...this.arrived.keys()]) if (reflecting?.key !== key) this.discard(key);
  }

  /**
   * Puts a whole and durable set into the data volumes, in one turn: nobody reads in between, and a kill finds it on record.
   * From then on this image stands at the set's number. Throws `HaltedError` where the disk fails.
   */
  reflect(key: string, set: DifferenceVolume): void {
    const { record } = this.core;
    const { id, number } = set.head;
    record.reflecting = { key, id, number, from: this.core.lastNumber, applied: false };
    this.core.save();
    if (!this.apply(key, set)) this.core.life.halt(new DiskError('EIO', set.name, `set ${id} cannot be read`));
    this.reached(set.head);
  }

  /** What of a set was on record as being reflected when this system died. False where it cannot be had back any more. Throws `DiskError`. */
  redo(reflecting: Reflecting): boolean {
    const set = this.arrival(reflecting.key);
    if (set?.head.id !== reflecting.id || !this.apply(reflecting.key, set)) return false;
    if (!reflecting.applied) this.reached(set.head);
    return true;
  }

  private apply(key: string, set: DifferenceVolume): boolean {
    const { core } = this;
    const { tracksPerVolume } = core.volumes;
    if (set.count !== set.head.tracks) return false;
    try {
      for (const index of set.indexes()) {
        const data = set.read(index);
        if (!data) return false;
        core.overwriteTrack(Math.floor(index / tracksPerVolume), index % tracksPerVolume, data, key);
      }
    } catch (error) {
      if (error instanceof DiskError) core.life.halt(error);
      throw error;
    }
    return true;
  }

  private reached({ lineage, number }: SetHead): void {
    const { core } = this;
    if (core.record.reflecting) core.record.reflecting.applied = true;
    core.adoptHistory(lineage, number);
    core.touch();
  }

  /** Destination: what it holds above `common` and its source may not, as bits. False where nobody knows which tracks that is. */
  excessToBits(key: string, common: number): boolean {
    const set = this.arrival(key);
    if (!set || set.head.number !== this.core.lastNumber || common < set.head.from) return false;
    const bitmap = this.core.pairs.bitmap(key);
    const { tracksPerVolume } = this.core.volumes;
    for (const index of set.indexes()) bitmap.mark(Math.floor(index / tracksPerVolume), index % tracksPerVolume);
    return true;
  }

  close(): void {
    for (const sets of this.sources.values()) sets.close();
    for (const set of this.arrived.values()) set.close();
  }

  private indexOf(volume: number, track: number): number {
    return volume * this.core.volumes.tracksPerVolume + track;
  }
}

const fileOf = (key: string) => `arrived-${key}`;
