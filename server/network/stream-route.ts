/** The head of a stream that has to pass a switching device: who it is for, and who put it on this stretch of line. */
import { FRAME_HEADER_BYTES, FRAME_JSON, frameHeader } from './frame-reader.ts';

export interface Route {
  /** Name of the system at the end of the way. */
  to: string;
  /** Name of the process at the near end of this stretch. */
  by: string;
}

/** Longest head, header included. */
export const ROUTE_MAX_BYTES = 512;
const NAME = /^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/;

/** The head as bytes; a frame like those that follow it. */
export function encodeRoute({ to, by }: Route): Uint8Array {
  const body = Buffer.from(JSON.stringify({ t: 'route', to, by }));
  return Buffer.concat([frameHeader(FRAME_JSON, body.length), body]);
}

/** What `bytes` begin with: a whole head and its length, too few bytes to tell, or no head at all. */
export function parseRoute(bytes: Uint8Array): { route: Route; bytes: number } | 'more' | 'malformed' {
  if (bytes.length < FRAME_HEADER_BYTES) return 'more';
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  if (length < 1 || 4 + length > ROUTE_MAX_BYTES || bytes[4] !== FRAME_JSON) return 'malformed';
  if (bytes.length < 4 + length) return 'more';
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.subarray(FRAME_HEADER_BYTES, 4 + length)).toString());
    return isRoute(value) ? { route: { to: value.to, by: value.by }, bytes: 4 + length } : 'malformed';
  } catch {
    return 'malformed';
  }
}

function isRoute(value: unknown): value is Route {
  if (typeof value !== 'object' || value === null) return false;
  const { t, to, by } = value as Record<string, unknown>;
  return t === 'route' && isName(to) && isName(by);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 64 && NAME.test(value);
}
