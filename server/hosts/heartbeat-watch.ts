/**
 * One observer's view of another host's heartbeats. Age is measured by echo (1b rule 7): the observer remembers when it
 * answered each beat; a later beat says which answer its sender had heard, and how long before. So the beat cannot have
 * been made earlier than that answer plus that time, however long it travelled afterwards: a delayed beat is never fresh.
 */
import type { Heartbeat, HeartbeatView } from '../domain/host.ts';
import type { HostName } from '../domain/names.ts';
import { type Clock, DiskError } from '../domain/ports.ts';
import type { SlotFile } from './slot-file.ts';

/** Answers remembered; at one beat a second far more than any useful echo is old. */
const REMEMBERED_ANSWERS = 64;
/** Generation, number, wall clock at the source (-1: none). */
export const TESTIMONY_FIELDS = 3;

interface Testimony {
  generation: number;
  number: number;
  at: number | null;
}

export interface HeartbeatWatchOptions {
  observer: string;
  of: HostName;
  clock: Clock;
  /** Lost once no beat younger than this is known, ms. */
  lostAfterMs: number;
  /** Where the highest completed number outlives this process; testimony must not shrink (1b rule 5). */
  kept: SlotFile;
  /** Seeded defects switched on by the simulator; empty in production. */
  mutants: ReadonlySet<string>;
}

export class HeartbeatWatch {
  private readonly startedAtMs: number;
  private last: Heartbeat | null = null;
  private lastArrivedAtMs = 0;
  /** The newest beat was not made before this instant of our monotonic clock. */
  private madeAtMs: number | null = null;
  private readonly answeredAtMs = new Map<string, number>();
  private testimony: Testimony | null;

  constructor(private readonly options: HeartbeatWatchOptions) {
    this.startedAtMs = options.clock.monotonic();
    const kept = options.kept.read();
    this.testimony = kept
      ? { generation: kept[0] ?? 0, number: kept[1] ?? 0, at: kept[2] === undefined || kept[2] < 0 ? null : kept[2] }
      : null;
  }

  /** Takes a beat that is about to be answered. */
  receive(beat: Heartbeat): void {
    const nowMs = this.options.clock.monotonic();
    this.keepTestimony(beat);
    const madeAtMs = this.madeNotBefore(beat, nowMs);
    this.rememberAnswer(`${beat.incarnation}/${beat.beat}`, nowMs);
    if (!this.supersedes(beat, madeAtMs)) return;
    const sameProcess = this.last?.incarnation === beat.incarnation;
    this.last = beat;
    this.lastArrivedAtMs = nowMs;
    if (!sameProcess) this.madeAtMs = madeAtMs;
    else if (madeAtMs !== null) this.madeAtMs = Math.max(this.madeAtMs ?? madeAtMs, madeAtMs);
  }

  view(): HeartbeatView {
    const nowMs = this.options.clock.monotonic();
    const ageMs = this.madeAtMs === null ? null : Math.max(0, nowMs - this.madeAtMs);
    return {
      observer: this.options.observer,
      of: this.options.of,
      ageMs,
      // Before the first measured age there is only the time we have been listening.
      lost: (ageMs ?? nowMs - this.startedAtMs) > this.options.lostAfterMs,
      last: this.last,
      highestCompletedNumber: this.testimony?.number ?? 0,
      highestCompletedAt: this.testimony?.at ?? null,
    };
  }

  private madeNotBefore(beat: Heartbeat, nowMs: number): number | null {
    if (this.options.mutants.has('delayed-heartbeat-fresh')) return nowMs;
    if (!beat.echo) return null;
    const answeredAtMs = this.answeredAtMs.get(`${beat.incarnation}/${beat.echo.beat}`);
    if (answeredAtMs === undefined) return null;
    return Math.min(nowMs, answeredAtMs + beat.echo.ageMs);
  }

  /** Of a beat that came twice the first answer counts: it makes the age larger, never smaller. */
  private rememberAnswer(key: string, nowMs: number): void {
    if (this.answeredAtMs.has(key)) return;
    this.answeredAtMs.set(key, nowMs);
    if (this.answeredAtMs.size <= REMEMBERED_ANSWERS) return;
    for (const oldest of this.answeredAtMs.keys()) {
      this.answeredAtMs.delete(oldest);
      return;
    }
  }

  /** A beat of another process replaces what is known only if it was provably made after that had arrived. */
  private supersedes(beat: Heartbeat, madeAtMs: number | null): boolean {
    if (this.last === null) return true;
    if (this.last.incarnation === beat.incarnation) return beat.beat > this.last.beat;
    return madeAtMs !== null && madeAtMs > this.lastArrivedAtMs;
  }

  /**
   * The highest completed number only ever grows, delayed beats included, until its system is made holder of a newer
   * generation: the takeover that gave it has settled what became of the numbers before.
   */
  private keepTestimony(beat: Heartbeat): void {
    const holds = beat.generation.holder === beat.system;
    const known = this.testimony;
    if (known !== null && beat.generation.number < known.generation) return;
    const startsAnew = known !== null && holds && beat.generation.number > known.generation;
    if (known !== null && !startsAnew && beat.completedNumber <= known.number) return;
    const generation = startsAnew || known === null ? beat.generation.number - (holds ? 0 : 1) : known.generation;
    this.testimony = { generation, number: beat.completedNumber, at: beat.completedAt };
    try {
      this.options.kept.write([generation, beat.completedNumber, beat.completedAt ?? -1]);
    } catch (error) {
      // A full disk of the observer must not make a living host look lost; what memory holds is still true.
      if (!(error instanceof DiskError)) throw error;
    }
  }
}
