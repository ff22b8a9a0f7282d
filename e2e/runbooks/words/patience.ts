/** Waiting as an operator waits: for what is to come about, in sight of what stands there meanwhile, and through the dashboard's absence. */
import type { Page } from '@playwright/test';

/** A step may wait for a whole site to be missed, and for a copy to end. */
export const WAIT_MS = 120_000;
/** A dashboard that is restarted is back within this, or the drill ends. */
const AWAY_MS = 60_000;
/** Back again, a page finds its stream within this, or is loaded anew. */
const CATCHES_UP_MS = 10_000;
const LOOK_EVERY_MS = 200;
const PROBE_MS = 2_000;
/** What stands there so long is no mere moment on the way. */
const STAYS_MS = 8_000;
/** Shorter absences are a blink that no operator sees. */
const BLINK_MS = 1_000;

export const NOTHING = 'nothing';

/** Something on the screen that is to become so. */
export interface Sight {
  /** As a sentence begins: `Pair P-I`. */
  what: string;
  wanted: string;
  /** What stands there now; may throw where there is nothing. */
  read(): Promise<string>;
  holds(seen: string): boolean;
  /** Why it cannot come about any more from what stands there, if that stays; null where it can. */
  hopeless?(seen: string): string | null;
}

export class Patience {
  constructor(
    private readonly page: Page,
    /** Told after each absence of the dashboard how long it was, ms. */
    private readonly wasAway: (ms: number) => void,
  ) {}

  /** Waits until it holds, and answers what was seen. Fails with what was wanted, what was seen instead, and since when. */
  async until({ what, wanted, read, holds, hopeless }: Sight, boundMs = WAIT_MS): Promise<string> {
    let left = boundMs;
    let seen = NOTHING;
    let since = Date.now();
    for (;;) {
      left += await this.present();
      const begun = Date.now();
      const now = await read().catch(() => NOTHING);
      if (holds(now)) return now;
      // Ages and figures go on by themselves.
      if (plain(now) !== plain(seen)) since = begun;
      seen = now;
      const reason = Date.now() - since > STAYS_MS ? (hopeless?.(seen) ?? null) : null;
      if (left <= 0 || reason !== null) {
        const because = reason === null ? '' : ` (${reason})`;
        throw new Error(`${what}: expected “${wanted}”, seen “${short(seen)}” ${sinceWords(since)}${because}`);
      }
      await pause(LOOK_EVERY_MS);
      left -= Date.now() - begun;
    }
  }

  /** Resolves once the dashboard is there and its stream lives, with how long that took, ms. Fails where it stays away. */
  async present(): Promise<number> {
    if (await this.isLive()) return 0;
    const begun = Date.now();
    let answeredAt: number | null = null;
    for (;;) {
      const answers = await this.answers();
      if (!answers) answeredAt = null;
      else answeredAt ??= Date.now();
      if (answeredAt !== null && (await this.isLive())) break;
      // A page that could not be loaded says nothing of itself, and one that has lost its stream may not find it again.
      if (answeredAt !== null && ((await this.isBroken()) || Date.now() - answeredAt > CATCHES_UP_MS)) {
        await this.page.reload({ timeout: CATCHES_UP_MS }).catch(() => {});
        answeredAt = Date.now();
      }
      if (Date.now() - begun > AWAY_MS)
        throw new Error(`The dashboard has been away for ${seconds(Date.now() - begun)}: nothing can be seen or done`);
      await pause(LOOK_EVERY_MS);
    }
    const ms = Date.now() - begun;
    if (ms >= BLINK_MS) this.wasAway(ms);
    return ms;
  }

  /** Goes to an address of the dashboard, when it is there. */
  async goto(address: string): Promise<void> {
    const begun = Date.now();
    for (;;) {
      const answer = await this.page.goto(address, { timeout: CATCHES_UP_MS }).catch(() => null);
      if (answer?.ok()) break;
      if (answer && answer.status() < 500) throw new Error(`${address} answers ${answer.status()}`);
      if (Date.now() - begun > AWAY_MS)
        throw new Error(`The dashboard has been away for ${seconds(Date.now() - begun)}: ${address} cannot be opened`);
      await pause(LOOK_EVERY_MS);
    }
    const ms = Date.now() - begun;
    if (ms >= CATCHES_UP_MS) this.wasAway(ms);
  }

  private async isLive(): Promise<boolean> {
    const sign = this.page.getByTestId('stream-sign');
    const words = await sign.textContent({ timeout: PROBE_MS }).catch(() => null);
    return words === 'Live' || words === 'Connecting';
  }

  /** Shows nothing of the dashboard, as where the browser itself says that it got no answer. */
  private async isBroken(): Promise<boolean> {
    return (await this.page.getByTestId('stream-sign').count()) === 0;
  }

  private async answers(): Promise<boolean> {
    const answer = await this.page.request.get('/readyz', { timeout: PROBE_MS }).catch(() => null);
    return answer?.ok() ?? false;
  }
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;

function sinceWords(since: number): string {
  return `since ${new Date(since).toISOString().slice(11, 19)} UTC, for ${seconds(Date.now() - since)}`;
}

const plain = (words: string) => words.replace(/[\d.,]+/g, '#');
const short = (words: string) => (words.length > 200 ? `${words.slice(0, 200)}…` : words);
