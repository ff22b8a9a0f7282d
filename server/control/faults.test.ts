/** What the list of faults says where the agents do not all do what they are told. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { defaultGroup, findArrangement } from '../domain/arrangement.ts';
import { refuse } from '../domain/refusal.ts';
import type { Agents } from './agents.ts';
import { type Database, openControlDatabase, toJson } from './database.ts';
import { readFaults } from './fault-store.ts';
import { FaultInjector } from './faults.ts';
import { startTestDatabase, type TestDatabase } from './testing/database.ts';
import { quietLog } from './testing/quiet-log.ts';
import type { FaultInput, FaultView } from './views.ts';

let server: TestDatabase;
let database: Database;
/** What the agents of the sites were told of their lines: `production P>I cut`. */
let told: string[];
let silentSite: string | null;

/** Agents that do all they are told, save the one of `silentSite`. */
const agents = {
  call: async (site: string, method: string, params: { process?: string; peer?: string; conditions?: unknown }) => {
    if (site === silentSite) throw refuse('unreachable', `the agent of site ${site} does not answer`, 'Wait.');
    const { process, peer, conditions } = params;
    const isWhole = Object.keys(conditions ?? {}).length === 0;
    told.push(`${site} ${method} ${process}>${peer} ${isWhole ? 'whole' : 'cut'}`);
    return {};
  },
} as unknown as Pick<Agents, 'call'>;
const chronicler = { add: () => undefined, write: async () => undefined };

const inject = (input: Omit<FaultInput, 'group'>): Promise<FaultView> =>
  injector.inject({ ...input, group: 'demo' }, 'ann', async () => undefined);
const standing = (): Promise<FaultView[]> => readFaults(database, { group: 'demo', active: true });
let injector: FaultInjector;

beforeAll(async () => {
  server = await startTestDatabase();
  database = openControlDatabase(server.url, quietLog, 10);
  const arrangement = findArrangement('chain-3');
  if (!arrangement) throw new Error('chain-3 is gone');
  const definition = toJson(defaultGroup('demo', arrangement));
  await database.prisma.group.create({
    data: { name: 'demo', arrangement: arrangement.id, definition, createdBy: 'ann' },
  });
});

afterAll(async () => {
  await database.close();
  await server.stop();
});

beforeEach(async () => {
  told = [];
  silentSite = null;
  await database.prisma.fault.deleteMany({});
  injector = new FaultInjector(database, agents, chronicler, () => Promise.reject(new Error('nobody asked for it')));
});

test('a line of which one end alone was reached stays on the list, and clearing it makes it whole', async () => {
  silentSite = 'intermediate';
  await expect(inject({ kind: 'cut', target: 'P-I' })).rejects.toThrow('site intermediate does not answer');
  expect(told).toEqual(['production fault.line P>I cut']);
  const [fault, ...more] = await standing();
  expect(more).toEqual([]);
  expect(fault?.text).toContain('perhaps not done in full: the agent of site intermediate does not answer');

  silentSite = null;
  await injector.clear(fault?.id ?? '', 'ann');
  expect(told.slice(1).sort()).toEqual(['intermediate fault.line I>P whole', 'production fault.line P>I whole']);
  expect(await standing()).toEqual([]);
});

test('a fault that could not be cleared at both ends stays on the list', async () => {
  const { id } = await inject({ kind: 'cut', target: 'P-I' });
  silentSite = 'intermediate';
  await expect(injector.clear(id, 'ann')).rejects.toThrow('does not answer');
  expect((await standing()).map((fault) => fault.id)).toEqual([id]);
});

test('what does not fit the group is refused and never listed', async () => {
  await expect(inject({ kind: 'cut', target: 'P-R' })).rejects.toThrow('no line P-R');
  await expect(inject({ kind: 'kill', target: 'X' })).rejects.toThrow('no process X');
  expect(await readFaults(database, { group: 'demo', active: false })).toEqual([]);
});
