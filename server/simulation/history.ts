/**
 * What was observed, in one total order, by an observer outside all processes. Checkers read nothing but this and the
 * images in it, so that they judge a simulated run and a torture run of real processes alike.
 */
import { createHash } from 'node:crypto';
import type { RegisterRecord } from '../domain/generation.ts';
import type { LedgerReport } from '../domain/host.ts';
import type { HostName, PairName, SystemName } from '../domain/names.ts';
import type { PairKind, PairStateOrAbsent } from '../domain/pair-states.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { FenceEvidence, FenceLevel, StorageInstruction, Transport } from '../domain/storage-controller.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { CellImage } from './cells.ts';

/** A pair as one end has it on its disk. */
export interface PairImage {
  name: PairName;
  kind: PairKind;
  transport: Transport;
  state: PairStateOrAbsent;
  end: 'source' | 'destination';
  peer: SystemName;
  /** Set bits at this end, both planes joined, by volume and track; `all` where the bitmap is lost. */
  setTracks: ReadonlySet<number> | 'all';
}

/** The entries a journal still holds. */
export interface JournalImage {
  /** 0 where it never held one. */
  firstNumber: number;
  lastNumber: number;
  /** `content` names what the number stands for; equal contents have equal names. */
  entries: readonly { number: number; generation: number; content: string }[];
}

/** What one storage system's disk holds at one instant (page cache), decoded. */
export interface SystemImage {
  system: SystemName;
  up: boolean;
  generation: number;
  /** Its own claim: the data volumes are an image the group really had. Nobody claims anything for a process that is down. */
  consistent: boolean;
  cells: CellImage;
  /** Hash of the data volumes, for whole equality; null where it was not taken. */
  contentHash: string | null;
  /** The image it could be rolled back to, where it keeps one. */
  gold: CellImage | null;
  /** Tracks that hold its own updates among those copied to it, where it says that its image is mixed; numbered through all volumes. */
  mixed?: ReadonlySet<number>;
  pairs: readonly PairImage[];
  journal: JournalImage;
  /** Everything up to this number is durable here, and was so before anyone was told. */
  durableNumber: number;
}

export type Images = Readonly<Record<SystemName, SystemImage>>;

