/** Makes a runbook of a story told in words: a Playwright test that is recorded where the environment says so. */
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

/** Declares a runbook. `story` is told from the first line to the last; what does not hold ends it, and is named in the report. */
export function runbook<A extends ArrangementName>(
  title: string,
  { arrangement, says }: RunbookFacts<A>,
  story: (words: Words<A>) => Promise<void>,
): void {
  test(title, async ({ browser }, { file }) => {
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
    const name = path.basename(file).replace(/\.runbook\.ts$/, '');
    recorder.note({ kind: 'begun', runbook: name, title, says, group, arrangement });
    try {
      // The film begins with the group as it stands.
      await stage.operator.open('Topology');
      await story(wordsFor(stage));
      await recorder.show(
        { kind: 'ended', passed: true, stoppedAt: null, reason: null },
        'The runbook was walked to its end',
      );
    } catch (error) {
      const reason = plain(error instanceof Error ? error.message : String(error));
      await recorder.show({ kind: 'ended', passed: false, stoppedAt: where, reason }, `Stopped at: ${where}`);
      throw error;
    } finally {
      await recorder.end();
      await context.close();
    }
  });
}

/** Without the colours of a terminal, and no longer than a paragraph. */
function plain(message: string): string {
  return stripVTControlCharacters(message).slice(0, 1_000);
}
