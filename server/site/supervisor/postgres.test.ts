import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMigrations } from './apply-migrations.ts';
import { choosePort } from './free-port.ts';
import { openDatabase, preparePostgres } from './postgres.ts';
import { SupervisedChild } from './supervised-child.ts';
import { SupervisorRecord } from './supervisor-record.ts';

let data: string;
let server: SupervisedChild | undefined;
let databaseUrl: string;

async function start(): Promise<void> {
  const prepared = await preparePostgres(data, await choosePort(undefined, new Set()));
  server = new SupervisedChild(prepared.plan, path.join(data, 'logs'), new SupervisorRecord(data), () => {});
  server.start();
  databaseUrl = prepared.databaseUrl;
  await openDatabase(databaseUrl);
}

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  data = mkdtempSync(path.join(tmpdir(), 'switchback-postgres-'));
  await start();
});
afterAll(async () => {
  await server?.stop();
  rmSync(data, { recursive: true });
});

describe('our PostgreSQL', () => {
  it('asks for the password that was made for it', async () => {
    const url = new URL(databaseUrl);
    url.password = 'guess';
    await expect(openDatabase(url.href)).rejects.toMatchObject({ code: '28P01' });
  });

  it('stops the server a killed supervisor left, and keeps what was committed', async () => {
    await server?.stop();
    const { plan, databaseUrl: url } = await preparePostgres(data, await choosePort(undefined, new Set()));
    const leftover = spawn(plan.command, plan.args, { stdio: 'ignore', detached: true });
    const ended = once(leftover, 'exit');
    databaseUrl = url;
    await openDatabase(url);
    await query('CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)');
    await start();
    expect(await ended).toEqual([0, null]);
    expect(await query('SELECT n FROM kept')).toEqual([{ n: 42 }]);
  });

  it('keeps what was committed when it is killed', async () => {
    await query('CREATE TABLE hard (n int); INSERT INTO hard VALUES (7)');
    server?.kill();
    await openDatabase(databaseUrl);
    expect(await query('SELECT n FROM hard')).toEqual([{ n: 7 }]);
  });
});

describe('applyMigrations', () => {
  const folder = () => path.join(data, 'migrations');
  const write = (name: string, sql: string) => {
    mkdirSync(path.join(folder(), name), { recursive: true });
    writeFileSync(path.join(folder(), name, 'migration.sql'), sql);
  };

  it('applies each once, in order, also when several processes start at once', async () => {
    write('2_second', 'ALTER TABLE things ADD COLUMN name text;');
    write('1_first', 'CREATE TABLE things (id int); INSERT INTO things VALUES (1);');
    const both = await Promise.all([applyMigrations(databaseUrl, folder()), applyMigrations(databaseUrl, folder())]);
    expect(both.sort((a, b) => a.length - b.length)).toEqual([[], ['1_first', '2_second']]);
    expect(await query('SELECT id, name FROM things')).toEqual([{ id: 1, name: null }]);
  });

  it('leaves nothing of a migration that fails, and says which', async () => {
    write('3_third', 'CREATE TABLE half (id int); SELECT 1/0;');
    await expect(applyMigrations(databaseUrl, folder())).rejects.toThrow('Migration 3_third failed: division by zero');
    expect(await query("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
    rmSync(path.join(folder(), '3_third'), { recursive: true });
    expect(await applyMigrations(databaseUrl, folder())).toEqual([]);
  });

  it('refuses a migration that was changed after it was applied', async () => {
    write('2_second', 'ALTER TABLE things ADD COLUMN title text;');
    await expect(applyMigrations(databaseUrl, folder())).rejects.toThrow('2_second was changed after it was applied');
  });

  it('needs no folder', async () => {
    expect(await applyMigrations(databaseUrl, path.join(data, 'absent'))).toEqual([]);
  });
});
