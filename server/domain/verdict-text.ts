/** The verdict in words: on screen, spoken and printed alike. */
import type { Loss, LossBound, Verdict } from './verdict.ts';

const BOUND: Record<LossBound, string> = { exact: '', 'at-least': 'at least ', 'at-most': 'at most ' };

/** `Data loss: at least 37 updates, 0.9 s.` – what stands above everything else. */
export function verdictHeadline(verdict: Verdict): string {
  if (verdict.kind === 'no-data-loss') return 'No data loss, proven.';
  if (verdict.kind === 'unknown') return 'Unknown: neither loss nor its absence is proven.';
  return `Data loss: ${lossText(verdict.lost)}.`;
}

/** Headline, then what it rests on, then what is missing and how to settle it. Whole sentences, so that it can be spoken. */
export function verdictSpoken(verdict: Verdict): string {
  const parts = [verdictHeadline(verdict), ...verdict.evidence];
  if (verdict.missing.length > 0) parts.push(`Missing: ${verdict.missing.join('; ')}.`);
  if (verdict.toSettle.length > 0) parts.push(`To settle it: ${verdict.toSettle.join(' ')}`);
  return parts.join(' ');
}

/** `at least 37 updates, 148 KiB, 0.9 s`; figures of which nothing is known are left out. */
export function lossText(lost: Loss): string {
  const figures = [`${BOUND[lost.bound]}${lost.updates.toLocaleString('en')} update${lost.updates === 1 ? '' : 's'}`];
  const bytesBound = lost.bytesBound ?? lost.bound;
  const secondsBound = lost.secondsBound ?? lost.bound;
  if (lost.bytes > 0) figures.push(`${bytesBound === lost.bound ? '' : BOUND[bytesBound]}${bytesText(lost.bytes)}`);
  if (lost.seconds > 0)
    figures.push(`${secondsBound === lost.bound ? '' : BOUND[secondsBound]}${lost.seconds.toFixed(1)} s`);
  return figures.join(', ');
}

/** `1.2 MiB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** The same verdict resting also on the operator's word. It proves nothing about the data, so the kind stays (spec: The verdict). */
export function withAttestation(verdict: Verdict, attestation: NonNullable<Verdict['attestation']>): Verdict {
  // The stated time stays a number in `attestation`, for each reader sees times in a zone of their own.
  const sentence = `${attestation.by} attests that the site was destroyed: “${attestation.text}”. The takeover rests on that word.`;
  return { ...verdict, attestation, evidence: [...verdict.evidence, sentence] };
}
