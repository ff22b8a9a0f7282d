// The database adapter the schema engine migrates through: @prisma/adapter-pg, with three of its faults mended.
import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

/** PostgreSQL's numbers of the types "char", int2vector, oidvector, pg_node_tree, regclass and relatives, all read here as text. */
const CHAR_TYPE = 18;
const TEXT_LIKE_TYPES = new Set([CHAR_TYPE, 22, 24, 30, 194, 2205, 2206]);
const TEXT_TYPE = 25;

/** Splits a `postgresql://` address into the fields of a pool, since the shadow database needs the same with another name. */
export function connectionFields(databaseUrl) {
  const url = new URL(databaseUrl);
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password) || undefined,
    database: url.pathname.slice(1),
    idleTimeoutMillis: 100,
    allowExitOnIdle: true,
  };
}

/** Mends a connected adapter in place: catalogue types it does not know, and scripts that it would split at every semicolon. */
function mend(adapter, client) {
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  const charColumns = new WeakMap();
  adapter.performIO = async (query) => {
    const result = await performIO(query);
    const fields = result.fields ?? [];
    charColumns.set(
      query,
      fields.map((field) => field.dataTypeID === CHAR_TYPE),
    );
    for (const field of fields) if (TEXT_LIKE_TYPES.has(field.dataTypeID)) field.dataTypeID = TEXT_TYPE;
    return result;
  };
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    charColumns.get(query)?.forEach((isChar, at) => {
      if (isChar) result.columnTypes[at] = ColumnTypeEnum.Character;
    });
    return result;
  };
  adapter.executeScript = async (script) => {
    try {
      await client.query(script);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

/** Connects for the schema engine, and makes and drops the shadow database on the same server. */
export class MigrationAdapterFactory extends PrismaPg {
  #databaseUrl;

  constructor(databaseUrl, database) {
    const fields = connectionFields(databaseUrl);
    super(database === undefined ? fields : { ...fields, database });
    this.#databaseUrl = databaseUrl;
  }

  async connect() {
    const adapter = await super.connect();
    return mend(adapter, adapter.underlyingDriver());
  }

  async connectToShadowDb() {
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    const pool = new pg.Pool(connectionFields(this.#databaseUrl));
    // An idle connection's error is not an answer to anything; the query that meets it rejects by itself.
    pool.on('error', () => {});
    await pool.query(`CREATE DATABASE "${name}"`);
    const adapter = await new MigrationAdapterFactory(this.#databaseUrl, name).connect();
    const dispose = adapter.dispose.bind(adapter);
    adapter.dispose = async () => {
      await dispose();
      await pool.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      await pool.end();
    };
    return adapter;
  }
}
