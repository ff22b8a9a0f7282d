/** Drills as rows. */
import { randomUUID } from 'node:crypto';
import type { DrillProgress } from '../../domain/evidence/drill-notes.ts';
import type { DrillOutcome } from '../../domain/evidence/manifest.ts';
import type { PhaseFigures } from '../../domain/evidence/phases.ts';
import type { ProofBasis } from '../../domain/evidence/staleness.ts';
import { refuse } from '../../domain/refusal.ts';
import type { LastDrill } from '../../domain/status-facts.ts';
import { type Database, fromJson, toJson } from '../database.ts';
import { newSigningKey, type SigningKey } from '../evidence/seal.ts';
import type { Drill } from '../generated/client.ts';
import type { DrillView } from '../views.ts';
import type { RunbookEntry } from './runbook-library.ts';

export const NOTHING_YET: DrillProgress = {
  chapter: null,
  last: null,
  done: 0,
  ended: null,
  trouble: null,
  goOn: [],
  bytes: null,
};

export function viewOfDrill(row: Drill): DrillView {
  return {
    id: row.id,
    group: row.group,
    runbook: row.runbook,
    title: row.title,
    // Written by this file alone.
    status: row.status as DrillView['status'],
    outcome: row.outcome as DrillOutcome | null,
    startedAt: row.startedAt.getTime(),
    endedAt: row.endedAt?.getTime() ?? null,
    startedBy: row.startedBy,
    approvedBy: row.approvedBy,
    bundle: row.bundle,
    sequence: row.sequence,
    manifestHash: row.manifestHash,
    progress: { ...NOTHING_YET, ...fromJson<Partial<DrillProgress>>(row.progress) },
    basis: row.basis === null ? null : fromJson<ProofBasis>(row.basis),
    phases: row.phases === null ? null : fromJson<PhaseFigures[]>(row.phases),
  };
}

/** How a drill was asked for. */
export interface DrillOrder {
  runbook: RunbookEntry;
  group: string;
  by: string;
  /** As stated by whoever asked for it. */
  approvedBy: string | null;
  /** Of the schedule it comes from; one firing starts one drill. */
  firing: string | null;
  basis: ProofBasis;
}

/** Puts a drill on record. Refuses with `busy` where another one drives the group. */
export async function createDrill(
  database: Database,
  { runbook, group, by, approvedBy, firing, basis }: DrillOrder,
): Promise<DrillView> {
  const last = await database.prisma.drill.aggregate({ where: { group }, _max: { sequence: true } });
  const sequence = (last._max.sequence ?? 0) + 1;
  try {
    const row = await database.prisma.drill.create({
      data: {
        id: randomUUID(),
        group,
        runbook: runbook.name,
        title: runbook.title,
        status: 'recording',
        startedAt: new Date(),
        startedBy: by,
        approvedBy,
        firing,
        basis: toJson(basis),
        bundle: `${group}-${String(sequence).padStart(4, '0')}-${runbook.name}`,
        sequence,
        progress: toJson(NOTHING_YET),
      },
    });
    return viewOfDrill(row);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'P2002')) throw error;
    const other = await database.prisma.drill.findFirst({ where: { group, status: { not: 'sealed' } } });
    throw refuse(
      'busy',
      `a drill of group ${group} is being recorded${other ? `: ${other.title}` : ''}`,
      'Wait until it is sealed, or stop it on the Runbooks screen.',
    );
  }
}

/** Refuses with `unknown-run`. */
export async function readDrill(database: Database, id: string): Promise<DrillView> {
  const row = await database.prisma.drill.findFirst({ where: { OR: [{ id }, { bundle: id }] } });
  if (row) return viewOfDrill(row);
  throw refuse('unknown-run', `there is no drill ${id}`, 'List them with `switchback runbook list`.');
}

/** Newest first. */
export async function readDrills(
  database: Database,
  filter: { group: string | null; limit: number },
): Promise<DrillView[]> {
  const rows = await database.prisma.drill.findMany({
    where: filter.group === null ? {} : { group: filter.group },
    orderBy: { startedAt: 'desc' },
    take: filter.limit,
  });
  return rows.map(viewOfDrill);
}

/** The latest drill of each group that was walked to its end. */
export async function readLastPassed(database: Database): Promise<(Omit<LastDrill, 'present'> & { group: string })[]> {
  // Prisma would read every drill there ever was, and choose here.
  const { rows: found } = await database.pool.query<{ id: string }>(
    `SELECT DISTINCT ON ("group") id FROM drills WHERE status = 'sealed' AND outcome = 'passed' AND ended_at IS NOT NULL
     ORDER BY "group", sequence DESC`,
  );
  const rows = await database.prisma.drill.findMany({ where: { id: { in: found.map(({ id }) => id) } } });
  return rows.map(viewOfDrill).map(({ group, bundle, runbook, title, startedAt, endedAt, basis }) => ({
    ...{ group, bundle, runbook, title, basis },
    endedAt: endedAt ?? startedAt,
  }));
}

