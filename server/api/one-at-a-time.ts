/**
 * Carries out what is asked for one after the other, each as often as it was asked anew since it last began. Of two reads of
 * the same thing under way at once the older may come back last, and what it read would stay as the latest.
 */
export class OneAtATime<K> {
  private readonly waiting = new Set<K>();
  private busy = false;

  constructor(
    private readonly perform: (key: K) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  ask(key: K): void {
    this.waiting.add(key);
    if (!this.busy) void this.work();
  }

  private async work(): Promise<void> {
    this.busy = true;
    for (const key of this.waiting) {
      // A set hands out what is added while it is walked: asked for again from here on, it is done again.
      this.waiting.delete(key);
      try {
        await this.perform(key);
      } catch (error) {
        this.failed(error);
      }
    }
    this.busy = false;
  }
}
