import type { NbdExport } from './export.ts';
import type { PayloadArena } from './payload-arena.ts';
import {
  CMD_CACHE,
  CMD_DISC,
  CMD_FLAG_FAST_ZERO,
  CMD_FLAG_FUA,
  CMD_FLAG_NO_HOLE,
  CMD_FLUSH,
  CMD_READ,
  CMD_TRIM,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  MAX_PAYLOAD_BYTES,
  NBD_ERRNO,
  type NbdErrno,
  REQUEST_HEADER_BYTES,
  REQUEST_MAGIC,
} from './protocol.ts';
import type { ReplyBatch } from './reply-batch.ts';

/** What an unanswered request is counted as, besides its data: its closure and bookkeeping, generously. */
const REQUEST_COST_BYTES = 256;

/** Why a request is answered with an errno instead of being handed to the export. */
interface Refusal {
  readonly errno: NbdErrno;
  readonly reason: string;
}

/** What a transmission tells the connection that it runs on. */
export interface TransmissionEvents {
  /** The client asked to disconnect: nothing more is to be read, what is outstanding is still to be answered. */
  disconnecting(): void;
  /** The client broke the protocol in a way that leaves no place to continue from. */
  broke(reason: string, facts: Record<string, unknown>): void;
  /** A request was answered with an errno because the request itself was wrong. */
  rejected(reason: string, facts: Record<string, unknown>): void;
  /** A reply was added after the call that brought its request had ended. */
  settledLater(): void;
}

/**
 * One client's requests on one export (proto.md, *Transmission phase*), simple replies only.
 *
 * This is the hot path. A request costs no promise and no copy besides its data's: headers are read where they lie
 * in the chunk, WRITE data is copied once into the buffer that is handed on, READ data is read straight into its reply.
 */
export class Transmission {
  readonly volume: NbdExport;
  readonly #replies: ReplyBatch;
  readonly #arena: PayloadArena;
  readonly #events: TransmissionEvents;

  /** Data and bookkeeping of the requests that are not answered yet, in bytes. */
  outstandingBytes = 0;
  outstandingRequests = 0;
  #closed = false;
  #taking = false;

  /** A header that arrived in pieces. */
  readonly #partial = new Uint8Array(REQUEST_HEADER_BYTES);
  readonly #partialView = new DataView(this.#partial.buffer);
  #partialBytes = 0;

  /** The view last used on a chunk: streams bring most chunks in one and the same buffer. */
  #view: DataView = this.#partialView;

  /** The WRITE whose data is arriving; `#payload` is null where the data is only passed over. */
  #payload: Uint8Array | null = null;
  #payloadBytes = 0;
  #payloadHave = 0;
  #payloadErrno: NbdErrno | 0 = 0;

  #flags = 0;
  #cookieHigh = 0;
  #cookieLow = 0;
  #offsetBytes = 0;
  #lengthBytes = 0;

  constructor(volume: NbdExport, replies: ReplyBatch, arena: PayloadArena, events: TransmissionEvents) {
    this.volume = volume;
    this.#replies = replies;
    this.#arena = arena;
    this.#events = events;
  }

  /** Takes at most one request, or part of one, from `chunk` at `at`. Returns where it stopped. */
  take(chunk: Uint8Array, at: number): number {
    this.#taking = true;
    const stoppedAt = this.#payloadBytes > 0 ? this.#takePayload(chunk, at) : this.#takeHeader(chunk, at);
    this.#taking = false;
    return stoppedAt;
  }

  /** The connection is gone: completions that are still to come have nobody to be told to. */
  close(): void {
    this.#closed = true;
    this.#payload = null;
  }

