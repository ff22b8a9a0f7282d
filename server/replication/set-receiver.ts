/**
 * Destination end of a pair that gets difference snapshots (003 §[0166], [0167]; 1b rule 21): keeps what comes in its difference
 * volume, and only a set that is whole, verified and durable there goes into the data volumes.
 */
import { isCopying, isFlowing } from '../domain/pair-states.ts';
import type { SetFacts } from '../domain/storage-controller.ts';
import type { StorageCore } from './core.ts';
import type { SetHead } from './difference-volume.ts';
import { setChecksum } from './set-checksum.ts';
import type { StreamFrame } from './stream-frames.ts';
import type { PairRecord } from './system-record.ts';

export interface SetReceiverEvents {
  /** News for the source, outside the order of the session. */
  tell(frame: StreamFrame): void;
  fault(reason: string): void;
  /** The image stands at the set's number now. */
  reflected(number: number): void;
  /** The set was here already: the source is told once more what is durable. */
  known(): void;
}

export class SetReceiver {
  /** Set that the open session sends; null where none was announced in it. */
  private current: SetHead | null = null;

  constructor(
    private readonly core: StorageCore,
    private readonly key: string,
    private readonly events: SetReceiverEvents,
  ) {}

  /** What is coming, for the facts; null where nothing is. */
  get progress(): SetFacts | null {
    const { current } = this;
    if (!current) return null;
    const { id, number, at, tracks } = current;
    return { id, number, at, tracks, doneTracks: this.core.snapshots.arrival(this.key)?.count ?? 0 };
  }

  /** A session begins or ends: whatever of a set is here stays. */
  reset(): void {
    this.current = null;
  }

  /** A set is offered. Throws `DiskError`. */
  begin(head: SetHead, isCopy: boolean): void {
    const { core } = this;
    this.current = head;
    // Of the same history a number names one content, so a set that comes twice is told from its number.
    if (!isCopy && head.number <= core.lastNumber)
      return this.afterCheckpoint(head, () => {
        this.current = null;
        this.events.known();
      });
    if (head.tracks > core.snapshots.limitTracks)
      return this.events.fault(`a set of ${head.tracks} tracks is larger than the difference volume`);
    // What was reflected last is kept until it is durable.
    if (core.record.reflecting) this.afterCheckpoint(head, () => this.takeIn(head));
    else this.takeIn(head);
  }

  private afterCheckpoint(head: SetHead, run: () => void): void {
    const { core } = this;
    core.life.when(core.checkpoints.run(), () => {
      if (this.current === head) run();
    });
  }

  private takeIn(head: SetHead): void {
    const { core, key } = this;
    const kept = core.snapshots.arrival(key);
    const isSame = kept?.head.id === head.id && kept.head.number === head.number && kept.head.tracks === head.tracks;
    const set = isSame ? kept : core.snapshots.expect(key, head);
    this.events.tell({ type: 'set-ready', id: head.id, have: set.count });
  }

  /** A track of the set that was announced. Throws `DiskError`. */
  store({ volume, track, data }: Extract<StreamFrame, { type: 'set-track' }>): void {
    const { core, key } = this;
    const { volumes } = core;
    const set = core.snapshots.arrival(key);
    if (!this.current || !set) return this.events.fault('a track came of a set that was not announced');
    const reason = volumes.outOfRange(volume, track * volumes.trackBytes, data.length);
    if (reason) return this.events.fault(`track ${track} of a set: ${reason}`);
    if (!set.save(volume * volumes.tracksPerVolume + track, data)) this.events.fault('the difference volume is full');
    if (core.mutant('partial-snapshot-reflected')) core.overwriteTrack(volume, track, data, key);
  }

  /** All of it was sent: it counts only if all of it is here. Throws `DiskError`. */
  end({ id, tracks, checksum }: Extract<StreamFrame, { type: 'set-end' }>): void {
    const { core, key } = this;
    const head = this.current;
    const set = core.snapshots.arrival(key);
    if (!head || !set || head.id !== id || set.head.id !== id)
      return this.events.fault(`the end came of set ${id}, which was not announced`);
    if (set.count !== tracks || set.head.tracks !== tracks || this.checksumOf() !== checksum) {
      core.snapshots.discard(key);
      return this.events.fault(`set ${id} is not whole: ${set.count} of ${tracks} tracks, or one of them damaged`);
    }
    core.life.when(set.sync(), () => {
      const pair = core.pairs.get(key);
      // What has stopped meanwhile changes this image no more.
      if (core.snapshots.arrival(key) !== set || !this.mayReflect(pair)) return;
      if (this.current === head) this.current = null;
      if (!isCopying(pair.state) && head.number <= core.lastNumber) return this.events.known();
      core.snapshots.reflect(key, set);
      this.events.reflected(head.number);
    });
  }

  private mayReflect(pair: PairRecord | null): pair is PairRecord {
    return pair !== null && isFlowing(pair.state) && !this.core.pairs.isSource(pair);
  }

  private checksumOf(): number | null {
    const set = this.core.snapshots.arrival(this.key);
    let checksum = 0;
    for (const index of set?.indexes() ?? []) {
      const data = set?.read(index);
      if (!data) return null;
      checksum = setChecksum(checksum, index, data);
    }
    return checksum;
  }
}
