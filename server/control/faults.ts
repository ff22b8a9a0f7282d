/**
 * Injects faults and clears them. A fault that lasts is listed before it is done and struck off after it is undone, so that
 * a worker's death in between leaves nothing that no command can clear. Line faults overlap, so what a line gets is always
 * worked out from all that stand (line-faults.ts).
 */

import { refusalOf, refuse } from '../domain/refusal.ts';
import { stretchesOf } from '../network/connections.ts';
import { type Agents, processesOf } from './agents.ts';
import type { Chronicler } from './chronicler.ts';
import type { Database } from './database.ts';
import { isLasting, markCleared, readFault, recordFault, retellFault, standingFaults } from './fault-store.ts';
import { type GroupRecord, readGroup } from './groups.ts';
import { lineCalled, linesOf } from './line-faults.ts';
import type { FaultInput, FaultKind, FaultView } from './views.ts';
import { readWorkers } from './worker-registry.ts';

const LINE_KINDS: ReadonlySet<FaultKind> = new Set(['cut', 'degrade', 'isolate']);
const DISK_KINDS: ReadonlySet<FaultKind> = new Set(['disk-full', 'write-error']);

interface Process {
  name: string;
  site: string;
}

export class FaultInjector {
  /** What is being done to each group: what a line gets is worked out from all that stands, so one change follows the other. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly database: Database,
    private readonly agents: Pick<Agents, 'call'>,
    private readonly chronicler: Pick<Chronicler, 'add' | 'write'>,
    /** SIGKILL to every control worker of this machine; does not return. Given what to write down first. */
    private readonly killControl: (before: (pids: readonly number[]) => Promise<void>) => Promise<never>,
  ) {}

  /** Refuses what does not fit the group, before anything is done. `answer` is called where this process will not live to. */
  async inject(input: FaultInput, by: string, answer: (fault: FaultView) => Promise<void>): Promise<FaultView> {
    if (input.target === 'control' && (input.kind === 'kill' || input.kind === 'restart'))
      return this.control(input, by, answer);
    if (input.group === undefined) throw refuse('bad-request', `${input.kind} needs a group`, 'Name it (--group).');
    const group = await readGroup(this.database, input.group);
    return this.inTurn(group.name, async () => {
      const fault = isLasting(input.kind)
        ? await this.listedFirst(group, input, by)
        : await recordFault(this.database, input, await this.carryOut(group, input, by), by, false);
      this.tell(fault, 'fault-injected', fault.text, by);
      return fault;
    });
  }

  private async listedFirst(group: GroupRecord, input: FaultInput, by: string): Promise<FaultView> {
    this.mustFit(group, input);
    const { id } = await recordFault(this.database, input, `${input.kind} ${input.target}: under way`, by, true);
    try {
      return await retellFault(this.database, id, await this.carryOut(group, input, by));
    } catch (error) {
      // Whoever refused or was silent, others may have done their part: it stays on the list, to be cleared.
      const { message } = refusalOf(error);
      await retellFault(this.database, id, `${input.kind} ${input.target}: perhaps not done in full: ${message}`);
      throw error;
    }
  }

  /** Refuses what does not fit the group, before anything is written down. */
  private mustFit(group: GroupRecord, input: FaultInput): void {
    if (input.kind === 'kill' || input.kind === 'site-loss') this.targets(group, input);
    else if (LINE_KINDS.has(input.kind)) this.mustFitLine(group, input);
    else this.storageSite(group, input.target);
  }

  /** Undoes one fault. One that is over already stays as it is. */
  async clear(id: string, by: string): Promise<FaultView> {
    const { view } = await readFault(this.database, id);
    if (view.clearedAt !== null || view.group === null) return view;
    const group = await readGroup(this.database, view.group);
    return this.inTurn(group.name, () => this.clearNow(group, id, by));
  }

  private async clearNow(group: GroupRecord, id: string, by: string): Promise<FaultView> {
    const { view, input } = await readFault(this.database, id);
    if (view.clearedAt !== null) return view;
    if (LINE_KINDS.has(input.kind)) await this.applyLines(group, [input], (fault) => fault.id !== id);
    else if (DISK_KINDS.has(input.kind)) await this.clearDisk(group, input.target);
    else await this.restart(group, this.targets(group, input));
    await markCleared(this.database, [id], by);
    const cleared = (await readFault(this.database, id)).view;
    this.tell(cleared, 'fault-cleared', `cleared: ${view.text}`, by);
    return cleared;
  }

  private inTurn<T>(group: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(group) ?? Promise.resolve()).then(work, work);
    this.turns.set(group, turn);
    return turn;
  }

  private carryOut(group: GroupRecord, input: FaultInput, by: string): Promise<string> {
    switch (input.kind) {
      case 'kill':
      case 'site-loss':
        return this.kill(group, this.targets(group, input), input);
      case 'restart':
      case 'site-return':
        return this.undoKills(group, this.targets(group, input), input, by);
      case 'cut':
      case 'degrade':
      case 'isolate':
        return this.addLineFault(group, input);
      case 'restore':
        return this.restoreLine(group, input, by);
      case 'disk-full':
      case 'write-error':
        return this.failDisk(group, input.kind, input.target);
    }
  }

  /** Processes a kill or its undoing is about. */
  private targets({ name, arrangement }: GroupRecord, input: FaultInput): Process[] {
    const all = processesOf(arrangement);
    const isSite = input.kind === 'site-loss' || input.kind === 'site-return';
    const found = all.filter((process) => (isSite ? process.site : process.name) === input.target);
    if (found.length > 0) return found;
    if (isSite)
      throw refuse(
        'bad-request',
        `group ${name} has nothing at site ${input.target}`,
        `Sites: ${[...new Set(all.map((one) => one.site))].join(' ')}.`,
      );
    throw refuse(
      'unknown-system',
      `group ${name} has no process ${input.target}`,
      `Processes: ${all.map((one) => one.name).join(' ')} control.`,
    );
  }

  private async kill(group: GroupRecord, processes: readonly Process[], input: FaultInput): Promise<string> {
    const killed = await Promise.all(
      processes.map(async ({ name, site }) => {
        const { pid } = await this.agents.call(site, 'process.kill', { group: group.name, process: name, hold: true });
        return pid === null ? `${name} did not run` : `${name} pid ${pid}`;
      }),
    );
    const what = input.kind === 'site-loss' ? `site ${input.target} lost: ` : '';
    return `${what}SIGKILL ${killed.join(', ')}; held down`;
  }

  private async restart(group: GroupRecord, processes: readonly Process[]): Promise<(number | null)[]> {
    return Promise.all(
      processes.map(
        async ({ name, site }) =>
          (await this.agents.call(site, 'process.restart', { group: group.name, process: name })).pid,
      ),
    );
  }

  private async undoKills(
    group: GroupRecord,
    processes: readonly Process[],
    input: FaultInput,
    by: string,
  ): Promise<string> {
    await this.restart(group, processes);
    const back = new Set(processes.map((process) => process.name));
    const standing = await standingFaults(this.database, group.name);
    const over = standing.filter(
      (fault) =>
        (fault.input.kind === 'kill' && back.has(fault.input.target)) ||
        (fault.input.kind === 'site-loss' &&
          this.targets(group, fault.input).every((process) => back.has(process.name))),
    );
    await markCleared(
      this.database,
      over.map((fault) => fault.id),
      by,
    );
    return input.kind === 'site-return'
      ? `site ${input.target} returned: ${[...back].join(', ')} started`
      : `${input.target} started`;
  }

  private mustFitLine(group: GroupRecord, input: FaultInput): void {
    if (input.kind === 'degrade' && Object.keys(input.conditions ?? {}).length === 0) {
      throw refuse('bad-request', 'a degraded line needs at least one condition', 'Give --delay-ms, --loss or --rate.');
    }
    if (input.kind === 'isolate' && stretchesOf(group.arrangement, group.definition, input.target).length === 0) {
      throw refuse(
        'unknown-system',
        `group ${group.name} has no process ${input.target}`,
        `Processes: ${processesOf(group.arrangement)
          .map((one) => one.name)
          .join(' ')}.`,
      );
    }
    linesOf(group.arrangement, group.definition, [input], []);
  }

  /** It is on the list already. */
  private async addLineFault(group: GroupRecord, input: FaultInput): Promise<string> {
    await this.applyLines(group, [input], () => true);
    if (input.kind === 'isolate') return `${input.target} isolated: every line of it is cut`;
    const direction = input.from === undefined ? '' : ` from ${input.from}`;
    if (input.kind === 'cut') return `line ${input.target} cut${direction}`;
    const { delayMs, loss, rateBytesPerSecond, jitterMs } = input.conditions ?? {};
    const parts = [
      delayMs !== undefined && `${delayMs} ms more delay`,
      jitterMs !== undefined && `${jitterMs} ms jitter`,
      loss !== undefined && `${loss * 100} % loss`,
      rateBytesPerSecond !== undefined && `${rateBytesPerSecond} B/s`,
    ].filter(Boolean);
    return `line ${input.target} degraded${direction}: ${parts.join(', ')}`;
  }

  private async restoreLine(group: GroupRecord, input: FaultInput, by: string): Promise<string> {
    const line = lineCalled(group.arrangement, group.definition, input.target);
    const ofLine = (fault: FaultInput) =>
      (fault.kind === 'cut' || fault.kind === 'degrade') && [line.name, line.reversed].includes(fault.target);
    const standing = await standingFaults(this.database, group.name);
    const whole: FaultInput = { kind: 'cut', group: group.name, target: line.name };
    await this.applyLines(group, [whole], (fault) => !ofLine(fault.input));
    await markCleared(
      this.database,
      standing.filter((fault) => ofLine(fault.input)).map((fault) => fault.id),
      by,
    );
    return `line ${input.target} restored`;
  }

  /** Tells both ends of what `touched` is about how it is to be, by those of the faults on the list that `stands` keeps. */
  private async applyLines(
    group: GroupRecord,
    touched: readonly FaultInput[],
    stands: (fault: { id: string; input: FaultInput }) => boolean,
  ): Promise<void> {
    const standing = (await standingFaults(this.database, group.name)).filter(stands).map((fault) => fault.input);
    const changes = linesOf(group.arrangement, group.definition, touched, standing);
    const sites = new Map(processesOf(group.arrangement).map((process) => [process.name, process.site]));
    await Promise.all(
      changes.map(({ edge, conditions }) =>
        this.agents.call(sites.get(edge.process) ?? '', 'fault.line', {
          group: group.name,
          process: edge.process,
          peer: edge.peer,
          conditions,
        }),
      ),
    );
  }

  private async failDisk(group: GroupRecord, kind: 'disk-full' | 'write-error', target: string): Promise<string> {
    const site = this.storageSite(group, target);
    await this.agents.call(site, 'fault.disk', { group: group.name, process: target, kind });
    return kind === 'disk-full' ? `disk of ${target} full: every write fails` : `disk of ${target} fails every write`;
  }

  /** The agent clears all faults of a process at once, so the lines that are to stay as they are get their conditions again. */
  private async clearDisk(group: GroupRecord, target: string): Promise<void> {
    const site = this.storageSite(group, target);
    await this.agents.call(site, 'fault.clear', { group: group.name, process: target });
    const standing = (await standingFaults(this.database, group.name)).map((fault) => fault.input);
    for (const { edge, conditions } of linesOf(group.arrangement, group.definition, standing, standing)) {
      if (edge.process === target)
        await this.agents.call(site, 'fault.line', { group: group.name, process: target, peer: edge.peer, conditions });
    }
  }

  private storageSite({ name, arrangement }: GroupRecord, target: string): string {
    const system = arrangement.systems.find((one) => one.name === target);
    if (system) return system.site;
    throw refuse(
      'unknown-system',
      `group ${name} has no storage system ${target}`,
      `Systems: ${arrangement.systems.map((one) => one.name).join(' ')}.`,
    );
  }

  /** The supervisor starts control workers again by itself, so this fault is over once it is done. */
  private control(input: FaultInput, by: string, answer: (fault: FaultView) => Promise<void>): Promise<FaultView> {
    if (input.kind === 'restart') return this.controlRuns(by);
    return this.killControl(async (pids) => {
      const text = `SIGKILL control worker pid ${pids.join(', ')}; started again by its supervisor`;
      const fault = await recordFault(this.database, { kind: 'kill', target: 'control' }, text, by, false);
      await this.chronicler.write({
        at: Date.now(),
        group: null,
        kind: 'fault-injected',
        subject: 'control',
        observer: 'control',
        text,
        facts: { by },
      });
      await answer(fault);
    });
  }

  /** What is asked for is so already: whoever answers is a control worker. */
  private async controlRuns(by: string): Promise<FaultView> {
    const alive = (await readWorkers(this.database)).filter((worker) => worker.alive);
    const text = `control worker runs: pid ${alive.map((worker) => worker.pid).join(', ')}; its supervisor starts it by itself`;
    const fault = await recordFault(this.database, { kind: 'restart', target: 'control' }, text, by, false);
    this.tell(fault, 'fault-injected', text, by);
    return fault;
  }

  private tell(fault: FaultView, kind: 'fault-injected' | 'fault-cleared', text: string, by: string): void {
    this.chronicler.add({
      at: Date.now(),
      group: fault.group,
      kind,
      subject: fault.target,
      observer: 'control',
      text,
      facts: { by, fault: fault.id, kind: fault.kind },
    });
  }
}