/** What the group has sealed, in the order of the chain. */
export async function readSealed(database: Database, group: string): Promise<DrillView[]> {
  const rows = await database.prisma.drill.findMany({
    where: { group, manifestHash: { not: null } },
    orderBy: { sequence: 'asc' },
  });
  return rows.map(viewOfDrill);
}

/** Takes it for a worker. Answers how many have had it, this one included. */
export async function takeDrill(database: Database, id: string): Promise<number> {
  const row = await database.prisma.drill.update({ where: { id }, data: { attempts: { increment: 1 } } });
  return row.attempts;
}

/** One worker’s turn at a drill; whatever it writes once another has had it after that changes nothing. */
export interface Turn {
  id: string;
  attempt: number;
}

/** How far a recording has come. What comes late, behind its end, changes nothing. */
export async function noteProgress(database: Database, { id, attempt }: Turn, progress: DrillProgress): Promise<void> {
  await database.prisma.drill.updateMany({
    where: { id, attempts: attempt, status: 'recording' },
    data: { progress: toJson(progress) },
  });
}

/** Its recording has ended. */
export async function noteSealing(
  database: Database,
  { id, attempt }: Turn,
  outcome: DrillOutcome,
  progress: DrillProgress,
): Promise<void> {
  await database.prisma.drill.updateMany({
    where: { id, attempts: attempt, status: 'recording' },
    data: { status: 'sealing', outcome, endedAt: new Date(), progress: toJson(progress) },
  });
}

/** `progress`: with how to go on. False where another has it, or has sealed it. */
export async function noteSealed(
  database: Database,
  { id, attempt }: Turn,
  manifestHash: string,
  progress: DrillProgress,
  phases: readonly PhaseFigures[],
): Promise<boolean> {
  const { count } = await database.prisma.drill.updateMany({
    where: { id, attempts: attempt, status: 'sealing' },
    data: { status: 'sealed', manifestHash, progress: toJson(progress), phases: toJson(phases) },
  });
  return count > 0;
}

/** It is over without a bundle that could be sealed: no manifest, and nothing that the group’s next one would follow. */
export async function noteUnsealed(database: Database, { id, attempt }: Turn, trouble: string): Promise<void> {
  const { progress } = await readDrill(database, id);
  await database.prisma.drill.updateMany({
    where: { id, attempts: attempt, status: 'sealing' },
    data: { status: 'sealed', outcome: 'incomplete', progress: toJson({ ...progress, trouble }) },
  });
}

/** Under way, whoever has them. */
export async function readUnsealed(database: Database): Promise<DrillView[]> {
  return (await database.prisma.drill.findMany({ where: { status: { not: 'sealed' } } })).map(viewOfDrill);
}

/** Has another worker taken it after this turn? */
export async function isTakenOver(database: Database, { id, attempt }: Turn): Promise<boolean> {
  const row = await database.prisma.drill.findUnique({ where: { id }, select: { attempts: true } });
  return row !== null && row.attempts > attempt;
}

/** An operator wants it to end; whichever worker records it sees to that. */
export async function noteAbort(database: Database, id: string, by: string): Promise<void> {
  await database.prisma.drill.update({ where: { id }, data: { abortedBy: by } });
}

/** Who wants it to end; null: nobody. */
export async function abortedBy(database: Database, id: string): Promise<string | null> {
  const row = await database.prisma.drill.findUnique({ where: { id }, select: { abortedBy: true } });
  return row?.abortedBy ?? null;
}

/** The bundle that the group sealed before this one; null for its first. */
export async function previousBundle(
  database: Database,
  drill: Pick<DrillView, 'group' | 'sequence'>,
): Promise<{ bundle: string; sha256: string } | null> {
  const row = await database.prisma.drill.findFirst({
    where: { group: drill.group, sequence: { lt: drill.sequence }, manifestHash: { not: null } },
    orderBy: { sequence: 'desc' },
  });
  return row?.manifestHash ? { bundle: row.bundle, sha256: row.manifestHash } : null;
}

/** The key that seals, made at the first need. */
export async function signingKey(database: Database): Promise<SigningKey> {
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN');
    // Two workers that find none would both make one.
    await client.query('SELECT pg_advisory_xact_lock(4711, 6)');
    const { rows } = await client.query<{ public_key: string; private_key: string }>(
      'SELECT public_key, private_key FROM signing_keys ORDER BY created_at DESC LIMIT 1',
    );
    const known = rows[0];
    const key = known ? { publicKey: known.public_key, privateKey: known.private_key } : newSigningKey();
    if (!known)
      await client.query('INSERT INTO signing_keys (public_key, private_key) VALUES ($1, $2)', [
        key.publicKey,
        key.privateKey,
      ]);
    await client.query('COMMIT');
    return key;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

/** Of this control plane, past and present. */
export async function publicKeys(database: Database): Promise<string[]> {
  const keys = await database.prisma.signingKey.findMany({ select: { publicKey: true } });
  return keys.map((key) => key.publicKey);
}
