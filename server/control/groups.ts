/** Groups as they were defined. */
import { type Arrangement, findArrangement, type GroupDefinition } from '../domain/arrangement.ts';
import { refuse } from '../domain/refusal.ts';
import type { AddressBook } from '../site/agent-protocol.ts';
import { type Database, fromJson } from './database.ts';
import type { Group } from './generated/client.ts';

export interface GroupRecord {
  name: string;
  definition: GroupDefinition;
  arrangement: Arrangement;
  powered: boolean;
  rpoObjectiveMs: number;
  formation: boolean;
  deleting: boolean;
  /** Wall clock, ms. */
  createdAt: number;
}

function recordOf(row: Group): GroupRecord | null {
  const arrangement = findArrangement(row.arrangement);
  if (!arrangement) return null;
  return {
    name: row.name,
    definition: fromJson<GroupDefinition>(row.definition),
    arrangement,
    powered: row.powered,
    rpoObjectiveMs: row.rpoObjectiveMs,
    formation: row.formation,
    deleting: row.deleting,
    createdAt: row.createdAt.getTime(),
  };
}

/** Every group, by name. One of an arrangement this version does not know is left out. */
export async function readGroups(database: Database): Promise<GroupRecord[]> {
  const rows = await database.prisma.group.findMany({ orderBy: { name: 'asc' } });
  return rows.map(recordOf).filter((record) => record !== null);
}

/** Refuses with `unknown-group`. */
export async function readGroup(database: Database, name: string): Promise<GroupRecord> {
  const row = await database.prisma.group.findUnique({ where: { name } });
  const record = row && recordOf(row);
  if (record) return record;
  throw unknownGroup(name);
}

export function unknownGroup(name: string) {
  return refuse('unknown-group', `there is no group ${name}`, 'List the groups (status), or create it (group create).');
}

/** Address books of all groups. */
export async function readAddresses(database: Database): Promise<Map<string, AddressBook>> {
  const books = new Map<string, AddressBook>();
  for (const { group, process, channel, nbd } of await database.prisma.address.findMany()) {
    books.set(group, { ...books.get(group), [process]: { channel, nbd } });
  }
  return books;
}
