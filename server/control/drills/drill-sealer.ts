/** Completes a bundle with what the control plane knows, and seals it. Doing it again is harmless until it is on record as sealed. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type DrillProgress, parseNotes } from '../../domain/evidence/drill-notes.ts';
import type { DrillOutcome } from '../../domain/evidence/manifest.ts';
import { figuresOfPhase } from '../../domain/evidence/phases.ts';
import type { GroupStatus } from '../../domain/group-status.ts';
import { writeArchive } from '../evidence/archive.ts';
import { sealBundle } from '../evidence/seal.ts';
import { VERSION } from '../version.ts';
import type { DrillView } from '../views.ts';
import { abortedBy, isTakenOver, noteSealed, previousBundle, signingKey, type Turn } from './drill-records.ts';
import type { DrillServiceParts } from './drill-service.ts';
import { gatherFacts, writeFacts } from './facts.ts';
import { isFilm, readNotes } from './recorder-process.ts';
import { type ReportInput, renderReport } from './report.ts';

const PDF = 'report.pdf';
const PRINTS_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 500;
/** What was announced is in the history within this, and a worker that has just begun has heard of its groups. */
const HEARD_WITHIN_MS = 8_000;

export class DrillSealer {
  constructor(private readonly parts: DrillServiceParts) {}

  /**
   * `drill`: as it stands, its recording ended. Does nothing more once another worker has it: what that one has hashed must not
   * change. Rejects where the database or the disk fails; nothing is on record as sealed then.
   */
  async seal(drill: DrillView, folder: string, turn: Turn): Promise<void> {
    const { database, chronicler, instructions } = this.parts;
    const { bundle, group, sequence, runbook, progress } = drill;
    const outcome = drill.outcome ?? 'incomplete';
    mkdirSync(folder, { recursive: true });
    const endedAt = drill.endedAt ?? Date.now();
    await chronicler.settled(HEARD_WITHIN_MS);
    const facts = await gatherFacts(drill, endedAt, {
      database,
      version: VERSION,
      status: () => this.heard(group),
      verifyLedger: () => instructions.verifyLedger({ group, on: null }),
    });
    const key = await signingKey(database);
    const previous = await previousBundle(database, drill);
    if (await isTakenOver(database, turn)) return;
    writeFacts(folder, facts);
    const { stoppedAt, reason } = whereItStopped(outcome, progress);
    writeReport(folder, { facts, outcome, stoppedAt, reason, publicKey: key.publicKey, previous });
    const pdf = await this.print(drill, folder);
    if (await isTakenOver(database, turn)) return;
    if (pdf) writeFileSync(path.join(folder, PDF), pdf);
    else rmSync(path.join(folder, PDF), { force: true });
    const { sha256, manifest } = sealBundle(
      folder,
      { bundle, group, sequence, previous, runbook, outcome, sealedAt: endedAt },
      key,
    );
    await writeArchive(folder, `${folder}.zip`, endedAt);
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    const ended = { ...progress, goOn: facts.aftermath.goOn, bytes };
    if (!(await noteSealed(database, turn, sha256, ended, facts.phases.map(figuresOfPhase)))) return;
    chronicler.add({
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

  /** A worker that took the drill over a moment ago may not have heard of the group yet. */
  private async heard(group: string): Promise<GroupStatus> {
    const until = performance.now() + HEARD_WITHIN_MS;
    for (;;) {
      const status = await this.parts.board.get(group);
      if (status.operation !== 'unknown' || performance.now() > until) return status;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /**
   * A report without its PDF is still a report: that it could not be printed is logged, and the bundle sealed without it.
   * Who wants the drill to end does not wait for it either. Null then.
   */
  private print(drill: DrillView, folder: string): Promise<Buffer | null> {
    const { root, log, database } = this.parts;
    // What is printed comes back here: one that outlives us finds nobody to give it to, and no sealed bundle to write it into.
    const child = spawn(process.execPath, [path.join(root, 'scripts', 'print-report.mjs'), folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PRINTS_WITHIN_MS,
    });
    const printed: Buffer[] = [];
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => printed.push(bytes));
    child.stderr.on('data', (bytes) => {
      said += bytes;
    });
    const look = setInterval(() => {
      abortedBy(database, drill.id)
        .then((by) => by !== null && drill.outcome !== 'aborted' && child.kill())
        .catch(() => false);
    }, LOOK_EVERY_MS);
    return new Promise((resolve) => {
      const end = (how: string | null) => {
        clearInterval(look);
        if (how !== null) log.write('error', 'a report was not printed', { folder, how, said: said.slice(-2_000) });
        resolve(how === null ? Buffer.concat(printed) : null);
      };
      child.once('error', (error) => end(error.message));
      child.once('close', (code, signal) => end(code === 0 ? null : `status ${code ?? signal}`));
    });
  }
}

function writeReport(folder: string, told: Omit<ReportInput, 'notes' | 'filmed' | 'traced'>): void {
  const film = path.join(folder, 'film.webm');
  if (existsSync(film) && !isFilm(film)) rmSync(film);
  const filmed = existsSync(film);
  const traced = existsSync(path.join(folder, 'trace.zip'));
  const notes = parseNotes(readNotes(folder));
  writeFileSync(path.join(folder, 'report.html'), renderReport({ ...told, notes, filmed, traced }));
}

function whereItStopped(outcome: DrillOutcome, { ended, last, trouble }: DrillProgress) {
  if (outcome === 'passed') return { stoppedAt: null, reason: null };
  const reason = outcome === 'aborted' ? 'An operator ended the recording.' : (trouble ?? ended?.reason ?? null);
  return { stoppedAt: ended?.stoppedAt ?? last ?? 'before its first line', reason };
}
