/**
 * Destination end of one pair: accepts a session's frames strictly in order, whatever path they came by; stores updates
 * before it answers; keeps the old image while a formation copy overwrites it; pulls where the pair is asynchronous.
 */
import { PULL_BYTES } from '../domain/expectation.ts';
import { isCopying, isFlowing } from '../domain/pair-states.ts';
import { DiskError, type Timer } from '../domain/ports.ts';
import type { Link } from '../network/link.ts';
import type { StorageCore } from './core.ts';
import type { Entry } from './entry.ts';
import { JournalFullError } from './journal.ts';
import { SetReceiver } from './set-receiver.ts';
import { SilenceWatch } from './silence-watch.ts';
import { sendsSnapshots } from './snapshots.ts';
import { decodeFrame, encodeFrame, isOrdered, peekFrame, type StreamFrame } from './stream-frames.ts';
import { StreamOrder } from './stream-order.ts';
import type { PairRecord } from './system-record.ts';

export interface DestinationEndEvents {
  /** An entry was stored: pairs that lead on from here may send it. */
  stored(entry: Entry): void;
  /** This end cannot take what comes; the pair must be suspended. */
  fault(key: string, reason: string): void;
  /** The image is whole: everything up to the copy's end is applied and durable. */
  copyEnded(key: string, number: number): void;
  /** The frozen number is reached. */
  reached(key: string): void;
  /** There is no room in the journal for an entry of so many data bytes. */
  noRoom(neededBytes: number): void;
  /** The image stands at a later number, by a set and not by entries: pairs that lead on from here look at it. */
  moved(): void;
  /** Everything that the source had when the session began is here. */
  caughtUp(key: string): void;
}

export class DestinationEnd {
  receivedBytes = 0;
  copy: { doneBytes: number; totalBytes: number; startedAt: number } | null = null;
  private session = 0;
  private opened = false;
  private readonly order = new StreamOrder();
  private blocked = false;
  private answerDue = false;
  private pullTimer: Timer | null = null;
  private pulledAtMs = 0;
  private pullAnswered = true;
  private toldDurable = -1;
  /** What the source had when the session began. */
  private sourceNumber = 0;
  private readonly appliedEarly = new Set<number>();
  private readonly watch: SilenceWatch;
  readonly sets: SetReceiver;

  constructor(
    private readonly core: StorageCore,
    private readonly key: string,
    private readonly link: Link,
    private readonly events: DestinationEndEvents,
  ) {
    const { timing } = core.config;
    this.sets = new SetReceiver(core, key, {
      tell: (frame) => this.tell(frame),
      fault: (reason) => this.fail(reason),
      reflected: (number) => this.reflected(number),
      known: () => this.answerSoon(),
    });
    this.watch = new SilenceWatch(
      core.life,
      core.ports.clock,
      () => isCopying(this.pair?.state ?? 'absent'),
      // The source gives up first where it lives.
      () => timing.copyTimeoutMs + timing.callMs,
      (silentMs) => events.fault(key, `nothing was copied for ${Math.round(silentMs)} ms`),
    );
  }

  private get pair(): PairRecord | null {
    const pair = this.core.pairs.get(this.key);
    return pair && !this.core.pairs.isSource(pair) ? pair : null;
  }

  /** A session was accepted: frames are expected from the first on. */
  begin(session: number, tracks: number, sourceNumber: number): void {
    this.session = session;
    this.opened = true;
    this.order.begin();
    this.sets.reset();
    this.blocked = false;
    this.pullAnswered = true;
    this.toldDurable = -1;
    this.sourceNumber = sourceNumber;
    const pair = this.pair;
    if (pair && isCopying(pair.state)) {
      const doneBytes = this.copy?.doneBytes ?? 0;
      const startedAt = this.copy?.startedAt ?? this.core.ports.clock.now();
      this.copy = { doneBytes, totalBytes: doneBytes + tracks * this.core.volumes.trackBytes, startedAt };
    }
    this.watch.look();
    this.lookWhetherCaughtUp();
    if (pair && this.pulls(pair)) this.pull();
  }

