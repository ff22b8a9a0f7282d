/** The list of faults: what was injected, by whom, and whether it still stands. */
import { randomUUID } from 'node:crypto';
import { refuse } from '../domain/refusal.ts';
import { type Database, fromJson, toJson } from './database.ts';
import type { Fault } from './generated/client.ts';
import type { FaultInput, FaultView } from './views.ts';

const CURES: Record<FaultInput['kind'], string> = {
  kill: 'Clearing it starts the process again.',
  restart: 'Nothing to clear: it undid a kill.',
  cut: 'Clearing it joins the line again.',
  degrade: 'Clearing it returns the line to its definition.',
  restore: 'Nothing to clear: it undid a line fault.',
  'disk-full': 'Clearing it lets writes succeed again.',
  'write-error': 'Clearing it lets writes succeed again.',
  'site-loss': 'Clearing it starts every process of the site again.',
  'site-return': 'Nothing to clear: it undid a site loss.',
  isolate: 'Clearing it joins every line of the host again.',
};

/** What undoes others is on the list for its time, but never stands. */
const LASTING: ReadonlySet<FaultInput['kind']> = new Set([
  'kill',
  'cut',
  'degrade',
  'disk-full',
  'write-error',
  'site-loss',
  'isolate',
]);

export function viewOfFault(row: Fault): FaultView {
  const { kind } = fromJson<FaultInput>(row.input);
  return {
    id: row.id,
    group: row.group,
    kind,
    target: row.target,
    text: row.text,
    startedAt: row.startedAt.getTime(),
    startedBy: row.startedBy,
    clearedAt: row.clearedAt?.getTime() ?? null,
    clearedBy: row.clearedBy,
    cure: CURES[kind],
  };
}

/** Puts a fault on the list. `standing` false: it is over as soon as it was done. */
export async function recordFault(
  database: Database,
  input: FaultInput,
  text: string,
  by: string,
  standing: boolean,
): Promise<FaultView> {
  const now = new Date();
  const over = !standing || !LASTING.has(input.kind);
  const row = await database.prisma.fault.create({
    data: {
      id: randomUUID(),
      group: input.group ?? null,
      kind: input.kind,
      target: input.target,
      input: toJson(input),
      text,
      startedAt: now,
      startedBy: by,
      clearedAt: over ? now : null,
      clearedBy: over ? by : null,
    },
  });
  return viewOfFault(row);
}

/** What a fault has come to, once it is known. */
export async function retellFault(database: Database, id: string, text: string): Promise<FaultView> {
  return viewOfFault(await database.prisma.fault.update({ where: { id }, data: { text } }));
}

/** True for faults that stand until they are cleared. */
export function isLasting(kind: FaultInput['kind']): boolean {
  return LASTING.has(kind);
}

/** Newest first. */
export async function readFaults(
  database: Database,
  filter: { group: string | null; active: boolean },
): Promise<FaultView[]> {
  const rows = await database.prisma.fault.findMany({
    where: { ...(filter.group === null ? {} : { group: filter.group }), ...(filter.active ? { clearedAt: null } : {}) },
    orderBy: { startedAt: 'desc' },
    take: 500,
  });
  return rows.map(viewOfFault);
}

/** Faults that stand in a group, oldest first, as they were asked for. */
export async function standingFaults(database: Database, group: string): Promise<{ id: string; input: FaultInput }[]> {
  const rows = await database.prisma.fault.findMany({
    where: { group, clearedAt: null },
    orderBy: { startedAt: 'asc' },
  });
  return rows.map((row) => ({ id: row.id, input: fromJson<FaultInput>(row.input) }));
}

/** Refuses with `bad-request` where there is no such fault. */
export async function readFault(database: Database, id: string): Promise<{ view: FaultView; input: FaultInput }> {
  const row = await database.prisma.fault.findUnique({ where: { id } });
  if (!row) throw refuse('bad-request', `there is no fault ${id}`, 'List them (fault list).');
  return { view: viewOfFault(row), input: fromJson<FaultInput>(row.input) };
}

export async function markCleared(database: Database, ids: readonly string[], by: string): Promise<void> {
  await database.prisma.fault.updateMany({
    where: { id: { in: [...ids] }, clearedAt: null },
    data: { clearedAt: new Date(), clearedBy: by },
  });
}
