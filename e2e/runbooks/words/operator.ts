/** The hands of a runbook: goes from screen to screen by the dashboard's own links, presses what can be pressed, sees that it took. */
import type { Locator, Page } from '@playwright/test';
import { browserWindow } from './browser-window.ts';
import { NOTHING, Patience, pause } from './patience.ts';
import type { Recorder } from './recorder.ts';

export const SCREENS = ['Fleet', 'Topology', 'Routines', 'Faults', 'Runbooks', 'History'] as const;
export type Screen = (typeof SCREENS)[number];

const PRESS_MS = 10_000;
/** What was pressed has taken within this, or it is looked whether the dashboard refused it. */
const TAKES_MS = 60_000;
const REFUSAL_STAYS_MS = 4_000;
const LOOK_EVERY_MS = 100;
/** Pressed again after an absence of the dashboard, so often at most. */
const TRIES = 5;

export interface Act {
  what: string;
  /** Everything from the screen it begins at: it is done again where the dashboard was away in between. */
  press(): Promise<void>;
  /** Whether the screen shows that it took. */
  took(): Promise<boolean>;
}

export class Operator {
  readonly patience: Patience;

  constructor(
    readonly page: Page,
    readonly group: string,
    readonly recorder: Recorder,
  ) {
    this.patience = new Patience(browserWindow(page), (ms) => {
      this.absences += 1;
      recorder.note({ kind: 'away', ms });
    });
  }

  private absences = 0;

  /** Opens a screen of the group. */
  async open(screen: Screen): Promise<void> {
    const isGroups = this.page.url().includes(`/groups/${encodeURIComponent(this.group)}`);
    if (isGroups) await this.patience.present();
    const link = this.page
      .getByRole('navigation', { name: 'Main' })
      .getByRole('link', { name: screen, exact: true })
      .first();
    const clicked = isGroups && (await done(link.click({ timeout: PRESS_MS })));
    if (!clicked) await this.patience.goto(this.addressOf(screen));
    await this.patience.until({
      what: screen,
      wanted: 'open',
      read: async () =>
        (await link.getAttribute('aria-current', { timeout: PRESS_MS })) === 'page' ? 'open' : NOTHING,
      holds: (seen) => seen === 'open',
    });
    if (screen === 'Topology') await this.drawn();
  }

  /** The topology is there once its systems are, in the graph or in its table. */
  private async drawn(): Promise<void> {
    const system = this.page
      .locator('.react-flow__node')
      .or(this.page.getByRole('link', { name: /^Storage / }))
      .first();
    await this.patience.until({
      what: 'The topology',
      wanted: 'drawn',
      read: async () => ((await system.isVisible()) ? 'drawn' : NOTHING),
      holds: (seen) => seen === 'drawn',
    });
  }

  /** The topology as tables, which say every value in words. */
  async openTable(): Promise<void> {
    const { searchParams, pathname } = new URL(this.page.url() === 'about:blank' ? 'http://none/' : this.page.url());
    const isTable = pathname === `/groups/${encodeURIComponent(this.group)}` && searchParams.get('view') === 'table';
    if (!isTable || searchParams.has('inspect')) {
      await this.open('Topology');
      await this.choose('Table');
    }
    await this.patience.until({
      what: 'The tables of the topology',
      wanted: 'shown',
      read: () =>
        this.page
          .getByRole('link', { name: /^Storage / })
          .first()
          .innerText({ timeout: PRESS_MS }),
      holds: (seen) => seen.startsWith('Storage'),
    });
  }

  /** Chooses one of a few that stand side by side, by what stands on it. */
  async choose(label: string): Promise<void> {
    await this.page.getByText(label, { exact: true }).first().click({ timeout: PRESS_MS });
  }

  /** Opens the inspector of a part of the group, beside the tables. */
  async inspect(part: string): Promise<void> {
    await this.openTable();
    await this.row(part).getByRole('link').first().click({ timeout: PRESS_MS });
    await this.patience.until({
      what: `The inspector of ${part}`,
      wanted: 'shown',
      read: () => this.page.getByRole('complementary', { name: 'Inspector' }).innerText({ timeout: PRESS_MS }),
      holds: (seen) => seen !== NOTHING,
    });
  }

  /** Row of the tables whose part has this name, or begins with it. */
  row(part: string): Locator {
    const name = new RegExp(`^${escaped(part)}(,|$)`);
    return this.page.getByRole('row').filter({ has: this.page.getByRole('link', { name }) });
  }

  /** Waits until a button can be pressed, and presses it. Fails with the reason that the button itself gives. */
  async press(button: Locator, label: string): Promise<void> {
    await this.patience.until({
      what: `The button “${label}”`,
      wanted: 'can be pressed',
      read: () => standing(button),
      holds: (seen) => seen === 'can be pressed',
    });
    await button.click({ timeout: PRESS_MS });
  }

  /** Does something and sees that it took. What the dashboard refuses is an error with its words. */
  async act({ what, press, took }: Act): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await this.patience.present();
      const absences = this.absences;
      const failure = await press().then(
        () => null,
        (error: unknown) => error,
      );
      const refusal = failure === null ? await this.outcome(took) : null;
      if (failure === null && refusal === null) return;
      await this.patience.present();
      const wasAway = this.absences > absences || /unreachable|cannot be reached|did not answer/i.test(refusal ?? '');
      // What was asked as it went away may have been heard all the same.
      if (wasAway && (await took().catch(() => false))) return;
      if (wasAway && tries < TRIES) continue;
      throw failure ?? new Error(`${what}: ${refusal}`);
    }
  }

  /** Null where it took, else why not. */
  private async outcome(took: () => Promise<boolean>): Promise<string | null> {
    const end = Date.now() + TAKES_MS;
    const note = this.page.getByTestId('refusal').last();
    let refusedSince: number | null = null;
    for (;;) {
      if (await took().catch(() => false)) return null;
      const refusal = (await note.count()) > 0 ? await note.innerText({ timeout: PRESS_MS }).catch(() => null) : null;
      refusedSince = refusal === null ? null : (refusedSince ?? Date.now());
      // What was started is itself a reason not to start it again: on the way to the next page that may be seen for a moment.
      if (refusal !== null && refusedSince !== null && Date.now() - refusedSince > REFUSAL_STAYS_MS)
        return `the dashboard says “${refusal.replace(/\s+/g, ' ')}”`;
      if (Date.now() > end) return `nothing on the screen says after ${TAKES_MS / 1_000} s that it was done`;
      await pause(LOOK_EVERY_MS);
    }
  }

  private addressOf(screen: Screen): string {
    const group = `/groups/${encodeURIComponent(this.group)}`;
    const addresses: Record<Screen, string> = {
      Fleet: '/',
      Topology: group,
      Routines: `${group}/runs`,
      Faults: `${group}/faults`,
      Runbooks: `${group}/runbooks`,
      History: '/history',
    };
    return addresses[screen];
  }
}

/** How a button stands: a refused one carries its reason. */
async function standing(button: Locator): Promise<string> {
  if ((await button.count()) === 0) return 'there is no such button';
  if ((await button.getAttribute('aria-disabled')) !== 'true') return 'can be pressed';
  const reason = await button.locator('.sr-only').first().textContent({ timeout: PRESS_MS });
  return `refused: ${reason ?? ''}`;
}

const done = (work: Promise<unknown>) =>
  work.then(
    () => true,
    () => false,
  );

export const escaped = (words: string) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
