/** How long to wait before a process that ended is started again. */

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A life of this length counts as sound, so the next pause is the first one again. */
const SOUND_LIFE_MS = 10_000;

/** Doubles from crash to crash, so that a process which cannot start costs little, and one that ran well returns fast. */
export class ProcessBackoff {
  private crashes = 0;

  /** Pause in ms after a life that lasted `livedMs`. */
  afterLife(livedMs: number): number {
    this.crashes = livedMs >= SOUND_LIFE_MS ? 1 : this.crashes + 1;
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.crashes - 1));
  }

  /** Forgets the crashes, for an operator asked for a start. */
  reset(): void {
    this.crashes = 0;
  }
}
