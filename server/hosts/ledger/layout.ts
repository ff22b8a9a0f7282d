/**
 * Layout of the ledger on its volume: a ring of fixed records from the volume's first byte. Each record stands alone: it
 * carries its sequence number, the transaction, all balances after it, who wrote it under which generation, the checksum
 * of the record before it, and its own. So the bytes of a volume, without anything else, tell which transactions are there.
 */
import { crc32 } from 'node:zlib';
import type { Lineage } from '../../domain/generation.ts';
import {
  ACCOUNTS,
  applyTransaction,
  type Books,
  emptyBooks,
  TRANSACTION_KINDS,
  type Transaction,
} from './transactions.ts';

/** A record fills one block of any NBD server, so that it is written whole or not at all. */
export const RECORD_BYTES = 4096;
/** Enough to see holes among what is in flight, small enough to be read at takeover in milliseconds. */
const MAX_CAPACITY = 1024;
/** More transactions than this are never in flight at once. */
export const MAX_IN_FLIGHT = 64;

const MAGIC = 0x4c425753;
const VERSION = 1;
const MAX_LINEAGE = 64;
const WRITER_BYTES = 32;
// Positions within a record. 64-bit values are doubles that hold integers exactly.
const AT = {
  magic: 0,
  version: 4,
  kind: 6,
  accounts: 7,
  sequence: 8,
  generation: 16,
  time: 24,
  from: 32,
  to: 34,
  amount: 36,
  netTotal: 40,
  previousCrc: 48,
  lineageCount: 52,
  writer: 56,
  balances: 128,
  lineage: 128 + ACCOUNTS * 8,
  crc: RECORD_BYTES - 4,
} as const;

/** Where the ledger stands after a transaction; the next one is built on it. */
export interface LedgerPosition extends Books {
  /** Number of the last transaction; 0 before the first. */
  sequence: number;
  /** Checksum of its record; 0 before the first. */
  crc: number;
  /** Which generation's work gave which transaction numbers. */
  lineage: Lineage;
}

export interface LedgerRecord extends LedgerPosition {
  transaction: Transaction;
  generation: number;
  /** Wall clock of the writer, ms. */
  at: number;
  writer: string;
  previousCrc: number;
}

export function startPosition(): LedgerPosition {
  return { ...emptyBooks(), sequence: 0, crc: 0, lineage: [] };
}

/** Records in the ring of a volume of that size. */
export function capacityOf(volumeBytes: number): number {
  return Math.min(MAX_CAPACITY, Math.floor(volumeBytes / RECORD_BYTES));
}

/** Place of a transaction in the ring. */
export function slotOf(sequence: number, capacity: number): number {
  return (sequence - 1) % capacity;
}

export interface NextRecord {
  bytes: Uint8Array;
  position: LedgerPosition;
}

/** The record of the transaction that follows `position`, written by `writer` under `generation`. */
export function nextRecord(
  position: LedgerPosition,
  transaction: Transaction,
  generation: number,
  at: number,
  writer: string,
): NextRecord {
  const sequence = position.sequence + 1;
  const books = applyTransaction(position, transaction);
  const lineage = extend(position.lineage, generation, sequence);
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(AT.magic, MAGIC, true);
  view.setUint16(AT.version, VERSION, true);
  view.setUint8(AT.kind, TRANSACTION_KINDS.indexOf(transaction.kind));
  view.setUint8(AT.accounts, ACCOUNTS);
  view.setFloat64(AT.sequence, sequence, true);
  view.setFloat64(AT.generation, generation, true);
  view.setFloat64(AT.time, at, true);
  view.setUint16(AT.from, transaction.from, true);
  view.setUint16(AT.to, transaction.to, true);
  view.setUint32(AT.amount, transaction.amount, true);
  view.setFloat64(AT.netTotal, books.netTotal, true);
  view.setUint32(AT.previousCrc, position.crc, true);
  view.setUint16(AT.lineageCount, lineage.length, true);
  bytes.set(Buffer.from(writer).subarray(0, WRITER_BYTES), AT.writer);
  for (const [account, balance] of books.balances.entries()) view.setFloat64(AT.balances + account * 8, balance, true);
  for (const [index, entry] of lineage.entries()) {
    view.setFloat64(AT.lineage + index * 16, entry.generation, true);
    view.setFloat64(AT.lineage + index * 16 + 8, entry.first, true);
  }
  const crc = crc32(bytes.subarray(0, AT.crc));
  view.setUint32(AT.crc, crc, true);
  return { bytes, position: { ...books, sequence, crc, lineage } };
}

/** What links a record to its neighbours: enough to find the ring's end, and quick to read. */
export interface RecordLink {
  sequence: number;
  crc: number;
  previousCrc: number;
}

/** The link of the record in `bytes`, or null where they hold none: damaged, torn, or never a record. */
export function decodeLink(bytes: Uint8Array): RecordLink | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
  if (view.getUint32(AT.magic, true) !== MAGIC || view.getUint16(AT.version, true) !== VERSION) return null;
  const crc = view.getUint32(AT.crc, true);
  if (crc !== crc32(bytes.subarray(0, AT.crc))) return null;
  const sequence = view.getFloat64(AT.sequence, true);
  const lawful =
    Number.isSafeInteger(sequence) &&
    sequence > 0 &&
    view.getUint8(AT.kind) < TRANSACTION_KINDS.length &&
    view.getUint8(AT.accounts) === ACCOUNTS &&
    view.getUint16(AT.lineageCount, true) <= MAX_LINEAGE;
  return lawful ? { sequence, crc, previousCrc: view.getUint32(AT.previousCrc, true) } : null;
}

/** All of the record in `bytes`, whose link was decoded before. */
export function decodeRecord(bytes: Uint8Array): LedgerRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
  const number = (at: number): number => view.getFloat64(at, true);
  const writer = Buffer.from(bytes.subarray(AT.writer, AT.writer + WRITER_BYTES));
  const transaction = {
    kind: TRANSACTION_KINDS[view.getUint8(AT.kind)] ?? 'deposit',
    from: view.getUint16(AT.from, true),
    to: view.getUint16(AT.to, true),
    amount: view.getUint32(AT.amount, true),
  };
  return {
    sequence: number(AT.sequence),
    generation: number(AT.generation),
    at: number(AT.time),
    transaction,
    netTotal: number(AT.netTotal),
    previousCrc: view.getUint32(AT.previousCrc, true),
    balances: Array.from({ length: ACCOUNTS }, (_, account) => number(AT.balances + account * 8)),
    lineage: Array.from({ length: view.getUint16(AT.lineageCount, true) }, (_, index) => ({
      generation: number(AT.lineage + index * 16),
      first: number(AT.lineage + index * 16 + 8),
    })),
    writer: writer.toString().replace(/\0+$/, ''),
    crc: view.getUint32(AT.crc, true),
  };
}

/** The very oldest entries are dropped once there are too many; no ring reaches back so far. */
function extend(lineage: Lineage, generation: number, first: number): Lineage {
  if (lineage.at(-1)?.generation === generation) return lineage;
  return [...lineage, { generation, first }].slice(-MAX_LINEAGE);
}
