/**
 * The seam between routines and storage: one interface in the field's verbs. The emulated storage system implements it;
 * another engine (a database cascade, a real array) may, without a change in routines, control plane or screens.
 * Nothing here assumes journals of ours, tracks of ours, or a process of ours.
 */
import type { DriverToken, Generation, Lineage } from './generation.ts';
import type { PairName, SystemName } from './names.ts';
import type { PairInstruction, PairKind, PairState } from './pair-states.ts';
import type { Refusal } from './refusal.ts';

/** What a host write gets while the sync pair is not in duplex (1b rule 3). */
export type FenceLevel = 'never' | 'data' | 'status';
/** How an asynchronous pair carries updates: one by one in order, or as what has changed from time to time (003 §[0163]). */
export const TRANSPORTS = ['journal', 'difference-snapshot'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** A difference snapshot between its freezing and its confirmation, as one end of its pair knows it. */
export interface SetFacts {
  id: number;
  /** Update number at which all its tracks were frozen, and the wall clock of the source then, ms. */
  number: number;
  at: number;
  tracks: number;
  /** Sent, or arrived. */
  doneTracks: number;
}

export interface PairDefinition {
  source: SystemName;
  destination: SystemName;
  kind: PairKind;
  transport: Transport;
  /** Sync pairs only. */
  fence: FenceLevel;
}

/** How a pair looks from the system that answers. */
export interface PairFacts {
  name: PairName;
  definition: PairDefinition;
  /** End this answer comes from. */
  end: 'source' | 'destination';
  state: PairState;
  /** Raised at each change of definition or state at this end. */
  version: number;
  /** Monotonic age is the reader's affair; this is the wall clock of the change, ms. */
  changedAt: number;
  /** Why it is in this state, in words an operator can use. */
  reason: string;
  /** Set bits at this end, in tracks, and the size of one. */
  dirtyTracks: number;
  trackBytes: number;
  /** False while the destination's image is part old, part new. */
  consistent: boolean;
  /** Source end: last number given or accepted, and last the destination reported applied / durable. Destination end: its own. */
  givenNumber: number;
  appliedNumber: number;
  lag: { updates: number; bytes: number; ms: number | null };
  /** Null where no copy is under way. */
  copy: { doneBytes: number; totalBytes: number; startedAt: number } | null;
  /** Difference snapshots: the one on its way; absent where none is. */
  set?: SetFacts;
  /** Payload bytes sent (source) or received (destination) since the process started. */
  transferredBytes: number;
  /** Of these, what the last copy that ended here took; absent before the first. Source end. */
  lastCopyBytes?: number;
  /** Is the line to the other end usable now? */
  connected: boolean;
  /** Last consistent image kept during a resync, as of that number; null where none is kept. */
  gold: { number: number; generation: number; usedBytes: number } | null;
}

/**
 * A copy-on-write clone of all volumes as they stood at one update number, on which a test may read and write. It is no copy of
 * the group's data: nothing is ever decided by it, and it does not outlive the process that keeps it (ADR 0012).
 */
export interface CloneFacts {
  name: string;
  /** Run that asked for it. */
  run: string;
  /** Update number it stands at, its history, and the wall clock when it was made, ms. */
  number: number;
  lineage: Lineage;
  at: number;
  /** Tracks kept since, for the live volumes have changed; tracks that the test has written; how many different ones there is room for. */
  keptTracks: number;
  writtenTracks: number;
  roomTracks: number;
  /** Why it is of no use any more, or null. */
  damaged: string | null;
}

export interface SystemFacts {
  system: SystemName;
  generation: Generation;
  lineage: Lineage;
  /** Does this system take host writes now, and if not why not. */
  hostWrites: { accepted: boolean; reason: string };
  /** Highest number in its journal, and highest completed to a host by it. */
  lastNumber: number;
  completedNumber: number;
  /** Wall clock of the last completion, ms; null where there was none. */
  completedAt: number | null;
  /** Milliseconds since a read or write of its disks last succeeded. */
  lastIoAgeMs: number;
  /** Image of its data volumes is one the group really had. */
  consistent: boolean;
  consistentNumber: number;
  evidenceLost: boolean;
  /** Tracks in which the image holds the system's own updates among those of its source; absent where it mixes none. */
  mixedTracks?: number;
  /** The first of them by name; beyond `MOST_NAMED_TRACKS` only their number is told. */
  mixedNamed?: readonly { volume: number; track: number }[];
  /** `dirtyTracks`: set bits of the pair that has most, where the engine tells them by volume. */
  volumes: { sizeBytes: number; dirtyTracks?: number }[];
  journal: {
    usedBytes: number;
    sizeBytes: number;
    trimmedTo: number;
    fullInMs: number | null;
    /** What is kept for systems that pull from the source of this one: the number each has confirmed, and the bytes above it. */
    kept?: { consumer: SystemName; number: number; bytes: number }[];
  };
  pairs: PairFacts[];
  lines: { peer: SystemName; connected: boolean; rttMs: number | null }[];
  clients: number;
  writesCompleted: number;
  bytesWritten: number;
  /** Absent where there is none. */
  clone?: CloneFacts;
}

/** Answer to `raise-generation`: taken in the same atomic step that persisted it, and so evidence (1b rule 2). */
export interface FenceEvidence {
  system: SystemName;
  generation: Generation;
  /** Highest number it ever answered to its source; frozen from here on. */
  answeredNumber: number;
  completedNumber: number;
  lastNumber: number;
  lineage: Lineage;
  evidenceLost: boolean;
  consistent: boolean;
  /** Number its consistent (or rolled-back) image stands at. */
  consistentNumber: number;
  pairs: {
    name: PairName;
    kind: PairKind;
    end: 'source' | 'destination';
    state: PairState;
    fence: FenceLevel;
    appliedNumber: number;
    /** Destination end: the source has told that it goes on alone, or was never joined to this end under this definition. */
    aloneSeen: boolean;
  }[];
}

/** Verbs that name target states, never toggles: repeating one is harmless (1b rule 8). */
export type StorageInstruction =
  | { verb: 'query' }
  /**
   * `knownEqual`: nothing is copied, for the destination holds what the source holds, or lacks what the source's journal still
   * has; refused with `not-equal` where that is not so. `mayDiffer`: where the destination holds other updates, the tracks in
   * question are copied instead, as long as both journals tell which (1b rule 20).
   */
  | { verb: 'create'; pair: PairDefinition; token: DriverToken; knownEqual: boolean; mayDiffer?: boolean }
  | { verb: 'split'; pair: PairName; token: DriverToken; expectedVersion?: number }
  | { verb: 'drain'; pair: PairName; token: DriverToken; deadlineMs: number; expectedVersion?: number }
  /** `leaveOwn`: updates that only the destination wrote are left as they are; its image is mixed then (1b rule 22). */
  | { verb: 'resync'; pair: PairName; token: DriverToken; leaveOwn?: boolean; expectedVersion?: number }
  /**
   * `pair` is the wanted direction, `kind` the wanted kind where the two systems are paired in both; where it stands so
   * already nothing happens. The differences of both ends stay on record.
   */
  | { verb: 'reverse'; pair: PairName; kind?: PairKind; token: DriverToken; expectedVersion?: number }
  | { verb: 'delete'; pair: PairName; token: DriverToken }
  | { verb: 'rollback'; pair: PairName; token: DriverToken }
  /** Answers when this end is in one of `states` (at once if it is already), refuses with `timeout` otherwise. */
  | { verb: 'wait-pair'; pair: PairName; states: PairState[]; timeoutMs: number }
  | { verb: 'raise-generation'; generation: Generation; token: DriverToken }
  /**
   * The holder named in `generation` begins to take host writes; numbers go on from its consistent number. `acceptMixed`: an
   * image that mixes its own updates with copied ones counts from now on.
   */
  | { verb: 'promote'; generation: Generation; token: DriverToken; acceptMixed?: boolean }
  | { verb: 'query-journal'; after: number; limit: number }
  /**
   * A clone of the image as it stands now; one that this run has made already is answered as it is, that of an older run is
   * replaced. Refused with `not-consistent` where the image is none the group had. Its token stands in nobody's way: a takeover
   * is never held up by a test, and ends it.
   */
  | { verb: 'clone-create'; name: string; token: DriverToken }
  /** Drops the clone if it is this run's. */
  | { verb: 'clone-discard'; name: string; token: DriverToken };

export interface JournalEntryFacts {
  number: number;
  generation: number;
  kind: 'write' | 'zeroes' | 'void';
  volume: number;
  offsetBytes: number;
  lengthBytes: number;
  at: number;
}

export type StorageReply =
  | { verb: 'query'; facts: SystemFacts }
  | { verb: 'pair'; pair: PairFacts | null }
  | { verb: 'fence'; evidence: FenceEvidence }
  | { verb: 'promoted'; facts: SystemFacts }
  | { verb: 'journal'; entries: JournalEntryFacts[]; trimmedTo: number; lastNumber: number }
  | { verb: 'clone'; clone: CloneFacts | null };

/** Throws `RefusedError`; where the reply does not come, `unreachable` (not sent) or `timeout` (outcome unknown). */
export interface StorageController {
  perform(instruction: StorageInstruction): Promise<StorageReply>;
}

/** Pair instructions an operator may give from a screen or the command line. */
export type OperatorPairInstruction = Exclude<PairInstruction, 'copy'>;

/** Result shape used wherever an instruction crosses a process boundary. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };
