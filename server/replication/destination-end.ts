/**
 * Destination end of one pair: accepts a session's frames strictly in order, whatever path they came by; stores updates
 * before it answers; keeps the old image while a formation copy overwrites it; pulls where the pair is asynchronous.
 */
import { isCopying, isFlowing } from '../domain/pair-states.ts';
import { DiskError, type Timer } from '../domain/ports.ts';
import type { Link } from '../network/link.ts';
import type { StorageCore } from './core.ts';
import type { Entry } from './entry.ts';
import { JournalFullError } from './journal.ts';
import { decodeFrame, encodeFrame, peekFrame, type StreamFrame } from './stream-frames.ts';
import type { PairRecord } from './system-record.ts';

/** Bytes a pull asks for at most. */
const PULL_BYTES = 8 * 1024 * 1024;

export interface DestinationEndEvents {
  /** An entry was stored: pairs that lead on from here may send it. */
  stored(entry: Entry): void;
  /** This end cannot take what comes; the pair must be suspended. */
  fault(key: string, reason: string): void;
  /** The image is whole: everything up to the copy's end is applied and durable. */
  copyEnded(key: string, session: number, number: number): void;
  /** The frozen number is reached. */
  drained(key: string, number: number): void;
}

export class DestinationEnd {
  receivedBytes = 0;
  copy: { doneBytes: number; totalBytes: number; startedAt: number } | null = null;
  private session = 0;
  private opened = false;
  private expected = 1;
  /** Frames that came before their turn, by sequence. */
  private readonly early = new Map<number, Uint8Array>();
  private blocked = false;
  private answerDue = false;
  private pullTimer: Timer | null = null;
  private pulledAtMs = 0;
  private pullAnswered = true;
  private toldDurable = -1;
  private stopped = false;

  constructor(
    private readonly core: StorageCore,
    private readonly key: string,
    private readonly link: Link,
    private readonly events: DestinationEndEvents,
  ) {}

  private get pair(): PairRecord | null {
    const pair = this.core.pair(this.key);
    return pair && !this.core.isSource(pair) ? pair : null;
  }

  /** A session was accepted: frames are expected from the first on. */
  begin(session: number, tracks: number): void {
    this.session = session;
    this.opened = true;
    this.expected = 1;
    this.early.clear();
    this.blocked = false;
    this.pullAnswered = true;
    this.toldDurable = -1;
    const pair = this.pair;
    const bytes = tracks * this.core.volumes.trackBytes;
    if (pair && isCopying(pair.state)) {
      const done = this.copy?.doneBytes ?? 0;
      this.copy = {
        doneBytes: done,
        totalBytes: done + bytes,
        startedAt: this.copy?.startedAt ?? this.core.ports.clock.now(),
      };
    }
    if (pair?.definition.kind === 'async') this.pull();
  }

  close(): void {
    this.opened = false;
    this.early.clear();
    this.pullTimer?.cancel();
    this.pullTimer = null;
    const pair = this.pair;
    if (!pair || !isCopying(pair.state)) this.copy = null;
  }

  stop(): void {
    this.stopped = true;
    this.close();
  }

  frame(bytes: Uint8Array): void {
    const head = peekFrame(bytes);
    if (!head || !this.opened) return;
    // Frames of an older session describe a stream that has ended.
    if (head.session !== this.session && !this.core.mutant('old-session-accepted')) return;
    if (head.type === 'answer' || head.type === 'pull') return;
    if (this.core.mutant('apply-out-of-order')) {
      this.process(bytes);
      return;
    }
    if (head.sequence < this.expected) return;
    if (head.sequence > this.expected || this.blocked) {
      this.early.set(head.sequence, new Uint8Array(bytes));
      return;
    }
    if (this.process(bytes)) this.expected += 1;
    else if (this.blocked) this.early.set(head.sequence, new Uint8Array(bytes));
    this.catchUp();
  }

  /** Goes on with frames that waited for their turn, or for room in the journal. */
  catchUp(): void {
    while (this.opened && !this.blocked) {
      const next = this.early.get(this.expected);
      if (!next) return;
      if (!this.process(next)) return;
      this.early.delete(this.expected);
      this.expected += 1;
    }
  }

  /** Room was made, or something became durable: the source is told, so that it may trim. */
  checkpointed(): void {
    if (!this.opened) return;
    if (this.blocked) {
      this.blocked = false;
      this.catchUp();
    }
    if (this.core.checkpointNumber !== this.toldDurable) this.answerSoon();
  }

  /** False where the frame was not taken: it waits for room, or the session is over. */
  private process(bytes: Uint8Array): boolean {
    const frame = decodeFrame(bytes);
    const pair = this.pair;
    if (!frame || !pair || !isFlowing(pair.state)) {
      this.fail(frame ? 'a frame came for a pair that does not flow' : 'a frame was damaged on the line');
      return false;
    }
    try {
      this.carryOut(frame);
    } catch (error) {
      if (error instanceof JournalFullError) {
        this.blocked = true;
        this.core.touch();
        return false;
      }
      if (!(error instanceof DiskError)) throw error;
      this.core.diskFailed(error);
      this.fail(`storing here failed: ${error.message}`);
      return false;
    }
    this.answerSoon();
    return true;
  }

  private fail(reason: string): void {
    this.opened = false;
    this.events.fault(this.key, reason);
  }

  private carryOut(frame: StreamFrame): void {
    if (frame.type === 'entry') this.storeEntry(frame.entry);
    else if (frame.type === 'copy') this.storeTrack(frame.volume, frame.track, frame.data);
    else if (frame.type === 'copy-end') this.finishCopy(frame.number);
  }

  private storeEntry(received: Entry): void {
    const { core } = this;
    if (received.number !== core.lastNumber + 1) {
      if (received.number <= core.lastNumber) return;
      if (!core.mutant('answer-over-gap'))
        throw new DiskError('EIO', 'stream', `update ${received.number} came where ${core.lastNumber + 1} was due`);
      core.journal.reset(received.number - 1);
    }
    const reason = core.volumes.outOfRange(received.volume, received.offsetBytes, received.lengthBytes);
    if (reason) throw new DiskError('EIO', 'stream', reason);
    this.followLineage(received);
    core.take(received, this.key);
    this.receivedBytes += received.data.length;
    this.events.stored(received);
    const pair = this.pair;
    if (pair?.state === 'suspending' && pair.drainTarget !== null && core.lastNumber >= pair.drainTarget)
      this.events.drained(this.key, core.lastNumber);
  }

  /** The source's history goes on under a newer generation: so does this one's. */
  private followLineage(received: Entry): void {
    const { record } = this.core;
    if (received.generation <= (record.lineage.at(-1)?.generation ?? 0)) return;
    record.lineage.push({ generation: received.generation, first: received.number });
    this.core.save();
  }

  private storeTrack(volume: number, track: number, data: Uint8Array): void {
    const { core } = this;
    const offset = track * core.volumes.trackBytes;
    const reason = core.volumes.outOfRange(volume, offset, data.length);
    if (reason) throw new DiskError('EIO', 'stream', reason);
    core.mark(volume, offset, data.length, this.key);
    core.gold?.save(volume, track);
    core.volumes.write(volume, offset, data);
    core.touch();
    this.receivedBytes += data.length;
    if (this.copy) this.copy.doneBytes += data.length;
  }

  /** Persists that the image is whole only after everything of it is durable (rule 15). */
  private finishCopy(number: number): void {
    const { session } = this;
    if (this.core.mutant('duplex-before-durable')) return this.events.copyEnded(this.key, session, number);
    this.core.checkpoint().then(
      () => {
        const pair = this.pair;
        if (this.opened && this.session === session && pair && isCopying(pair.state))
          this.events.copyEnded(this.key, session, number);
      },
      (error: unknown) => {
        this.core.diskFailed(error);
        if (this.opened && this.session === session) this.fail('making the copy durable failed');
      },
    );
  }

  /** One answer for everything taken in this turn. */
  private answerSoon(): void {
    if (this.answerDue) return;
    this.answerDue = true;
    Promise.resolve().then(() => {
      this.answerDue = false;
      if (!this.opened || this.stopped) return;
      this.answer();
    });
  }

  private answer(): void {
    const { core } = this;
    const pair = this.pair;
    if (!pair || !isFlowing(pair.state)) return;
    // Before the answer leaves: what was answered must never shrink (rule 5).
    core.noteAnswered(core.lastNumber);
    if (pair.definition.kind === 'async') {
      this.pullAnswered = true;
      this.pullLater();
    }
    this.toldDurable = core.checkpointNumber;
    this.link.sendFrame(
      encodeFrame(this.session, this.expected - 1, {
        type: 'answer',
        accepted: core.lastNumber,
        durable: core.checkpointNumber,
      }),
    );
  }

  private pullLater(): void {
    if (this.pullTimer !== null || !this.opened) return;
    const { clock } = this.core.ports;
    const wait = Math.max(0, this.pulledAtMs + this.core.config.timing.pullIntervalMs - clock.monotonic());
    this.pullTimer = clock.after(wait, () => {
      this.pullTimer = null;
      if (this.opened && this.pullAnswered) this.pull();
    });
  }

  /** Asks for everything that is there; the source keeps the question open until something is. */
  private pull(): void {
    this.pullAnswered = false;
    this.pulledAtMs = this.core.ports.clock.monotonic();
    const { core } = this;
    this.toldDurable = core.checkpointNumber;
    this.link.sendFrame(
      encodeFrame(this.session, this.expected - 1, {
        type: 'pull',
        accepted: core.lastNumber,
        durable: core.checkpointNumber,
        creditBytes: this.blocked ? 0 : PULL_BYTES,
      }),
    );
  }
}
