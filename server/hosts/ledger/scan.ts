/** Reads the ring of a volume and says what is in it. Recovery and verification rest on this one reading. */
import {
  capacityOf,
  decodeLink,
  decodeRecord,
  type LedgerPosition,
  RECORD_BYTES,
  type RecordLink,
  slotOf,
  startPosition,
} from './layout.ts';
import { applyTransaction } from './transactions.ts';
import type { LedgerVolume } from './volume.ts';

const CHUNK_BYTES = 64 * RECORD_BYTES;
const CHUNKS_AT_ONCE = 4;

export interface RingSurvey {
  capacity: number;
  /** Oldest number the ring can still hold; older ones were overwritten by their successors. */
  windowFrom: number;
  /** Every number from `windowFrom` to this one is present, each linked to the one before. `windowFrom - 1` if none is. */
  contiguousThrough: number;
  /** Where the ledger stands at `contiguousThrough`; null where that cannot be told (its record is damaged). */
  position: LedgerPosition | null;
  /** Present numbers above `contiguousThrough + 1`, ascending. */
  beyond: number[];
  /** Slots that hold something which is no record of that slot, ascending. */
  corruptSlots: number[];
  /** The bytes, for whoever wants to look closer. */
  ring: Uint8Array;
}

/** Reads the whole ring. Rejects with `VolumeError`. */
export async function readRing(volume: LedgerVolume): Promise<Uint8Array> {
  const ring = new Uint8Array(capacityOf(volume.sizeBytes) * RECORD_BYTES);
  let next = 0;
  const reader = async (): Promise<void> => {
    while (next < ring.length) {
      const at = next;
      next += CHUNK_BYTES;
      ring.set(await volume.read(at, Math.min(CHUNK_BYTES, ring.length - at)), at);
    }
  };
  await Promise.all(Array.from({ length: CHUNKS_AT_ONCE }, reader));
  return ring;
}

/** What the ring's bytes hold. */
export function surveyRing(ring: Uint8Array): RingSurvey {
  const capacity = ring.length / RECORD_BYTES;
  const links = new Map<number, RecordLink>();
  const corruptSlots: number[] = [];
  const zero = Buffer.alloc(RECORD_BYTES);
  let highest = 0;
  for (let slot = 0; slot < capacity; slot += 1) {
    const bytes = ring.subarray(slot * RECORD_BYTES, (slot + 1) * RECORD_BYTES);
    const link = decodeLink(bytes);
    if (link && slotOf(link.sequence, capacity) === slot) {
      links.set(link.sequence, link);
      highest = Math.max(highest, link.sequence);
    } else if (link || !zero.equals(bytes)) {
      corruptSlots.push(slot);
    }
  }
  const windowFrom = Math.max(1, highest - capacity + 1);
  const contiguousThrough = walkFrom(links, windowFrom);
  const beyond = beyondHole(links, contiguousThrough, highest);
  return {
    capacity,
    windowFrom,
    contiguousThrough,
    position: positionAt(ring, windowFrom, contiguousThrough),
    beyond,
    corruptSlots,
    ring,
  };
}

/** Is each contiguous transaction exactly what leads from the balances before to those after it? */
export function stepsAdd(survey: RingSurvey): boolean {
  let before = survey.windowFrom === 1 ? startPosition() : null;
  for (let sequence = survey.windowFrom; sequence <= survey.contiguousThrough; sequence += 1) {
    const record = decodeRecord(recordBytes(survey.ring, sequence));
    const after = before && applyTransaction(before, record.transaction);
    if (
      after &&
      (after.netTotal !== record.netTotal ||
        after.balances.some((balance, account) => balance !== record.balances[account]))
    )
      return false;
    before = record;
  }
  return true;
}

/** Goes up from the oldest number while each record links to the one before it. */
function walkFrom(links: Map<number, RecordLink>, windowFrom: number): number {
  let crcBefore = windowFrom === 1 ? startPosition().crc : null;
  let through = windowFrom - 1;
  for (;;) {
    const link = links.get(through + 1);
    // A record of work that was abandoned may still stand there: it does not link to what was written in its stead.
    if (!link || (crcBefore !== null && link.previousCrc !== crcBefore)) return through;
    crcBefore = link.crc;
    through += 1;
  }
}

function positionAt(ring: Uint8Array, windowFrom: number, through: number): LedgerPosition | null {
  if (through >= windowFrom) return decodeRecord(recordBytes(ring, through));
  return windowFrom === 1 ? startPosition() : null;
}

function recordBytes(ring: Uint8Array, sequence: number): Uint8Array {
  const at = slotOf(sequence, ring.length / RECORD_BYTES) * RECORD_BYTES;
  return ring.subarray(at, at + RECORD_BYTES);
}

/** Numbers present above a hole, without those that link to a record which is not the one present before them. */
function beyondHole(links: Map<number, RecordLink>, contiguousThrough: number, highest: number): number[] {
  const beyond: number[] = [];
  let abandoned = links.has(contiguousThrough + 1);
  for (let number = contiguousThrough + 2; number <= highest; number += 1) {
    const link = links.get(number);
    const before = links.get(number - 1);
    if (!link) abandoned = false;
    else if (!before) beyond.push(number);
    else {
      abandoned ||= link.previousCrc !== before.crc;
      if (!abandoned) beyond.push(number);
    }
  }
  return beyond;
}
