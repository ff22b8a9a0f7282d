/** Waiting as an operator waits: for what is to come about, in sight of what stands there meanwhile, and through the dashboard's absence. */

/** A step may wait for a whole site to be missed, and for a copy to end. */
export const WAIT_MS = 120_000;
/** A dashboard that is restarted is back within this, or the drill ends. */
const AWAY_MS = 60_000;
/** Back again, a page finds its stream within this, or is loaded anew. */
export const CATCHES_UP_MS = 10_000;
const LOOK_EVERY_MS = 200;
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

/** The window that is looked into, and the watch of whoever looks. */
export interface Window {
  /** Whether what it shows is alive, is not, or is nothing of the dashboard. */
  standing(): Promise<'live' | 'lost' | 'broken'>;
  /** Whether the dashboard answers at all. */
  answers(): Promise<boolean>;
  reload(): Promise<void>;
  /** Opens an address; answers its status, or null where nobody did. */
  open(address: string): Promise<number | null>;
  now(): number;
  pause(ms: number): Promise<void>;
}

export class Patience {
  constructor(
    private readonly window: Window,
    /** Told after each absence of the dashboard how long it was, ms. */
    private readonly wasAway: (ms: number) => void,
  ) {}

  /** Waits until it holds, and answers what was seen. Fails with what was wanted, what was seen instead, and since when. */
  async until({ what, wanted, read, holds, hopeless }: Sight, boundMs = WAIT_MS): Promise<string> {
    const { window } = this;
    let left = boundMs;
    let seen: string | null = null;
    let since = window.now();
    for (;;) {
      left += await this.present();
      const begun = window.now();
      const now = await read().catch(() => NOTHING);
      if (holds(now)) return now;
      // Ages and figures go on by themselves.
      if (seen === null || plain(now) !== plain(seen)) since = begun;
      seen = now;
      const reason = window.now() - since > STAYS_MS ? (hopeless?.(seen) ?? null) : null;
      if (left <= 0 || reason !== null) {
        const because = reason === null ? '' : ` (${reason})`;
        const time = `since ${new Date(since).toISOString().slice(11, 19)} UTC, for ${seconds(window.now() - since)}`;
        throw new Error(`${what}: expected “${wanted}”, seen “${short(seen)}” ${time}${because}`);
      }
      await window.pause(LOOK_EVERY_MS);
      left -= window.now() - begun;
    }
  }

  /** Resolves once the dashboard is there and its stream lives, with how long that took, ms. Fails where it stays away. */
  async present(): Promise<number> {
    const { window } = this;
    if ((await window.standing()) === 'live') return 0;
    const begun = window.now();
    let answeredAt: number | null = null;
    for (;;) {
      if (!(await window.answers())) answeredAt = null;
      else answeredAt ??= window.now();
      const standing = await window.standing();
      if (standing === 'live') break;
      // A page that could not be loaded says nothing of itself, and one that has lost its stream may not find it again.
      if (answeredAt !== null && (standing === 'broken' || window.now() - answeredAt > CATCHES_UP_MS)) {
        await window.reload();
        answeredAt = window.now();
      }
      if (window.now() - begun > AWAY_MS)
        throw new Error(
          `The dashboard has been away for ${seconds(window.now() - begun)}: nothing can be seen or done`,
        );
      await window.pause(LOOK_EVERY_MS);
    }
    return this.back(begun);
  }

  /** Goes to an address of the dashboard, as soon as it is there. */
  async goto(address: string): Promise<void> {
    const { window } = this;
    const begun = window.now();
    for (let tries = 1; ; tries += 1) {
      const status = await window.open(address);
      if (status !== null && status < 400) {
        if (tries > 1) this.back(begun);
        return;
      }
      if (status !== null && status < 500) throw new Error(`${address} answers ${status}`);
      if (window.now() - begun > AWAY_MS)
        throw new Error(
          `The dashboard has been away for ${seconds(window.now() - begun)}: ${address} cannot be opened`,
        );
      await window.pause(LOOK_EVERY_MS);
    }
  }

  private back(begun: number): number {
    const ms = this.window.now() - begun;
    if (ms >= BLINK_MS) this.wasAway(ms);
    return ms;
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
const plain = (words: string) => words.replace(/[\d.,]+/g, '#');
const short = (words: string) => (words.length > 200 ? `${words.slice(0, 200)}…` : words);