  #takeHeader(chunk: Uint8Array, at: number): number {
    const available = chunk.length - at;
    if (this.#partialBytes === 0 && available >= REQUEST_HEADER_BYTES) {
      if (this.#view.buffer !== chunk.buffer) this.#view = new DataView(chunk.buffer);
      const next = at + REQUEST_HEADER_BYTES;
      this.#request(this.#view, chunk.byteOffset + at);
      // Usually the data follows in the same chunk.
      return this.#payloadBytes > 0 && next < chunk.length ? this.#takePayload(chunk, next) : next;
    }
    const count = Math.min(REQUEST_HEADER_BYTES - this.#partialBytes, available);
    this.#partial.set(chunk.subarray(at, at + count), this.#partialBytes);
    this.#partialBytes += count;
    if (this.#partialBytes === REQUEST_HEADER_BYTES) {
      this.#partialBytes = 0;
      this.#request(this.#partialView, 0);
    }
    return at + count;
  }

  #takePayload(chunk: Uint8Array, at: number): number {
    const count = Math.min(this.#payloadBytes - this.#payloadHave, chunk.length - at);
    this.#payload?.set(chunk.subarray(at, at + count), this.#payloadHave);
    this.#payloadHave += count;
    if (this.#payloadHave === this.#payloadBytes) this.#payloadComplete();
    return at + count;
  }

  #payloadComplete(): void {
    const payload = this.#payload;
    this.#payload = null;
    this.#payloadBytes = 0;
    this.#payloadHave = 0;
    if (payload === null) this.#reply(this.#payloadErrno);
    else this.#change(CMD_WRITE, payload);
  }

  #request(view: DataView, at: number): void {
    if (view.getUint32(at) !== REQUEST_MAGIC) {
      this.#events.broke('not an NBD request: wrong magic number', { magic: view.getUint32(at) });
      return;
    }
    this.#flags = view.getUint16(at + 4);
    const command = view.getUint16(at + 6);
    this.#cookieHigh = view.getUint32(at + 8);
    this.#cookieLow = view.getUint32(at + 12);
    // Beyond 2^53 the sum is rounded, but by then it is far past the end of any volume.
    this.#offsetBytes = view.getUint32(at + 16) * 0x1_0000_0000 + view.getUint32(at + 20);
    this.#lengthBytes = view.getUint32(at + 24);
    switch (command) {
      case CMD_READ:
        this.#read();
        return;
      case CMD_WRITE:
        this.#write();
        return;
      case CMD_FLUSH:
        this.#flush();
        return;
      case CMD_TRIM:
      case CMD_WRITE_ZEROES:
        this.#zero(command);
        return;
      case CMD_DISC:
        this.#events.disconnecting();
        return;
      case CMD_CACHE:
        this.#reject({ errno: NBD_ERRNO.ENOTSUP, reason: 'CACHE is not offered' });
        return;
      default:
        this.#reject({ errno: NBD_ERRNO.EINVAL, reason: `command ${command} is not known` });
    }
  }

  #read(): void {
    const refusal = this.#whyNotRead();
    if (refusal !== null) {
      this.#reject(refusal);
      return;
    }
    const lengthBytes = this.#lengthBytes;
    const into = this.#replies.openRead(lengthBytes);
    const errno = lengthBytes === 0 ? 0 : this.volume.read(this.#offsetBytes, into);
    this.#replies.closeRead(errno, lengthBytes, this.#cookieHigh, this.#cookieLow);
  }

