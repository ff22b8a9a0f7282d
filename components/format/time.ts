/** Durations and instants: the viewer's own zone on screen, UTC on hover. */
import { NOTHING } from './numbers.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** Milliseconds → `00:04:10`; a day or more → `2 d 03:00:00`; null → `—`. */
export function formatClock(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NOTHING;
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const days = Math.floor(seconds / 86_400);
  const clock = `${two(Math.floor((seconds % 86_400) / 3600))}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return days > 0 ? `${days} d ${clock}` : clock;
}

/** A short span as measured: `0.42 s`, `12 s`, then a clock from a minute on; null → `—`. */
export function formatSpan(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NOTHING;
  const span = Math.max(0, ms);
  if (span < 10_000) return `${(span / 1000).toFixed(span < 1000 ? 2 : 1)} s`;
  if (span < 60_000) return `${Math.round(span / 1000)} s`;
  return formatClock(span);
}

/** Round trip of a line: `1.0 ms`. */
export function formatMs(ms: number | null): string {
  return ms === null ? NOTHING : `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** Age in whole seconds under a minute, then a clock: `2 s`, `00:12:31`. */
export function formatAge(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NOTHING;
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds} s` : formatClock(ms);
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DATE_CLOCK = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** `03:12:05` in the viewer's zone. */
export function formatTimeOfDay(at: number): string {
  return CLOCK.format(at);
}

/** `20 Nov 2025, 03:12:05` in the viewer's zone. */
export function formatDateTime(at: number): string {
  return DATE_CLOCK.format(at);
}

/** `2025-11-20 03:12:05 UTC`, shown on hover. */
export function formatUtc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
