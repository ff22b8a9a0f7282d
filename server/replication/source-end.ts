/**
 * Source end of one pair: opens sessions, streams journal entries in number order, interleaves copied tracks read in the
 * same synchronous turn they are sent in, and learns from answers what has arrived. A synchronous pair pushes; an
 * asynchronous one sends when the destination has pulled (003 §[0066], [0072], [0079]).
 */
import { commonNumber } from '../domain/generation.ts';
import { isCopying, isFlowing } from '../domain/pair-states.ts';
import { DiskError } from '../domain/ports.ts';
import { refusalOf } from '../domain/refusal.ts';
import type { Link } from '../network/link.ts';
import { answeredThrough } from './answered.ts';
import type { StorageCore } from './core.ts';
import type { Entry } from './entry.ts';
import { type OpenReply, openReply } from './pair-messages.ts';
import { SendWindow } from './send-window.ts';
import { SetSender } from './set-sender.ts';
import { SilenceWatch } from './silence-watch.ts';
import { sendsSnapshots } from './snapshots.ts';
import { decodeFrame, encodeFrame, peekFrame, type StreamFrame } from './stream-frames.ts';
import type { PairRecord } from './system-record.ts';

export interface SourceEndEvents {
  /** The destination has accepted more: host writes may complete, and other pairs of this source may send more. */
  accepted(): void;
  /** The destination has made more durable than it had told before. */
  durable(): void;
  /** The stream cannot go on; the pair must be suspended. */
  fault(key: string, reason: string): void;
  /** The destination refused the session for a reason other than a fault of the line. */
  refused(key: string, reply: Extract<OpenReply, { opened: false }>): void;
  /** The destination says that its image is whole. */
  whole(key: string): void;
  /** The destination says that it has reached the frozen number. */
  drained(key: string, number: number): void;
}

/** News kept while the answer that opens their session is under way. */
const MAX_EARLY = 64;

export class SourceEnd {
  copy: { doneBytes: number; totalBytes: number; startedAt: number } | null = null;
  transferredBytes = 0;
  /** What the last copy that ended has moved; null before the first. */
  lastCopyBytes: number | null = null;
  private session = 0;
  private state: 'closed' | 'opening' | 'open' = 'closed';
  /** Rises with each opening, so that the answer to an older one is known for what it is. */
  private attempt = 0;
  private sequence = 0;
  private sentNumber = 0;
  private readonly window: SendWindow;
  private creditBytes = 0;
  private early: Uint8Array[] = [];
  private pumping = false;
  /** Last number given when the latest track was read: only behind it is the copy whole. */
  private copyHigh = 0;
  private copyEndSent = false;
  /** Tracks that the destination was told of when the session was opened. */
  private toldTracks = 0;
  private toldDurable = 0;
  /** What this session has told of the other destinations. */
  private readonly told = new Map<string, number>();
  private readonly watch: SilenceWatch;
  /** Of a pair that sends difference snapshots. */
  readonly sets: SetSender;

  constructor(
    private readonly core: StorageCore,
    private readonly key: string,
    private readonly link: Link,
    private readonly events: SourceEndEvents,
  ) {
    this.window = new SendWindow(core.config.windowBytes);
    this.sets = new SetSender(core, key, {
      send: (frame) => this.sendOfSet(frame),
      fault: (reason) => events.fault(key, reason),
      lastFrozen: () => events.durable(),
    });
    this.watch = new SilenceWatch(
      core.life,
      core.ports.clock,
      () => this.isWaiting(),
      () => this.limitMs(),
      (silentMs) =>
        events.fault(key, link.up ? `no answer for ${Math.round(silentMs)} ms` : 'the line was down for too long'),
    );
  }

  private get pair(): PairRecord | null {
    const pair = this.core.pairs.get(this.key);
    return pair && this.core.pairs.isSource(pair) ? pair : null;
  }

  /** Opens a session if the pair flows and the line is up; watches that one comes about in time. */
  open(): void {
    const pair = this.pair;
    if (!pair || !isFlowing(pair.state)) return;
    this.watch.look();
    // What may be missing here must not be taken for the end of the history by those who follow it.
    if (this.core.record.doubt || !this.link.up || this.state !== 'closed') return;
    this.state = 'opening';
    this.early = [];
    pair.session += 1;
    this.core.save();
    this.attempt += 1;
    const { attempt } = this;
    this.core.life.when(
      this.link.call('pair.open', this.openParams(pair), this.core.config.timing.callMs),
      (value) => {
        if (attempt === this.attempt) this.answered(pair, openReply.parse(value));
      },
      (error) => {
        if (attempt === this.attempt) this.notOpened(error);
      },
    );
  }

