import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';
import { ownIdentity, type ProcessIdentity } from './process-identity.ts';

describe('the lock of a folder', () => {
  let folder: string;
  const dead = (number: number): ProcessIdentity => ({ pid: process.pid, lifeMark: `ended long ago ${number}` });
  const claims = (): string[] => readdirSync(path.join(folder, 'lock')).sort();

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'switchback-lock-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('the first to come holds it, and may ask again', () => {
    expect(lockFolder(folder)).toEqual({ held: true });
    expect(lockFolder(folder)).toEqual({ held: true });
    expect(claims()).toEqual(['000001']);
  });

  test('while its holder lives nobody else gets it', () => {
    lockFolder(folder, ownIdentity());
    expect(lockFolder(folder, dead(1))).toEqual({ held: false, holderPid: process.pid });
    expect(claims()).toEqual(['000001']);
  });

  test('a dead holder gives way, a reused process number does not keep it', () => {
    lockFolder(folder, dead(1));
    lockFolder(folder, dead(2));
    expect(claims()).toEqual(['000002']);
    expect(lockFolder(folder)).toEqual({ held: true });
    expect(claims()).toEqual(['000003']);
  });

  test('a contender that looked before a faster one took over withdraws', () => {
    lockFolder(folder, dead(1));
    lockFolder(folder, ownIdentity());
    // What the slow one left behind when it linked the number that the faster one had already removed.
    writeFileSync(path.join(folder, 'lock', '000001'), JSON.stringify(dead(9)));
    expect(lockFolder(folder, dead(9))).toEqual({ held: false, holderPid: process.pid });
  });

  test('a claim torn by a loss of power holds nothing', () => {
    lockFolder(folder, dead(1));
    writeFileSync(path.join(folder, 'lock', '000002'), '{"pid":');
    expect(lockFolder(folder)).toEqual({ held: true });
    expect(claims()).toEqual(['000003']);
  });
});
