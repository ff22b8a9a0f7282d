#!/usr/bin/env node
// Stands in for Prisma's native schema engine: the same JSON-RPC over stdin and stdout, answered by the engine that npm carries as
// WebAssembly. `prisma.config.ts` points Prisma at this file, so that `prisma generate` and `prisma migrate …` need no download.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as engineBindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { connectionFields, MigrationAdapterFactory } from './lib/migration-adapter.mjs';

/** Every value given for a repeatable option, in order. */
const optionValues = (name) => process.argv.flatMap((word, at) => (process.argv[at - 1] === name ? [word] : []));

const databaseUrl =
  optionValues('--datasource').map((text) => JSON.parse(text).url)[0] ??
  process.env.DATABASE_URL ??
  'postgresql://switchback@127.0.0.1:5432/switchback';

/** Ends as the native engine does on an error: one JSON record on stderr, status 1. */
function fail(message, code) {
  const record = { level: 'ERROR', target: 'schema_engine::logger', fields: { message, error_code: code } };
  process.stderr.write(`\n${JSON.stringify(record)}\n`, () => process.exit(1));
}

/** The `cli` sub-command: only asks whether the database can be connected to, or makes it. */
async function runCli(command) {
  const fields = connectionFields(databaseUrl);
  const connect = async (database) => {
    const client = new pg.Client({ ...fields, database });
    await client.connect();
    return client;
  };
  try {
    const client = await connect(command === 'create-database' ? 'postgres' : fields.database);
    if (command === 'create-database') await client.query(`CREATE DATABASE "${fields.database.replaceAll('"', '""')}"`);
    await client.end();
  } catch (error) {
    if (error.code === '3D000') fail(`Database \`${fields.database}\` does not exist`, 'P1003');
    else fail(`Can't reach database server: ${error.message}`, 'P1001');
  }
}

/** Loads the engine's WebAssembly. A panic inside it is reported as the native engine reports one: a record and status 101. */
async function loadEngine() {
  const panics = {
    message: '',
    get: () => panics.message,
    set_message: (message) => {
      panics.message = message;
    },
  };
  globalThis.PRISMA_WASM_PANIC_REGISTRY = panics;
  process.on('uncaughtException', (error) => {
    const record = { level: 'ERROR', target: 'schema_engine', fields: { message: panics.message || String(error) } };
    process.stderr.write(`${JSON.stringify(record)}\n`, () => process.exit(101));
  });
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  const bytes = readFileSync(entry.replace(/schema_engine\.js$/, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': engineBindings });
  engineBindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const datamodels = optionValues('--datamodels').map((file) => [file, readFileSync(file, 'utf8')]);
  return engineBindings.SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    () => {},
    bindMigrationAwareSqlAdapterFactory(new MigrationAdapterFactory(databaseUrl)),
  );
}

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

/** Answers one request. An error of the engine becomes the JSON-RPC error that Prisma's command line knows how to print. */
async function answer(engine, { id, method, params }) {
  try {
    // Alone, `evaluateDataLoss` finds no way to make a shadow database; `devDiagnostic` has one and fills the cache that it reads.
    if (method === 'evaluateDataLoss') {
      await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters });
    }
    const result = await engine[method === 'getDatabaseVersion' ? 'version' : method](params);
    if (method === 'diff' && result?.stdout) {
      send({ id: randomUUID(), method: 'print', params: { content: result.stdout } });
    }
    send({ id, result: result ?? {} });
  } catch (error) {
    const data = {
      is_panic: false,
      message: error?.message ?? String(error),
      meta: error?.meta ?? null,
      error_code: error?.code,
    };
    send({ id, error: { code: 4466, message: 'An error happened. Check the data field for details.', data } });
  }
}

if (process.argv.includes('--version')) {
  process.stdout.write('schema-engine-cli wasm\n');
} else if (process.argv.includes('cli')) {
  await runCli(process.argv.at(-1));
} else {
  const engine = await loadEngine();
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    const request = JSON.parse(line);
    if (request.method) await answer(engine, request);
  }
  // The adapter's pool would hold the process open after Prisma has closed the pipe.
  process.stdout.write('', () => process.exit(0));
}
