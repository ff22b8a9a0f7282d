/**
 * Where the world comes in. Everything below `site` and `simulation` is handed these ports and touches nothing else:
 * no timer, no `Date`, no randomness, no file, no socket. `server/site` implements them for real, `server/simulation`
 * virtually, and so one and the same code is run, rehearsed and proven.
 */

/** A timer that can be called off. Cancelling one that has fired, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970 UTC. May jump and drift: never used to measure an interval. */
  now(): number;
  /** Monotonic milliseconds of this process's machine. Only differences mean anything. */
  monotonic(): number;
  /** Calls `run` once, `delayMs` (≥ 0) from now, unless cancelled. */
  after(delayMs: number, run: () => void): Timer;
}

/**
 * One process's private folder. `name` is a relative path of plain segments (`volume-0`, `journal/000001`).
 * Every method but `sync` is synchronous: after `write` returns, the bytes survive the death of the process (they are
 * in the page cache); after `sync` resolves, they survive the machine. Failures throw a `DiskError`.
 */
export interface Disk {
  exists(name: string): boolean;
  /** Names below `folder` (not recursive), sorted. An absent folder is empty. */
  list(folder: string): string[];
  /** Opens a file for reading and writing. With `createBytes`, creates it zero-filled to that size where absent. */
  open(name: string, createBytes?: number): DiskFile;
  /** Whole content, or `null` where there is no such file. */
  readWhole(name: string): Uint8Array | null;
  /** Replaces the whole content atomically and durably (new file, sync, rename, sync folder). Blocks: for rare records. */
  replace(name: string, content: Uint8Array): void;
  remove(name: string): void;
  /** Identity of this boot of the machine. A change means that unsynced pages may be lost. */
  readonly bootId: string;
}

export interface DiskFile {
  readonly sizeBytes: number;
  /** Fills `into` from `position`. Reading past the end is a `DiskError`. */
  read(position: number, into: Uint8Array): void;
  /** Writes all of `bytes` at `position`, which must lie inside the file or at its end (the file grows). */
  write(position: number, bytes: Uint8Array): void;
  /** Makes every write that returned before the call durable. */
  sync(): Promise<void>;
  close(): void;
}

export type DiskErrorCode = 'ENOSPC' | 'EIO' | 'ENOENT' | 'EBADF';

export class DiskError extends Error {
  constructor(
    readonly code: DiskErrorCode,
    readonly file: string,
    message: string,
  ) {
    super(`${code}: ${file}: ${message}`);
    this.name = 'DiskError';
  }
}

/**
 * A reliable, ordered stream of bytes, as TCP gives it: chunks may be split and joined anywhere, either end may vanish,
 * and a peer that is cut off is noticed only by silence.
 */
export interface ByteStream {
  /** Takes over `bytes` (the caller must not change them afterwards). False asks the caller to wait for `onDrain`. */
  write(bytes: Uint8Array): boolean;
  /** Bytes taken by `write` and not yet handed to the network. */
  readonly queuedBytes: number;
  /** Sends what is queued, then ends the stream. */
  end(): void;
  /** Drops the stream at once; `onClose` is still called. */
  destroy(): void;
  /** Stops and restarts the arrival of data (back-pressure towards the peer). */
  pause(): void;
  resume(): void;
  onOpen: (() => void) | null;
  /** The chunk belongs to the receiver only until the call returns; copy what must be kept. */
  onData: ((chunk: Uint8Array) => void) | null;
  onDrain: (() => void) | null;
  /** Called exactly once. `reason` is null after an orderly end. */
  onClose: ((reason: string | null) => void) | null;
}

export interface Listener {
  /** Where it can be reached, `host:port`. */
  readonly address: string;
  close(): void;
}

/** One process's view of the network. Addresses are `host:port`; port 0 asks for a free one. */
export interface Network {
  listen(address: string, accept: (stream: ByteStream) => void): Promise<Listener>;
  /** Returns at once; `onOpen` or `onClose` tells how it went. */
  connect(address: string): ByteStream;
}

/** Source of unpredictable (for real) or seeded (simulated) values. */
export interface Entropy {
  /** `count` bytes. */
  bytes(count: number): Uint8Array;
  /** Uniform in [0, 1). */
  fraction(): number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured log line. Never put secrets or volume data in `facts`. */
export interface Log {
  write(level: LogLevel, message: string, facts?: Record<string, unknown>): void;
}

/** All a simulated or real process is given. */
export interface Ports {
  clock: Clock;
  disk: Disk;
  network: Network;
  entropy: Entropy;
  log: Log;
}
