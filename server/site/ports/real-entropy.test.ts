import { expect, it } from 'vitest';
import { RealEntropy } from './real-entropy.ts';

it('gives bytes in the number asked for and fractions of one, and never the same ones', () => {
  const entropy = new RealEntropy();
  expect(entropy.bytes(0)).toHaveLength(0);
  const seen = new Set(Array.from({ length: 100 }, () => Buffer.from(entropy.bytes(16)).toString('hex')));
  expect(seen.size).toBe(100);
  const fractions = Array.from({ length: 1000 }, () => entropy.fraction());
  expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true);
  expect(new Set(fractions).size).toBe(1000);
});
