/**
 * One simulated connection: two byte pipes, each of which splits, joins, delays and holds back what it carries, and
 * loses a seeded tail of it when the sender dies.
 */
import type { ByteStream } from '../domain/ports.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Way } from './virtual-network.ts';
import type { Life } from './virtual-process.ts';

/** What the kernels of both sides buffer before a writer has to wait. */
const WINDOW_BYTES = 256 * 1024;
const HIGH_WATER_BYTES = 64 * 1024;
const RETRANSMIT_MS = 40;
const SPLIT_CHANCE = 0.06;
const JOIN_CHANCE = 0.25;

interface Segment {
  bytes: Uint8Array | null;
  /** Instead of bytes: the peer's end of the stream, orderly (null) or not. */
  close: { reason: string | null } | null;
  arrived: boolean;
}

class End implements ByteStream {
  onOpen: (() => void) | null = null;
  onData: ((chunk: Uint8Array) => void) | null = null;
  onDrain: (() => void) | null = null;
  onClose: ((reason: string | null) => void) | null = null;

  /** Null until the connection is accepted, on the accepting side. */
  life: Life | null = null;
  /** What leaves here goes this way; known once both ends have an owner. */
  way: Way | null = null;
  closed = false;
  ending = false;
  waitsForDrain = false;
  receivePaused = false;
  /** Written and not yet handed to the network. */
  queue: Uint8Array[] = [];
  queuedBytes = 0;
  inFlightBytes = 0;
  busyUntilMs = 0;
  lastArrivalMs = 0;
  /** Sent and not yet delivered, in order. The first ones may have arrived and wait for the receiver. */
  segments: Segment[] = [];

  constructor(
    private readonly pair: StreamPair,
    readonly poison: boolean,
  ) {}

  write(bytes: Uint8Array): boolean {
    const life = this.mine();
    const moment = life.enter();
    if (moment?.when === 'torn') life.strike();
    if (!this.closed && !this.ending) this.pair.send(this, bytes);
    if (moment) life.strike();
    const mustWait = this.queuedBytes > HIGH_WATER_BYTES;
    // Who was told to wait is told to go on, even if another piece was taken meanwhile.
    if (mustWait) this.waitsForDrain = true;
    return !mustWait;
  }

  end(): void {
    const life = this.mine();
    const moment = life.enter();
    if (moment?.when === 'torn') life.strike();
    if (!this.closed && !this.ending) {
      this.ending = true;
      this.pair.flush(this);
    }
    if (moment) life.strike();
  }

  destroy(): void {
    const life = this.mine();
    const moment = life.enter();
    if (moment?.when === 'torn') life.strike();
    this.pair.reset(this, 'destroyed');
    if (moment) life.strike();
  }

  pause(): void {
    this.mine().check();
    this.receivePaused = true;
  }

  resume(): void {
    this.mine().check();
    if (!this.receivePaused) return;
    this.receivePaused = false;
    this.pair.receiverReady(this);
  }

  private mine(): Life {
    if (!this.life) throw new Error('the stream has no owner yet');
    return this.life;
  }
}

