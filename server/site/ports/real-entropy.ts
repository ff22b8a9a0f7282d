import { randomBytes } from 'node:crypto';
import type { Entropy } from '../../domain/ports.ts';

const TWO_TO_THE_48 = 2 ** 48;

/** Values nobody can predict, from the operating system. */
export class RealEntropy implements Entropy {
  bytes(count: number): Uint8Array {
    return new Uint8Array(randomBytes(count));
  }

  fraction(): number {
    return randomBytes(6).readUIntBE(0, 6) / TWO_TO_THE_48;
  }
}