  /** What comes in sets is sent without being asked for. */
  private pulls(pair: PairRecord): boolean {
    return pair.definition.kind === 'async' && !sendsSnapshots(pair);
  }

  /** The line is gone or the pair does not flow any more. */
  close(): void {
    this.opened = false;
    this.order.begin();
    this.sets.reset();
    this.pullTimer?.cancel();
    this.pullTimer = null;
    if (!isCopying(this.pair?.state ?? 'absent')) this.copy = null;
    this.watch.look();
  }

  /** A copy is to begin: if none does, the pair does not wait for ever. */
  awaitCopy(): void {
    this.watch.look();
  }

  stop(): void {
    this.opened = false;
    this.pullTimer?.cancel();
    this.watch.stop();
  }

  /** A frame from the source. */
  frame(bytes: Uint8Array): void {
    const head = peekFrame(bytes);
    if (!head || !this.opened) return;
    // Frames of an older session describe a stream that has ended.
    if (head.session !== this.session) return this.strayFrame(bytes);
    if (head.type === 'source-durable') return this.noteSourceDurable(bytes);
    if (head.type === 'progress') return this.noteProgress(bytes);
    if (!isOrdered(head.type)) return;
    const placement = this.order.place(head.sequence, bytes);
    if (placement === 'overflow') return this.fail('a frame was lost on the line');
    if (placement === 'held' && this.core.mutant('apply-out-of-order')) return this.applyEarly(bytes);
    if (placement === 'due') this.takeFrom(head.sequence, bytes);
  }

  /** Takes the frame whose turn it is, then those that waited for theirs. */
  private takeFrom(sequence: number, first: Uint8Array): void {
    if (this.blocked) {
      this.order.hold(sequence, first);
      return;
    }
    for (let bytes: Uint8Array | null = first; bytes; bytes = this.order.due()) {
      if (!this.process(bytes)) {
        if (this.blocked) this.order.hold(this.order.taken + 1, bytes);
        return;
      }
      this.order.advance();
    }
  }

  /** There may be room in the journal again. */
  unblock(): void {
    if (!this.opened || !this.blocked) return;
    this.blocked = false;
    const due = this.order.due();
    if (due) this.takeFrom(this.order.taken + 1, due);
  }

  /** Something became durable: the source is told, so that it may trim. */
  checkpointed(): void {
    if (this.opened && this.core.checkpointNumber !== this.toldDurable) this.answerSoon();
  }

  /** False where the frame was not taken: it waits for room, or the session is over. */
  private process(bytes: Uint8Array): boolean {
    const frame = decodeFrame(bytes);
    const pair = this.pair;
    if (!frame || !pair || !isFlowing(pair.state)) {
      this.fail(frame ? 'a frame came for a pair that does not flow' : 'a frame was damaged on the line');
      return false;
    }
    if (frame.type === 'entry' && this.core.mutant('answered-entry-cut')) return this.answerUnstored(bytes);
    if (!this.carryOut(frame)) return false;
    this.watch.progressed();
    this.answerSoon();
    this.lookWhetherCaughtUp();
    return this.opened;
  }

  private carryOut(frame: StreamFrame): boolean {
    if (frame.type === 'copy-end') this.finishCopy(frame.number);
    else if (frame.type === 'copy') return this.store(() => this.storeTrack(frame));
    else if (frame.type === 'entry') return this.storeEntry(frame.entry);
    else if (frame.type === 'set-track') return this.store(() => this.storeOfSet(frame));
    else if (frame.type === 'set-begin') return this.store(() => this.sets.begin(frame, this.isCopied()));
    else if (frame.type === 'set-end') return this.store(() => this.sets.end(frame));
    return true;
  }

  /** Runs `change`; where it finds no room the frame waits, where the disk refuses it the pair fails. */
  private store(change: () => void): boolean {
    try {
      change();
      return true;
    } catch (error) {
      if (error instanceof JournalFullError) {
        this.blocked = true;
        this.events.noRoom(error.neededBytes);
        return false;
      }
      if (!(error instanceof DiskError)) throw error;
      this.core.diskFailed(error);
      this.fail(`storing here failed: ${error.message}`);
      return false;
    }
  }

