import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refusalOf } from '../../domain/refusal.ts';
import { keepDataFormat } from './data-format.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'switchback-format-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const refusal = () => {
  try {
    keepDataFormat(folder);
  } catch (error) {
    return refusalOf(error);
  }
  return null;
};

test('an empty folder is marked, and taken again', () => {
  expect(refusal()).toBeNull();
  mkdirSync(path.join(folder, 'postgres'));
  expect(refusal()).toBeNull();
});

test('a folder of the time before formats were marked is refused, and nothing is written to it', () => {
  mkdirSync(path.join(folder, 'sites'));
  expect(refusal()?.message).toContain('has format 1');
  expect(refusal()?.cure).toContain('SWITCHBACK_DATA');
});

test('a folder of a later version is refused by name', () => {
  writeFileSync(path.join(folder, 'format'), '7\n');
  expect(refusal()?.message).toContain(`${folder} has format 7`);
});
