import type { ByteStream, Clock, Listener, Log, LogLevel, Network, Timer } from '../../domain/ports.ts';

/** A small seeded generator (mulberry32), so that a failing run can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { dueMs: number; run: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return { cancel: () => this.#forget(timer) };
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Moves time on and runs what falls due, in order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#forget(due);
      this.#nowMs = Math.max(this.#nowMs, due.dueMs);
      due.run();
    }
    this.#nowMs = untilMs;
  }

  #forget(timer: { dueMs: number; run: () => void }): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}

/** Keeps log lines for a test to look at. */
export class MemoryLog implements Log {
  readonly lines: { level: LogLevel; message: string; facts: Record<string, unknown> }[] = [];

  write(level: LogLevel, message: string, facts: Record<string, unknown> = {}): void {
    this.lines.push({ level, message, facts });
  }
}

const HIGH_WATER_BYTES = 64 * 1024;

/** One end of a connection. What it sends is split and joined at random on its way. */
export class PairedStream implements ByteStream {
  onOpen: (() => void) | null = null;
  onData: ((chunk: Uint8Array) => void) | null = null;
  onDrain: (() => void) | null = null;
  onClose: ((reason: string | null) => void) | null = null;

  peer: PairedStream | null = null;
  paused = false;
  /** Calls of `write`, for tests on batching. */
  writes = 0;
  /** Most bytes that were ever queued, for tests on bounded memory. */
  mostQueuedBytes = 0;

  #queue: { readonly bytes: Uint8Array; readonly fingerprint: number; sentBytes: number }[] = [];
  #queuedBytes = 0;
  #ending = false;
  #closed = false;
  #wantsDrain = false;
  #closeReason: string | null = null;
  #closeDue = false;
  #openDue = true;

  write(bytes: Uint8Array): boolean {
    if (this.#ending || this.#closed || this.#closeDue) return false;
    this.writes += 1;
    if (bytes.length > 0) this.#queue.push({ bytes, fingerprint: fingerprintOf(bytes), sentBytes: 0 });
    this.#queuedBytes += bytes.length;
    this.mostQueuedBytes = Math.max(this.mostQueuedBytes, this.#queuedBytes);
    if (this.#queuedBytes < HIGH_WATER_BYTES) return true;
    this.#wantsDrain = true;
    return false;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  end(): void {
    this.#ending = true;
  }

  destroy(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.closeSoon('dropped at this end');
    this.peer?.closeSoon('ECONNRESET');
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  closeSoon(reason: string | null): void {
    if (this.#closeDue) return;
    this.#closeDue = true;
    this.#closeReason = reason;
  }

  /** Does one thing that the network could do for this end now; false where there is none. */
  step(random: () => number): boolean {
    if (this.#closed) return false;
    if (this.#openDue) {
      this.#openDue = false;
      this.onOpen?.();
      return true;
    }
    if (this.#closeDue && !(this.peer?.deliverable() ?? false)) return this.#close();
    if (this.deliverable()) return this.#deliver(random);
    if (this.#wantsDrain && this.#queuedBytes === 0) {
      this.#wantsDrain = false;
      this.onDrain?.();
      return true;
    }
    if (this.#ending && this.#queuedBytes === 0 && !this.#closeDue) {
      this.peer?.closeSoon(null);
      this.closeSoon(null);
      return true;
    }
    return false;
  }

  /** Whether bytes written here can reach the other end now. */
  deliverable(): boolean {
    const peer = this.peer;
    return (
      !this.#closed &&
      this.#queue.length > 0 &&
      peer !== null &&
      !peer.paused &&
      !peer.#closed &&
      peer.#closeReason === null
    );
  }

  /** Delivers in a scratch buffer that is spoilt afterwards: whoever keeps a chunk is found out. */
  #deliver(random: () => number): boolean {
    const mostBytes = Math.min(this.#queuedBytes, random() < 0.15 ? 1 + Math.floor(random() * 40) : 1 << 20);
    const chunk = new Uint8Array(1 + Math.floor(random() * mostBytes));
    let have = 0;
    while (have < chunk.length) {
      const first = this.#queue[0];
      if (first === undefined) throw new Error('the queue is shorter than its count');
      const piece = first.bytes.subarray(first.sentBytes, first.sentBytes + chunk.length - have);
      chunk.set(piece, have);
      have += piece.length;
      first.sentBytes += piece.length;
      if (first.sentBytes < first.bytes.length) break;
      if (fingerprintOf(first.bytes) !== first.fingerprint)
        throw new Error('bytes were changed after they were written');
      this.#queue.shift();
    }
    this.#queuedBytes -= have;
    this.peer?.onData?.(chunk);
    chunk.fill(0xdb);
    return true;
  }

  #close(): boolean {
    this.#closed = true;
    this.onClose?.(this.#closeReason);
    return true;
  }
}

/** A network in memory. Nothing moves but in `run`, and then in an order that the seed decides. */
export class PairedNetwork implements Network {
  readonly random: () => number;
  readonly #accepting = new Map<string, (stream: ByteStream) => void>();
  /** The server's end of the latest connection. */
  lastAccepted: PairedStream | null = null;
  #ends: PairedStream[] = [];

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  listen(address: string, accept: (stream: ByteStream) => void): Promise<Listener> {
    this.#accepting.set(address, accept);
    return Promise.resolve({ address, close: () => this.#accepting.delete(address) });
  }

  connect(address: string): PairedStream {
    const near = new PairedStream();
    this.#ends.push(near);
    const accept = this.#accepting.get(address);
    if (accept === undefined) {
      near.closeSoon('ECONNREFUSED');
      return near;
    }
    const far = new PairedStream();
    near.peer = far;
    far.peer = near;
    this.#ends.push(far);
    this.lastAccepted = far;
    accept(far);
    return near;
  }

  /** Lets the network do all it can, one random thing after another, microtasks in between. */
  async run(): Promise<void> {
    for (;;) {
      await Promise.resolve();
      this.#ends = this.#ends.filter((end) => !end.closed);
      const first = Math.floor(this.random() * this.#ends.length);
      const order = [...this.#ends.slice(first), ...this.#ends.slice(0, first)];
      if (!order.some((end) => end.step(this.random))) return;
    }
  }
}

function fingerprintOf(bytes: Uint8Array): number {
  let hash = bytes.length;
  const stride = Math.max(1, Math.floor(bytes.length / 64));
  for (let at = 0; at < bytes.length; at += stride) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  return hash;
}