  private isCopied(): boolean {
    return isCopying(this.pair?.state ?? 'absent');
  }

  private storeOfSet(frame: Extract<StreamFrame, { type: 'set-track' }>): void {
    this.sets.store(frame);
    this.receivedBytes += frame.data.length;
    if (this.copy) this.copy.doneBytes += frame.data.length;
  }

  /** The image stands at `number` now. The source hears when that is durable here. */
  private reflected(number: number): void {
    const { core } = this;
    this.events.moved();
    if (this.isCopied()) return this.finishCopy(number);
    this.lookWhetherCaughtUp();
    this.lookWhetherReached();
    this.answerSoon();
    core.checkpoints.soon();
  }

  private fail(reason: string): void {
    this.opened = false;
    this.events.fault(this.key, reason);
  }

  private storeEntry(received: Entry): boolean {
    const { core } = this;
    if (received.number <= core.lastNumber) return true;
    if (received.number !== core.lastNumber + 1) {
      if (!core.mutant('answer-over-gap')) {
        this.fail(`update ${received.number} came where ${core.lastNumber + 1} was due`);
        return false;
      }
      core.journal.reset(received.number - 1, core.record.history);
    }
    const reason = core.volumes.outOfRange(received.volume, received.offsetBytes, received.lengthBytes);
    if (reason) {
      this.fail(`update ${received.number}: ${reason}`);
      return false;
    }
    this.followLineage(received);
    const isApplied = this.appliedEarly.delete(received.number);
    if (!this.store(() => (isApplied ? core.journal.append(received) : core.take(received, this.key)))) return false;
    this.receivedBytes += received.data.length;
    this.events.stored(received);
    this.lookWhetherReached();
    return true;
  }

  private lookWhetherReached(): void {
    const target = this.pair?.state === 'suspending' ? this.pair.drainTarget : null;
    if (target !== null && this.core.lastNumber >= target) this.events.reached(this.key);
  }

  /** The source's history goes on under a newer generation: so does this one's. */
  private followLineage(received: Entry): void {
    const { record } = this.core;
    if (received.generation <= (record.lineage.at(-1)?.generation ?? 0)) return;
    record.lineage.push({ generation: received.generation, first: received.number });
    this.core.save();
  }

  private storeTrack({ volume, track, data }: Extract<StreamFrame, { type: 'copy' }>): void {
    const { volumes } = this.core;
    const reason = volumes.outOfRange(volume, track * volumes.trackBytes, data.length);
    if (reason) throw new DiskError('EIO', 'stream', `track ${track}: ${reason}`);
    this.loseImage();
    this.core.overwriteTrack(volume, track, data, this.key);
    this.receivedBytes += data.length;
    if (this.copy) this.copy.doneBytes += data.length;
  }

  /** A copy that began with nothing to copy left the image consistent; now a track of a later moment comes. Throws `DiskError`. */
  private loseImage(): void {
    const { core } = this;
    if (!core.record.imageConsistent || core.mutant('inconsistent-not-marked')) return;
    core.openGold();
    core.record.imageConsistent = false;
    core.save();
    this.events.moved();
  }

  /** Persists that the image is whole only after everything of it is durable (rule 15). */
  private finishCopy(number: number): void {
    const { session, core } = this;
    if (core.mutant('duplex-before-durable')) return this.events.copyEnded(this.key, number);
    core.life.when(core.checkpoints.run(), () => {
      if (this.opened && this.session === session && isCopying(this.pair?.state ?? 'absent'))
        this.events.copyEnded(this.key, number);
    });
  }

  /** Tells the source of the image, of the frozen number or of a set, while the session lasts. */
  tell(frame: StreamFrame): void {
    if (this.opened) this.link.sendFrame(encodeFrame(this.session, this.order.taken, frame));
  }

