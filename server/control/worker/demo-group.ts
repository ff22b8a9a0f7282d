/**
 * The group `demo`: made at the very first start, and brought back to normal operation at every later one, unless somebody
 * left it in another lawful state. Faults that stand, a switched-off group, a run under way: all that is left alone.
 */

import { defaultGroup, findArrangement } from '../../domain/arrangement.ts';
import type { GroupStatus } from '../../domain/group-status.ts';
import type { Log } from '../../domain/ports.ts';
import { refusalOf } from '../../domain/refusal.ts';
import type { RunView } from '../../routines/step-graph.ts';
import { type Database, toJson } from '../database.ts';
import { readFaults } from '../fault-store.ts';
import type { Instructions } from '../instructions.ts';
import type { RunService } from '../runs/run-service.ts';
import type { StatusBoard } from '../status-board.ts';

const DEMO = 'demo';
const BY = 'switchback';
/** Between two attempts to start the copy, so that a group that cannot be formed yet does not fill the history with runs. */
const RETRY_AFTER_MS = 5_000;
const MAX_ATTEMPTS = 20;

export interface DemoParts {
  database: Database;
  board: StatusBoard;
  runs: RunService;
  instructions: Instructions;
  log: Log;
}

/** What the demo's state asks for. */
export type DemoStep = 'wait' | 'copy' | 'start-work' | 'done';

/** Pure: from the status to what is to be done next. `formation`: the first copy and the start of the work are still owed. */
export function nextDemoStep(status: GroupStatus | null, formation: boolean, standingFaults: number): DemoStep {
  if (!status?.powered || standingFaults > 0) return status ? 'done' : 'wait';
  // A first copy that stopped at a step is waited for: an operator can retry it, and until then nothing is formed.
  if (status.activeRun) return formation || status.activeRun.status === 'running' ? 'wait' : 'done';
  if (status.operation === 'failed-over' || status.operation === 'reverse' || status.operation === 'stopped')
    return 'done';
  if (
    status.systems.some((system) => system.up !== true) ||
    status.hosts.some((host) => host.up !== true) ||
    status.witness.up !== true
  )
    return 'wait';
  if (status.operation === 'unknown') return 'wait';
  const inDuplex = status.pairs.length > 0 && status.pairs.every((pair) => pair.state === 'duplex');
  if (!inDuplex) return status.pairs.some((pair) => pair.state === 'unknown') ? 'wait' : 'copy';
  if (!formation) return 'done';
  return status.hosts.some((host) => host.work?.running) ? 'done' : 'start-work';
}

export class DemoGroup {
  private busy = false;
  private finished = false;
  private attempts = 0;
  private notBeforeMs = 0;
  private unhear: (() => void) | null = null;

  constructor(private readonly parts: DemoParts) {}

  /** Makes the group where this database never had it, then sees to it until it is where it should be. */
  async start(): Promise<void> {
    await this.make();
    this.unhear = this.parts.board.onChange(() => this.look());
    this.look();
  }

  stop(): void {
    this.unhear?.();
    this.unhear = null;
  }

  /** A copy that was given up, at its own question or by an operator, is not begun again behind their back. */
  runEnded(view: RunView): void {
    if (view.group !== DEMO) return;
    if (view.ending === 'aborted') this.finish();
    else this.look();
  }

  private async make(): Promise<void> {
    const { prisma } = this.parts.database;
    const arrangement = findArrangement('chain-3');
    if (!arrangement || (await prisma.counter.findUnique({ where: { name: 'demo-made' } }))) return;
    const definition = defaultGroup(DEMO, arrangement);
    await prisma.$transaction([
      prisma.group.create({
        data: { name: DEMO, arrangement: arrangement.id, definition: toJson(definition), createdBy: BY },
      }),
      prisma.counter.create({ data: { name: 'demo-made', value: 1 } }),
    ]);
  }

  private look(): void {
    if (this.busy || this.finished || performance.now() < this.notBeforeMs) return;
    this.busy = true;
    this.advance()
      .catch((error: unknown) => {
        this.notBeforeMs = performance.now() + RETRY_AFTER_MS;
        this.parts.log.write('warn', 'the demo group is not where it should be yet', {
          reason: refusalOf(error).message,
        });
      })
      .finally(() => {
        this.busy = false;
      });
  }

  private async advance(): Promise<void> {
    const { database, board, runs, instructions } = this.parts;
    const row = await database.prisma.group.findUnique({ where: { name: DEMO } });
    if (!row || row.deleting) return this.finish();
    const faults = await readFaults(database, { group: DEMO, active: true });
    if (this.finished) return;
    const step = nextDemoStep(board.find(DEMO), row.formation, faults.length);
    if (step === 'wait') return;
    if (step === 'copy') {
      if (this.attempts >= MAX_ATTEMPTS) return this.finish();
      this.attempts += 1;
      this.notBeforeMs = performance.now() + RETRY_AFTER_MS;
      await runs.start(
        {
          group: DEMO,
          routine: 'initial-copy',
          mode: 'through',
          acceptDefaults: true,
          decisions: {},
          attestation: null,
        },
        BY,
      );
      return;
    }
    if (step === 'start-work') await instructions.startWork(DEMO);
    if (row.formation) await database.prisma.group.update({ where: { name: DEMO }, data: { formation: false } });
    this.finish();
  }

  private finish(): void {
    this.finished = true;
    this.stop();
  }
}
