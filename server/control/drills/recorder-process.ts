/**
 * The process that records: Playwright on a runbook. It outlives the worker that started it, for another to follow it to its
 * end; where nobody is left who would start one, it ends. However it ends, nothing that it started is left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { endRemains, scratchOf } from './recorder-remains.ts';

export interface RecorderOptions {
  /** Of the repository. */
  root: string;
  runbook: string;
  group: string;
  /** Where the dashboard is. */
  url: string;
  /** The bundle's. */
  folder: string;
  /** The process that starts control workers again. Once it is gone too, the recording ends. */
  keeper: number;
}

/** A recording under way, whoever has started it. */
export interface Recording {
  /** Resolves when it has ended, whatever ended it, and nothing of it runs any more. */
  readonly ended: Promise<RecorderEnd>;
  /** Lets it end by itself: it writes down where it stood, and finishes its film. One that does not is killed. */
  stop(): void;
  notes(): string;
}

export interface RecorderEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Processes that it left behind and that had to be killed. */
  killed: number;
}

const NOTES = 'notes.ndjson';
const FILM = 'film.webm';
/** What Playwright itself prints; read where a runbook did not even begin. */
const PRINTED = 'recorder.log';
/** Asked to stop, it finishes its film and its trace within this. */
export const STOPS_WITHIN_MS = 20_000;
/** When the recorder itself is gone, what it started ends within this, and the film is whole. */
const REMAINS_WITHIN_MS = 8_000;

export class RecorderProcess implements Recording {
  private readonly child: ChildProcess;
  private readonly scratch: string;
  private stopping: NodeJS.Timeout | null = null;
  readonly ended: Promise<RecorderEnd>;

  constructor(private readonly options: RecorderOptions) {
    const { root, runbook, group, url, folder, keeper } = options;
    const printed = openSync(path.join(folder, PRINTED), 'w');
    this.scratch = scratchOf(folder);
    mkdirSync(this.scratch, { recursive: true, mode: 0o700 });
    const cli = path.join(root, 'node_modules', '@playwright', 'test', 'cli.js');
    this.child = spawn(
      process.execPath,
      [cli, 'test', '-c', 'playwright.runbooks.config.ts', `/${runbook}.runbook.ts`],
      {
        cwd: root,
        env: {
          ...process.env,
          SWITCHBACK_DRILL_URL: url,
          SWITCHBACK_DRILL_RUNBOOK: runbook,
          SWITCHBACK_DRILL_GROUP: group,
          SWITCHBACK_DRILL_FOLDER: folder,
          SWITCHBACK_DRILL_SCRATCH: this.scratch,
          SWITCHBACK_DRILL_KEEPER: String(keeper),
        },
        // By the channel it notices that we are gone.
        stdio: ['ignore', printed, printed, 'ipc'],
      },
    );
    closeSync(printed);
    const exit = new Promise<Omit<RecorderEnd, 'killed'>>((resolve) => {
      this.child.once('error', () => resolve({ code: null, signal: null }));
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    this.ended = exit.then(async (end) => {
      if (this.stopping) clearTimeout(this.stopping);
      return { ...end, killed: await endAbandoned(folder) };
    });
  }

  stop(): void {
    if (this.stopping) return;
    writeFileSync(path.join(this.scratch, 'stop'), 'aborted\n');
    this.stopping = setTimeout(() => this.child.kill('SIGKILL'), STOPS_WITHIN_MS);
  }

  notes(): string {
    return readNotes(this.options.folder);
  }
}

/**
 * Ends what a recorder has left of itself, its film and trace finished first where it can, takes the film as far as it goes
 * into the bundle, and removes its scratch. Resolves with how many processes had to be killed.
 */
export async function endAbandoned(folder: string): Promise<number> {
  const scratch = scratchOf(folder);
  const killed = await endRemains(scratch, REMAINS_WITHIN_MS);
  const [kept, film] = [path.join(scratch, FILM), path.join(folder, FILM)];
  try {
    if (existsSync(kept) && !isFilm(film)) copyFileSync(kept, film);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return killed;
}

/** EBML, and the first cluster of pictures: a film that was broken off plays as far as it goes, one without any plays nothing. */
const FILM_BEGINS = Buffer.from('1a45dfa3', 'hex');
const CLUSTER = Buffer.from('1f43b675', 'hex');
const HEAD_BYTES = 64 * 1024;

/** Does the file hold a film that can be played? */
export function isFilm(file: string): boolean {
  if (!existsSync(file)) return false;
  const handle = openSync(file, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const bytes = head.subarray(0, readSync(handle, head, 0, HEAD_BYTES, 0));
    return bytes.subarray(0, FILM_BEGINS.length).equals(FILM_BEGINS) && bytes.includes(CLUSTER);
  } finally {
    closeSync(handle);
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
