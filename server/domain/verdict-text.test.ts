import { expect, it } from 'vitest';
import type { Verdict } from './verdict.ts';
import { lossText, verdictHeadline, verdictSpoken, withAttestation } from './verdict-text.ts';

const verdict = (change: Partial<Verdict>): Verdict => ({
  kind: 'unknown',
  lost: { updates: 0, bytes: 0, seconds: 0, bound: 'at-least' },
  evidence: ['R: consistent at 100.'],
  missing: [],
  toSettle: [],
  fenced: false,
  survivorNumber: 100,
  attestation: null,
  ...change,
});

it.each([
  [{ updates: 37, bytes: 151_552, seconds: 0.9, bound: 'at-least' as const }, 'at least 37 updates, 148 KiB, 0.9 s'],
  [{ updates: 1, bytes: 512, seconds: 0, bound: 'exact' as const }, '1 update, 512 B'],
  [
    {
      updates: 1234,
      bytes: 5_242_880,
      seconds: 12,
      bound: 'at-most' as const,
      bytesBound: 'at-least' as const,
      secondsBound: 'exact' as const,
    },
    'at most 1,234 updates, at least 5.0 MiB, 12.0 s',
  ],
])('%j reads “%s”', (lost, text) => {
  expect(lossText(lost)).toBe(text);
  expect(verdictHeadline(verdict({ kind: 'data-loss', lost }))).toBe(`Data loss: ${text}.`);
});

it('never softens what it says', () => {
  expect(verdictHeadline(verdict({ kind: 'no-data-loss' }))).toBe('No data loss, proven.');
  expect(verdictHeadline(verdict({}))).toContain('Unknown');
});

it('speaks headline, evidence, what is missing and how to settle it', () => {
  const spoken = verdictSpoken(verdict({ missing: ['P’s number', 'the register'], toSettle: ['Reach P.'] }));
  expect(spoken).toBe(
    'Unknown: neither loss nor its absence is proven. R: consistent at 100. Missing: P’s number; the register. To settle it: Reach P.',
  );
});

it('an attestation changes what the takeover rests on, and not what is proven', () => {
  const attestation = { by: 'ann', text: 'it burnt down', destroyedAt: 5 };
  const attested = withAttestation(verdict({}), attestation);
  expect(attested).toMatchObject({ kind: 'unknown', attestation });
  expect(attested.evidence.at(-1)).toBe(
    'ann attests that the site was destroyed: “it burnt down”. The takeover rests on that word.',
  );
});
