/** Reads the ring of a volume and says what is in it. Recovery and verification rest on this one reading. */
import {
  capacityOf,
  decodeRecord,
  type LedgerPosition,
  type LedgerRecord,
  RECORD_BYTES,
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
  /** Is each contiguous transaction exactly what leads from the balances before to those after it? */
  stepsAdd: boolean;
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
  const records = new Map<number, LedgerRecord>();
  const corruptSlots: number[] = [];
  const zero = Buffer.alloc(RECORD_BYTES);
  let highest = 0;
  for (let slot = 0; slot < capacity; slot += 1) {
    const bytes = ring.subarray(slot * RECORD_BYTES, (slot + 1) * RECORD_BYTES);
    const record = decodeRecord(bytes);
    if (record && slotOf(record.sequence, capacity) === slot) {
      records.set(record.sequence, record);
      highest = Math.max(highest, record.sequence);
    } else if (record || !zero.equals(bytes)) {
      corruptSlots.push(slot);
    }
  }
  const windowFrom = Math.max(1, highest - capacity + 1);
  const walk = walkFrom(records, windowFrom);
  return { capacity, windowFrom, ...walk, beyond: beyondHole(records, walk.contiguousThrough, highest), corruptSlots };
}

/** Goes up from the oldest number while each record follows from the one before it. */
function walkFrom(
  records: Map<number, LedgerRecord>,
  windowFrom: number,
): Pick<RingSurvey, 'contiguousThrough' | 'position' | 'stepsAdd'> {
  let stepsAdd = true;
  let before: LedgerPosition | null = windowFrom === 1 ? startPosition() : null;
  let contiguousThrough = windowFrom - 1;
  for (;;) {
    const record = records.get(contiguousThrough + 1);
    // A record of work that was abandoned may still stand there: it does not link to what was written in its stead.
    if (!record || (before && record.previousCrc !== before.crc)) break;
    if (before && !leadsTo(before, record)) stepsAdd = false;
    before = record;
    contiguousThrough += 1;
  }
  return { contiguousThrough, position: before, stepsAdd };
}

function leadsTo(before: LedgerPosition, record: LedgerRecord): boolean {
  const after = applyTransaction(before, record.transaction);
  return (
    after.netTotal === record.netTotal &&
    after.balances.every((balance, account) => balance === record.balances[account])
  );
}

/** Numbers present above a hole, without those that link to a record which is not the one present before them. */
function beyondHole(records: Map<number, LedgerRecord>, contiguousThrough: number, highest: number): number[] {
  const beyond: number[] = [];
  let abandoned = records.has(contiguousThrough + 1);
  for (let number = contiguousThrough + 2; number <= highest; number += 1) {
    const record = records.get(number);
    const before = records.get(number - 1);
    if (!record) abandoned = false;
    else if (!before) beyond.push(number);
    else {
      abandoned ||= record.previousCrc !== before.crc;
      if (!abandoned) beyond.push(number);
    }
  }
  return beyond;
}
