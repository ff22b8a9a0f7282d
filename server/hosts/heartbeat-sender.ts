/**
 * Sends this host's heartbeats: one a second, to the other hosts and to the witness, made as soon as its storage system
 * has testified, or without it where it does not answer soon.
 */
import type { Heartbeat } from '../domain/host.ts';
import type { Clock, Log, Timer } from '../domain/ports.ts';
import { inBackground } from './background.ts';
import type { Caller } from './connections.ts';

/** How long a beat waits for fresh testimony, ms: far below the interval, so that silence of storage does not look like death. */
const TESTIMONY_BOUND_MS = 250;

export interface HeartbeatTarget {
  /** Host name, or the witness's. */
  name: string;
  caller: () => Caller | null;
  /** Method and params that carry a beat there. */
  method: string;
  wrap: (beat: Heartbeat) => unknown;
}

export interface HeartbeatSenderOptions {
  clock: Clock;
  log: Log;
  intervalMs: number;
  /** An answer later than this is as good as none, ms. */
  answerTimeoutMs: number;
  targets: readonly HeartbeatTarget[];
  /** Asks storage; the beat is made once this settles. */
  refresh: () => Promise<unknown>;
  /** Everything but `beat` and `echo`. */
  content: () => Omit<Heartbeat, 'beat' | 'echo'>;
}

export class HeartbeatSender {
  private beat = 0;
  private timer: Timer | null = null;
  private stopped = false;
  /** By target: the own beat it answered last, and when that answer was heard. */
  private readonly heard = new Map<string, { beat: number; atMs: number }>();

  constructor(private readonly options: HeartbeatSenderOptions) {}

  start(): void {
    this.tick();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** Milliseconds since `target` last answered a beat; null if it never did. */
  answeredAgeMs(target: string): number | null {
    const heard = this.heard.get(target);
    return heard ? this.options.clock.monotonic() - heard.atMs : null;
  }

  private tick(): void {
    const { clock, intervalMs } = this.options;
    this.timer = clock.after(intervalMs, () => this.tick());
    let sent = false;
    const sendOnce = (): void => {
      if (sent || this.stopped) return;
      sent = true;
      bound.cancel();
      this.send();
    };
    const bound = clock.after(TESTIMONY_BOUND_MS, sendOnce);
    inBackground(this.options.refresh().then(sendOnce, sendOnce), this.options.log, 'sending heartbeats');
  }

  private send(): void {
    this.beat += 1;
    const content = this.options.content();
    for (const target of this.options.targets)
      this.sendTo(target, { ...content, beat: this.beat, echo: this.echoFor(target.name) });
  }

  private sendTo(target: HeartbeatTarget, beat: Heartbeat): void {
    const caller = target.caller();
    if (!caller) return;
    const answered = (): void => {
      const known = this.heard.get(target.name);
      if (!known || beat.beat > known.beat)
        this.heard.set(target.name, { beat: beat.beat, atMs: this.options.clock.monotonic() });
    };
    // No answer is what the other side's age is there to show; it needs no word here.
    const unanswered = (): void => {};
    inBackground(
      caller.call(target.method, target.wrap(beat), this.options.answerTimeoutMs).then(answered, unanswered),
      this.options.log,
      `heartbeat to ${target.name}`,
    );
  }

  private echoFor(target: string): Heartbeat['echo'] {
    const heard = this.heard.get(target);
    return heard ? { beat: heard.beat, ageMs: this.options.clock.monotonic() - heard.atMs } : null;
  }
}
