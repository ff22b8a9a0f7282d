/**
 * Source end of one pair: opens sessions, streams journal entries in number order, interleaves copied tracks read in the
 * same synchronous turn they are sent in, and learns from answers what has arrived. A synchronous pair pushes; an
 * asynchronous one sends when the destination has pulled (003 §[0066], [0072], [0079]).
 */
import { commonNumber } from '../domain/generation.ts';
import { isCopying, isFlowing } from '../domain/pair-states.ts';
import type { Timer } from '../domain/ports.ts';
import { refusalOf } from '../domain/refusal.ts';
import type { Link } from '../network/link.ts';
import type { StorageCore } from './core.ts';
import type { Entry } from './entry.ts';
import { type OpenReply, openReply } from './pair-messages.ts';
import { decodeFrame, encodeFrame, peekFrame, type StreamFrame } from './stream-frames.ts';
import type { PairRecord } from './system-record.ts';

export interface SourceEndEvents {
  /** The destination has accepted more: host writes may complete. */
  accepted(key: string): void;
  /** The stream cannot go on; the pair must be suspended. */
  fault(key: string, reason: string): void;
  /** The destination refused the session for a reason other than a fault of the line. */
  refused(key: string, reply: Extract<OpenReply, { opened: false }>): void;
  /** Everything copied has been answered and the copy's end was confirmed. */
  copied(key: string): void;
}

interface Flight {
  sequence: number;
  volume: number;
  track: number;
  bytes: number;
}

export class SourceEnd {
  copy: { doneBytes: number; totalBytes: number; startedAt: number } | null = null;
  transferredBytes = 0;
  private session = 0;
  private state: 'closed' | 'opening' | 'open' = 'closed';
  private sequence = 0;
  private sentNumber = 0;
  private flights: Flight[] = [];
  private flightBytes = 0;
  private creditBytes = 0;
  /** Pull that overtook the answer which opens its session. */
  private earlyPull: Uint8Array | null = null;
  private pumping = false;
  /** Last number given when the latest track was read: only behind it is the copy whole. */
  private copyHigh = 0;
  private copyEndSent = false;
  private watchdog: Timer | null = null;
  private watchdogDueMs = 0;
  private stopped = false;
  /** Monotonic instant of the last answer, or of the first thing sent after everything was answered. */
  private progressAtMs: number;

  constructor(
    private readonly core: StorageCore,
    private readonly key: string,
    private readonly link: Link,
    private readonly events: SourceEndEvents,
  ) {
    this.progressAtMs = core.ports.clock.monotonic();
  }