  private openParams(pair: PairRecord): unknown {
    const { core, key } = this;
    const { generation, lineage } = core.record;
    // The base is where the copy began, however often its session is opened: behind it, everything is sent as it was written.
    const base = pair.formationBase ?? core.lastNumber;
    this.toldTracks = core.pairs.bitmap(key).count;
    const formation = isCopying(pair.state) ? { base, tracks: this.toldTracks } : null;
    const { session } = pair;
    return {
      key,
      session,
      generation,
      lineage,
      lastNumber: pair.drainTarget ?? core.lastNumber,
      durableNumber: core.checkpointNumber,
      formation,
    };
  }

  private notOpened(error: unknown): void {
    this.state = 'closed';
    const refusal = refusalOf(error);
    this.core.ports.log.write('info', 'session not opened', { pair: this.key, reason: refusal.message });
    const isLost = refusal.code === 'unreachable' || refusal.code === 'timeout' || refusal.code === 'disk-fault';
    if (!isLost) return this.events.fault(this.key, `the other end answered: ${refusal.message}`);
    this.core.life.after(this.core.config.timing.retryMs, () => this.open());
  }

  private answered(pair: PairRecord, reply: OpenReply): void {
    this.state = 'closed';
    if (this.pair !== pair || !isFlowing(pair.state)) return;
    if (!reply.opened) return this.events.refused(this.key, reply);
    const { core } = this;
    const common = commonNumber(core.record.lineage, core.lastNumber, reply.lineage, reply.accepted);
    if (common < reply.accepted && !core.mutant('lineage-ignored'))
      return this.events.fault(
        this.key,
        `the destination holds updates to ${reply.accepted} that this system does not have`,
      );
    // What was confirmed once is in no set and no bit any more.
    const [kept, where] = sendsSnapshots(pair)
      ? [core.pairs.peerDurable(this.key), 'set']
      : [core.journal.trimmedTo, 'journal'];
    if (reply.accepted < kept)
      return this.events.fault(this.key, `update ${reply.accepted + 1} is no longer in the ${where}`);
    this.begin(pair, reply.accepted);
  }

  /** More may be sent than before: the synchronous destination of this system has answered more. */
  released(): void {
    const { pair } = this;
    if (this.state !== 'open' || pair?.definition.kind !== 'async') return;
    if (this.creditBytes > 0 || sendsSnapshots(pair)) this.pumpSoon();
  }

  /**
   * Tells a synchronous destination how far those are that pull from here, and those how far it is: once this system is lost one
   * of them feeds the other, and each keeps what it takes to find out what differs (rule 20).
   */
  tellProgress(): void {
    const { pair } = this;
    if (this.state !== 'open' || !pair) return;
    for (const other of this.core.progressOf(pair.definition.kind === 'sync' ? 'async' : 'sync')) {
      if (this.told.get(other.system) === other.number) continue;
      this.told.set(other.system, other.number);
      this.link.sendFrame(encodeFrame(this.session, 0, { type: 'progress', ...other }));
    }
  }

  private begin(pair: PairRecord, accepted: number): void {
    const { core, key } = this;
    this.session = pair.session;
    this.state = 'open';
    this.sequence = 0;
    this.sentNumber = Math.min(accepted, core.lastNumber);
    this.window.clear();
    this.creditBytes = 0;
    this.copyEndSent = false;
    this.copyHigh = core.lastNumber;
    this.toldDurable = core.checkpointNumber;
    this.told.clear();
    if (isCopying(pair.state)) {
      core.pairs.bitmap(key).joinPlanes();
      this.beginCopy();
    }
    // The destination may have lost what it once had in its page cache.
    core.pairs.notePeer(key, this.sentNumber, Math.min(core.pairs.peerDurable(key), this.sentNumber));
    if (sendsSnapshots(pair)) this.sets.begin(this.toldTracks);
    this.tellProgress();
    this.events.accepted();
    const early = this.early.splice(0);
    for (const bytes of early) this.frame(bytes);
    this.pump();
  }

  private beginCopy(): void {
    const bytes = this.core.pairs.bitmap(this.key).count * this.core.volumes.trackBytes;
    this.copy ??= { doneBytes: 0, totalBytes: bytes, startedAt: this.core.ports.clock.now() };
    this.copy.totalBytes = this.copy.doneBytes + bytes;
  }

