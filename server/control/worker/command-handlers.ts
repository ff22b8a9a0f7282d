/** What a control worker does for each command. Each is on the audit log with its outcome, whichever it is. */
import { hostname } from 'node:os';
import { refusalOf, refuse } from '../../domain/refusal.ts';
import type { ProcessView } from '../../site/agent-protocol.ts';
import { processesOf } from '../agents.ts';
import { audit } from '../audit-log.ts';
import type { Chronicler } from '../chronicler.ts';
import type { CommandHandlers, CommandServer } from '../command-queue.ts';
import type { CommandKind, CommandParams } from '../commands.ts';
import { type Database, toJson } from '../database.ts';
import type { DrillService } from '../drills/drill-service.ts';
import { drillUnderWay, schedule, unschedule } from '../drills/schedule-service.ts';
import type { FaultInjector } from '../faults.ts';
import type { Views } from '../group-access.ts';
import { readGroup } from '../groups.ts';
import type { Instructions } from '../instructions.ts';
import type { RunService } from '../runs/run-service.ts';
import type { FaultView } from '../views.ts';
import { readWorkers } from '../worker-registry.ts';

const UP_WITHIN_MS = 45_000;
const GONE_WITHIN_MS = 60_000;
/** A storage system that is stopped first makes durable what it holds. */
const SWITCHED_WITHIN_MS = 45_000;
const LOOK_EVERY_MS = 100;

export interface HandlerParts {
  database: Database;
  chronicler: Chronicler;
  views: Views;
  instructions: Instructions;
  faults: FaultInjector;
  runs: RunService;
  drills: DrillService;
}

/** Commands that only read leave no trace in the audit log. */
const READS: ReadonlySet<CommandKind> = new Set(['journal.read', 'differences.read', 'ledger.verify']);

export function makeHandlers(parts: HandlerParts, server: () => CommandServer): CommandHandlers {
  const { drills, instructions, runs, faults } = parts;
  const groups = new GroupCommands(parts);
  const handlers: CommandHandlers = {
    'group.create': ({ definition }, actor) => groups.create(definition, actor),
    'group.delete': ({ group }, actor) => groups.delete(group, actor),
    'group.power': ({ group, powered }, actor) => groups.power(group, powered, actor),
    'pair.instruct': (params) => instructions.pair(params),
    'journal.read': (params) => instructions.journal(params),
    'differences.read': (params) => instructions.differences(params),
    'run.start': (params, actor) => runs.start(params, actor),
    'drill.start': (params, actor) => drills.start(params, actor),
    'schedule.put': (order, actor) => schedule(parts.database, drills.library(), order, actor),
    'schedule.remove': (params) => unschedule(parts.database, params),
    'drill.abort': ({ drill }, actor) => drills.abort(drill, actor),
    'fault.inject': (params, actor, id) =>
      faults.inject(params, actor, (fault: FaultView) => server().answerEarly(id, fault)),
    'fault.clear': ({ fault }, actor) => faults.clear(fault, actor),
    'ledger.start': ({ group }) => instructions.startWork(group),
    'ledger.stop': ({ group }, actor) => instructions.stopWork(group, `stopped by ${actor}`),
    'ledger.rate': ({ group, transactionsPerSecond }) => instructions.workRate(group, transactionsPerSecond),
    'ledger.verify': (params) => instructions.verifyLedger(params),
  };
  return audited(handlers, parts);
}

type AnyHandler = (params: object, actor: string, id: string) => Promise<unknown>;

function audited(handlers: CommandHandlers, { database, chronicler }: HandlerParts): CommandHandlers {
  const wrap =
    (kind: CommandKind, handler: AnyHandler): AnyHandler =>
    async (params, actor, id) => {
      const about = subjectOf(kind, params);
      try {
        const result = await handler(params, actor, id);
        await audit(database, { actor, action: kind, ...about, outcome: 'done', before: params, after: result });
        if (kind === 'pair.instruct') tellInstruction(chronicler, params as CommandParams<'pair.instruct'>, actor);
        return result;
      } catch (error) {
        const refusal = refusalOf(error);
        const outcome = refusal.code === 'internal' ? 'failed' : 'refused';
        await audit(database, { actor, action: kind, ...about, outcome, before: params, after: refusal });
        throw error;
      }
    };
  // Each handler is wrapped under its own kind and keeps its types, which TypeScript cannot follow through entries.
  const entries = Object.entries(handlers) as [CommandKind, AnyHandler][];
  return Object.fromEntries(
    entries.map(([kind, handler]) => [kind, READS.has(kind) ? handler : wrap(kind, handler)]),
  ) as unknown as CommandHandlers;
}

