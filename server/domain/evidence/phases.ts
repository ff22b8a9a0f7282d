/** What a drill achieved, phase by phase: how long the work stood still, and how much could have been lost. Pure. */
import type { Verdict } from '../verdict.ts';

/** One second of the group, as kept for charts. */
export interface Second {
  at: number;
  /** Milliseconds of data that a loss at that moment would have cost; null where nobody knew. */
  rpoMs: number | null;
  /** Host writes per second at all systems together. */
  writesPerSecond: number;
}

export interface PhaseInput {
  run: string;
  routine: string;
  startedAt: number;
  /** Null where it was still under way when the drill ended. */
  endedAt: number | null;
  ending: string | null;
  endingText: string | null;
  verdict: Pick<Verdict, 'kind' | 'lost'> | null;
}

export interface Phase extends PhaseInput {
  durationMs: number | null;
  /** How long no host write was completed, where the run ended that, ms to the second; null where the work never stood still. */
  outageMs: number | null;
  /** Updates and milliseconds of data lost by its verdict; null where it said nothing of the kind. */
  lost: { updates: number; ms: number } | null;
  /** The most that a loss would have cost while it ran; null where it was never known. */
  worstRpoMs: number | null;
}

/** What later drills are compared with. */
export type PhaseFigures = Pick<Phase, 'routine' | 'ending' | 'durationMs' | 'outageMs' | 'lost' | 'worstRpoMs'> & {
  verdict: Verdict['kind'] | null;
};

export function figuresOfPhase(phase: Phase): PhaseFigures {
  const { routine, ending, durationMs, outageMs, lost, worstRpoMs, verdict } = phase;
  return { routine, ending, durationMs, outageMs, lost, worstRpoMs, verdict: verdict?.kind ?? null };
}

const SECOND_MS = 1_000;
/** The work begins within this of the run that restarts it, and is counted once it has written for a whole second. */
const BEGINS_WITHIN_MS = 10_000;

/** One phase for each run, in the order of their starts. `seconds`: oldest first, of the whole drill. */
export function phasesOf(
  runs: readonly PhaseInput[],
  seconds: readonly Second[],
  drill: { startedAt: number; endedAt: number },
): Phase[] {
  const outages = outagesOf(seconds);
  return [...runs]
    .sort((one, other) => one.startedAt - other.startedAt)
    .map((run) => {
      const until = run.endedAt ?? drill.endedAt;
      // An outage belongs to the run within which the work began again.
      const outage = outages.find(({ to }) => to !== null && to >= run.startedAt && to <= until + BEGINS_WITHIN_MS);
      const known = seconds
        .filter(({ at }) => at >= run.startedAt - SECOND_MS && at <= until)
        .map(({ rpoMs }) => rpoMs);
      const worst = known.filter((ms) => ms !== null);
      return {
        ...run,
        durationMs: run.endedAt === null ? null : run.endedAt - run.startedAt,
        outageMs: outage ? (outage.to ?? until) - outage.from : null,
        lost: run.verdict && {
          updates: run.verdict.lost.updates,
          ms: Math.round(run.verdict.lost.seconds * SECOND_MS),
        },
        worstRpoMs: worst.length === 0 ? null : Math.max(...worst),
      };
    });
}

/** Stretches in which the work stood still; `to` null where it still does. */
function outagesOf(seconds: readonly Second[]): { from: number; to: number | null }[] {
  const outages: { from: number; to: number | null }[] = [];
  let worked = false;
  for (const { at, writesPerSecond } of seconds) {
    const open = outages.at(-1);
    if (writesPerSecond > 0) {
      worked = true;
      if (open && open.to === null) open.to = at;
    } else if (worked && (!open || open.to !== null)) {
      outages.push({ from: at, to: null });
    }
  }
  return outages;
}
