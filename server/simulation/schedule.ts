/**
 * A schedule: all that a simulated run is made of, as plain data. It can be printed, kept as a regression, replayed and
 * shrunk. Instants are relative to phases of the story, so that leaving one fault out does not move all the others.
 */
import type { PairName, SiteName, SystemName } from '../domain/names.ts';
import type { PairState } from '../domain/pair-states.ts';
import type { FenceLevel, Transport } from '../domain/storage-controller.ts';
import type { DiskTrouble } from './virtual-disk.ts';
import type { Way } from './virtual-network.ts';
import type { KillMoment } from './virtual-process.ts';

/** In the order they come; a story leaves out those it has no use for. */
export const PHASES = ['form', 'load', 'disaster', 'takeover', 'reverse', 'control', 'failback', 'restore'] as const;
export type Phase = (typeof PHASES)[number];

export type Fault =
  /** SIGKILL; null: the process stays down until everything is healed. */
  | { kind: 'kill'; process: string; restartAfterMs: number | null }
  /** SIGKILL at the `calls`-th port call with effect from the instant given. */
  | { kind: 'kill-at-call'; process: string; calls: number; moment: KillMoment; restartAfterMs: number | null }
  /** All processes of a site at once; `power`: unsynced pages may be lost and peers hear nothing. */
  | { kind: 'site-loss'; site: SiteName; power: boolean; returnAfterMs: number | null }
  /** One direction between two processes. */
  | { kind: 'line'; from: string; to: string; bothWays: boolean; change: Partial<Way>; forMs: number | null }
  | { kind: 'disk'; process: string; trouble: DiskTrouble; forMs: number | null }
  /** SIGSTOP, then SIGCONT. */
  | { kind: 'pause'; process: string; forMs: number }
  | { kind: 'clock-jump'; process: string; byMs: number }
  /** An operator's instruction by hand, outside any routine, through `host` to `target`. */
  | { kind: 'operator'; host: string; target: string; verb: 'split' | 'resync' | 'drain' | 'reverse'; pair: string };

export interface TimedFault {
  phase: Phase;
  /** After the phase began, or after the transition named. */
  afterMs: number;
  fault: Fault;
  /** The first time within the phase that `system` brings `pair` into `to`: for moments too short to be met by chance. */
  upon?: { system: SystemName; pair: PairName; to: PairState };
}

/**
 * `ride-out`: faults come and go, the work stays on P. `failover`: production is lost and the work goes to R and back.
 * `switch-over`: the same without a disaster.
 */
export type StoryKind = 'ride-out' | 'failover' | 'switch-over';

export interface Story {
  kind: StoryKind;
  /** Load before the disaster, and in reverse operation. */
  loadMs: number;
  reverseLoadMs: number;
  /** Does host R wait for the resync of the reversed pair (S260, S270) before it works? */
  resyncAtTakeover: boolean;
  /** Cycles of reverse copy control before the failback. */
  controlCycles: number;
  /**
   * The driver of a routine dies at this port call of its, and another worker takes over. What it had sent by then is
   * `slowMs` late, so that old instructions meet the new driver's.
   */
  controlKills: readonly { routine: string; calls: number; slowMs: number }[];
  /** A test failover begins beside whatever else goes on, so long after the phase began. None where nothing is said. */
  tests?: readonly { phase: Phase; afterMs: number }[];
}

export interface Settings {
  volumeCount: number;
  volumeBytes: number;
  trackBytes: number;
  journalBytes: number;
  journalSegments: number;
  fence: FenceLevel;
  /** Of the asynchronous pairs. */
  transport: Transport;
  pullIntervalMs: number;
  /** Length of the lines, km. */
  kmNear: number;
  kmFar: number;
  rateFarBytesPerSecond: number | null;
  /** Writers that each have one write under way, and their mean pause between two, ms. */
  writers: number;
  pauseMs: number;
  ledger: boolean;
  /** Distance, rate and jitter of lines come from the product's own shaping, not from the simulated network. */
  shaped: boolean;
}

export interface Schedule {
  seed: number;
  arrangement: string;
  /** Class of faults drawn: inside what must be survived, or beyond it, where the verdict must say so. */
  survivable: boolean;
  settings: Settings;
  story: Story;
  faults: readonly TimedFault[];
}

/** One line per thing in it, for people. */
export function describeFault({ phase, afterMs, fault, upon }: TimedFault): string {
  const since = upon ? `${phase}, ${upon.pair} ${upon.to} at ${upon.system}` : phase;
  return `${since} + ${Math.round(afterMs)} ms: ${describe(fault)}`;
}

function describe(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `SIGKILL ${fault.process}, ${restart(fault.restartAfterMs)}`;
    case 'kill-at-call': {
      const { when } = fault.moment;
      const place = fault.moment.when === 'torn' ? `torn after ${fault.moment.pages} pages` : when;
      return `SIGKILL ${fault.process} at call ${fault.calls} (${place}), ${restart(fault.restartAfterMs)}`;
    }
    case 'site-loss':
      return `site ${fault.site} lost${fault.power ? ' with its power' : ''}, ${fault.returnAfterMs === null ? 'until healed' : `back after ${Math.round(fault.returnAfterMs)} ms`}`;
    case 'line':
      return `line ${fault.from}${fault.bothWays ? ' ⇄ ' : ' → '}${fault.to}: ${JSON.stringify(fault.change)} ${duration(fault.forMs)}`;
    case 'disk':
      return `disk of ${fault.process}: ${fault.trouble} ${duration(fault.forMs)}`;
    case 'pause':
      return `SIGSTOP ${fault.process} for ${Math.round(fault.forMs)} ms`;
    case 'clock-jump':
      return `wall clock of ${fault.process} jumps ${fault.byMs} ms`;
    case 'operator':
      return `the operator gives ${fault.verb} ${fault.pair} to ${fault.target} by hand`;
  }
}

function restart(afterMs: number | null): string {
  return afterMs === null ? 'down until healed' : `back after ${Math.round(afterMs)} ms`;
}

function duration(forMs: number | null): string {
  return forMs === null ? 'until healed' : `for ${Math.round(forMs)} ms`;
}
