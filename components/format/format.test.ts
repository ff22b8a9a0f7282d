import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatRate, formatShare, NOTHING, shareOf } from './numbers.ts';
import { sentence } from './sentence.ts';
import { formatAge, formatClock, formatMs, formatSpan, formatUtc } from './time.ts';

describe('numbers', () => {
  it.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [53_248, '52 KiB'],
    [1536, '1.5 KiB'],
    [100_663_296, '96 MiB'],
    [1024 ** 4, '1 TiB'],
  ])('writes %i bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it('never invents a number where none is known', () => {
    for (const text of [
      formatBytes(null),
      formatCount(null),
      formatRate(null),
      formatShare(null),
      formatCount(Number.NaN),
    ]) {
      expect(text).toBe(NOTHING);
    }
  });

  it('says 100 % only when it is whole, and never 0 % of something', () => {
    expect(formatShare(0.9999)).toBe('99 %');
    expect(formatShare(1)).toBe('100 %');
    expect(formatShare(0.0001)).toBe('< 1 %');
    expect(formatShare(0)).toBe('0 %');
  });

  it('keeps shares between nothing and all', () => {
    expect(shareOf(120, 100)).toBe(1);
    expect(shareOf(1, 0)).toBeNull();
    expect(shareOf(null, 4)).toBeNull();
    expect(shareOf(1, 4)).toBe(0.25);
  });
});

describe('time', () => {
  it.each([
    [250_000, '00:04:10'],
    [0, '00:00:00'],
    [90_061_000, '1 d 01:01:01'],
  ])('writes %i ms as the clock %s', (ms, text) => expect(formatClock(ms)).toBe(text));

  it.each([
    [420, '0.42 s'],
    [1500, '1.5 s'],
    [12_400, '12 s'],
    [61_000, '00:01:01'],
    [-5, '0.00 s'],
  ])('writes a span of %i ms as %s', (ms, text) => expect(formatSpan(ms)).toBe(text));

  it('counts ages in whole seconds and writes instants in UTC', () => {
    expect(formatAge(2900)).toBe('2 s');
    expect(formatAge(751_000)).toBe('00:12:31');
    expect(formatMs(1)).toBe('1.0 ms');
    expect(formatUtc(Date.UTC(2025, 10, 20, 3, 12, 5))).toBe('2025-11-20 03:12:05 UTC');
  });
});

describe('sentences of refusals', () => {
  it.each([
    ['the pair exists already', 'The pair exists already.'],
    ['Use resync.', 'Use resync.'],
    ['host-P does not answer', 'host-P does not answer.'],
    ['P-I is in duplex', 'P-I is in duplex.'],
    [null, ''],
  ])('makes of %j the sentence %j', (clause, text) => expect(sentence(clause)).toBe(text));
});
