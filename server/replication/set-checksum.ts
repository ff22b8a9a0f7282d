/** One checksum over a whole set, track by track in the order in which it is sent. */
import { crc32 } from 'node:zlib';

/** `before`: the checksum of the tracks before this one; 0 where it is the first. */
export function setChecksum(before: number, index: number, data: Uint8Array): number {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(before, 0);
  head.writeUInt32LE(index, 4);
  return crc32(data, crc32(head));
}
