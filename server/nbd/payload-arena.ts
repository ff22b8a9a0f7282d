import { unzeroed } from './unzeroed.ts';

const SLAB_BYTES = 128 * 1024;
const LARGEST_SHARED_BYTES = 32 * 1024;

/**
 * Buffers for data that comes from the wire or goes there. A view of a shared slab costs a fraction of a buffer of its own, and the slab
 * goes when the last of its payloads does. Large payloads get a buffer each, so that none of them pins much else.
 * Small ones taken in turn lie one behind the other, so that a stream can send them in one piece.
 */
export class PayloadArena {
  #slab: ArrayBuffer = new ArrayBuffer(0);
  #used = 0;

  /** A buffer of exactly `lengthBytes`, contents undefined, that nobody else has or will have. */
  take(lengthBytes: number): Uint8Array {
    if (lengthBytes > LARGEST_SHARED_BYTES) return unzeroed(lengthBytes);
    if (this.#used + lengthBytes > this.#slab.byteLength) {
      this.#slab = unzeroed(SLAB_BYTES).buffer;
      this.#used = 0;
    }
    const view = new Uint8Array(this.#slab, this.#used, lengthBytes);
    this.#used += lengthBytes;
    return view;
  }
}
