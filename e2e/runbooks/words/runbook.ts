/** Makes a runbook of a story told in words: a Playwright test that is recorded where the environment says so. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { test } from '@playwright/test';
import type { ArrangementName } from './names.ts';
import { Recorder } from './recorder.ts';
import { Stage } from './stage.ts';
import { wordsFor } from './vocabulary.ts';
import type { Words } from './words.ts';

export interface RunbookFacts<A extends ArrangementName> {
  /** What a group has to be made of for this runbook. */
  arrangement: A;
  /** What it shows, in a sentence or two. */
  says: string;
}

/** An hour: a drill is long, and one that hangs is ended by name. */
const LIMIT_MS = 60 * 60_000;
const STOP_LOOK_EVERY_MS = 250;

/** Declares a runbook. `story` is told from the first line to the last; what does not hold ends it, and is named in the report. */
export function runbook<A extends ArrangementName>(
  title: string,
  { arrangement, says }: RunbookFacts<A>,
  story: (words: Words<A>) => Promise<void>,
): void {
  test(title, async ({ browser }) => {
    test.setTimeout(LIMIT_MS);
    const group = process.env.SWITCHBACK_DRILL_GROUP;
    if (!group)
      throw new Error(
        'SWITCHBACK_DRILL_GROUP is not set: record a runbook with `switchback runbook record NAME --group G`.',
      );
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const recorder = new Recorder(page, process.env.SWITCHBACK_DRILL_FOLDER ?? null);
    let where = 'before its first line';
    const stage = new Stage(page, group, recorder, (at) => {
      where = at;
    });
    await recorder.begin();
    const name = process.env.SWITCHBACK_DRILL_RUNBOOK ?? title;
    recorder.note({ kind: 'begun', runbook: name, title, says, group, arrangement });
    const stopOrder = awaitStopOrder();
    // Words that wait for the dashboard to come back would wait for a browser that does not.
    const gone = new Promise<never>((_resolve, reject) =>
      browser.once('disconnected', () => reject(new Error('The browser is gone.'))),
    );
    gone.catch(() => {});
    try {
      // The film begins with the group as it stands.
      const told = stage.operator.open('Topology').then(() => story(wordsFor(stage)));
      told.catch(() => {});
      await Promise.race([told, stopOrder.given, gone]);
      await recorder.show(
        { kind: 'ended', passed: true, stoppedAt: null, reason: null },
        'The runbook was walked to its end',
      );
    } catch (error) {
      // Told to stop, the story goes on by itself until its page is closed: nothing of it reaches the dashboard any more.
      if (error instanceof Stopped) await context.setOffline(true).catch(() => {});
      const reason = plain(error instanceof Error ? error.message : String(error));
      // Nobody saw how it ended where the browser is gone, or whoever had begun it: no ending is written down.
      const witnessed = browser.isConnected() && !(error instanceof Abandoned);
      if (witnessed)
        await recorder.show({ kind: 'ended', passed: false, stoppedAt: where, reason }, `Stopped at: ${where}`);
      throw error;
    } finally {
      stopOrder.forget();
      if (browser.isConnected()) await recorder.end();
      await context.close();
    }
  });
}

class Stopped extends Error {}
class Abandoned extends Stopped {}

/** Rejects `given` once the control plane says that the recording is to stop: a file that it, or the runner left alone, puts down. */
function awaitStopOrder(): { given: Promise<never>; forget: () => void } {
  const { SWITCHBACK_DRILL_SCRATCH: scratch } = process.env;
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<never>((_resolve, reject) => {
    if (!scratch) return;
    const file = path.join(scratch, 'stop');
    timer = setInterval(() => {
      if (!existsSync(file)) return;
      clearInterval(timer);
      const abandoned = readFileSync(file, 'utf8').startsWith('abandoned');
      reject(
        abandoned
          ? new Abandoned('The control worker that had begun this recording is gone.')
          : new Stopped('An operator ended the recording.'),
      );
    }, STOP_LOOK_EVERY_MS);
  });
  given.catch(() => {});
  return { given, forget: () => clearInterval(timer) };
}

/** Without the colours of a terminal, and no longer than a paragraph. */
function plain(message: string): string {
  return stripVTControlCharacters(message).slice(0, 1_000);
}
