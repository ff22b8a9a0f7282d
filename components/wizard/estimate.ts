/** How long a copy will still take, from what was seen of it. Nothing is invented: without samples there is no estimate. */

export interface Sample {
  at: number;
  doneBytes: number;
}

export interface Estimate {
  rateBytesPerSecond: number | null;
  leftMs: { low: number; mid: number; high: number } | null;
  /** Set once no byte has come for `STALL_MS`. */
  stalledMs: number | null;
}

/** No estimate before this much has been seen, ms. */
export const LEARN_MS = 3000;
/** Silence after which a copy counts as stalled, ms. */
export const STALL_MS = 5000;
/** What is older says little of the rate now, ms. */
const WINDOW_MS = 15_000;

/** Samples with a newer one added; a fresh copy (fewer bytes than before) starts anew. */
export function addSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples.at(-1);
  if (last && sample.doneBytes < last.doneBytes) return [sample];
  if (last && sample.doneBytes === last.doneBytes) return [...samples];
  return [...samples.filter((each) => sample.at - each.at <= WINDOW_MS), sample];
}

/** Rates between neighbouring samples, bytes per ms, slowest first. */
function ratesOf(samples: readonly Sample[]): number[] {
  return samples
    .slice(1)
    .flatMap((sample, index) => {
      const before = samples[index];
      const span = before ? sample.at - before.at : 0;
      return before && span > 0 ? [(sample.doneBytes - before.doneBytes) / span] : [];
    })
    .sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? 0;

/** What may be said at `now` of a copy of `totalBytes`. */
export function estimate(samples: readonly Sample[], totalBytes: number, now: number): Estimate {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last) return { rateBytesPerSecond: null, leftMs: null, stalledMs: null };
  const left = Math.max(0, totalBytes - last.doneBytes);
  const quiet = now - last.at;
  if (left > 0 && quiet >= STALL_MS) return { rateBytesPerSecond: 0, leftMs: null, stalledMs: quiet };
  const seen = last.at - first.at;
  if (seen < LEARN_MS) return { rateBytesPerSecond: null, leftMs: null, stalledMs: null };
  const mean = (last.doneBytes - first.doneBytes) / seen;
  const rates = ratesOf(samples);
  const fast = Math.max(mean, at(rates, 0.75));
  const slow = Math.min(mean, at(rates, 0.25)) || mean;
  return {
    rateBytesPerSecond: mean * 1000,
    leftMs: { low: left / fast, mid: left / mean, high: left / slow },
    stalledMs: null,
  };
}
