import { expect, test } from 'vitest';
import { bytesText, collectNamed, collectPairs, parseBytes, parseDuration } from './units.ts';

test.each([
  ['64MiB', 67_108_864],
  ['1g', 1_073_741_824],
  ['4096', 4_096],
  ['1.5KiB', 1_536],
  ['10MB', 10_000_000],
])('size %s', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each([
  ['60s', 60_000],
  ['500ms', 500],
  ['2m', 120_000],
  ['5', 5_000],
  ['1h', 3_600_000],
])('time %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', 'x', '-1', '5 parsecs', '1e3', '0x10'])('“%s” is neither', (text) => {
  expect(() => parseBytes(text)).toThrow();
  expect(() => parseDuration(text)).toThrow();
});

test('NAME=VALUE gathers, a bare value is for all', () => {
  expect(collectPairs('S250=go', { S201: 'confirm' })).toEqual({ S201: 'confirm', S250: 'go' });
  expect(collectNamed('journal', undefined)).toEqual({ '*': 'journal' });
  expect(collectNamed('I-R=journal', undefined)).toEqual({ 'I-R': 'journal' });
  expect(() => collectPairs('=x', undefined)).toThrow();
});

test('bytes are printed in the largest unit that fits', () => {
  expect([0, 1_023, 1_024, 1_536, 1024 ** 3].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '1.0 GiB',
  ]);
});
