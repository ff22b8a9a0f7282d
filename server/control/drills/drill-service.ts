/**
 * Drills as DBOS workflows: a runbook is recorded by a process of its own, then the bundle is completed with what the control
 * plane knows, and sealed. Whatever ends a recording, the bundle is sealed and says how it ended: a worker that takes over from
 * a dead one finds a recording that nobody drives, and seals it as incomplete.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { z } from 'zod';
import { type DrillProgress, parseNotes, progressOf } from '../../domain/evidence/drill-notes.ts';
import type { DrillOutcome } from '../../domain/evidence/manifest.ts';
import { figuresOfPhase } from '../../domain/evidence/phases.ts';
import type { Software } from '../../domain/evidence/staleness.ts';
import type { Log } from '../../domain/ports.ts';
import { refuse } from '../../domain/refusal.ts';
import type { Chronicler } from '../chronicler.ts';
import type { Database } from '../database.ts';
import { writeArchive } from '../evidence/archive.ts';
import { sealBundle } from '../evidence/seal.ts';
import { readGroup } from '../groups.ts';
import type { Instructions } from '../instructions.ts';
import { DRILL_PREFIX } from '../runs/run-service.ts';
import type { StatusBoard } from '../status-board.ts';
import { VERSION } from '../version.ts';
import type { DrillView } from '../views.ts';
import {
  abortedBy,
  createDrill,
  noteAbort,
  noteProgress,
  noteSealed,
  noteSealing,
  previousBundle,
  readDrill,
  signingKey,
  takeDrill,
} from './drill-records.ts';
import { gatherFacts, writeFacts } from './facts.ts';
import { RecorderProcess, readNotes, readPrinted } from './recorder-process.ts';
import { renderReport } from './report.ts';
import { findRunbook, type RunbookEntry, readLibrary } from './runbook-library.ts';

const LOOK_EVERY_MS = 1_000;
const PRINTS_WITHIN_MS = 120_000;

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
  constructor(private readonly parts: DrillServiceParts) {
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

  /** Ends a recording, whichever worker has it; it is sealed as aborted. */
  async abort(id: string, by: string): Promise<DrillView> {
    const { database } = this.parts;
    const drill = await readDrill(database, id);
    if (drill.status !== 'recording')
      throw refuse('wrong-state', `drill ${drill.bundle} is ${drill.status}`, 'There is nothing to stop.');
    await noteAbort(database, drill.id, by);
    return drill;
  }

  library(): RunbookEntry[] {
    return readLibrary(path.join(this.parts.root, 'e2e', 'runbooks'));
  }

  folderOf(bundle: string): string {
    return path.join(this.parts.dataFolder, 'evidence', bundle);
  }

  private async drive(id: string): Promise<void> {
    const { database } = this.parts;
    const drill = await readDrill(database, id);
    if (drill.status === 'sealed') return;
    const folder = this.folderOf(drill.bundle);
    mkdirSync(folder, { recursive: true });
    const attempt = await takeDrill(database, id);
    let { outcome, progress } = drill;
    if (drill.status === 'recording') {
      // A recorder ends with its worker: where another has had it before, there is none any more.
      if (attempt === 1) await this.record(drill, folder);
      progress = progressOf(parseNotes(readNotes(folder)));
      outcome = (await abortedBy(database, id)) ? 'aborted' : outcomeOf(progress);
      await noteSealing(database, id, outcome, progress);
    }
    await this.seal(await readDrill(database, id), outcome ?? 'incomplete', progress, folder);
  }

  /** Resolves when the recorder has ended, whatever ended it. */
  private async record(drill: DrillView, folder: string): Promise<void> {
    const { root, log } = this.parts;
    const { runbook, group } = drill;
    const recorder = new RecorderProcess({ root, runbook, group, url: this.dashboard(), folder });
    let told = '';
    const look = setInterval(() => {
      const notes = recorder.notes();
      const isNews = notes !== told;
      told = notes;
      this.follow(drill.id, recorder, isNews ? notes : null).catch((error: unknown) =>
        log.write('warn', 'a drill was not followed', { drill: drill.id, reason: String(error) }),
      );
    }, LOOK_EVERY_MS);
    const end = await recorder.ended;
    clearInterval(look);
    log.write('info', 'a recorder has ended', { drill: drill.id, ...end, printed: readPrinted(folder) });
  }

  private async follow(id: string, recorder: RecorderProcess, notes: string | null): Promise<void> {
    const { database } = this.parts;
    if (notes !== null) await noteProgress(database, id, progressOf(parseNotes(notes)));
    if (await abortedBy(database, id)) recorder.stop();
  }

  private async seal(drill: DrillView, outcome: DrillOutcome, progress: DrillProgress, folder: string): Promise<void> {
    const { database, board, instructions, chronicler } = this.parts;
    const endedAt = drill.endedAt ?? Date.now();
    const facts = await gatherFacts(drill, endedAt, {
      database,
      version: VERSION,
      status: () => board.get(drill.group),
      verifyLedger: () => instructions.verifyLedger({ group: drill.group, on: null }),
    });
    writeFacts(folder, facts);
    const key = await signingKey(database);
    const previous = await previousBundle(database, drill);
    const stoppedAt = progress.ended ? progress.ended.stoppedAt : (progress.last ?? 'before its first line');
    const reason = progress.ended ? progress.ended.reason : reasonOf(outcome, folder);
    const report = renderReport({
      facts,
      notes: parseNotes(readNotes(folder)),
      outcome,
      stoppedAt: outcome === 'passed' ? null : stoppedAt,
      reason: outcome === 'passed' ? null : reason,
      publicKey: key.publicKey,
      previous,
      filmed: existsSync(path.join(folder, 'film.webm')),
    });
    writeFileSync(path.join(folder, 'report.html'), report);
    await this.print(folder);
    const { bundle, group, sequence, runbook } = drill;
    const { sha256 } = sealBundle(
      folder,
      { bundle, group, sequence, previous, runbook, outcome, sealedAt: endedAt },
      key,
    );
    await writeArchive(folder, `${folder}.zip`);
    await noteSealed(database, drill.id, sha256, facts.phases.map(figuresOfPhase));
    await chronicler.write({
      at: Date.now(),
      group,
      kind: 'drill-sealed',
      subject: bundle,
      observer: 'control',
      text: `Drill ${drill.title} ${outcome}: sealed as ${bundle}`,
      severity: outcome === 'passed' ? 'none' : 'minor',
      facts: { drill: drill.id, outcome, stoppedAt, manifest: sha256 },
    });
  }

  /** A report without its PDF is still a report: that it could not be printed is logged, and the bundle sealed without it. */
  private print(folder: string): Promise<void> {
    const { root, log } = this.parts;
    const child = spawn(process.execPath, [path.join(root, 'scripts', 'print-report.mjs'), folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: PRINTS_WITHIN_MS,
    });
    let said = '';
    child.stderr.on('data', (bytes) => {
      said += bytes;
    });
    return new Promise((resolve) => {
      const end = (how: string | null) => {
        if (how !== null) log.write('error', 'a report was not printed', { folder, how, said: said.slice(-2_000) });
        resolve();
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code) => end(code === 0 ? null : `status ${code}`));
    });
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

function outcomeOf({ ended }: DrillProgress): DrillOutcome {
  if (!ended) return 'incomplete';
  return ended.passed ? 'passed' : 'failed';
}

function reasonOf(outcome: DrillOutcome, folder: string): string {
  if (outcome === 'aborted') return 'An operator ended the recording.';
  return `The recorder was gone before the runbook was at its end. ${readPrinted(folder)}`.trim();
}
