/** Puts an item of known length together from chunks that may be cut anywhere. */
export class Gather {
  #bytes: Uint8Array<ArrayBuffer>;
  #have = 0;

  /** Waits for `lengthBytes` at first. */
  constructor(lengthBytes: number) {
    this.#bytes = new Uint8Array(lengthBytes);
  }

  /** Begins the next item. The bytes of the last one stay valid for whoever has them. */
  expect(lengthBytes: number): void {
    this.#bytes = new Uint8Array(lengthBytes);
    this.#have = 0;
  }

  /** Takes what is missing and no more from `chunk` at `at`. Returns where it stopped. */
  take(chunk: Uint8Array, at: number): number {
    const count = Math.min(this.#bytes.length - this.#have, chunk.length - at);
    this.#bytes.set(chunk.subarray(at, at + count), this.#have);
    this.#have += count;
    return at + count;
  }

  get complete(): boolean {
    return this.#have === this.#bytes.length;
  }

  /** The item; all of it once `complete`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  get view(): DataView<ArrayBuffer> {
    return new DataView(this.#bytes.buffer);
  }
}
