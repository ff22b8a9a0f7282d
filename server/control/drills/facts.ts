/** What the control plane itself knows of a drill, put into the bundle beside what the recorder saw: neither has to be believed alone. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Aftermath, aftermathOf } from '../../domain/evidence/aftermath.ts';
import { type Phase, phasesOf } from '../../domain/evidence/phases.ts';
import type { ProofBasis } from '../../domain/evidence/staleness.ts';
import type { GroupStatus } from '../../domain/group-status.ts';
import type { LedgerReport } from '../../domain/host.ts';
import type { RunView } from '../../routines/step-graph.ts';
import { type Database, fromJson } from '../database.ts';
import { readStanding } from '../event-log.ts';
import { readFaults } from '../fault-store.ts';
import { readGroup } from '../groups.ts';
import { readRollups } from '../rollups.ts';
import { readRunsUnderWay } from '../runs/run-records.ts';
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
  /** There was more than the timeline holds. */
  timelineIsCut: boolean;
  /** The newest event about each thing that stood when the drill began: from there the timeline goes on. */
  standing: SealedEvent[];
  /** What was measured, second by second. */
  seconds: RollupPoint[];
  /** Every instruction that the control plane was given for the group in that time, by whom, and what became of it. */
  commands: { at: number; actor: string; action: string; subject: string; outcome: string; asked: unknown }[];
  ledger: LedgerReport | { unknown: string };
  aftermath: Aftermath;
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
    take: TIMELINE_LIMIT + 1,
  });
  const faults = await database.prisma.fault.findMany({ where: { group }, select: { id: true } });
  // What is told of a fault, or of a drill that is stopped, names it, and not its group.
  const about = [
    { group },
    { action: 'fault.clear', subject: { in: faults.map((fault) => fault.id) } },
    { action: 'drill.abort', subject: { in: [drill.id, drill.bundle] } },
  ];
  const audit = await database.prisma.auditEntry.findMany({ where: { OR: about, at: within }, orderBy: { id: 'asc' } });
  const points = await readRollups(database, group, startedAt, endedAt);
  const seconds = points.map(({ at, rpoMs, systems }) => ({
    at,
    rpoMs,
    writesPerSecond: Object.values(systems).reduce((sum, system) => sum + system.writesPerSecond, 0),
  }));
  const status = await sources.status();
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
    timelineIsCut: events.length > TIMELINE_LIMIT,
    timeline: events.slice(0, TIMELINE_LIMIT).map(({ seq, at, kind, subject, observer, text, run, facts }) => ({
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
    commands: audit.map(({ at, actor, action, subject, outcome, before }) => ({
      at: at.getTime(),
      actor,
      action,
      subject,
      outcome,
      // Written by the audit log as JSON.
      asked: before === null ? null : (JSON.parse(before) as unknown),
    })),
    ledger: await sources.verifyLedger().catch((error: unknown) => ({ unknown: String(error) })),
    aftermath: await leftBehind(drill, status, database),
  };
}

/** What is open now, which may be less than when the recording ended: a run goes on without it. */
async function leftBehind(
  { group, startedAt }: DrillView,
  status: GroupStatus,
  database: Database,
): Promise<Aftermath> {
  const faults = await readFaults(database, { group, active: true });
  const view = (await readRunsUnderWay(database, group)).get(group);
  return aftermathOf({
    group,
    status,
    openRun: view
      ? {
          run: view.run,
          routine: view.routine,
          step: view.currentStep,
          status: view.status,
          refusal: view.stoppedBy && { message: view.stoppedBy.message, cure: view.stoppedBy.cure },
        }
      : null,
    faults: faults.map(({ id, text, target, startedAt: at }) => ({ id, text, target, startedAt: at })),
    drillStartedAt: startedAt,
  });
}

/** One file for each part, so that a change is named by what it concerns. */
export function writeFacts(folder: string, facts: DrillFacts): void {
  mkdirSync(path.join(folder, 'facts'), { recursive: true });
  const { drill, versions, definition, timelineIsCut, ...rest } = facts;
  const parts: Record<string, unknown> = {
    ...rest,
    drill: { ...drill, versions, timelineIsCut },
    topology: definition,
  };
  for (const [name, value] of Object.entries(parts))
    writeFileSync(path.join(folder, 'facts', `${name}.json`), `${JSON.stringify(value, null, 2)}\n`);
}
