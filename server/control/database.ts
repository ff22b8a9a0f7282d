/** The connection to PostgreSQL: one pool per process, Prisma on top of it, plain SQL where Prisma has no word for it. */
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Log } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';

export interface Database {
  readonly url: string;
  readonly prisma: PrismaClient;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** Opens a pool of at most `connections`. Nothing is connected before the first query. */
export function openControlDatabase(url: string, log: Log, connections = 8): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    idleTimeoutMillis: 30_000,
    application_name: 'switchback',
  });
  // An idle connection that breaks (PostgreSQL restarts) is replaced at the next query; without a handler it would end this process.
  pool.on('error', (error) => log.write('warn', 'a database connection was lost', { reason: error.message }));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    url,
    prisma,
    pool,
    close: async () => {
      await prisma.$disconnect();
      if (!pool.ended) await pool.end();
    },
  };
}

/** For columns whose content is one of our own interfaces: plain JSON by construction, but interfaces carry no index signature. */
export function toJson(value: object): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue;
}

/** For columns that only `toJson` of a `T` ever fills; checked when it came in, trusted since. */
export function fromJson<T>(value: Prisma.JsonValue): T {
  return value as T;
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08003',
  '08006',
]);

/** True where the database was away or going away, so that asking again later makes sense. */
export function isDatabaseAway(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && CONNECTION_CODES.has(cause.code)) return true;
    if (
      /Connection terminated|connection timeout|Can't reach database|Server has closed the connection/i.test(
        cause.message,
      )
    )
      return true;
  }
  return false;
}

/** The refusal an operator gets while the database is away. */
export function databaseAway() {
  return refuse(
    'unreachable',
    'PostgreSQL does not answer.',
    'It is restarted by itself; try again in a few seconds, and look into its log if it stays away.',
  );
}