  /** The line is gone, or the pair no longer flows: what was in flight has not arrived as far as this end knows. */
  close(): void {
    this.state = 'closed';
    this.attempt += 1;
    this.creditBytes = 0;
    this.window.clear();
    this.sets.close();
    const pair = this.pair;
    if (pair && this.core.pairs.bitmap(this.key).inFlight > 0) this.core.pairs.bitmap(this.key).joinPlanes();
    if (!pair || !isCopying(pair.state)) this.copy = null;
    this.watch.look();
  }

  /** The copy has ended: the pair is in duplex. */
  copied(): void {
    if (this.copy) this.lastCopyBytes = this.copy.doneBytes;
    this.copy = null;
    this.watch.look();
  }

  stop(): void {
    this.state = 'closed';
    this.attempt += 1;
    this.sets.close();
    this.watch.stop();
  }

  /** An entry was stored here. */
  stored(entry: Entry): void {
    const pair = this.pair;
    if (!pair || !isFlowing(pair.state)) return;
    if (this.state === 'open' && pair.state !== 'suspending') {
      const isNext = entry.number === this.sentNumber + 1;
      if (pair.definition.kind === 'sync' && isNext && this.window.hasRoomForEntry) this.sendEntry(entry);
      else if (sendsSnapshots(pair)) this.sets.look();
      else if (pair.definition.kind === 'sync' || this.creditBytes > 0) this.pumpSoon();
    }
    this.watch.look();
  }

  /** A checkpoint was made: the destination need not keep for us what is durable here. */
  checkpointed(): void {
    const number = this.core.checkpointNumber;
    if (this.state !== 'open' || number <= this.toldDurable) return;
    this.toldDurable = number;
    this.link.sendFrame(encodeFrame(this.session, 0, { type: 'source-durable', number }));
  }

  /** A frame from the destination. */
  frame(bytes: Uint8Array): void {
    const head = peekFrame(bytes);
    if (!head) return;
    if (this.state === 'opening' && head.session === this.pair?.session && this.early.length < MAX_EARLY)
      this.early.push(new Uint8Array(bytes));
    if (this.state !== 'open' || head.session !== this.session) return;
    const frame = decodeFrame(bytes);
    if (frame?.type === 'answer' || frame?.type === 'pull') this.heard(head.sequence, frame);
    else if (frame?.type === 'set-ready') this.sets.ready(frame.id, frame.have);
    else if (frame?.type === 'whole') this.whole(frame.number);
    else if (frame?.type === 'drained') this.events.drained(this.key, frame.number);
  }

  private whole(number: number): void {
    if (this.pair && sendsSnapshots(this.pair)) this.sets.confirmed(number);
    this.events.whole(this.key);
    this.sets.look();
  }

  private heard(sequence: number, frame: Extract<StreamFrame, { type: 'answer' | 'pull' }>): void {
    const { core, key } = this;
    const ofSet = this.sets.landed(sequence);
    const landedBytes =
      ofSet + this.window.land(sequence, (volume, track) => core.pairs.bitmap(key).landed(volume, track));
    if (this.copy) this.copy.doneBytes += landedBytes;
    const accepted = Math.min(frame.accepted, core.lastNumber);
    const known = core.pairs.peerAccepted(key);
    const durable = Math.min(frame.durable, accepted);
    const isNews = durable > core.pairs.peerDurable(key);
    // Answers may overtake each other on their paths.
    core.pairs.notePeer(key, Math.max(known, accepted), Math.max(core.pairs.peerDurable(key), durable));
    const { pair } = this;
    if (pair && sendsSnapshots(pair) && !isCopying(pair.state)) this.sets.confirmed(durable);
    if (frame.type === 'pull') this.creditBytes = frame.creditBytes;
    if (landedBytes > 0 || accepted > known) this.watch.progressed();
    core.observer.changed();
    this.events.accepted();
    if (isNews) this.events.durable();
    this.pump();
  }

  private pumpSoon(): void {
    if (this.pumping) return;
    this.pumping = true;
    this.core.life.soon(() => {
      this.pumping = false;
      this.pump();
    });
  }

  /** Sends what may be sent now: entries first, then tracks. */
  private pump(): void {
    const pair = this.pair;
    if (this.state !== 'open' || !pair || !isFlowing(pair.state)) return;
    try {
      const asked = pair.definition.kind === 'sync' || sendsSnapshots(pair) || this.creditBytes > 0;
      // Tracks have their share of what was asked for, however many entries there are.
      const sent = this.sendEntries(pair) + (asked && isCopying(pair.state) ? this.sendTracks(pair) : 0);
      this.sets.look();
      // A pull is one batch: the next one comes at the destination's interval.
      if (sent > 0 && pair.definition.kind === 'async') this.creditBytes = 0;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.core.diskFailed(error);
      return this.events.fault(this.key, `reading here failed: ${error.message}`);
    }
    this.sendCopyEnd(pair);
    this.watch.look();
  }

