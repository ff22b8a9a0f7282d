/** A recorder that has outlived the worker that started it, and is followed to its end by another. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { endAbandoned, type RecorderEnd, type Recording, readNotes, STOPS_WITHIN_MS } from './recorder-process.ts';
import { runnerIn, scratchOf } from './recorder-remains.ts';

const LOOK_EVERY_MS = 500;
const ADOPTED = 'adopted';

export class AdoptedRecorder implements Recording {
  readonly ended: Promise<RecorderEnd>;
  private stoppedAt: number | null = null;
  private readonly scratch: string;

  private constructor(private readonly folder: string) {
    this.scratch = scratchOf(folder);
    writeFileSync(path.join(this.scratch, ADOPTED), `${process.pid}\n`);
    this.ended = this.follow();
  }

  /** The one that still records into this bundle, on this machine; null where there is none any more. */
  static of(folder: string): AdoptedRecorder | null {
    return runnerIn(scratchOf(folder)) === null ? null : new AdoptedRecorder(folder);
  }

  stop(): void {
    if (this.stoppedAt !== null) return;
    this.stoppedAt = performance.now();
    writeFileSync(path.join(this.scratch, 'stop'), 'aborted\n');
  }

  notes(): string {
    return readNotes(this.folder);
  }

  private async follow(): Promise<RecorderEnd> {
    for (let runner = runnerIn(this.scratch); runner !== null; runner = runnerIn(this.scratch)) {
      if (this.stoppedAt !== null && performance.now() - this.stoppedAt > STOPS_WITHIN_MS) killed(runner);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    // How a process ended is told to its parent alone.
    return { code: null, signal: null, killed: await endAbandoned(this.folder) };
  }
}

/** Whether another worker has taken on what records into this bundle. */
export function isAdopted(folder: string): boolean {
  return existsSync(path.join(scratchOf(folder), ADOPTED));
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in between.
  }
}