function subjectOf(kind: CommandKind, params: object): { group: string | null; subject: string } {
  const named = (name: string) => {
    const value = (params as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : null;
  };
  const definition = (params as { definition?: { name: string } }).definition;
  const group = named('group') ?? definition?.name ?? null;
  const subjects = ['pair', 'routine', 'target', 'fault', 'runbook', 'drill'].map(named);
  return { group, subject: subjects.find((subject) => subject !== null) ?? group ?? kind };
}

function tellInstruction(
  chronicler: Chronicler,
  { group, pair, instruction }: CommandParams<'pair.instruct'>,
  actor: string,
): void {
  chronicler.add({
    at: Date.now(),
    group,
    kind: 'instruction',
    subject: pair,
    observer: 'control',
    text: `${actor}: pair ${instruction} ${pair}`,
    facts: { instruction, by: actor },
  });
}

/** Commands that make, switch and remove groups. What follows from the row is the reconciler's work. */
class GroupCommands {
  constructor(private readonly parts: HandlerParts) {}

  /** Resolves once every process of the group answers and every line is up, so that a script may go on at once. */
  async create(definition: CommandParams<'group.create'>['definition'], actor: string): Promise<{ group: string }> {
    const { database } = this.parts;
    const { name } = definition;
    if (await database.prisma.group.findUnique({ where: { name } })) {
      throw refuse(
        'already-exists',
        `there is a group ${name} already`,
        'Choose another name, or delete that group first.',
      );
    }
    await database.prisma.group.create({
      data: {
        name,
        arrangement: definition.arrangement,
        definition: toJson(definition),
        formation: false,
        createdBy: actor,
      },
    });
    this.tell(name, 'group-created', `group ${name} created (${definition.arrangement})`, actor);
    await this.whenUp(name);
    return { group: name };
  }

  async delete(name: string, actor: string): Promise<{ group: string }> {
    const { database } = this.parts;
    await readGroup(database, name);
    await this.refuseDuringRun(name);
    await this.refuseDuringDrill(name);
    await database.prisma.group.update({ where: { name }, data: { deleting: true } });
    this.tell(name, 'group-deleted', `group ${name} is being deleted`, actor);
    const gone = await until(
      GONE_WITHIN_MS,
      async () => (await database.prisma.group.count({ where: { name } })) === 0,
    );
    if (!gone)
      throw refuse(
        'timeout',
        `group ${name} is not gone yet: a site does not answer`,
        'It will go once every site has answered; look at the agents (status).',
      );
    return { group: name };
  }

  /** Resolves once every process has stopped, or is up. What a fault holds down stays down. */
  async power(name: string, powered: boolean, actor: string): Promise<{ group: string; powered: boolean }> {
    const { database } = this.parts;
    await readGroup(database, name);
    if (!powered) await this.refuseDuringRun(name);
    await database.prisma.group.update({ where: { name }, data: { powered } });
    this.tell(name, 'group-changed', `group ${name} switched ${powered ? 'on' : 'off'}`, actor);
    await this.whenAll(name, powered ? ['up', 'held-down'] : ['stopped', 'held-down']);
    return { group: name, powered };
  }

  private async refuseDuringRun(name: string): Promise<void> {
    const run = await this.parts.database.prisma.run.findFirst({ where: { group: name, status: { not: 'ended' } } });
    if (run)
      throw refuse(
        'busy',
        `${run.routine} is under way in group ${name} (run ${run.id})`,
        'Abort it first (run abort).',
      );
  }

  /** Its evidence says how the group was left, which nobody could say of one that is gone. */
  private async refuseDuringDrill(name: string): Promise<void> {
    const drill = await drillUnderWay(this.parts.database, name);
    if (drill)
      throw refuse(
        'busy',
        `drill ${drill} of group ${name} is being recorded`,
        'Wait until it is sealed, or stop it on the Runbooks screen.',
      );
  }

  private async whenAll(name: string, states: readonly ProcessView['state'][]): Promise<void> {
    const { database, views } = this.parts;
    const { arrangement } = await readGroup(database, name);
    const processes = processesOf(arrangement).map((process) => process.name);
    const others = () =>
      processes.filter((process) => !states.some((state) => views.get(name, process)?.state === state));
    if (await until(SWITCHED_WITHIN_MS, async () => others().length === 0)) return;
    throw refuse(
      'timeout',
      `after ${SWITCHED_WITHIN_MS / 1000} s ${others().join(', ')} of group ${name} is not yet ${states[0]}`,
      'It follows once its site agent answers; look at the status and at the logs of those processes.',
    );
  }

  private async whenUp(name: string): Promise<void> {
    const { database, views } = this.parts;
    const { arrangement } = await readGroup(database, name);
    const processes = processesOf(arrangement).map((process) => process.name);
    const missing = () => processes.flatMap((process) => notReady(process, views.get(name, process)));
    if (await until(UP_WITHIN_MS, async () => missing().length === 0)) return;
    throw refuse(
      'timeout',
      `group ${name} is defined, but within ${UP_WITHIN_MS / 1000} s: ${missing().join('; ')}`,
      'Look at the status and at the logs of those processes; delete the group to give up.',
    );
  }

  private tell(
    group: string,
    kind: 'group-created' | 'group-deleted' | 'group-changed',
    text: string,
    by: string,
  ): void {
    this.parts.chronicler.add({
      at: Date.now(),
      group,
      kind,
      subject: group,
      observer: 'control',
      text,
      facts: { by },
    });
  }
}

/** What keeps a process from being used; nothing where it is up, has told of itself and has its lines. */
function notReady(process: string, view: ProcessView | null): string[] {
  if (view?.state !== 'up' || !view.facts) return [`${process} did not start`];
  if (!('storage' in view.facts)) return [];
  return view.facts.storage.lines
    .filter((line) => !line.connected)
    .map((line) => `the line from ${process} to ${line.peer} did not come up`);
}

async function until(boundMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return true;
}

/**
 * SIGKILL to every control worker of this machine, this process last. `before` writes down what is to survive, and is
 * given the process ids. Never returns.
 */
export async function killControlWorkers(
  database: Database,
  before: (pids: readonly number[]) => Promise<void>,
): Promise<never> {
  const here = (await readWorkers(database))
    .filter((worker) => worker.alive && worker.machine === hostname())
    .map((worker) => worker.pid);
  const others = here.filter((pid) => pid !== process.pid);
  await before([...others, process.pid]);
  for (const pid of others) process.kill(pid, 'SIGKILL');
  process.kill(process.pid, 'SIGKILL');
  return new Promise<never>(() => {});
}
