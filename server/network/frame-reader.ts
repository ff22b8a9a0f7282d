/**
 * Cuts a byte stream into frames: 4 bytes little-endian length of what follows, 1 byte kind, body. A frame that lies
 * whole in one chunk is handed on in place; only one that is split is copied.
 */
export const FRAME_HEADER_BYTES = 5;
export const FRAME_JSON = 1;
export const FRAME_BINARY = 2;

export class FrameReader {
  private pending: Buffer = Buffer.alloc(0);
  private pendingBytes = 0;

  constructor(
    /** Frames longer than this are a protocol error. May be raised once the peer has proven itself. */
    public maxFrameBytes: number,
    private readonly onFrame: (kind: number, body: Uint8Array) => void,
  ) {}

  /** Returns null, or why the bytes are not a frame; then the stream must be dropped. */
  take(chunk: Uint8Array): string | null {
    let offset = 0;
    while (this.pendingBytes > 0 && offset < chunk.length) {
      const wanted = this.wantedBytes();
      if (typeof wanted === 'string') return wanted;
      const count = Math.min(wanted - this.pendingBytes, chunk.length - offset);
      this.keep(chunk.subarray(offset, offset + count), wanted);
      offset += count;
      const fault = this.deliverPending();
      if (fault) return fault;
    }
    return this.takeInPlace(chunk, offset);
  }

  private takeInPlace(chunk: Uint8Array, start: number): string | null {
    let offset = start;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (chunk.length - offset >= 4) {
      const length = view.getUint32(offset, true);
      const fault = this.faultOf(length);
      if (fault) return fault;
      if (chunk.length - offset - 4 < length) break;
      this.onFrame(chunk[offset + 4] ?? 0, chunk.subarray(offset + FRAME_HEADER_BYTES, offset + 4 + length));
      offset += 4 + length;
    }
    if (offset < chunk.length) this.keep(chunk.subarray(offset), 4);
    return null;
  }

  private faultOf(length: number): string | null {
    if (length < 1) return 'a frame of no bytes';
    return length > this.maxFrameBytes
      ? `a frame of ${length} bytes where at most ${this.maxFrameBytes} are allowed`
      : null;
  }

  /** Bytes the pending frame will have in all, as far as its header is known. */
  private wantedBytes(): number | string {
    if (this.pendingBytes < 4) return 4;
    const length = this.pending.readUInt32LE(0);
    return this.faultOf(length) ?? 4 + length;
  }

  private deliverPending(): string | null {
    const wanted = this.wantedBytes();
    if (typeof wanted === 'string') return wanted;
    if (wanted <= 4 || this.pendingBytes < wanted) return null;
    this.pendingBytes = 0;
    this.onFrame(this.pending[4] ?? 0, this.pending.subarray(FRAME_HEADER_BYTES, wanted));
    return null;
  }

  private keep(bytes: Uint8Array, wanted: number): void {
    const needed = Math.max(wanted, this.pendingBytes + bytes.length);
    if (this.pending.length < needed) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 4096));
      this.pending.copy(grown, 0, 0, this.pendingBytes);
      this.pending = grown;
    }
    this.pending.set(bytes, this.pendingBytes);
    this.pendingBytes += bytes.length;
  }
}

/** Header of a frame whose body has `bodyBytes`. */
export function frameHeader(kind: number, bodyBytes: number): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header.writeUInt32LE(bodyBytes + 1, 0);
  header[4] = kind;
  return header;
}
