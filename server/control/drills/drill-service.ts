/**
 * Drills as DBOS workflows: a runbook is recorded by a process of its own, then the bundle is completed with what the control
 * plane knows, and sealed. Whatever ends a recording, the bundle is sealed and says how it ended: a worker that takes over from
 * a dead one follows the recording on, and where that is dead too, seals it as incomplete.
 */
import { existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { z } from 'zod';
import { type DrillProgress, parseNotes, progressOf } from '../../domain/evidence/drill-notes.ts';
import type { DrillOutcome } from '../../domain/evidence/manifest.ts';
import type { Software } from '../../domain/evidence/staleness.ts';
import type { Log } from '../../domain/ports.ts';
import { refuse } from '../../domain/refusal.ts';
import type { Chronicler } from '../chronicler.ts';
import { type Database, isDatabaseAway } from '../database.ts';
import { readGroup } from '../groups.ts';
import type { Instructions } from '../instructions.ts';
import { DRILL_PREFIX } from '../runs/run-service.ts';
import type { StatusBoard } from '../status-board.ts';
import type { DrillView } from '../views.ts';
import { AdoptedRecorder, isAdopted } from './adopted-recorder.ts';
import {
  abortedBy,
  createDrill,
  isTakenOver,
  noteAbort,
  noteProgress,
  noteSealing,
  noteUnsealed,
  readDrill,
  readUnsealed,
  type Turn,
  takeDrill,
} from './drill-records.ts';
import { DrillSealer } from './drill-sealer.ts';
import { endAbandoned, RecorderProcess, type Recording, readNotes, readPrinted } from './recorder-process.ts';
import { findRunbook, type RunbookEntry, readLibrary } from './runbook-library.ts';

const LOOK_EVERY_MS = 1_000;
/** A worker that takes a drill over takes its recorder on within so many looks. */
const ADOPTED_WITHIN_LOOKS = 5;

type Follow = 'followed' | 'taken-over' | 'aborted';
/** A database that is restarted is back within moments; there is nothing else to do meanwhile. */
const AGAIN_AFTER_MS = 1_000;
/** What fails for another reason than the database is tried so often. */
const SEAL_ATTEMPTS = 3;
/** Between a row and its workflow there are milliseconds; a row without one this old was left by a dead worker. */
const FORGOTTEN_AFTER_MS = 15_000;
/** The ending of a recorder that said nothing is told by what is left on the disk. */
const FULL_BELOW_BYTES = 1024 * 1024;

export interface DrillServiceParts {
  database: Database;
  board: StatusBoard;
  instructions: Instructions;
  chronicler: Chronicler;
  log: Log;
  /** Of the repository. */
  root: string;
  dataFolder: string;
  software: Software;
}

/** `firing`: of the schedule that asks for it; null where somebody does. */
export interface DrillRequest {
  runbook: string;
  group: string;
  approvedBy: string | null;
  firing?: string | null;
}

export class DrillService {
  private readonly workflow: (drill: string) => Promise<void>;
  private readonly sealer: DrillSealer;

  constructor(private readonly parts: DrillServiceParts) {
    this.sealer = new DrillSealer(parts);
    this.workflow = DBOS.registerWorkflow((drill: string) => this.drive(drill), {
      name: 'drill',
      maxRecoveryAttempts: 1_000,
    });
  }

  /** Begins to record. Refuses a runbook that is not for this group, and `busy` where another drill is under way. */
  async start({ runbook: name, group, approvedBy, firing = null }: DrillRequest, by: string): Promise<DrillView> {
    const { database, chronicler, software } = this.parts;
    const runbook = findRunbook(this.library(), name);
    const record = await readGroup(database, group);
    if (record.arrangement.id !== runbook.arrangement)
      throw refuse(
        'wrong-state',
        `${runbook.name} is a runbook for ${runbook.arrangement}, and group ${group} is ${record.arrangement.id}`,
        'Take a runbook of its arrangement, or another group.',
      );
    if (record.deleting) throw refuse('wrong-state', `group ${group} is being deleted`, 'Take another group.');
    if (!record.powered) throw refuse('wrong-state', `group ${group} is switched off`, 'Switch it on first.');
    const topology = { definition: record.definition, rpoObjectiveMs: record.rpoObjectiveMs };
    const basis = { software, runbook: runbook.sha256, topology };
    const drill = await createDrill(database, { runbook, group, by, approvedBy, firing, basis });
    await chronicler.write({
      at: drill.startedAt,
      group,
      kind: 'drill-started',
      subject: drill.bundle,
      observer: 'control',
      text: `Drill ${runbook.title} started by ${by}`,
      facts: { drill: drill.id, runbook: runbook.name },
    });
    await DBOS.startWorkflow(this.workflow, { workflowID: `${DRILL_PREFIX}${drill.id}` })(drill.id);
    return drill;
  }

  /**
   * Ends a recording, whichever worker has it; it is sealed as aborted. One that has ended already keeps its ending, and is
   * sealed at once, without the PDF that was still being printed.
   */
  async abort(id: string, by: string): Promise<DrillView> {
    const { database } = this.parts;
    const drill = await readDrill(database, id);
    if (drill.status === 'sealed')
      throw refuse('wrong-state', `drill ${drill.bundle} is sealed`, 'There is nothing to stop.');
    await noteAbort(database, drill.id, by);
    return drill;
  }

  library(): RunbookEntry[] {
    return readLibrary(path.join(this.parts.root, 'e2e', 'runbooks'));
  }

  folderOf(bundle: string): string {
    return path.join(this.parts.dataFolder, 'evidence', bundle);
  }

  /**
   * Sees to drills that no workflow sees to: whose worker died between putting them on record and beginning them, or whose
   * workflow failed. None of them is begun now, when nobody expects it any more: they are sealed as far as they came.
   */
  async sealForgotten(): Promise<void> {
    const { database, log } = this.parts;
    for (const drill of await readUnsealed(database)) {
      if (Date.now() - drill.startedAt < FORGOTTEN_AFTER_MS) continue;
      const workflow_id_prefix = `${DRILL_PREFIX}${drill.id}`;
      if ((await DBOS.listWorkflows({ workflow_id_prefix, status: ['PENDING', 'ENQUEUED'] })).length > 0) continue;
      log.write('warn', 'a drill was forgotten, and is sealed', { drill: drill.id });
      const attempts = await takeDrill(database, drill.id);
      await DBOS.startWorkflow(this.workflow, { workflowID: `${DRILL_PREFIX}${drill.id}/${attempts}` })(drill.id);
    }
  }

  private async drive(id: string): Promise<void> {
    const { database } = this.parts;
    const drill = await this.patiently(() => readDrill(database, id));
    if (drill.status === 'sealed') return;
    const turn = { id, attempt: await this.patiently(() => takeDrill(database, id)) };
    const folder = this.folderOf(drill.bundle);
    if (drill.status === 'recording') {
      const trouble = await this.walk(drill, folder, turn);
      // Whoever has it now seals it.
      if (await this.patiently(() => isTakenOver(database, turn))) return;
      const progress = { ...progressOf(parseNotes(readNotes(folder))), trouble };
      const by = await this.patiently(() => abortedBy(database, id));
      await this.patiently(() => noteSealing(database, turn, outcomeOf(progress, by !== null), progress));
    }
    await this.sealPatiently(turn, folder);
  }

  private async sealPatiently(turn: Turn, folder: string): Promise<void> {
    const { database, log } = this.parts;
    const { id: drill } = turn;
    for (let tries = 1; ; tries += 1) {
      const ended = await this.patiently(() => readDrill(database, drill));
      // Sealed once, it stays as it is, whatever failed behind that; and whoever has it now seals it.
      if (ended.status === 'sealed' || (await this.patiently(() => isTakenOver(database, turn)))) return;
      try {
        await this.sealer.seal(ended, folder, turn);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.write('error', 'a drill was not sealed', { drill, reason: error instanceof Error ? error.stack : reason });
        if (tries >= SEAL_ATTEMPTS && !(await this.isDatabaseAway(error))) await this.giveUp(ended, turn, reason);
        else await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
      }
    }
  }

  /** Resolves when nothing records any more, with what hindered the recording; null where its own notes say how it ended. */
  private async walk(drill: DrillView, folder: string, turn: Turn): Promise<string | null> {
    const isFirst = turn.attempt === 1;
    let hindrance: string | null = null;
    try {
      if (isFirst) mkdirSync(folder, { recursive: true });
      // A recorder outlives its worker: where another has had it before, it is followed on.
      const recorder = isFirst ? this.begin(drill, folder) : AdoptedRecorder.of(folder);
      if (recorder) await this.record(drill, recorder, turn);
      else await endAbandoned(folder);
    } catch (error) {
      hindrance = `It could not be recorded: ${error instanceof Error ? error.message : String(error)}`;
    }
    // Two workers may have seen to its end, and one of them found nothing left to see to.
    if (progressOf(parseNotes(readNotes(folder))).ended) return null;
    if (hindrance !== null) return hindrance;
    if (!isFirst) return 'The control worker that had begun the recording was gone, and the recorder with it.';
    const full = isFull(folder) ? 'The disk that bundles are kept on is full.' : '';
    return `The recorder was gone before the runbook was at its end. ${full || readPrinted(folder)}`.trim();
  }

  private begin({ runbook, group }: DrillView, folder: string): RecorderProcess {
    // Whoever started this worker starts it again.
    const keeper = process.ppid;
    return new RecorderProcess({ root: this.parts.root, runbook, group, url: this.dashboard(), folder, keeper });
  }

  /** Resolves when the recorder has ended, whatever ended it. */
  private async record(drill: DrillView, recorder: Recording, turn: Turn): Promise<void> {
    const { log } = this.parts;
    let told = '';
    let lostFor = 0;
    const look = setInterval(() => {
      const notes = recorder.notes();
      const isNews = notes !== told;
      told = notes;
      this.follow(drill, turn, isNews ? notes : null)
        .then((stays) => {
          lostFor = stays === 'taken-over' ? lostFor + 1 : 0;
          if (stays === 'aborted' || lostFor > ADOPTED_WITHIN_LOOKS) recorder.stop();
        })
        .catch((error: unknown) =>
          log.write('warn', 'a drill was not followed', { drill: drill.id, reason: String(error) }),
        );
    }, LOOK_EVERY_MS);
    const end = await recorder.ended;
    clearInterval(look);
    const printed = readPrinted(this.folderOf(drill.bundle));
    log.write('info', 'a recorder has ended', { drill: drill.id, ...end, printed });
  }

  /**
   * Another worker may have it, because this one was not heard for a while: it follows the recorder on where it can reach it,
   * and where it cannot, the recording is nobody's.
   */
  private async follow(drill: DrillView, turn: Turn, notes: string | null): Promise<Follow> {
    const { database } = this.parts;
    if (await isTakenOver(database, turn)) return isAdopted(this.folderOf(drill.bundle)) ? 'followed' : 'taken-over';
    if (notes !== null) await noteProgress(database, turn, progressOf(parseNotes(notes)));
    return (await abortedBy(database, drill.id)) === null ? 'followed' : 'aborted';
  }

  /** Nothing can be written where the bundle is: the drill ends all the same, and says so. Its next one is not held up. */
  private async giveUp(drill: DrillView, turn: Turn, reason: string): Promise<void> {
    const { database, chronicler } = this.parts;
    const trouble = `It could not be sealed: ${reason}`;
    await this.patiently(() => noteUnsealed(database, turn, trouble));
    chronicler.add({
      at: Date.now(),
      group: drill.group,
      kind: 'drill-sealed',
      subject: drill.bundle,
      observer: 'control',
      text: `Drill ${drill.title} incomplete, and without a seal: ${reason}`,
      severity: 'major',
      facts: { drill: drill.id, outcome: 'incomplete' },
    });
  }

  /** Asks again while the database is away, however long that is. */
  private async patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(await this.isDatabaseAway(error))) throw error;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
      }
    }
  }

  private async isDatabaseAway(error: unknown): Promise<boolean> {
    if (isDatabaseAway(error)) return true;
    return this.parts.database.pool.query('SELECT 1').then(
      () => false,
      () => true,
    );
  }

  /** Where the web process says that it is. */
  private dashboard(): string {
    const file = path.join(this.parts.dataFolder, 'web.json');
    if (!existsSync(file))
      throw refuse(
        'unreachable',
        'the dashboard has not said where it is',
        'Wait until it has started, then try again.',
      );
    return z.object({ url: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).url;
  }
}

function isFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < FULL_BELOW_BYTES;
}

/** Walked to its end is walked to its end, also where somebody wanted to stop it a moment before. */
function outcomeOf({ ended }: DrillProgress, aborted: boolean): DrillOutcome {
  if (ended?.passed) return 'passed';
  if (aborted) return 'aborted';
  return ended ? 'failed' : 'incomplete';
}
