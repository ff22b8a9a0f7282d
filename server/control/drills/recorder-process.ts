/** The process that records: Playwright on a runbook. It ends with the worker that started it, and leaves what it has written. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

export interface RecorderOptions {
  /** Of the repository. */
  root: string;
  runbook: string;
  group: string;
  /** Where the dashboard is. */
  url: string;
  /** The bundle's. */
  folder: string;
}

export interface RecorderEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const NOTES = 'notes.ndjson';
/** What Playwright itself prints; read where a runbook did not even begin. */
const PRINTED = 'recorder.log';

export class RecorderProcess {
  private readonly child: ChildProcess;
  readonly ended: Promise<RecorderEnd>;

  constructor(private readonly options: RecorderOptions) {
    const { root, runbook, group, url, folder } = options;
    const printed = openSync(path.join(folder, PRINTED), 'w');
    const scratch = path.join(tmpdir(), `switchback-recording-${process.pid}-${path.basename(folder)}`);
    const cli = path.join(root, 'node_modules', '@playwright', 'test', 'cli.js');
    this.child = spawn(
      process.execPath,
      [cli, 'test', '-c', 'playwright.runbooks.config.ts', `/${runbook}.runbook.ts`],
      {
        cwd: root,
        env: {
          ...process.env,
          SWITCHBACK_DRILL_URL: url,
          SWITCHBACK_DRILL_GROUP: group,
          SWITCHBACK_DRILL_FOLDER: folder,
          SWITCHBACK_DRILL_SCRATCH: scratch,
        },
        // By the channel it notices that we are gone.
        stdio: ['ignore', printed, printed, 'ipc'],
      },
    );
    closeSync(printed);
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        rmSync(scratch, { recursive: true, force: true });
        resolve({ code, signal });
      };
      this.child.once('error', () => end(null, null));
      this.child.once('exit', end);
    });
  }

  /** Lets it end by itself: it writes down where it stood. */
  stop(): void {
    this.child.kill('SIGINT');
  }

  notes(): string {
    return readNotes(this.options.folder);
  }
}

/** The recorder's notes as far as they go; empty where it has written none. */
export function readNotes(folder: string): string {
  const file = path.join(folder, NOTES);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** The end of what Playwright printed. */
export function readPrinted(folder: string): string {
  const file = path.join(folder, PRINTED);
  return existsSync(file) ? stripVTControlCharacters(readFileSync(file, 'utf8')).slice(-2_000) : '';
}
