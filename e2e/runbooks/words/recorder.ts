/** Films what a runbook does, takes a picture of every step, and writes it down as it happens. */
import {
  appendFileSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { takeSecretsOut } from '../../../server/control/drills/trace-secrets.ts';
import type { DrillNote } from '../../../server/domain/evidence/drill-notes.ts';
import { cardOf, type Frame } from './recorder-cards.ts';

/** Without what the recorder adds itself. */
type Told<Note = DrillNote> = Note extends DrillNote ? Omit<Note, 'at' | 'filmMs' | 'picture'> : never;

const SIZE = { width: 1280, height: 800 };
const CHAPTER_MS = 2_200;
/** So long a card stands at least: time to read it. */
const READ_MS = 700;
/** A browser that is busy, or gone, must not hold up the drill. */
const SHOW_MS = 10_000;
/** The film’s file is there a moment after filming began. */
const KEEP_LOOK_EVERY_MS = 200;

export class Recorder {
  private filmBeganAt: number | null = null;
  private pictures = 0;
  private attachments = 0;
  private chapters = 0;
  private chapterNow: string | null = null;
  private card: { dispose: () => Promise<void> } | null = null;
  private keeping: NodeJS.Timeout | undefined;

  constructor(
    private readonly page: Page,
    /** Where the bundle is made; null where a runbook is only tried out. */
    private readonly folder: string | null,
  ) {
    if (folder) mkdirSync(path.join(folder, 'pictures'), { recursive: true });
  }

  async begin(): Promise<void> {
    if (!this.folder) return;
    await this.page.context().tracing.start({ snapshots: true });
    await this.page.screencast.start({ path: path.join(this.folder, 'film.webm'), size: SIZE });
    this.filmBeganAt = Date.now();
    this.keeping = setInterval(() => keepFilm() && clearInterval(this.keeping), KEEP_LOOK_EVERY_MS);
    await this.page.screencast.showActions({ duration: 700, style: { title: 'display: none' } });
  }

  async end(): Promise<void> {
    if (!this.folder) return;
    clearInterval(this.keeping);
    await this.page.screencast.stop();
    await this.keepTrace(path.join(this.folder, 'trace.zip'));
  }

  /** Writes down something that needs no picture. On the disk when it returns. */
  note(told: Told): void {
    this.write(told, null);
  }

  /** Shows what is being done or waited for, until it is done. */
  async doing(words: string): Promise<void> {
    if (this.folder) await this.lay(words, true, null);
  }

  /** A picture of the whole screen from its top, with nothing laid over it. */
  async picture(): Promise<Uint8Array> {
    await this.card?.dispose().catch(() => {});
    this.card = null;
    await this.page.evaluate(() => {
      for (const part of document.querySelectorAll('*')) if (part.scrollTop > 0) part.scrollTop = 0;
    });
    return this.page.screenshot({ fullPage: true, timeout: SHOW_MS });
  }

  /** Shows a card that says what it is, with a frame around what it is about, takes a picture, and writes it down. */
  async show(told: Told, words: string, target: Locator | null = null): Promise<void> {
    if (!this.folder) return;
    await this.lay(words, false, target && (await frameOf(target)));
    this.pictures += 1;
    const picture = `pictures/${String(this.pictures).padStart(3, '0')}.png`;
    const file = path.join(this.folder, picture);
    const taken = await this.page.screenshot({ path: file, timeout: SHOW_MS }).then(
      () => true,
      () => false,
    );
    this.write(told, taken ? picture : null);
    await this.page.waitForTimeout(READ_MS);
  }

  async chapter(title: string, text: string): Promise<void> {
    this.chapters += 1;
    this.chapterNow = `${this.chapters}  ${title}`;
    this.note({ kind: 'chapter', title, text });
    if (!this.folder) return;
    await this.card?.dispose();
    this.card = null;
    await this.page.screencast.showChapter(this.chapterNow, { description: text, duration: CHAPTER_MS });
  }

  /** Puts a file into the bundle, and says in the report what it is. Answers where it lies there. */
  attach(name: string, content: string | Uint8Array, text: string): string {
    this.attachments += 1;
    const plainName = name.replace(/[^\w.-]+/g, '-').replace(/^[-.]+/, '') || 'attachment';
    const attached = `attachments/${String(this.attachments).padStart(3, '0')}-${plainName}`;
    if (this.folder) {
      mkdirSync(path.join(this.folder, 'attachments'), { recursive: true });
      writeFileSync(path.join(this.folder, attached), content);
    }
    this.note({ kind: 'attached', path: attached, text });
    return attached;
  }

  /** Killed in between, it leaves a bundle without a trace, and not one with the password in it. */
  private async keepTrace(file: string): Promise<void> {
    const { SWITCHBACK_ADMIN_PASSWORD: password, SWITCHBACK_DRILL_SCRATCH: scratch } = process.env;
    const aside = mkdtempSync(path.join(scratch ?? tmpdir(), 'trace-'));
    try {
      const whole = path.join(aside, 'trace.zip');
      await this.page.context().tracing.stop({ path: whole });
      if (password) takeSecretsOut(whole, file, password);
      else copyFileSync(whole, file);
    } finally {
      rmSync(aside, { recursive: true });
    }
  }

  private async lay(words: string, underWay: boolean, frame: Frame | null): Promise<void> {
    await this.card?.dispose().catch(() => {});
    this.card = await this.page.screencast.showOverlay(cardOf(this.chapterNow, words, underWay, frame));
  }

  private write(told: Told, picture: string | null): void {
    if (!this.folder) return;
    const at = Date.now();
    const filmMs = this.filmBeganAt === null ? null : at - this.filmBeganAt;
    const pictured = ['step', 'act', 'check', 'ended'].includes(told.kind) ? { picture } : {};
    appendFileSync(path.join(this.folder, 'notes.ndjson'), `${JSON.stringify({ ...told, at, filmMs, ...pictured })}\n`);
  }
}

/** Brings it into view. Null where it is no longer there. */
async function frameOf(target: Locator): Promise<Frame | null> {
  try {
    await target.scrollIntoViewIfNeeded({ timeout: SHOW_MS });
    return await target.boundingBox({ timeout: SHOW_MS });
  } catch {
    return null;
  }
}

/**
 * Playwright has the film among its own files until the end, and takes it with it when it is killed: under a second name it
 * stays, for whoever seals the bundle. True once that is done.
 */
function keepFilm(): boolean {
  const { SWITCHBACK_DRILL_SCRATCH: scratch } = process.env;
  if (!scratch) return true;
  try {
    const film = readdirSync(scratch, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.webm'));
    if (film === undefined) return false;
    linkSync(path.join(scratch, film), path.join(scratch, 'film.webm'));
  } catch {
    // The browser makes and removes folders there as it starts: one of them went as it was looked into.
    return false;
  }
  return true;
}
