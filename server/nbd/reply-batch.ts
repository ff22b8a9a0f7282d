import type { ByteStream } from '../domain/ports.ts';
import { SIMPLE_REPLY_BYTES, SIMPLE_REPLY_MAGIC } from './protocol.ts';
import { unzeroed } from './unzeroed.ts';

const FIRST_SLAB_BYTES = 16 * 1024;
const LARGEST_SLAB_BYTES = 256 * 1024;

/**
 * Replies of one connection, gathered so that a whole turn's worth of them goes to the network in one write.
 *
 * They are laid one after another into a slab, which is never used twice: the stream owns what it was given. Slabs
 * start small, since most connections only ever carry 16-byte replies, and double with use.
 */
export class ReplyBatch {
  #slab: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #view: DataView = new DataView(this.#slab.buffer);
  #slabBytes = FIRST_SLAB_BYTES;
  #start = 0;
  #end = 0;
  #waitsForDrain = false;
  readonly #stream: ByteStream;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** True from the moment the stream asked to wait until it has drained. */
  get waitsForDrain(): boolean {
    return this.#waitsForDrain;
  }

  /** To be called when the stream has drained. */
  drained(): void {
    this.#waitsForDrain = false;
  }

  /** Adds a reply without data. The cookie is the client's, given back unchanged. */
  simple(errno: number, cookieHigh: number, cookieLow: number): void {
    const at = this.#reserve(SIMPLE_REPLY_BYTES);
    this.#header(at, errno, cookieHigh, cookieLow);
    this.#end = at + SIMPLE_REPLY_BYTES;
  }

  /** Opens a reply with `lengthBytes` of data and returns the place for the data; `closeRead` must follow at once. */
  openRead(lengthBytes: number): Uint8Array {
    const at = this.#reserve(SIMPLE_REPLY_BYTES + lengthBytes) + SIMPLE_REPLY_BYTES;
    return this.#slab.subarray(at, at + lengthBytes);
  }

  /** Closes what `openRead` opened. With an errno, the data is left out, as the protocol asks. */
  closeRead(errno: number, lengthBytes: number, cookieHigh: number, cookieLow: number): void {
    this.#header(this.#end, errno, cookieHigh, cookieLow);
    this.#end += SIMPLE_REPLY_BYTES + (errno === 0 ? lengthBytes : 0);
    // Much data is not kept until the end of the turn: only the stream can say that the client is slow to fetch it.
    if (this.#end - this.#start >= LARGEST_SLAB_BYTES) this.flush();
  }

  /** Adds bytes as they are (handshake). */
  append(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#slab.set(bytes, at);
    this.#end = at + bytes.length;
  }

  /** Hands everything gathered to the stream. */
  flush(): void {
    if (this.#end === this.#start) return;
    const bytes = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (!this.#stream.write(bytes)) this.#waitsForDrain = true;
  }

  #header(at: number, errno: number, cookieHigh: number, cookieLow: number): void {
    const view = this.#view;
    view.setUint32(at, SIMPLE_REPLY_MAGIC);
    view.setUint32(at + 4, errno);
    view.setUint32(at + 8, cookieHigh);
    view.setUint32(at + 12, cookieLow);
  }

  /** Makes room for `bytes` more in one piece and returns where it begins. */
  #reserve(bytes: number): number {
    if (this.#end + bytes > this.#slab.length) {
      this.flush();
      // Every byte that is sent was written first, by a header or by the export.
      this.#slab = unzeroed(Math.max(bytes, this.#slabBytes));
      this.#view = new DataView(this.#slab.buffer);
      this.#slabBytes = Math.min(this.#slabBytes * 2, LARGEST_SLAB_BYTES);
      this.#start = 0;
      this.#end = 0;
    }
    return this.#end;
  }
}
