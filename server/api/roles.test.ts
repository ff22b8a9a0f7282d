import { TRPCError } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { refuse } from '../domain/refusal.ts';
import { describeProcedures } from './openapi.ts';
import { appRouter } from './router.ts';
import type { ApiServices } from './services.ts';
import { callerFactory } from './trpc.ts';
import { ROLES, type Role } from './views.ts';

/** Services that are never to be reached by who lacks the role: reaching one is what tells that the door was open. */
const openDoor = new Proxy({} as ApiServices, {
  get: () => {
    throw refuse('internal', 'reached', '');
  },
});

/** Answers `forbidden`, or `open` where the call got past the check of roles, to the input or to a service. */
async function knock(path: string, role: Role): Promise<'forbidden' | 'open'> {
  const caller = callerFactory(appRouter)({ actor: { name: 'test', role }, services: openDoor });
  let procedure: unknown = caller;
  for (const part of path.split('.')) procedure = (procedure as Record<string, unknown>)[part];
  try {
    await (procedure as (input: unknown) => Promise<unknown>)(undefined);
    return 'open';
  } catch (error) {
    return error instanceof TRPCError && error.code === 'FORBIDDEN' ? 'forbidden' : 'open';
  }
}

const procedures = describeProcedures();

test('there are procedures to look at', () => {
  expect(procedures.length).toBeGreaterThan(30);
});

describe.each(procedures)('$path', ({ path, type, meta }) => {
  test('declares a role and says what it does', () => {
    expect(ROLES).toContain(meta?.role);
    expect(meta?.summary).toMatch(/\w{3}/);
  });

  test('what changes something needs more than a viewer', () => {
    // Verifying a ledger asks a host to read; it changes nothing, and is sent as a change only because it takes long.
    if (type === 'mutation' && path !== 'ledger.verify') expect(meta?.role).not.toBe('viewer');
  });

  test.each(ROLES)('opens to %s as declared', async (role) => {
    const enough = ROLES.indexOf(role) >= ROLES.indexOf(meta?.role ?? 'administrator');
    expect(await knock(path, role)).toBe(enough ? 'open' : 'forbidden');
  });
});