export class StreamPair {
  readonly client: End;
  private readonly server: End;
  private readonly closing: (() => void)[] = [];

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    life: Life,
    private readonly wayOf: (from: string, to: string) => Way,
  ) {
    // A receiver that keeps a chunk beyond its call reads rubbish on such a stream, and checksums tell.
    const poison = random.chance(0.25);
    this.client = new End(this, poison);
    this.server = new End(this, poison);
    this.client.life = life;
  }

  get closed(): boolean {
    return this.client.closed;
  }

  /** Runs `done` when both ends are closed. */
  onceClosed(done: () => void): void {
    this.closing.push(done);
  }

  /** The listener took the connection; the client learns it `backMs` later. */
  accepted(life: Life, accept: (stream: ByteStream) => void, backMs: number): void {
    const { scheduler } = this;
    this.server.life = life;
    scheduler.at(scheduler.nowMs, life, () => accept(this.server));
    scheduler.at(scheduler.nowMs + backMs, this.client.life, () => {
      if (this.client.closed) return;
      this.client.onOpen?.();
      this.flush(this.client);
    });
  }

  /** The connection never came about. */
  fail(reason: string): void {
    this.server.closed = true;
    this.close(this.client, reason);
  }

  private other(end: End): End {
    return end === this.client ? this.server : this.client;
  }

  send(end: End, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    end.queue.push(bytes);
    end.queuedBytes += bytes.length;
    this.flush(end);
  }

  /** Hands queued bytes to the network as far as the window allows. */
  flush(end: End): void {
    if (end.closed || !this.server.life) return;
    while (end.queue.length > 0 && end.inFlightBytes < WINDOW_BYTES) {
      const bytes = end.queue.shift();
      if (!bytes) break;
      end.queuedBytes -= bytes.length;
      end.inFlightBytes += bytes.length;
      this.transmit(end, bytes);
    }
    if (end.waitsForDrain && end.queue.length === 0) {
      end.waitsForDrain = false;
      this.scheduler.at(this.scheduler.nowMs, end.life, () => {
        if (!end.closed) end.onDrain?.();
      });
    }
    if (end.ending && end.queue.length === 0) {
      end.ending = false;
      end.closed = true;
      this.depart(end, { bytes: null, close: { reason: null }, arrived: false });
      const backMs = this.way(this.other(end), end)?.delayMs ?? 0;
      this.scheduler.at(end.lastArrivalMs + backMs, end.life, () => this.announceClose(end, null));
    }
  }

  private transmit(end: End, bytes: Uint8Array): void {
    const last = end.segments.at(-1);
    if (last?.bytes && !last.arrived && this.random.chance(JOIN_CHANCE)) {
      const joined = new Uint8Array(last.bytes.length + bytes.length);
      joined.set(last.bytes);
      joined.set(bytes, last.bytes.length);
      last.bytes = joined;
      return;
    }
    if (bytes.length > 1 && this.random.chance(SPLIT_CHANCE)) {
      const at = 1 + this.random.below(Math.min(bytes.length - 1, this.random.chance(0.5) ? 40 : bytes.length));
      this.depart(end, { bytes: bytes.subarray(0, at), close: null, arrived: false });
      this.depart(end, { bytes: bytes.subarray(at), close: null, arrived: false });
      return;
    }
    this.depart(end, { bytes, close: null, arrived: false });
  }

  private way(from: End, to: End): Way | null {
    if (!from.life || !to.life) return null;
    from.way ??= this.wayOf(from.life.process.name, to.life.process.name);
    return from.way;
  }

  /** Puts one segment on the way; segments of one direction never overtake each other. */
  private depart(end: End, segment: Segment): void {
    const way = this.way(end, this.other(end));
    if (!way) return;
    end.segments.push(segment);
    const { scheduler, random } = this;
    let leavesMs = scheduler.nowMs;
    if (way.rateBytesPerSecond !== null && segment.bytes) {
      leavesMs = Math.max(leavesMs, end.busyUntilMs) + (segment.bytes.length * 1000) / way.rateBytesPerSecond;
      end.busyUntilMs = leavesMs;
    }
    let arrivalMs = leavesMs + way.delayMs + random.fraction() * way.jitterMs;
    while (way.loss > 0 && random.chance(way.loss)) arrivalMs += RETRANSMIT_MS;
    end.lastArrivalMs = Math.max(end.lastArrivalMs, arrivalMs);
    this.arriveAt(end, segment, end.lastArrivalMs);
  }

  private arriveAt(end: End, segment: Segment, atMs: number): void {
    const receiver = this.other(end);
    this.scheduler.at(atMs, receiver.life, () => {
      const way = this.way(end, receiver);
      // Lost on the way; it stays in `segments` until the way is whole again.
      if (way?.cut) return;
      segment.arrived = true;
      this.deliver(end, receiver);
    });
  }

  /** Delivers what has arrived, in order, to a receiver that takes it. */
  private deliver(end: End, receiver: End): void {
    while (!receiver.receivePaused) {
      const segment = end.segments[0];
      if (!segment?.arrived) break;
      end.segments.shift();
      if (segment.close) {
        this.close(receiver, segment.close.reason);
        break;
      }
      const bytes = segment.bytes;
      if (!bytes) continue;
      end.inFlightBytes -= bytes.length;
      if (!receiver.closed) this.hand(receiver, bytes);
    }
    // A dead or closed sender has nothing more to hand over.
    if (end.life?.alive && !end.closed) this.flush(end);
  }

  private hand(receiver: End, bytes: Uint8Array): void {
    if (!receiver.poison) {
      receiver.onData?.(bytes);
      return;
    }
    // A plain array, as the real network lends it, and a copy: `Buffer.slice` would be a view of the sender's.
    const lent = new Uint8Array(bytes);
    receiver.onData?.(lent);
    lent.fill(0xdd);
  }

  receiverReady(receiver: End): void {
    const sender = this.other(receiver);
    this.scheduler.at(this.scheduler.nowMs, receiver.life, () => this.deliver(sender, receiver));
  }

  /** The way between two processes is whole again: what was lost on it is sent again, in order. */
  wayRestored(from: string, to: string): void {
    for (const end of [this.client, this.server]) {
      const receiver = this.other(end);
      if (end.life?.process.name !== from || receiver.life?.process.name !== to) continue;
      const { scheduler, random } = this;
      let atMs = Math.max(end.lastArrivalMs, scheduler.nowMs + random.fraction() * RETRANSMIT_MS);
      for (const segment of end.segments) {
        if (segment.arrived) continue;
        this.arriveAt(end, segment, atMs);
        atMs += 0.001;
      }
      end.lastArrivalMs = atMs;
    }
  }

  /** One side drops the stream: its unsent bytes are lost, what is on the way may arrive, the peer sees a reset. */
  reset(end: End, reason: string): void {
    if (end.closed) return;
    end.closed = true;
    end.queue = [];
    end.queuedBytes = 0;
    this.loseTail(end);
    const { scheduler } = this;
    scheduler.at(scheduler.nowMs, end.life, () => this.announceClose(end, reason));
    this.depart(end, { bytes: null, close: { reason: 'connection reset' }, arrived: false });
  }

  /** The process of one end is gone. `silent`: and its machine with it, so that the peer's bytes vanish unanswered. */
  endDied(life: Life, silent: boolean): void {
    for (const end of [this.client, this.server]) {
      if (end.life !== life) continue;
      const wasOpen = !end.closed;
      end.closed = true;
      end.queue = [];
      this.loseTail(end);
      if (silent) this.notice(this.other(end));
      else if (wasOpen) this.depart(end, { bytes: null, close: { reason: 'connection reset' }, arrived: false });
    }
  }

  /** Any prefix of the bytes on the way may arrive. */
  private loseTail(end: End): void {
    if (this.random.chance(0.5)) return;
    const unarrived = end.segments.filter((segment) => !segment.arrived);
    if (unarrived.length === 0) return;
    const keep = this.random.below(unarrived.length + 1);
    const cut = unarrived[keep];
    for (const segment of unarrived.slice(keep)) {
      segment.bytes =
        segment === cut && segment.bytes ? segment.bytes.subarray(0, this.random.below(segment.bytes.length)) : null;
    }
  }

  /** A peer of a vanished machine learns it only when the machine is back and answers with a reset: we let that be slow. */
  private notice(end: End): void {
    const slowMs = 30_000;
    this.scheduler.at(this.scheduler.nowMs + slowMs, null, () => {
      if (end.life?.alive) this.close(end, 'connection timed out');
      else end.closed = true;
    });
  }

  private close(end: End, reason: string | null): void {
    if (end.closed) {
      this.finish();
      return;
    }
    end.closed = true;
    end.queue = [];
    end.queuedBytes = 0;
    this.scheduler.at(this.scheduler.nowMs, end.life, () => this.announceClose(end, reason));
  }

  private announceClose(end: End, reason: string | null): void {
    const tell = end.onClose;
    end.onClose = null;
    this.finish();
    tell?.(reason);
  }

  private finish(): void {
    const gone = (end: End): boolean => end.closed || !end.life?.alive;
    if (gone(this.client) && gone(this.server)) for (const done of this.closing.splice(0)) done();
  }
}
