import type { ByteStream, Clock, Ports, Timer } from '../domain/ports.ts';
import { NbdError } from './client-error.ts';
import { ClientNegotiation, type ExportFacts } from './client-negotiation.ts';
import { Gather } from './gather.ts';
import { PayloadArena } from './payload-arena.ts';
import {
  CMD_DISC,
  CMD_FLAG_FUA,
  CMD_FLUSH,
  CMD_READ,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  REQUEST_HEADER_BYTES,
  REQUEST_MAGIC,
  SIMPLE_REPLY_BYTES,
  SIMPLE_REPLY_MAGIC,
} from './protocol.ts';

export interface NbdClientLimits {
  /** How long connecting and choosing the export may take together. */
  readonly connectMs: number;
  /** How long the server may say nothing while requests are unanswered, before the connection is given up. */
  readonly silenceMs: number;
}

export const DEFAULT_NBD_CLIENT_LIMITS: NbdClientLimits = { connectMs: 10_000, silenceMs: 30_000 };

/** Data up to this length is copied behind its header: cheaper than one more piece to send. */
const INLINE_DATA_BYTES = 16 * 1024;

/** Called once per request, with null when it is done. */
export type NbdDone = (error: NbdError | null) => void;

interface Pending {
  /** Where READ data goes; null for every other request. */
  readonly into: Uint8Array | null;
  readonly done: NbdDone;
}

/**
 * A host's connection to one export. Requests are pipelined: any number may be unanswered at once, and they may be
 * answered in any order. A line that is cut shows only as silence, hence the limit on it.
 */
export class NbdClient {
  /** Called once if the connection ends without `disconnect`, after the unanswered requests were told. */
  onLost: ((error: NbdError) => void) | null = null;

  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #limits: NbdClientLimits;
  #facts: ExportFacts | null = null;
  #negotiation: ClientNegotiation | null;
  #settleConnect: ((error: NbdError | null) => void) | null = null;
  #failure: NbdError | null = null;
  #disconnecting = false;
  #onDisconnected: (() => void) | null = null;

  readonly #pending = new Map<number, Pending>();
  #nextCookie = 1;
  #heardAtMs = 0;
  #watch: Timer | null;

  readonly #arena = new PayloadArena();
  readonly #header = new Gather(SIMPLE_REPLY_BYTES);
  #reading: Pending | null = null;
  #readHave = 0;

