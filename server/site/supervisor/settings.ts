import path from 'node:path';
import type { SiteName } from '../../domain/names.ts';
import { refuse } from '../../domain/refusal.ts';

/** What the operator chose through the environment, checked. */
export interface Settings {
  /** Absolute path of the folder that holds everything this installation writes. */
  dataFolder: string;
  /** Address the dashboard listens on. */
  host: string;
  /** Port of the dashboard; 0 takes a free one. */
  port: number;
  /** A PostgreSQL of the operator's own; `null`: the one that comes along. */
  databaseUrl: string | null;
}

/** The sites this machine plays when everything runs on one machine. */
export const LOCAL_SITES: readonly SiteName[] = [
  'production',
  'intermediate',
  'remote-intermediate',
  'remote',
  'witness',
];

/**
 * Reads the settings. Throws a `RefusedError` for a port that is none and for an address that others could reach while
 * nobody needs a password.
 */
export function readSettings(environment: NodeJS.ProcessEnv, workingFolder: string): Settings {
  return {
    dataFolder: path.resolve(workingFolder, environment.SWITCHBACK_DATA || '.data'),
    host: permittedHost(environment.HOST || '127.0.0.1', environment),
    port: parsePort(environment.PORT || '3000'),
    databaseUrl: environment.DATABASE_URL || null,
  };
}

/** Until there is an administrator's password, whoever reaches the dashboard commands the storage: so only this machine. */
function permittedHost(host: string, environment: NodeJS.ProcessEnv): string {
  if (isLoopback(host) || environment.SWITCHBACK_ADMIN_PASSWORD) return host;
  throw refuse(
    'forbidden',
    `HOST=${host} would let other machines command the storage without a password.`,
    "Set SWITCHBACK_ADMIN_PASSWORD to an administrator's password, or leave HOST unset to serve this machine only.",
  );
}

/** `localhost`, 127.0.0.0/8 and ::1 are this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65535) return port;
  throw refuse(
    'bad-request',
    `PORT=${text} is not a port.`,
    'Set PORT to a number from 1 to 65535, or 0 for any free one.',
  );
}
