import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLog, rotateLogs } from './log-files.ts';
import { keepSecret } from './secrets.ts';
import { SupervisorRecord } from './supervisor-record.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'switchback-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('keepSecret', () => {
  it('makes a secret for the owner alone and keeps it', () => {
    const { file, secret } = keepSecret(folder, 'secret');
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(keepSecret(folder, 'secret').secret).toBe(secret);
    expect(keepSecret(folder, 'other').secret).not.toBe(secret);
    expect(readdirSync(folder).sort()).toEqual(['other', 'secret']);
  });
});

describe('logs', () => {
  it('are moved aside beyond the limit while a process holds them open', () => {
    const log = openLog(folder, 'web');
    writeSync(log, 'a line of before\n');
    rotateLogs(folder, 100);
    expect(readdirSync(folder)).toEqual(['web.log']);
    rotateLogs(folder, 10);
    writeSync(log, 'after\n');
    closeSync(log);
    expect(readFileSync(path.join(folder, 'web.log.1'), 'utf8')).toBe('a line of before\n');
    expect(readFileSync(path.join(folder, 'web.log'), 'utf8')).toBe('after\n');
  });
});

describe('SupervisorRecord', () => {
  const file = () => path.join(folder, 'supervisor.json');

  it('tells the next supervisor what it knew', () => {
    const record = new SupervisorRecord(folder);
    record.setPorts({ postgres: 5433 });
    record.remember('web', { pid: 7, identity: 'boot/1' });
    record.remember('postgres', { pid: 8, identity: 'boot/2' });
    record.forget('web');
    const next = new SupervisorRecord(folder);
    expect(next.port('postgres')).toBe(5433);
    expect(next.port('web')).toBeUndefined();
    expect(next.processes()).toEqual([['postgres', { pid: 8, identity: 'boot/2' }]]);
  });

  it.each(['', '{"ports":', '{"ports":{"a":"b"},"processes":{}}', 'null'])(
    'starts empty from a damaged file: %s',
    (text) => {
      writeFileSync(file(), text);
      const record = new SupervisorRecord(folder);
      expect(record.processes()).toEqual([]);
      appendFileSync(file(), 'x');
      record.setPorts({ web: 1 });
      expect(new SupervisorRecord(folder).port('web')).toBe(1);
    },
  );
});
