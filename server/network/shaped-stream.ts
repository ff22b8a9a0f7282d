/**
 * A byte stream with distance: what leaves this end is held back by delay, jitter, bandwidth and loss, or vanishes while
 * the line is cut. Each end shapes its own direction, so that a line can be cut or slow one way. Loss on a reliable
 * stream shows as the time it takes to send again, as it does with TCP.
 */
import type { ByteStream, Clock, Entropy, Timer } from '../domain/ports.ts';
import type { LineConditions } from './channel-types.ts';

/** Conditions of one direction of a line, shared by its paths: they compete for the same bandwidth. */
export class LineDirection {
  /** Monotonic instant at which the line has sent everything accepted so far. */
  private freeAtMs = 0;
  private readonly streams = new Set<ShapedStream>();

  constructor(
    private readonly clock: Clock,
    private readonly entropy: Entropy,
    private conditions: LineConditions,
  ) {}

  get current(): Readonly<LineConditions> {
    return this.conditions;
  }

  /** Changes the conditions from now on. Streams that lost bytes to a cut are dropped when it is healed. */
  set(conditions: LineConditions): void {
    this.conditions = conditions;
    if (!conditions.cut) for (const stream of [...this.streams]) stream.healed();
  }

  wrap(stream: ByteStream): ByteStream {
    const shaped = new ShapedStream(stream, this, this.clock, (gone) => this.streams.delete(gone));
    this.streams.add(shaped);
    return shaped;
  }

  /** Monotonic instant at which `bytes` sent now arrive. */
  arrivalOf(bytes: number): number {
    const now = this.clock.monotonic();
    const { rateBytesPerSecond, delayMs, jitterMs, loss } = this.conditions;
    let sentAt = now;
    if (rateBytesPerSecond !== null) {
      this.freeAtMs = Math.max(this.freeAtMs, now) + (bytes * 1000) / rateBytesPerSecond;
      sentAt = this.freeAtMs;
    }
    let extra = jitterMs > 0 ? this.entropy.fraction() * jitterMs : 0;
    // Sent again one timeout later: two round trips, at least 20 ms, as a retransmission takes.
    while (loss > 0 && this.entropy.fraction() < Math.min(loss, 0.9)) extra += Math.max(20, delayMs * 4);
    return sentAt + delayMs + extra;
  }
}

/** Bytes not yet handed to the network, held back here or waiting below, before `write` asks its caller to wait. */
const HIGH_WATER_BYTES = 4 * 1024 * 1024;

class ShapedStream implements ByteStream {
  onOpen: (() => void) | null = null;
  onData: ((chunk: Uint8Array) => void) | null = null;
  onDrain: (() => void) | null = null;
  onClose: ((reason: string | null) => void) | null = null;
  private held: { dueMs: number; bytes: Uint8Array }[] = [];
  private heldBytes = 0;
  private timer: Timer | null = null;
  private lastDueMs = 0;
  private swallowed = false;
  private ending = false;
  private closed = false;
  private wantsDrain = false;

  constructor(
    private readonly inner: ByteStream,
    private readonly direction: LineDirection,
    private readonly clock: Clock,
    private readonly onGone: (stream: ShapedStream) => void,
  ) {
    inner.onOpen = () => this.onOpen?.();
    inner.onData = (chunk) => this.onData?.(chunk);
    inner.onDrain = () => this.drained();
    inner.onClose = (reason) => this.gone(reason);
  }

  get queuedBytes(): number {
    return this.heldBytes + this.inner.queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.closed) return false;
    const { cut, delayMs, jitterMs, rateBytesPerSecond, loss } = this.direction.current;
    if (cut || this.swallowed) {
      this.swallowed = true;
      return true;
    }
    if (this.held.length === 0 && delayMs === 0 && jitterMs === 0 && rateBytesPerSecond === null && loss === 0) {
      return this.mayGoOn(this.inner.write(bytes));
    }
    this.lastDueMs = Math.max(this.lastDueMs, this.direction.arrivalOf(bytes.length));
    this.held.push({ dueMs: this.lastDueMs, bytes });
    this.heldBytes += bytes.length;
    this.arm();
    return this.mayGoOn(this.queuedBytes <= HIGH_WATER_BYTES);
  }

  /** Who was told to wait is told to go on, even if a smaller piece fitted in meanwhile. */
  private mayGoOn(isRoomLeft: boolean): boolean {
    if (!isRoomLeft) this.wantsDrain = true;
    return isRoomLeft;
  }

  end(): void {
    this.ending = true;
    // The end of a stream crosses the line like its bytes: a cut swallows it, and the peer hears only silence.
    if (this.direction.current.cut) this.swallowed = true;
    if (this.held.length === 0) this.finish();
  }

  private finish(): void {
    if (this.ending && !this.swallowed) this.inner.end();
  }

  destroy(): void {
    this.inner.destroy();
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }

  /** The cut is over: a stream with a hole in it cannot go on. */
  healed(): void {
    if (this.swallowed) this.inner.destroy();
  }

  private arm(): void {
    const first = this.held[0];
    if (this.timer !== null || first === undefined) return;
    this.timer = this.clock.after(Math.max(0, first.dueMs - this.clock.monotonic()), () => this.release());
  }

  private release(): void {
    this.timer = null;
    if (this.closed) return;
    const now = this.clock.monotonic();
    let count = 0;
    for (const entry of this.held) {
      if (entry.dueMs > now + 0.001) break;
      count += 1;
      this.heldBytes -= entry.bytes.length;
      if (this.direction.current.cut) this.swallowed = true;
      if (!this.swallowed) this.inner.write(entry.bytes);
    }
    this.held.splice(0, count);
    if (this.held.length === 0) this.finish();
    this.drained();
    this.arm();
  }

  private drained(): void {
    if (!this.wantsDrain || this.queuedBytes > HIGH_WATER_BYTES / 2) return;
    this.wantsDrain = false;
    this.onDrain?.();
  }

  private gone(reason: string | null): void {
    this.closed = true;
    this.timer?.cancel();
    this.held = [];
    this.heldBytes = 0;
    this.onGone(this);
    this.onClose?.(reason);
  }
}
