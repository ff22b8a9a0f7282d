/** Films what a runbook does, takes a picture of every step, and writes it down as it happens. */
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import type { DrillNote } from '../../../server/domain/evidence/drill-notes.ts';

/** Without what the recorder adds itself. */
type Told<Note = DrillNote> = Note extends DrillNote ? Omit<Note, 'at' | 'filmMs' | 'picture'> : never;

const SIZE = { width: 1280, height: 800 };
const CHAPTER_MS = 2_200;
const CARD_STYLE =
  'position:fixed;left:24px;bottom:96px;max-width:640px;padding:10px 14px;border-radius:8px;background:#161b20;color:#f9fafb;' +
  'font:500 18px/24px sans-serif;box-shadow:0 2px 12px rgba(0,0,0,.35)';

export class Recorder {
  private filmBeganAt: number | null = null;
  private pictures = 0;
  private card: { dispose: () => Promise<void> } | null = null;

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
    await this.page.screencast.showActions({ duration: 700, style: { title: 'display: none' } });
  }

  async end(): Promise<void> {
    if (!this.folder) return;
    await this.page.screencast.stop();
    await this.page.context().tracing.stop({ path: path.join(this.folder, 'trace.zip') });
  }

  /** Writes down something that needs no picture. On the disk when it returns. */
  note(told: Told): void {
    this.write(told, null);
  }

  /** Shows a card that says what it is, takes a picture, and writes it down. */
  async show(told: Told, words: string): Promise<void> {
    if (!this.folder) return;
    await this.card?.dispose();
    this.card = await this.page.screencast.showOverlay(`<div style="${CARD_STYLE}">${escaped(words)}</div>`);
    this.pictures += 1;
    const picture = `pictures/${String(this.pictures).padStart(3, '0')}.png`;
    await this.page.screenshot({ path: path.join(this.folder, picture) });
    this.write(told, picture);
  }

  async chapter(title: string, text: string): Promise<void> {
    this.note({ kind: 'chapter', title, text });
    if (!this.folder) return;
    await this.card?.dispose();
    this.card = null;
    await this.page.screencast.showChapter(title, { description: text, duration: CHAPTER_MS });
  }

  private write(told: Told, picture: string | null): void {
    if (!this.folder) return;
    const at = Date.now();
    const filmMs = this.filmBeganAt === null ? null : at - this.filmBeganAt;
    const pictured = ['step', 'act', 'check', 'ended'].includes(told.kind) ? { picture } : {};
    appendFileSync(path.join(this.folder, 'notes.ndjson'), `${JSON.stringify({ ...told, at, filmMs, ...pictured })}\n`);
  }
}

function escaped(words: string): string {
  return words.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
