/** Sizes, times and pairs of words as operators type them. */
import { InvalidArgumentError } from 'commander';

const BYTES: Record<string, number> = {
  '': 1,
  b: 1,
  k: 1024,
  kib: 1024,
  kb: 1000,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  mb: 1000 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  gb: 1000 ** 3,
};
const MILLIS: Record<string, number> = { ms: 1, '': 1_000, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };

function parse(text: string, units: Record<string, number>, what: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]*)$/.exec(text.trim());
  const unit = match ? units[(match[2] ?? '').toLowerCase()] : undefined;
  if (!match || unit === undefined) throw new InvalidArgumentError(`Not a ${what}.`);
  return Math.round(Number(match[1]) * unit);
}

/** `64MiB`, `1g`, `4096` → bytes. */
export const parseBytes = (text: string): number => parse(text, BYTES, 'size; write it like 64MiB');
/** `60s`, `500ms`, `2m`; a bare number is seconds. → ms */
export const parseDuration = (text: string): number => parse(text, MILLIS, 'time; write it like 60s or 500ms');

export function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Not a number.');
  return value;
}

/** Gathers repeated `NAME=VALUE` options. */
export function collectPairs(text: string, before: Record<string, string> | undefined): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('Write it as NAME=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** … whose values are numbers. */
export function collectNumbers(text: string, before: Record<string, number> | undefined): Record<string, number> {
  const [[name = '', value = ''] = []] = Object.entries(collectPairs(text, undefined));
  return { ...before, [name]: parseNumber(value) };
}

/** `NAME=VALUE` for one, or a bare value for all (`*`). */
export function collectNamed(text: string, before: Record<string, string> | undefined): Record<string, string> {
  return text.includes('=') ? collectPairs(text, before) : { ...before, '*': text };
}

/** 1536 → `1.5 KiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