  private constructor(
    ports: Pick<Ports, 'network' | 'clock'>,
    address: string,
    exportName: string,
    limits: NbdClientLimits,
  ) {
    this.#clock = ports.clock;
    this.#limits = limits;
    this.#stream = ports.network.connect(address);
    this.#negotiation = new ClientNegotiation(exportName, (bytes) => this.#stream.write(bytes));
    this.#stream.onData = (chunk) => this.#receive(chunk);
    this.#stream.onClose = (reason) => this.#closed(reason);
    this.#watch = this.#clock.after(limits.connectMs, () =>
      this.#fail(new NbdError('UNREACHABLE', `${address} did not answer within ${limits.connectMs} ms`)),
    );
  }

  /**
   * Connects to the export `exportName` at `address` (`host:port`).
   * Rejects with an `NbdError`: `UNREACHABLE`, `NO_SUCH_EXPORT`, `EXPORT_REFUSED` or `BAD_SERVER`.
   */
  static connect(
    ports: Pick<Ports, 'network' | 'clock'>,
    address: string,
    exportName: string,
    limits: Partial<NbdClientLimits> = {},
  ): Promise<NbdClient> {
    return new Promise((resolve, reject) => {
      const client = new NbdClient(ports, address, exportName, { ...DEFAULT_NBD_CLIENT_LIMITS, ...limits });
      client.#settleConnect = (error) => (error === null ? resolve(client) : reject(error));
    });
  }

  /** Size of the volume in bytes. */
  get sizeBytes(): number {
    return this.#facts?.sizeBytes ?? 0;
  }

  /** Whether the volume was read-only when this client connected; it may have changed since. */
  get readOnly(): boolean {
    return this.#facts?.readOnly ?? false;
  }

  /** Requests that are not answered yet. */
  get outstanding(): number {
    return this.#pending.size + (this.#reading === null ? 0 : 1);
  }

  /** Fills `into` from `offsetBytes`. `into` belongs to the client until `done`. */
  read(offsetBytes: number, into: Uint8Array, done: NbdDone): void {
    this.#request(CMD_READ, 0, offsetBytes, into.length, null, { into, done });
  }

  /** Writes `data`, which must not be changed until `done`. With `fua`, done means that it survives the machine. */
  write(offsetBytes: number, data: Uint8Array, fua: boolean, done: NbdDone): void {
    this.#request(CMD_WRITE, fua ? CMD_FLAG_FUA : 0, offsetBytes, data.length, data, { into: null, done });
  }

  /** Makes a range read as zeros without sending them. */
  zero(offsetBytes: number, lengthBytes: number, fua: boolean, done: NbdDone): void {
    this.#request(CMD_WRITE_ZEROES, fua ? CMD_FLAG_FUA : 0, offsetBytes, lengthBytes, null, { into: null, done });
  }

  /** Done when every write that was done before this call survives the machine. */
  flush(done: NbdDone): void {
    this.#request(CMD_FLUSH, 0, 0, 0, null, { into: null, done });
  }

  /** Takes leave in order, once the requests under way are answered. New ones are refused from now on. */
  disconnect(done: () => void): void {
    if (this.#failure !== null || this.#disconnecting) {
      done();
      return;
    }
    this.#disconnecting = true;
    this.#onDisconnected = done;
    this.#leaveIfAnswered();
  }

  #request(
    command: number,
    flags: number,
    offsetBytes: number,
    lengthBytes: number,
    data: Uint8Array | null,
    pending: Pending,
  ): void {
    const refusal =
      this.#failure ?? (this.#disconnecting ? new NbdError('DISCONNECTED', 'already disconnected') : null);
    if (refusal !== null) {
      pending.done(refusal);
      return;
    }
    const cookie = this.#nextCookie;
    this.#nextCookie += 1;
    this.#pending.set(cookie, pending);
    if (this.#pending.size === 1) {
      this.#heardAtMs = this.#clock.monotonic();
      if (this.#watch === null) this.#watchSilence(this.#limits.silenceMs);
    }
    this.#send(command, flags, cookie, offsetBytes, lengthBytes, data);
  }

  #send(
    command: number,
    flags: number,
    cookie: number,
    offsetBytes: number,
    lengthBytes: number,
    data: Uint8Array | null,
  ): void {
    const inline = data !== null && data.length <= INLINE_DATA_BYTES ? data : null;
    const frame = this.#arena.take(REQUEST_HEADER_BYTES + (inline?.length ?? 0));
    const view = new DataView(frame.buffer, frame.byteOffset);
    view.setUint32(0, REQUEST_MAGIC);
    view.setUint16(4, flags);
    view.setUint16(6, command);
    view.setUint32(8, Math.floor(cookie / 0x1_0000_0000));
    view.setUint32(12, cookie >>> 0);
    view.setUint32(16, Math.floor(offsetBytes / 0x1_0000_0000));
    view.setUint32(20, offsetBytes >>> 0);
    view.setUint32(24, lengthBytes);
    if (inline !== null) frame.set(inline, REQUEST_HEADER_BYTES);
    this.#stream.write(frame);
    if (data !== null && inline === null) this.#stream.write(data);
  }

  #receive(chunk: Uint8Array): void {
    this.#heardAtMs = this.#clock.monotonic();
    let at = 0;
    try {
      while (at < chunk.length && this.#failure === null) {
        if (this.#negotiation !== null) at = this.#negotiate(this.#negotiation, chunk, at);
        else if (this.#reading !== null) at = this.#takeData(this.#reading, chunk, at);
        else at = this.#takeReply(chunk, at);
      }
    } catch (error) {
      if (!(error instanceof NbdError)) throw error;
      this.#fail(error);
    }
  }

  #negotiate(negotiation: ClientNegotiation, chunk: Uint8Array, at: number): number {
    const stoppedAt = negotiation.take(chunk, at);
    if (negotiation.agreed !== null) {
      this.#facts = negotiation.agreed;
      this.#negotiation = null;
      this.#watch?.cancel();
      this.#watch = null;
      this.#tellConnect(null);
    }
    return stoppedAt;
  }

  #takeReply(chunk: Uint8Array, at: number): number {
    const stoppedAt = this.#header.take(chunk, at);
    if (!this.#header.complete) return stoppedAt;
    const view = this.#header.view;
    this.#header.expect(SIMPLE_REPLY_BYTES);
    const cookie = view.getUint32(8) * 0x1_0000_0000 + view.getUint32(12);
    const pending = this.#pending.get(cookie);
    if (view.getUint32(0) !== SIMPLE_REPLY_MAGIC || pending === undefined) {
      throw new NbdError('BAD_SERVER', 'the server sent a reply that answers no request');
    }
    this.#pending.delete(cookie);
    const errno = view.getUint32(4);
    if (errno !== 0) this.#settle(pending, NbdError.ofErrno(errno));
    else if (pending.into === null || pending.into.length === 0) this.#settle(pending, null);
    else this.#reading = pending;
    return stoppedAt;
  }

  #takeData(pending: Pending, chunk: Uint8Array, at: number): number {
    const into = pending.into ?? new Uint8Array(0);
    const count = Math.min(into.length - this.#readHave, chunk.length - at);
    into.set(chunk.subarray(at, at + count), this.#readHave);
    this.#readHave += count;
    if (this.#readHave === into.length) {
      this.#reading = null;
      this.#readHave = 0;
      this.#settle(pending, null);
    }
    return at + count;
  }

  #settle(pending: Pending, error: NbdError | null): void {
    pending.done(error);
    this.#leaveIfAnswered();
  }

  #leaveIfAnswered(): void {
    if (!this.#disconnecting || this.#failure !== null || this.#pending.size > 0 || this.#reading !== null) return;
    this.#failure = new NbdError('DISCONNECTED', 'already disconnected');
    this.#send(CMD_DISC, 0, 0, 0, 0, null);
    this.#stream.end();
    this.#watch?.cancel();
    // A server that never closes its end must not keep the host waiting.
    this.#watch = this.#clock.after(this.#limits.silenceMs, () => this.#stream.destroy());
  }

  #watchSilence(delayMs: number): void {
    this.#watch = this.#clock.after(delayMs, () => {
      this.#watch = null;
      if (this.#pending.size === 0 && this.#reading === null) return;
      const silentMs = this.#clock.monotonic() - this.#heardAtMs;
      if (silentMs < this.#limits.silenceMs) this.#watchSilence(this.#limits.silenceMs - silentMs);
      else this.#fail(new NbdError('SILENT', `the server has said nothing for ${this.#limits.silenceMs} ms`));
    });
  }

  /** Gives the connection up. */
  #fail(error: NbdError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#watch?.cancel();
    this.#watch = null;
    this.#stream.destroy();
    const unanswered = [...this.#pending.values()];
    if (this.#reading !== null) unanswered.unshift(this.#reading);
    this.#pending.clear();
    this.#reading = null;
    for (const pending of unanswered) pending.done(error);
    const connected = this.#facts !== null;
    this.#tellConnect(error);
    this.#tellDisconnected();
    if (connected && !this.#disconnecting) this.onLost?.(error);
  }

  #closed(reason: string | null): void {
    const how = reason ?? 'the server closed it';
    if (this.#facts === null) this.#fail(new NbdError('UNREACHABLE', `no connection: ${how}`));
    else this.#fail(new NbdError('LOST', `the connection ended: ${how}`));
    this.#watch?.cancel();
    this.#watch = null;
    this.#tellDisconnected();
  }

  #tellConnect(error: NbdError | null): void {
    this.#settleConnect?.(error);
    this.#settleConnect = null;
  }

  #tellDisconnected(): void {
    this.#onDisconnected?.();
    this.#onDisconnected = null;
  }
}
