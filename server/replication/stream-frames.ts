/**
 * Frames of a pair stream: a session of contiguous sequence numbers in which updates and copied tracks travel in one
 * order, so that a stale track cannot overtake a write (1b rule 13). They may arrive out of order over several paths.
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { Lineage } from '../domain/generation.ts';
import { decodeEntry, type Entry, encodeEntryHeader } from './entry.ts';
import { lineageSchema } from './pair-messages.ts';

export const STREAM_HEADER_BYTES = 16;

export type StreamFrame =
  | { type: 'entry'; entry: Entry }
  | { type: 'copy'; volume: number; track: number; data: Uint8Array }
  | { type: 'copy-end'; number: number }
  | { type: 'answer'; accepted: number; durable: number }
  | { type: 'pull'; creditBytes: number; accepted: number; durable: number }
  /** Destination: everything up to the copy's end is applied, durable, and on record as consistent. */
  | { type: 'whole'; number: number }
  /** Destination: the frozen number is reached and durable. */
  | { type: 'drained'; number: number }
  /** Source: it will not need to be helped with anything up to here, should it lose its power. */
  | { type: 'source-durable'; number: number }
  /** Source: another system that it feeds has confirmed everything up to here; -1 where that has nothing yet. */
  | { type: 'progress'; system: string; number: number }
  /** Source: a frozen set is offered. */
  | { type: 'set-begin'; id: number; number: number; tracks: number; at: number; lineage: Lineage }
  | { type: 'set-track'; volume: number; track: number; data: Uint8Array }
  | { type: 'set-end'; id: number; tracks: number; checksum: number }
  /** Destination: it has so many of the tracks of the set offered already. */
  | { type: 'set-ready'; id: number; have: number };

const TYPES = [
  'entry',
  'copy',
  'copy-end',
  'answer',
  'pull',
  'whole',
  'drained',
  'source-durable',
  'progress',
  'set-begin',
  'set-track',
  'set-end',
  'set-ready',
] as const;

/** Frames of the stream proper: they have a place in its order. */
const ORDERED: readonly StreamFrame['type'][] = ['entry', 'copy', 'copy-end', 'set-begin', 'set-track', 'set-end'];

/** All others carry news that may overtake each other. */
export function isOrdered(type: StreamFrame['type']): boolean {
  return ORDERED.includes(type);
}

export interface PeekedFrame {
  type: StreamFrame['type'];
  session: number;
  sequence: number;
}

/** What a frame is, before its body is looked at. Null where it is none. */
export function peekFrame(bytes: Uint8Array): PeekedFrame | null {
  if (bytes.length < STREAM_HEADER_BYTES) return null;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = TYPES[buffer.readUInt8(0)];
  const sequence = buffer.readDoubleLE(8);
  return type && Number.isSafeInteger(sequence) && sequence >= 0
    ? { type, session: buffer.readUInt32LE(4), sequence }
    : null;
}

/** Decodes the body. Null where it is damaged: then the session must end. Data are views of `bytes`. */
export function decodeFrame(bytes: Uint8Array): StreamFrame | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = buffer.subarray(STREAM_HEADER_BYTES);
  const type = TYPES[buffer.readUInt8(0)];
  switch (type) {
    case 'entry': {
      const decoded = decodeEntry(body, 0, 0);
      return decoded.ok ? { type: 'entry', entry: decoded.entry } : null;
    }
    case 'copy':
    case 'set-track':
      return decodeTrack(type, body);
    case 'set-begin':
      return decodeSetBegin(body);
    case 'set-end':
      return body.length < 24
        ? null
        : { type, id: body.readDoubleLE(0), tracks: body.readDoubleLE(8), checksum: body.readDoubleLE(16) };
    case 'set-ready':
      return body.length < 16 ? null : { type, id: body.readDoubleLE(0), have: body.readDoubleLE(8) };
    case 'copy-end':
    case 'whole':
    case 'drained':
    case 'source-durable':
      return body.length < 8 ? null : { type, number: body.readDoubleLE(0) };
    case 'progress':
      return body.length < 9 ? null : { type, number: body.readDoubleLE(0), system: body.subarray(8).toString() };
    case 'answer':
      return body.length < 16
        ? null
        : { type: 'answer', accepted: body.readDoubleLE(0), durable: body.readDoubleLE(8) };
    case 'pull':
      return body.length < 24
        ? null
        : {
            type: 'pull',
            accepted: body.readDoubleLE(0),
            durable: body.readDoubleLE(8),
            creditBytes: body.readDoubleLE(16),
          };
    default:
      return null;
  }
}

function decodeTrack(type: 'copy' | 'set-track', body: Buffer): StreamFrame | null {
  if (body.length < 16) return null;
  const data = body.subarray(16);
  if (crc32(data, crc32(body.subarray(4, 16))) !== body.readUInt32LE(0)) return null;
  return { type, volume: body.readUInt32LE(4), track: body.readDoubleLE(8), data };
}

const setBegin = z.object({
  id: z.number(),
  number: z.number(),
  tracks: z.number(),
  at: z.number(),
  lineage: lineageSchema,
});

function decodeSetBegin(body: Buffer): StreamFrame | null {
  if (body.length < 4 || crc32(body.subarray(4)) !== body.readUInt32LE(0)) return null;
  const parsed = setBegin.safeParse(JSON.parse(body.subarray(4).toString()));
  return parsed.success ? { type: 'set-begin', ...parsed.data } : null;
}

/** The parts of a frame on the line. */
export function encodeFrame(session: number, sequence: number, frame: StreamFrame): Uint8Array[] {
  const header = Buffer.alloc(STREAM_HEADER_BYTES);
  header.writeUInt8(TYPES.indexOf(frame.type), 0);
  header.writeUInt32LE(session, 4);
  header.writeDoubleLE(sequence, 8);
  return [header, ...encodeBody(frame)];
}

function encodeBody(frame: StreamFrame): Uint8Array[] {
  switch (frame.type) {
    case 'entry':
      return [encodeEntryHeader(frame.entry, 0), frame.entry.data];
    case 'copy':
    case 'set-track': {
      const head = Buffer.alloc(16);
      head.writeUInt32LE(frame.volume, 4);
      head.writeDoubleLE(frame.track, 8);
      head.writeUInt32LE(crc32(frame.data, crc32(head.subarray(4))), 0);
      return [head, frame.data];
    }
    case 'copy-end':
    case 'whole':
    case 'drained':
    case 'source-durable':
      return [doubles([frame.number])];
    case 'progress':
      return [doubles([frame.number]), Buffer.from(frame.system)];
    case 'set-begin': {
      const { type: _, ...head } = frame;
      const body = Buffer.from(JSON.stringify(head));
      const sum = Buffer.alloc(4);
      sum.writeUInt32LE(crc32(body), 0);
      return [sum, body];
    }
    case 'set-end':
      return [doubles([frame.id, frame.tracks, frame.checksum])];
    case 'set-ready':
      return [doubles([frame.id, frame.have])];
    case 'answer':
      return [doubles([frame.accepted, frame.durable])];
    case 'pull':
      return [doubles([frame.accepted, frame.durable, frame.creditBytes])];
  }
}

function doubles(values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => {
    buffer.writeDoubleLE(value, index * 8);
  });
  return buffer;
}
