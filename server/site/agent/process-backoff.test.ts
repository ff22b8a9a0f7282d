import { describe, expect, test } from 'vitest';
import { ProcessBackoff } from './process-backoff.ts';

describe('pauses before a restart', () => {
  test('double from crash to crash and stay bounded', () => {
    const backoff = new ProcessBackoff();
    expect(Array.from({ length: 8 }, () => backoff.afterLife(50))).toEqual([
      100, 200, 400, 800, 1600, 3200, 5000, 5000,
    ]);
  });

  test('begin anew after a sound life, and when an operator asks', () => {
    const backoff = new ProcessBackoff();
    for (let crash = 0; crash < 5; crash += 1) backoff.afterLife(50);
    expect(backoff.afterLife(60_000)).toBe(100);
    backoff.afterLife(50);
    backoff.reset();
    expect(backoff.afterLife(50)).toBe(100);
  });
});
