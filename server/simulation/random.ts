/**
 * Seeded randomness of the simulator: sfc32 (Chris Doty-Humphrey's small fast counter), seeded through a string hash.
 * Every consumer forks a stream of its own by name, so that one more draw in one place does not shift all the others;
 * this is what keeps a shrunk schedule close to the one it came from.
 */

/** Spreads `text` over 128 bits; not cryptographic. */
function hashOf(text: string): [number, number, number, number] {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let d = 0xdeadbeef;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x85ebca6b) ^ (d >>> 13);
    b = Math.imul(b ^ a, 0xc2b2ae35) ^ (a >>> 16);
    c = Math.imul(c ^ b, 0x27d4eb2f) ^ (b >>> 15);
    d = Math.imul(d ^ c, 0x165667b1) ^ (c >>> 14);
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  /** Equal seeds give equal streams for ever: the algorithm is part of what a recorded seed means. */
  constructor(private readonly seed: string) {
    const [a, b, c, d] = hashOf(seed);
    this.a = a;
    this.b = b;
    this.c = c;
    this.counter = d | 1;
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** A stream of its own, independent of how much was drawn from this one. */
  fork(name: string): Random {
    return new Random(`${this.seed}/${name}`);
  }

  /** Uniform 32-bit unsigned integer. */
  next(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return this.next() / 4_294_967_296;
  }

  /** Uniform integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** Uniform integer in [from, to], both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of `choices`, which must not be empty. */
  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new Error('nothing to pick from');
    return choice;
  }

  /** One of `choices` with probability in proportion to its weight. */
  pickWeighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T {
    let total = 0;
    for (const [weight] of choices) total += weight;
    let left = this.fraction() * total;
    for (const [weight, value] of choices) {
      left -= weight;
      if (left < 0) return value;
    }
    throw new Error('nothing to pick from');
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let index = 0; index < count; index += 1) bytes[index] = this.next() & 0xff;
    return bytes;
  }
}