  #whyNotRead(): Refusal | null {
    if ((this.#flags & ~CMD_FLAG_FUA) !== 0) return { errno: NBD_ERRNO.EINVAL, reason: 'READ with an unknown flag' };
    if (this.#beyondEnd()) return { errno: NBD_ERRNO.EINVAL, reason: 'READ beyond the end' };
    if (this.#lengthBytes > MAX_PAYLOAD_BYTES) return { errno: NBD_ERRNO.EINVAL, reason: 'READ longer than allowed' };
    return null;
  }

  #write(): void {
    const lengthBytes = this.#lengthBytes;
    const refusal = this.#whyNotWrite();
    if (refusal !== null) this.#note(refusal);
    const errno = refusal === null ? 0 : refusal.errno;
    if (lengthBytes === 0) {
      this.#reply(errno);
      return;
    }
    // The data of a refused write still follows and has to be passed over before the next request.
    this.#payloadBytes = lengthBytes;
    this.#payload = errno === 0 ? this.#arena.take(lengthBytes) : null;
    this.#payloadErrno = errno;
  }

  #whyNotWrite(): Refusal | null {
    if ((this.#flags & ~CMD_FLAG_FUA) !== 0) return { errno: NBD_ERRNO.EINVAL, reason: 'WRITE with an unknown flag' };
    if (this.volume.readOnly) return { errno: NBD_ERRNO.EPERM, reason: 'WRITE to a read-only export' };
    if (this.#beyondEnd()) return { errno: NBD_ERRNO.ENOSPC, reason: 'WRITE beyond the end' };
    if (this.#lengthBytes > MAX_PAYLOAD_BYTES) return { errno: NBD_ERRNO.EINVAL, reason: 'WRITE longer than allowed' };
    return null;
  }

  #flush(): void {
    const odd = this.#offsetBytes !== 0 || this.#lengthBytes !== 0 || (this.#flags & ~CMD_FLAG_FUA) !== 0;
    if (odd) this.#reject({ errno: NBD_ERRNO.EINVAL, reason: 'FLUSH with an offset, a length or an unknown flag' });
    else this.#change(CMD_FLUSH, null);
  }

  #zero(command: number): void {
    const refusal = command === CMD_TRIM ? this.#whyNotTrim() : this.#whyNotWriteZeroes();
    if (refusal !== null) this.#reject(refusal);
    else if (this.#lengthBytes === 0) this.#reply(0);
    else this.#change(command, null);
  }

  #whyNotTrim(): Refusal | null {
    if ((this.#flags & ~CMD_FLAG_FUA) !== 0) return { errno: NBD_ERRNO.EINVAL, reason: 'TRIM with an unknown flag' };
    if (this.volume.readOnly) return { errno: NBD_ERRNO.EPERM, reason: 'TRIM on a read-only export' };
    if (this.#beyondEnd()) return { errno: NBD_ERRNO.EINVAL, reason: 'TRIM beyond the end' };
    return null;
  }

  #whyNotWriteZeroes(): Refusal | null {
    // NO_HOLE needs no care: volumes have no holes that a later write could fail to fill.
    const known = CMD_FLAG_FUA | CMD_FLAG_NO_HOLE | CMD_FLAG_FAST_ZERO;
    if ((this.#flags & ~known) !== 0) return { errno: NBD_ERRNO.EINVAL, reason: 'WRITE_ZEROES with an unknown flag' };
    if (this.volume.readOnly) return { errno: NBD_ERRNO.EPERM, reason: 'WRITE_ZEROES on a read-only export' };
    if (this.#beyondEnd()) return { errno: NBD_ERRNO.ENOSPC, reason: 'WRITE_ZEROES beyond the end' };
    // "Fast or not at all" is how a client asks before it wipes a whole disk; zeros here cost about what data does.
    if ((this.#flags & CMD_FLAG_FAST_ZERO) !== 0) {
      return { errno: NBD_ERRNO.ENOTSUP, reason: 'WRITE_ZEROES is not faster than WRITE' };
    }
    return null;
  }

  #beyondEnd(): boolean {
    return this.#offsetBytes + this.#lengthBytes > this.volume.sizeBytes;
  }

  /** Hands a change to the export; the answer follows when it completes. */
  #change(command: number, data: Uint8Array | null): void {
    const cookieHigh = this.#cookieHigh;
    const cookieLow = this.#cookieLow;
    const costBytes = REQUEST_COST_BYTES + (data === null ? 0 : data.length);
    const fua = (this.#flags & CMD_FLAG_FUA) !== 0;
    this.outstandingBytes += costBytes;
    this.outstandingRequests += 1;
    let open = true;
    const done = (errno: NbdErrno | 0): void => {
      if (!open) throw new Error(`the export ${this.volume.name} completed one request twice`);
      open = false;
      this.#settle(costBytes, errno, cookieHigh, cookieLow);
    };
    if (data !== null) this.volume.write(this.#offsetBytes, data, fua, done);
    else if (command === CMD_FLUSH) this.volume.flush(done);
    else this.volume.zero(this.#offsetBytes, this.#lengthBytes, fua, done);
  }

  #settle(costBytes: number, errno: number, cookieHigh: number, cookieLow: number): void {
    this.outstandingBytes -= costBytes;
    this.outstandingRequests -= 1;
    if (this.#closed) return;
    this.#replies.simple(errno, cookieHigh, cookieLow);
    if (!this.#taking) this.#events.settledLater();
  }

  #reply(errno: NbdErrno | 0): void {
    this.#replies.simple(errno, this.#cookieHigh, this.#cookieLow);
  }

  #reject(refusal: Refusal): void {
    this.#note(refusal);
    this.#reply(refusal.errno);
  }

  #note(refusal: Refusal): void {
    this.#events.rejected(refusal.reason, {
      errno: refusal.errno,
      flags: this.#flags,
      offsetBytes: this.#offsetBytes,
      lengthBytes: this.#lengthBytes,
    });
  }
}
