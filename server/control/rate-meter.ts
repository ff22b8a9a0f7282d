/** Rates of a storage system, from the counters in two sets of its facts. */
import type { SystemFacts } from '../domain/storage-controller.ts';

/** Shorter stretches would make a jumpy figure; longer ones a late one. */
const LEAST_MS = 900;

export interface Rates {
  writesPerSecond: number | null;
  bytesPerSecond: number | null;
  /** Payload of each pair at this end, bytes per second. */
  pairRates: Record<string, number | null>;
}

interface Reading {
  at: number;
  writes: number;
  bytes: number;
  pairs: Map<string, number>;
}

export const NO_RATES: Rates = { writesPerSecond: null, bytesPerSecond: null, pairRates: {} };

export class RateMeter {
  private base: Reading | null = null;
  rates: Rates = NO_RATES;

  /** Takes facts taken at `at` (ms). Counters that went back belong to a new process, and measuring begins anew. */
  take(facts: SystemFacts, at: number): void {
    const reading: Reading = {
      at,
      writes: facts.writesCompleted,
      bytes: facts.bytesWritten,
      pairs: new Map(facts.pairs.map((pair) => [pair.name, pair.transferredBytes])),
    };
    const { base } = this;
    if (!base || at < base.at || reading.writes < base.writes || reading.bytes < base.bytes) {
      this.base = reading;
      this.rates = NO_RATES;
      return;
    }
    const elapsedMs = at - base.at;
    if (elapsedMs < LEAST_MS) return;
    const perSecond = (now: number, before: number | undefined) =>
      before === undefined || now < before ? null : ((now - before) * 1000) / elapsedMs;
    this.rates = {
      writesPerSecond: perSecond(reading.writes, base.writes),
      bytesPerSecond: perSecond(reading.bytes, base.bytes),
      pairRates: Object.fromEntries(
        [...reading.pairs].map(([name, bytes]) => [name, perSecond(bytes, base.pairs.get(name))]),
      ),
    };
    this.base = reading;
  }
}