  private noteSourceDurable(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    if (frame?.type !== 'source-durable' || !this.pair) return;
    const { pairs, lastNumber } = this.core;
    const durable = Math.min(frame.number, lastNumber);
    pairs.notePeer(this.key, pairs.peerAccepted(this.key), Math.max(pairs.peerDurable(this.key), durable));
  }

  /** The source feeds somebody else too: what that one lacks is kept here, for this system may have to feed it, or to follow it. */
  private noteProgress(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    if (frame?.type !== 'progress' || !this.pair) return;
    const { core } = this;
    if (core.config.arrangement.systems.some(({ name }) => name === frame.system))
      core.retention.note(frame.system, frame.number);
  }

  private lookWhetherCaughtUp(): void {
    const { core, pair } = this;
    if (!this.opened || core.lastNumber < this.sourceNumber) return;
    if (pair?.state === 'duplex' && pair.aloneSeen) {
      // Known equal from the start, and now the source sends here what it completes.
      pair.aloneSeen = false;
      core.save();
    }
    if (core.record.doubt) this.events.caughtUp(this.key);
  }

  /** One answer for everything taken in this turn. */
  private answerSoon(): void {
    if (this.answerDue) return;
    this.answerDue = true;
    this.core.life.soon(() => {
      this.answerDue = false;
      if (this.opened) this.answer();
    });
  }

  private answer(): void {
    const { core } = this;
    const pair = this.pair;
    if (!pair || !isFlowing(pair.state)) return;
    // Before the answer leaves: what was answered must never shrink (rule 5).
    core.marks.noteAnswered(core.lastNumber);
    if (this.pulls(pair)) {
      this.pullAnswered = true;
      this.pullLater();
    }
    this.sendProgress({ type: 'answer', accepted: core.lastNumber, durable: core.checkpointNumber });
  }

  private sendProgress(frame: Extract<StreamFrame, { type: 'answer' | 'pull' }>): void {
    this.toldDurable = frame.durable;
    this.link.sendFrame(encodeFrame(this.session, this.order.taken, frame));
  }

  private pullLater(): void {
    if (this.pullTimer !== null || !this.opened) return;
    const { clock } = this.core.ports;
    const wait = Math.max(0, this.pulledAtMs + this.core.config.timing.pullIntervalMs - clock.monotonic());
    this.pullTimer = this.core.life.after(wait, () => {
      this.pullTimer = null;
      if (this.opened && this.pullAnswered) this.pull();
    });
  }

  /** Asks for everything that is there; the source keeps the question open until something is. */
  private pull(): void {
    this.pullAnswered = false;
    this.pulledAtMs = this.core.ports.clock.monotonic();
    const { lastNumber: accepted, checkpointNumber: durable } = this.core;
    this.sendProgress({ type: 'pull', accepted, durable, creditBytes: this.blocked ? 0 : PULL_BYTES });
  }

  /** Seeded defect `old-session-accepted`; otherwise the frame is dropped. */
  private strayFrame(bytes: Uint8Array): void {
    const frame = this.core.mutant('old-session-accepted') ? decodeFrame(bytes) : null;
    if (frame?.type === 'copy') this.store(() => this.storeTrack(frame));
    else if (frame?.type === 'entry') this.core.volumes.apply(frame.entry);
  }

  /** Seeded defect `apply-out-of-order`: data are applied as they arrive, and only the journal is kept in order. */
  private applyEarly(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    if (frame?.type !== 'entry') return;
    this.core.volumes.apply(frame.entry);
    this.appliedEarly.add(frame.entry.number);
  }

  /** Seeded defect `answered-entry-cut`: the answer leaves a turn before the entry is stored. */
  private answerUnstored(bytes: Uint8Array): boolean {
    const kept = decodeFrame(new Uint8Array(bytes));
    if (kept?.type !== 'entry') return false;
    this.sendProgress({ type: 'answer', accepted: kept.entry.number, durable: this.core.checkpointNumber });
    this.core.life.after(0, () => {
      if (this.opened && this.storeEntry(kept.entry)) this.answerSoon();
    });
    return true;
  }
}
