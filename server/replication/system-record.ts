/**
 * What a storage system must never forget and rarely changes: generation, lineage, drivers seen, pair definitions and
 * states. Written whole, atomically and durably (003 §[0063]).
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { DriverToken, Generation, LineageEntry } from '../domain/generation.ts';
import type { PairState } from '../domain/pair-states.ts';
import type { Disk } from '../domain/ports.ts';
import type { FenceEvidence, PairDefinition } from '../domain/storage-controller.ts';
import type { Reflecting } from './snapshots.ts';

export interface PairRecord {
  definition: PairDefinition;
  state: PairState;
  version: number;
  changedAt: number;
  reason: string;
  /** Newest session of the stream between the ends; frames of older ones are dropped (1b rule 14). */
  session: number;
  /** Order of the driver that last defined or reversed the pair: where the ends disagree, the newer one counts. */
  epoch: number;
  /** Number up to which both ends are known to have agreed when the pair left duplex; entries above it are in the bits. */
  agreedNumber: number;
  /** Source end of a sync pair: it completes writes without the other end, and that is on record. */
  aloneRecorded: boolean;
  /**
   * Destination end of a sync pair: the source may complete writes without this end. It has told so, or it has not been
   * joined to this end yet, since the pair was defined or turned round. Only being joined ends it: this end vouches for nothing before.
   */
  aloneSeen: boolean;
  /** Async pair while suspending: number the destination must reach. */
  drainTarget: number | null;
  /**
   * Source end of a sync pair that copies: when the copy began, host writes above this number were still held, and neither
   * the other end nor the record of the split knew of them. They are complete once the pair is in duplex. Null where none were.
   */
  heldAbove: number | null;
  /** Destination end: number the formation copy under way began at; null before it began and after it ended. */
  formationBase: number | null;
  /** Source end since it entered duplex: every set bit stands for a change of its own that the other end lacks. */
  bitsAreOwn?: boolean;
  /** Destination end: what it had written as a source is left as it is, and kept apart from the differences. */
  leavesOwn?: boolean;
  /** Generation under which a copy was last begun by instruction: a newer one fences a sync pair, this one does not. */
  formedUnder?: number;
}

export interface SystemRecord {
  format: 1;
  bootId: string;
  generation: Generation;
  /** May this system take host writes under `generation`? Taken away by a newer one (1b rule 4). */
  holdsHostRole: boolean;
  lineage: LineageEntry[];
  token: DriverToken | null;
  pairs: Record<string, PairRecord>;
  /** Deleted pairs by key, with the epoch of the driver that deleted them. */
  tombstones: Record<string, number>;
  /** Updates that were answered or completed may be gone: no proof may rest on what this system says of its numbers. */
  evidenceLost: boolean;
  /** The data volumes hold an image the group really had; false while a formation copy overwrites them, and before the first. */
  imageConsistent: boolean;
  /** A copy has ended that left this system's own updates as they are: an image the group never had, until it is accepted. */
  mixed?: boolean;
  /**
   * Own updates above this number were never answered by the synchronous destination, and the pair that told so has been
   * turned round: they are handed on to nobody (1b rule 20). Absent where there are none, and once this image goes on from another.
   */
  unansweredAbove?: number;
  /** Answer given when the generation was raised; a repetition gets the same. */
  fenceEvidence: FenceEvidence | null;
  /** Register epoch last known to this system. */
  registerEpoch: number;
  /** A sync pair entered duplex and the register has yet to be told. */
  joinPending: boolean;
  /** Counts the histories this image has had: a formation copy or a rollback begins another. Journal and watermarks name theirs. */
  history: number;
  /** Number behind which the journal of this history begins. */
  historyBase: number;
  /** Updates may be missing here that another end holds: nothing is served or sent on before they are had back. */
  doubt: boolean;
  /**
   * The doubt began while this system took host writes: keys of the pairs whose other ends have yet to tell what they hold
   * of its history. Whoever takes the writes since, this system knows its own again once they have. Absent where there are none.
   */
  awaits?: string[];
  /** Systems that pull from the source of this one, and for which it keeps what they lack. Absent in older records. */
  keepsFor?: string[];
  /** A difference snapshot that goes into the data volumes, or is not durable there yet. */
  reflecting?: Reflecting | null;
}

const FILE = 'system.json';
const envelope = z.object({ checksum: z.number(), record: z.string() });

export class SystemRecordStore {
  /** Change it, then `save`. */
  readonly record: SystemRecord;
  /** False at the very first start. */
  readonly existed: boolean;

  constructor(
    private readonly disk: Disk,
    fresh: SystemRecord,
  ) {
    const bytes = disk.readWhole(FILE);
    this.existed = bytes !== null;
    this.record = bytes ? parse(bytes) : fresh;
  }

  /** Durable when it returns. Throws `DiskError`: then memory and disk differ, and this incarnation must end. */
  save(): void {
    const record = JSON.stringify(this.record);
    this.disk.replace(FILE, Buffer.from(JSON.stringify({ checksum: crc32(record), record })));
  }
}

function parse(bytes: Uint8Array): SystemRecord {
  const whole = envelope.parse(JSON.parse(Buffer.from(bytes).toString()));
  if (crc32(whole.record) !== whole.checksum)
    throw new Error(
      `${FILE} is damaged: its checksum is wrong. Restore this folder or rebuild the system from its peers.`,
    );
  // Written by `save` above and proven whole by its checksum.
  return JSON.parse(whole.record) as SystemRecord;
}

export function freshRecord(bootId: string, holder: string, system: string): SystemRecord {
  return {
    format: 1,
    bootId,
    generation: { number: 1, runId: 'initial', holder },
    holdsHostRole: holder === system,
    lineage: [{ generation: 1, first: 1 }],
    token: null,
    pairs: {},
    tombstones: {},
    evidenceLost: false,
    imageConsistent: holder === system,
    fenceEvidence: null,
    registerEpoch: 0,
    joinPending: false,
    history: 0,
    historyBase: 0,
    doubt: false,
  };
}