  private sendEntries(pair: PairRecord): number {
    const { core } = this;
    if (sendsSnapshots(pair)) return 0;
    const isSync = pair.definition.kind === 'sync';
    const limit = Math.min(pair.drainTarget ?? core.lastNumber, isSync ? core.lastNumber : this.mayShow());
    let count = 0;
    while (this.sentNumber < limit && (isSync ? this.window.hasRoomForEntry : this.creditBytes > 0)) {
      const entry = core.journal.read(this.sentNumber + 1);
      if (!entry) {
        this.events.fault(this.key, `entry ${this.sentNumber + 1} of the journal cannot be read`);
        return count;
      }
      this.sendEntry(entry);
      count += 1;
    }
    return count;
  }

  /** An asynchronous destination sees only what the synchronous one of this system has answered (rule 20). */
  private mayShow(): number {
    const { core } = this;
    return core.mutant('reads-beyond-answered') ? core.lastNumber : Math.min(core.lastNumber, answeredThrough(core));
  }

  private sendEntry(entry: Entry): void {
    this.sentNumber = entry.number;
    this.creditBytes -= entry.data.length + 64;
    this.transferredBytes += entry.data.length;
    this.window.add(this.sequence + 1, entry.data.length + 64, null);
    this.send({ type: 'entry', entry });
  }

  private sendTracks(pair: PairRecord): number {
    const { core, key } = this;
    let count = 0;
    while (this.window.hasRoomForTrack && (!sendsSnapshots(pair) || this.sets.mayCopyTrack)) {
      const next = core.pairs.bitmap(key).take();
      if (!next) break;
      const data = core.volumes.readTrack(next.volume, next.track);
      this.copyHigh = core.lastNumber;
      this.creditBytes -= data.length;
      this.transferredBytes += data.length;
      this.sets.copiedTrack();
      if (core.mutant('copied-track-overtakes')) this.core.life.after(2, () => this.sendTrack(next, data));
      else this.sendTrack(next, data);
      count += 1;
    }
    return count;
  }

  private sendTrack(track: { volume: number; track: number }, data: Uint8Array): void {
    if (this.state !== 'open') return;
    this.window.add(this.sequence + 1, data.length, track);
    this.send({ type: 'copy', ...track, data });
  }

  private sendCopyEnd(pair: PairRecord): void {
    const { core, key } = this;
    // A set ends it.
    if (sendsSnapshots(pair)) return;
    const bitmap = core.pairs.bitmap(key);
    const early = core.mutant('duplex-before-copy-end') && bitmap.waiting === 0;
    if (!isCopying(pair.state) || this.copyEndSent || (bitmap.count > 0 && !early)) return;
    // What was copied with a track may not be answered by the other destination yet.
    const shown = pair.definition.kind === 'sync' ? this.sentNumber : Math.min(this.sentNumber, this.mayShow());
    if (shown < this.copyHigh) return;
    this.copyEndSent = true;
    if (early) {
      this.send({ type: 'copy-end', number: this.copyHigh });
      return this.events.whole(key);
    }
    const { session, copyHigh } = this;
    // In duplex the destination can make good what this end may lose with its power: so nothing below may be lost.
    core.life.when(core.checkpoints.run(), () => {
      if (this.state === 'open' && this.session === session) this.send({ type: 'copy-end', number: copyHigh });
    });
  }

  private sendOfSet(frame: StreamFrame): number {
    if (frame.type === 'set-track') this.transferredBytes += frame.data.length;
    this.send(frame);
    return this.sequence;
  }

  private send(frame: StreamFrame): void {
    this.sequence += 1;
    this.link.sendFrame(encodeFrame(this.session, this.sequence, frame));
  }

  /** Something is unanswered, or no session is open. */
  private isWaiting(): boolean {
    const pair = this.pair;
    if (!pair || !isFlowing(pair.state)) return false;
    if (isCopying(pair.state)) return true;
    if (pair.definition.kind === 'async') return false;
    return this.state !== 'open' || this.core.pairs.peerAccepted(this.key) < this.core.lastNumber;
  }

  private limitMs(): number {
    const { timing } = this.core.config;
    const pair = this.pair;
    const hostsWait =
      pair?.definition.kind === 'sync' &&
      (pair.state === 'duplex' || this.core.pairs.peerAccepted(this.key) < this.core.lastNumber);
    return hostsWait ? timing.syncTimeoutMs : timing.copyTimeoutMs;
  }
}
