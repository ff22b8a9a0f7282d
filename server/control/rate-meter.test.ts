import { expect, test } from 'vitest';
import type { SystemFacts } from '../domain/storage-controller.ts';
import { RateMeter } from './rate-meter.ts';

/** Only what the meter reads; the rest of the facts is none of its business. */
function facts(writesCompleted: number, bytesWritten: number, transferredBytes: number): SystemFacts {
  return { writesCompleted, bytesWritten, pairs: [{ name: 'P-I', transferredBytes }] } as unknown as SystemFacts;
}

test('nothing is known before the second look', () => {
  const meter = new RateMeter();
  meter.take(facts(5, 500, 50), 1_000);
  expect(meter.rates.writesPerSecond).toBeNull();
});

test('rates are per second, whatever the time between two looks', () => {
  const meter = new RateMeter();
  meter.take(facts(0, 0, 0), 1_000);
  meter.take(facts(30, 3_000, 600), 4_000);
  expect(meter.rates).toEqual({ writesPerSecond: 10, bytesPerSecond: 1_000, pairRates: { 'P-I': 200 } });
});

test('looks that follow closely are measured together', () => {
  const meter = new RateMeter();
  meter.take(facts(0, 0, 0), 1_000);
  meter.take(facts(90, 0, 0), 1_100);
  expect(meter.rates.writesPerSecond).toBeNull();
  meter.take(facts(100, 0, 0), 2_000);
  expect(meter.rates.writesPerSecond).toBe(100);
});

test('a new process begins anew instead of showing a negative rate', () => {
  const meter = new RateMeter();
  meter.take(facts(100, 0, 0), 1_000);
  meter.take(facts(200, 0, 0), 2_000);
  meter.take(facts(3, 0, 0), 3_000);
  expect(meter.rates.writesPerSecond).toBeNull();
  meter.take(facts(5, 0, 0), 4_000);
  expect(meter.rates.writesPerSecond).toBe(2);
});
