import { describe, expect, it } from 'vitest';
import { newestGeneration } from './generation.ts';

const generation = (number: number, holder: string | null) => ({ number, runId: `run-${number}`, holder });

describe('newestGeneration', () => {
  it.each([
    ['nothing known', [], null],
    ['the highest number', [generation(1, 'P'), generation(3, 'R'), generation(2, null)], generation(3, 'R')],
    ['a newer one without a holder yet', [generation(1, 'P'), generation(2, null)], generation(2, null)],
    // The fenced side of a switch-over has not heard who was promoted, and is asked first.
    ['the holder, where not everybody has heard of it', [generation(2, null), generation(2, 'R')], generation(2, 'R')],
  ])('%s', (_what, known, expected) => {
    expect(newestGeneration(known)).toEqual(expected);
  });
});
