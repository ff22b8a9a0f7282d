/** What the control plane itself knows of a drill, put into the bundle beside what the recorder saw: neither has to be believed alone. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Phase, phasesOf } from '../../domain/evidence/phases.ts';
import type { ProofBasis } from '../../domain/evidence/staleness.ts';
import type { GroupStatus } from '../../domain/group-status.ts';
import type { LedgerReport } from '../../domain/host.ts';
import type { RunView } from '../../routines/step-graph.ts';
import { type Database, fromJson } from '../database.ts';
import { readStanding } from '../event-log.ts';
import { readGroup } from '../groups.ts';
import { readRollups } from '../rollups.ts';
import type { DrillView, EventView, RollupPoint } from '../views.ts';

export interface DrillFacts {
  drill: Pick<
    DrillView,
    'id' | 'group' | 'runbook' | 'title' | 'startedAt' | 'startedBy' | 'approvedBy' | 'bundle' | 'sequence'
  > & {
    endedAt: number;
  };
  versions: { switchback: string; node: string; platform: string };
  /** Arrangement, sizes, lines: what a later drill is compared with. */
  definition: unknown;
  /** Software, runbook and topology: with others it proves nothing. */
  basis: ProofBasis | null;
  phases: Phase[];
  runs: RunView[];
  verdicts: { run: string; step: string; at: number; verdict: unknown }[];
  /** Everything the history has of the group in that time, oldest first. */
  timeline: SealedEvent[];
  /** The newest event about each thing that stood when the drill began: from there the timeline goes on. */
  standing: SealedEvent[];
  /** What was measured, second by second. */
  seconds: RollupPoint[];
  ledger: LedgerReport | { unknown: string };
  aftermath: Aftermath;
}

/** How the group was left, and how to go on where that is half way. */
export interface Aftermath {
  operation: string;
  summary: string;
  openRun: { run: string; routine: string; step: string | null } | null;
  faults: string[];
  goOn: string[];
}

export type SealedEvent = Pick<EventView, 'seq' | 'at' | 'kind' | 'subject' | 'observer' | 'text' | 'run' | 'facts'>;

export interface FactSources {
  database: Database;
  status: () => GroupStatus | Promise<GroupStatus>;
  verifyLedger: () => Promise<LedgerReport>;
  version: string;
}

const TIMELINE_LIMIT = 20_000;

export async function gatherFacts(drill: DrillView, endedAt: number, sources: FactSources): Promise<DrillFacts> {
  const { database } = sources;
  const { group, startedAt } = drill;
  const within = { gte: new Date(startedAt), lte: new Date(endedAt) };
  const runs = await database.prisma.run.findMany({
    where: { group, startedAt: within },
    orderBy: { startedAt: 'asc' },
  });
  const views = runs.map((row) => fromJson<RunView>(row.view));
  const verdicts = await database.prisma.verdict.findMany({ where: { run: { in: runs.map(({ id }) => id) } } });
  const events = await database.prisma.event.findMany({
    where: { at: within, OR: [{ group }, { group: null, kind: { startsWith: 'agent-' } }] },
    orderBy: { seq: 'asc' },
    take: TIMELINE_LIMIT,
  });
  const points = await readRollups(database, group, startedAt, endedAt);
  const seconds = points.map(({ at, rpoMs, systems }) => ({
    at,
    rpoMs,
    writesPerSecond: Object.values(systems).reduce((sum, system) => sum + system.writesPerSecond, 0),
  }));
  const { id, runbook, title, startedBy, approvedBy, bundle, sequence } = drill;
  const firstSeq = events[0] ? Number(events[0].seq) : Number.MAX_SAFE_INTEGER;
  const standing = await readStanding(database, group, firstSeq - 1);
  return {
    drill: { id, group, runbook, title, startedAt, endedAt, startedBy, approvedBy, bundle, sequence },
    versions: { switchback: sources.version, node: process.version, platform: `${process.platform} ${process.arch}` },
    definition: (await readGroup(database, group)).definition,
    basis: drill.basis,
    standing: standing.map(({ seq, at, kind, subject, observer, text, run, facts }) => ({
      seq,
      at,
      kind,
      subject,
      observer,
      text,
      run,
      facts,
    })),
    seconds: points,
    phases: phasesOf(views, seconds, { startedAt, endedAt }),
    runs: views,
    verdicts: verdicts.map(({ run, step, at, verdict }) => ({ run, step, at: at.getTime(), verdict })),
    timeline: events.map(({ seq, at, kind, subject, observer, text, run, facts }) => ({
      seq: Number(seq),
      at: at.getTime(),
      // Written by the control plane alone.
      kind: kind as EventView['kind'],
      subject,
      observer,
      text,
      run,
      facts: fromJson<Record<string, unknown>>(facts),
    })),
    ledger: await sources.verifyLedger().catch((error: unknown) => ({ unknown: String(error) })),
    aftermath: await aftermathOf(group, sources),
  };
}

async function aftermathOf(group: string, { database, status: ask }: FactSources): Promise<Aftermath> {
  const status = await ask();
  const faults = await database.prisma.fault.findMany({
    where: { group, clearedAt: null },
    orderBy: { startedAt: 'asc' },
  });
  const { activeRun } = status;
  const openRun = activeRun && { run: activeRun.run, routine: activeRun.routine, step: activeRun.step };
  const goOn = [
    ...(openRun
      ? [
          `${openRun.routine} stands at ${openRun.step ?? 'its start'}: go on in its wizard, or abort it (npx switchback run abort ${openRun.run}).`,
        ]
      : []),
    ...faults.map((fault) => `Clear the fault: ${fault.text} (npx switchback fault clear ${fault.id}).`),
    ...status.alarms.map((alarm) => alarm.response),
  ];
  return {
    operation: status.operation,
    summary: status.summary,
    openRun,
    faults: faults.map(({ text }) => text),
    goOn,
  };
}

/** One file for each part, so that a change is named by what it concerns. */
export function writeFacts(folder: string, facts: DrillFacts): void {
  mkdirSync(path.join(folder, 'facts'), { recursive: true });
  const { drill, versions, definition, ...rest } = facts;
  const parts: Record<string, unknown> = { ...rest, drill: { ...drill, versions }, topology: definition };
  for (const [name, value] of Object.entries(parts))
    writeFileSync(path.join(folder, 'facts', `${name}.json`), `${JSON.stringify(value, null, 2)}\n`);
}
