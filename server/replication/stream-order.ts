/** Puts the frames of one session back into their order, whatever path each of them came by (1b rule 13). */

/** Bytes of frames that came before their turn; more means that one in between was lost. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

export type Placement = 'due' | 'held' | 'past' | 'overflow';

export class StreamOrder {
  private expected = 1;
  private heldBytes = 0;
  private readonly held = new Map<number, Uint8Array>();

  /** A new session: its frames are numbered from 1. */
  begin(): void {
    this.expected = 1;
    this.heldBytes = 0;
    this.held.clear();
  }

  /** Highest sequence up to which every frame was taken. */
  get taken(): number {
    return this.expected - 1;
  }

  /** `due`: it is its turn. `held`: it came early, and a copy of it waits. `past`: it was taken before. */
  place(sequence: number, bytes: Uint8Array): Placement {
    if (sequence < this.expected) return 'past';
    if (sequence === this.expected) return 'due';
    return this.hold(sequence, bytes) ? 'held' : 'overflow';
  }

  /** Keeps a copy of a frame for later; false where too much waits already. */
  hold(sequence: number, bytes: Uint8Array): boolean {
    if (this.held.has(sequence)) return true;
    if (this.heldBytes + bytes.length > MAX_HELD_BYTES) return false;
    // `bytes` belong to the receiver only for now, and may be a Buffer, whose `slice` would be no copy.
    this.held.set(sequence, new Uint8Array(bytes));
    this.heldBytes += bytes.length;
    return true;
  }

  /** The frame whose turn it is, if it is here. It stays until `advance`. */
  due(): Uint8Array | null {
    return this.held.get(this.expected) ?? null;
  }

  /** The frame whose turn it was has been taken. */
  advance(): void {
    const frame = this.held.get(this.expected);
    if (frame) this.heldBytes -= frame.length;
    this.held.delete(this.expected);
    this.expected += 1;
  }
}