export type HistoryEvent =
  | {
      kind: 'write-issued';
      write: number;
      system: SystemName;
      volume: number;
      firstCell: number;
      cells: number;
      zeroes: boolean;
    }
  | {
      kind: 'write-completed';
      write: number;
      system: SystemName;
      /** State of the sync pair at its source, as last recorded, and the other end. */
      syncState: PairStateOrAbsent;
      syncPeer: SystemName | null;
      /** Systems whose disk held this write or a later one at this instant. Null where nobody looked. */
      heldBy: readonly SystemName[] | null;
    }
  | { kind: 'write-failed'; write: number; system: SystemName; errno: number }
  /** `startedOrder`: place in the history at which the read was issued. */
  | {
      kind: 'read';
      system: SystemName;
      volume: number;
      firstCell: number;
      found: readonly number[];
      startedOrder: number;
    }
  /**
   * A FLUSH was answered that was asked for at `startedOrder`. `missing`: writes completed before, that a loss of power
   * would take from a system.
   */
  | {
      kind: 'flushed';
      system: SystemName;
      startedOrder: number;
      missing: readonly { write: number; system: SystemName }[];
    }
  /** Somebody who may know has confirmed that this generation of `system` is still the newest. */
  | { kind: 'confirmed'; system: SystemName; generation: number }
  /** What `observer` makes of the heartbeats of a host that has been dead for `deadMs`. */
  | { kind: 'heartbeat-view'; observer: string; of: HostName; ageMs: number | null; lost: boolean; deadMs: number }
  | { kind: 'process'; process: string; what: 'start' | 'kill' | 'power-loss' | 'pause' | 'resume'; reason: string }
  | { kind: 'crash'; process: string | null; error: string }
  | { kind: 'fault'; what: string }
  | {
      kind: 'pair';
      system: SystemName;
      pair: PairName;
      pairKind: PairKind;
      from: PairStateOrAbsent;
      to: PairStateOrAbsent;
      version: number;
      reason: string;
    }
  | { kind: 'fence'; system: SystemName; evidence: FenceEvidence; run: string }
  | { kind: 'register'; record: RegisterRecord }
  | {
      kind: 'promoted';
      system: SystemName;
      generation: number;
      forced: boolean;
      image: CellImage;
      mixed?: ReadonlySet<number>;
    }
  | {
      kind: 'instruction';
      system: SystemName;
      instruction: StorageInstruction;
      outcome: 'done' | Refusal;
      /** Order of the next event when it reached the system: what was admitted then may end after something newer. */
      cameOrder: number;
    }
  | {
      kind: 'verdict';
      run: string;
      routine: string;
      survivor: SystemName;
      verdict: Verdict;
      image: CellImage | null;
      proofExists: boolean | null;
    }
  | { kind: 'step'; run: string; routine: string; step: string; outcome: string | null }
  | { kind: 'run-started'; run: string; routine: string }
  | { kind: 'run-ended'; run: string; routine: string; ending: string; text: string | null }
  | { kind: 'entered-duplex'; pair: PairName; source: CellImage; destination: CellImage }
  | {
      kind: 'copy';
      system: SystemName;
      pair: PairName;
      markedTracks: number;
      trackBytes: number;
      movedBytes: number;
      writtenBytes: number;
    }
  /** `system` has dropped, for want of room, updates that it kept for one that does not have them. */
  | { kind: 'let-go'; system: SystemName }
  /** A formation copy begins: `markedTracks` at either end, of all there are. */
  | { kind: 'copy-begun'; destination: SystemName; pair: PairName; markedTracks: number; allTracks: number }
  /** A clone was made of the live image as given, or was looked at, and read so. */
  | { kind: 'clone'; what: 'made' | 'read'; system: SystemName; run: string; image: CellImage }
  /** A test host writes to the clone at `system`, whose live volume never sees it; `done`: that was answered. */
  | {
      kind: 'clone-write';
      system: SystemName;
      volume: number;
      firstCell: number;
      contents: readonly number[];
      done: boolean;
    }
  | { kind: 'ledger'; host: HostName; report: LedgerReport }
  | { kind: 'images'; label: string; images: Images }
  /** All faults are cleared; from here on the clock of `termination` runs. */
  | { kind: 'healed' }
  | { kind: 'finished' };

export type Observed = HistoryEvent & { readonly order: number; readonly atMs: number };

export interface HistorySettings {
  arrangement: string;
  systems: readonly SystemName[];
  /** System at the front at the start. */
  firstHolder: SystemName;
  fence: FenceLevel;
  trackBytes: number;
  volumeBytes: number;
  /** Volumes that hold something else than numbered blocks (the ledger): only their equality can be judged. */
  opaqueVolumes: readonly number[];
  /** Virtual time in which every routine must have ended once faults stopped, ms. */
  terminationBoundMs: number;
}

export class History {
  readonly events: Observed[] = [];

  constructor(readonly settings: HistorySettings) {}

  /** Appends `event`; `atMs` is the observer's clock. */
  add(atMs: number, event: HistoryEvent): Observed {
    const observed: Observed = { ...event, order: this.events.length, atMs };
    this.events.push(observed);
    return observed;
  }

  *of<K extends HistoryEvent['kind']>(kind: K): Generator<Extract<Observed, { kind: K }>> {
    for (const event of this.events) if (isKind(event, kind)) yield event;
  }

  /** Last images looked at, or null. */
  finalImages(): Images | null {
    return this.events.findLast((event) => isKind(event, 'images'))?.images ?? null;
  }

  /** Equal for two runs of one seed at one commit. */
  hash(): string {
    const hash = createHash('sha256');
    for (const event of this.events) hash.update(JSON.stringify(event, plain)).update('\n');
    return hash.digest('hex');
  }
}

function isKind<K extends HistoryEvent['kind']>(event: Observed, kind: K): event is Extract<Observed, { kind: K }> {
  return event.kind === kind;
}

/** Sets and typed arrays have no JSON of their own. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Set) return [...value].sort();
  if (value instanceof Uint32Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return value;
}
