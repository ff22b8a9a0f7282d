/** The command's way to the running instance: the same procedures the screens use. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createTRPCClient, httpLink } from '@trpc/client';
import { z } from 'zod';
import type { AppRouter } from '../api/router.ts';

const recordSchema = z.object({ url: z.string() });

/**
 * `SWITCHBACK_URL`; else what the instance on the data folder says of itself; else the port it would take.
 */
export function serverUrl(environment: NodeJS.ProcessEnv, workingFolder: string): string {
  if (environment.SWITCHBACK_URL) return environment.SWITCHBACK_URL.replace(/\/+$/, '');
  if (environment.PORT) return `http://127.0.0.1:${environment.PORT}`;
  const file = path.resolve(workingFolder, environment.SWITCHBACK_DATA || '.data', 'web.json');
  return recordedUrl(file) ?? 'http://127.0.0.1:3000';
}

/** Null where there is no such file, or none that says it: an edited or shortened record must not keep a command from running. */
function recordedUrl(file: string): string | null {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).url;
  } catch {
    return null;
  }
}

export function makeClient(url: string, token: string | undefined) {
  return createTRPCClient<AppRouter>({
    links: [httpLink({ url: `${url}/api/trpc`, headers: () => (token ? { authorization: `Bearer ${token}` } : {}) })],
  });
}

export type Client = ReturnType<typeof makeClient>;
