/**
 * One event queue per world and the driver that empties it. Between two events every microtask is drained, so that
 * simulated code sees exactly the order it would see if each event were one turn of a real event loop.
 */
import { Killed, type Life } from './virtual-process.ts';

export interface VirtualEvent {
  atMs: number;
  order: number;
  /** Process incarnation the event belongs to: dropped if that is dead, put off while it is paused. Null: the world's own. */
  readonly life: Life | null;
  run: (() => void) | null;
}

/** A defect of simulated code: an exception nobody caught, which would have ended a real process. */
export interface Crash {
  process: string | null;
  atMs: number;
  error: unknown;
}

/** Immediates queued at once: Node drains microtasks between any two, and the cost of a loop turn is shared by all. */
const BATCH = 64;

export class Scheduler {
  nowMs = 0;
  eventsRun = 0;
  /** Called once for each uncaught exception or rejection of simulated code. */
  onCrash: ((crash: Crash) => void) | null = null;
  private readonly heap: VirtualEvent[] = [];
  private order = 0;
  private current: Life | null = null;

  /** Runs `run` at `atMs` (never before now). Equal times keep the order of the calls. */
  at(atMs: number, life: Life | null, run: () => void): VirtualEvent {
    const event: VirtualEvent = { atMs: Math.max(atMs, this.nowMs), order: this.order, life, run };
    this.order += 1;
    this.push(event);
    return event;
  }

  /** Runs `run` `delayMs` from now as the world's own event. */
  after(delayMs: number, run: () => void): VirtualEvent {
    return this.at(this.nowMs + delayMs, null, run);
  }

  /** Resolves after `delayMs` of virtual time; for scenario code outside all processes. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Resolves with true as soon as `condition` holds (looked at every `everyMs`), or with false after `withinMs`. */
  async until(condition: () => boolean, withinMs: number, everyMs = 20): Promise<boolean> {
    const endMs = this.nowMs + withinMs;
    while (!condition()) {
      if (this.nowMs >= endMs) return false;
      await this.sleep(Math.min(everyMs, endMs - this.nowMs));
    }
    return true;
  }

  /**
   * Runs `story` and all events it and the processes cause until it settles, or throws once `limitEvents` were run: a
   * world that never comes to rest is a defect, and is reported as such instead of hanging.
   */
  async drive<T>(story: () => Promise<T>, limitEvents: number): Promise<T> {
    const restore = this.takeOverRejections();
    try {
      let settled = false;
      const outcome = Promise.resolve()
        .then(story)
        .finally(() => {
          settled = true;
        });
      // Handled here so that a story that fails early is not seen as an unhandled rejection while the queue is emptied.
      outcome.catch(() => undefined);
      await this.pump(() => settled, this.eventsRun + limitEvents);
      return await outcome;
    } finally {
      restore();
    }
  }

  private pump(settled: () => boolean, limit: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let open = 0;
      let ended = false;
      const turn = (): void => {
        open -= 1;
        if (!ended) {
          if (settled()) {
            ended = true;
            resolve();
          } else if (this.eventsRun >= limit) {
            ended = true;
            reject(new Error(`the world did not come to rest within ${limit} events`));
          } else if (!this.step()) {
            ended = true;
            reject(new Error('nothing is left to happen and the story has not ended'));
          }
        }
        if (open === 0 && !ended) fill();
      };
      const fill = (): void => {
        for (open = 0; open < BATCH; open += 1) setImmediate(turn);
      };
      fill();
    });
  }

  /** Runs the next event. False where there is none. */
  private step(): boolean {
    for (;;) {
      const event = this.pop();
      if (!event) return false;
      const { run, life } = event;
      if (!run || (life && !life.alive)) continue;
      if (life?.paused) {
        life.deferred.push(event);
        continue;
      }
      this.nowMs = Math.max(this.nowMs, event.atMs);
      this.eventsRun += 1;
      this.current = life;
      event.run = null;
      try {
        run();
      } catch (error) {
        this.crashed(life, error);
      }
      return true;
    }
  }

  /** Puts the events a paused process missed back into the queue, in their old order. */
  requeue(events: VirtualEvent[]): void {
    for (const event of events) {
      if (!event.run) continue;
      // The same object goes back, for its timer may yet be cancelled.
      event.atMs = this.nowMs;
      event.order = this.order;
      this.order += 1;
      this.push(event);
    }
  }

  private crashed(life: Life | null, error: unknown): void {
    if (error instanceof Killed) return;
    this.onCrash?.({ process: life?.process.name ?? null, atMs: this.nowMs, error });
    // As in a real process, an exception nobody caught ends it.
    if (life?.alive) life.process.kill('crashed');
  }

  /**
   * While the world runs, a rejection nobody handled belongs to the process whose event ran last. Those of a killed
   * process are what SIGKILL looks like from inside and mean nothing. Other listeners come back afterwards.
   */
  private takeOverRejections(): () => void {
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const mine = (reason: unknown): void => this.crashed(this.current, reason);
    process.on('unhandledRejection', mine);
    return () => {
      process.removeListener('unhandledRejection', mine);
      for (const listener of others) process.on('unhandledRejection', listener);
    };
  }

  private push(event: VirtualEvent): void {
    const heap = this.heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as VirtualEvent; // inside the heap by construction
      if (isBefore(parent, event)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  private pop(): VirtualEvent | null {
    const heap = this.heap;
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last) return null;
    if (heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      if (!child) break;
      const right = heap[childIndex + 1];
      if (right && isBefore(right, child)) {
        childIndex += 1;
        child = right;
      }
      if (isBefore(last, child)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
    return top;
  }
}

function isBefore(a: VirtualEvent, b: VirtualEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