  private get pair(): PairRecord | null {
    const pair = this.core.pair(this.key);
    return pair && this.core.isSource(pair) ? pair : null;
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Opens a session if the pair flows and the line is up; watches that one comes about in time. */
  open(): void {
    const pair = this.pair;
    if (this.stopped || !pair || !isFlowing(pair.state)) return;
    this.watch();
    if (!this.link.up || this.state !== 'closed') return;
    this.state = 'opening';
    this.negotiate(pair).catch((error: unknown) => {
      if (this.state === 'opening') this.state = 'closed';
      const refusal = refusalOf(error);
      this.core.ports.log.write('info', 'session not opened', { pair: this.key, reason: refusal.message });
      if (refusal.code !== 'unreachable' && refusal.code !== 'timeout')
        this.events.fault(this.key, `the other end answered: ${refusal.message}`);
      else this.retryLater();
    });
  }

  private retryLater(): void {
    this.core.ports.clock.after(this.core.config.timing.retryMs, () => this.open());
  }

  private async negotiate(pair: PairRecord): Promise<void> {
    const { record, config } = this.core;
    pair.session += 1;
    this.earlyPull = null;
    this.core.save();
    const session = pair.session;
    const copying = isCopying(pair.state);
    const epoch = this.link.epoch;
    // Fixed when the copy began: what was written since is neither in a bit nor may it be left out of the stream.
    const base = pair.formationBase ?? this.core.lastNumber;
    const formation = copying ? { base, tracks: this.core.bitmap(this.key).count } : null;
    const reply = openReply.parse(
      await this.link.call(
        'pair.open',
        {
          key: this.key,
          session,
          generation: record.generation,
          lineage: record.lineage,
          lastNumber: this.core.lastNumber,
          formation,
        },
        config.timing.callMs,
      ),
    );
    if (
      this.state !== 'opening' ||
      pair.session !== session ||
      this.link.epoch !== epoch ||
      this.pair !== pair ||
      !isFlowing(pair.state)
    ) {
      if (this.state === 'opening') this.state = 'closed';
      return this.open();
    }
    this.state = 'closed';
    if (!reply.opened) return this.events.refused(this.key, reply);
    this.resume(pair, session, reply);
  }

  private resume(pair: PairRecord, session: number, reply: Extract<OpenReply, { opened: true }>): void {
    const { core } = this;
    const common = commonNumber(core.record.lineage, core.lastNumber, reply.lineage, reply.accepted);
    if (common < reply.accepted && !core.mutant('lineage-ignored')) {
      return this.events.fault(
        this.key,
        `the destination holds updates to ${reply.accepted} that this system does not have`,
      );
    }
    if (reply.accepted < core.journal.trimmedTo) {
      return this.events.fault(this.key, `update ${reply.accepted + 1} was trimmed from the journal`);
    }
    this.session = session;
    this.state = 'open';
    this.sequence = 0;
    this.sentNumber = reply.accepted;
    this.flights = [];
    this.flightBytes = 0;
    this.creditBytes = 0;
    this.copyEndSent = false;
    this.copyHigh = core.lastNumber;
    if (isCopying(pair.state)) {
      core.bitmap(this.key).joinPlanes();
      this.beginCopy();
    }
    this.noteAccepted(reply.accepted, core.peerMarks.get(this.key)?.values?.[1] ?? 0);
    const { earlyPull } = this;
    this.earlyPull = null;
    if (earlyPull) this.frame(earlyPull);
    else this.pump();
  }

  private beginCopy(): void {
    const bytes = this.core.bitmap(this.key).count * this.core.volumes.trackBytes;
    this.copy ??= { doneBytes: 0, totalBytes: bytes, startedAt: this.core.ports.clock.now() };
    this.copy.totalBytes = this.copy.doneBytes + bytes;
  }

  /** The line is gone, or the pair no longer flows: what was in flight has not arrived as far as this end knows. */
  close(): void {
    this.state = 'closed';
    this.creditBytes = 0;
    if (this.flights.length > 0) this.core.bitmaps.get(this.key)?.joinPlanes();
    this.flights = [];
    this.flightBytes = 0;
    const pair = this.pair;
    if (!pair || !isCopying(pair.state)) this.copy = null;
    if (!pair || !isFlowing(pair.state)) return;
    if (!isCopying(pair.state) && this.core.peerAccepted(this.key) >= this.core.lastNumber) this.progressed();
    this.watch();
  }

  stop(): void {
    this.stopped = true;
    this.state = 'closed';
    this.watchdog?.cancel();
  }

  /** An entry was stored here. */
  stored(entry: Entry): void {
    // Everything before it is answered: whatever silence lay between was nobody's fault.
    if (this.core.peerAccepted(this.key) >= entry.number - 1) this.progressed();
    if (this.state !== 'open') return this.watch();
    const pair = this.pair;
    if (!pair) return;
    if (pair.definition.kind === 'sync' && entry.number === this.sentNumber + 1) {
      this.sendEntry(entry);
      this.watch();
    } else if (pair.definition.kind === 'sync' || this.creditBytes > 0) {
      this.pumpSoon();
    }
  }

  /** A frame from the destination. */
  frame(bytes: Uint8Array): void {
    const head = peekFrame(bytes);
    if (!head) return;
    if (this.state === 'opening' && head.type === 'pull' && head.session === this.pair?.session)
      this.earlyPull = new Uint8Array(bytes);
    if (this.state !== 'open' || head.session !== this.session) return;
    const frame = decodeFrame(bytes);
    if (frame?.type !== 'answer' && frame?.type !== 'pull') return;
    this.land(head.sequence);
    this.noteAccepted(frame.accepted, frame.durable);
    if (frame.type === 'pull') this.creditBytes = frame.creditBytes;
    this.pump();
  }

  /** The destination has confirmed the copy's end. */
  confirmed(session: number): boolean {
    return this.state === 'open' && session === this.session;
  }

  private noteAccepted(accepted: number, durable: number): void {
    const { core } = this;
    if (accepted > core.lastNumber) return; // Not of this history; the session check makes it impossible, the bound keeps it harmless.
    const known = core.peerAccepted(this.key);
    if (accepted > known) this.progressed();
    core.notePeer(this.key, Math.max(accepted, 0), durable);
    core.observer.changed();
    this.events.accepted(this.key);
  }

  private land(sequence: number): void {
    let count = 0;
    for (const flight of this.flights) {
      if (flight.sequence > sequence) break;
      this.core.bitmap(this.key).landed(flight.volume, flight.track);
      this.flightBytes -= flight.bytes;
      if (this.copy) this.copy.doneBytes += flight.bytes;
      count += 1;
    }
    if (count > 0) {
      this.flights.splice(0, count);
      this.progressed();
    }
  }

  private pumpSoon(): void {
    if (this.pumping) return;
    this.pumping = true;
    Promise.resolve().then(() => {
      this.pumping = false;
      this.pump();
    });
  }

  /** Sends what may be sent now: entries first, then tracks. */
  private pump(): void {
    const pair = this.pair;
    if (this.state !== 'open' || !pair || !isFlowing(pair.state)) return;
    try {
      const sent = this.sendEntries(pair) + this.sendTracks(pair);
      // A pull is one batch: the next one comes at the destination's interval.
      if (sent > 0 && pair.definition.kind === 'async') this.creditBytes = 0;
      this.sendCopyEnd(pair);
    } catch (error) {
      this.core.diskFailed(error);
      this.events.fault(this.key, `reading here failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.watch();
  }

  private sendEntries(pair: PairRecord): number {
    const limit =
      pair.state === 'suspending' && pair.drainTarget !== null
        ? Math.min(pair.drainTarget, this.core.lastNumber)
        : this.core.lastNumber;
    let count = 0;
    while (this.sentNumber < limit && (pair.definition.kind === 'sync' || this.creditBytes > 0)) {
      const entry = this.core.journal.read(this.sentNumber + 1);
      if (!entry) {
        this.events.fault(this.key, `entry ${this.sentNumber + 1} of the journal cannot be read`);
        return count;
      }
      this.sendEntry(entry);
      count += 1;
    }
    return count;
  }

  private sendEntry(entry: Entry): void {
    this.sentNumber = entry.number;
    this.creditBytes -= entry.data.length + 64;
    this.transferredBytes += entry.data.length;
    this.send({ type: 'entry', entry });
  }

  private sendTracks(pair: PairRecord): number {
    if (!isCopying(pair.state)) return 0;
    let count = 0;
    const { core } = this;
    while (this.flightBytes < core.config.windowBytes && (pair.definition.kind === 'sync' || this.creditBytes > 0)) {
      const next = core.bitmap(this.key).take();
      if (!next) break;
      if (core.mutant('bits-cleared-after-send')) core.bitmap(this.key).landed(next.volume, next.track);
      const data = core.volumes.readTrack(next.volume, next.track);
      this.copyHigh = core.lastNumber;
      this.flights.push({ sequence: this.sequence + 1, ...next, bytes: data.length });
      this.flightBytes += data.length;
      this.creditBytes -= data.length;
      this.transferredBytes += data.length;
      this.send({ type: 'copy', ...next, data });
      count += 1;
    }
    return count;
  }

  private sendCopyEnd(pair: PairRecord): void {
    const bitmap = this.core.bitmap(this.key);
    if (!isCopying(pair.state) || this.copyEndSent || bitmap.count > 0) return;
    if (this.sentNumber < this.copyHigh) return;
    this.copyEndSent = true;
    this.send({ type: 'copy-end', number: this.copyHigh });
  }

  private send(frame: StreamFrame): void {
    this.sequence += 1;
    this.link.sendFrame(encodeFrame(this.session, this.sequence, frame));
  }

  private progressed(): void {
    this.progressAtMs = this.core.ports.clock.monotonic();
  }

  /** Something is unanswered, or no session is open. */
  private get waiting(): boolean {
    const pair = this.pair;
    if (!pair || !isFlowing(pair.state)) return false;
    if (isCopying(pair.state)) return true;
    if (pair.definition.kind === 'async') return false;
    return this.state !== 'open' || this.core.peerAccepted(this.key) < this.core.lastNumber;
  }

  /** A pair that makes no progress for too long suspends itself (003 §[0069]). */
  private watch(): void {
    if (this.stopped || !this.waiting) return;
    // Nothing was waited for until now, so the silence begins now.
    if (this.watchdog === null) this.progressed();
    this.armWatchdog();
  }

  private armWatchdog(): void {
    const dueMs = this.progressAtMs + this.limitMs();
    if (this.watchdog !== null && this.watchdogDueMs <= dueMs) return;
    this.watchdog?.cancel();
    this.watchdogDueMs = dueMs;
    const { clock } = this.core.ports;
    this.watchdog = clock.after(Math.max(1, dueMs - clock.monotonic()), () => {
      this.watchdog = null;
      if (!this.waiting) return;
      const silentMs = clock.monotonic() - this.progressAtMs;
      if (silentMs < this.limitMs()) return this.armWatchdog();
      this.events.fault(this.key, this.link.up ? `no answer for ${Math.round(silentMs)} ms` : 'the line is down');
    });
  }

  private limitMs(): number {
    const { timing } = this.core.config;
    const pair = this.pair;
    if (
      pair &&
      pair.definition.kind === 'sync' &&
      (pair.state === 'duplex' || this.core.peerAccepted(this.key) < this.core.lastNumber)
    )
      return timing.syncTimeoutMs;
    return timing.copyTimeoutMs;
  }
}
