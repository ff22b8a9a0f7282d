/**
 * The numbers of the NBD protocol (github.com/NetworkBlockDevice/nbd, doc/proto.md), named as that document names them.
 * Everything on the wire is big-endian.
 */

/** Handshake: `NBDMAGIC`, then `IHAVEOPT`, each as two 32-bit halves. */
export const NBD_MAGIC_HIGH = 0x4e42444d;
export const NBD_MAGIC_LOW = 0x41474943;
export const OPTION_MAGIC_HIGH = 0x49484156;
export const OPTION_MAGIC_LOW = 0x454f5054;
export const OPTION_REPLY_MAGIC_HIGH = 0x0003e889;
export const OPTION_REPLY_MAGIC_LOW = 0x045565a9;

export const GREETING_BYTES = 18;
export const CLIENT_FLAGS_BYTES = 4;
export const OPTION_HEADER_BYTES = 16;
export const OPTION_REPLY_HEADER_BYTES = 20;

/** Flags of both the server's and the client's half of the handshake. */
export const FLAG_FIXED_NEWSTYLE = 1;
export const FLAG_NO_ZEROES = 2;

export const OPT_EXPORT_NAME = 1;
export const OPT_ABORT = 2;
export const OPT_LIST = 3;
export const OPT_INFO = 6;
export const OPT_GO = 7;

export const REP_ACK = 1;
export const REP_SERVER = 2;
export const REP_INFO = 3;
export const REP_ERR_BIT = 0x80000000;
export const REP_ERR_UNSUP = 0x80000001;
export const REP_ERR_POLICY = 0x80000002;
export const REP_ERR_INVALID = 0x80000003;
export const REP_ERR_UNKNOWN = 0x80000006;
export const REP_ERR_TOO_BIG = 0x80000009;

export const INFO_EXPORT = 0;
export const INFO_NAME = 1;
export const INFO_DESCRIPTION = 2;
export const INFO_BLOCK_SIZE = 3;

/** Transmission flags: what an export can do. */
export const EXPORT_HAS_FLAGS = 1 << 0;
export const EXPORT_READ_ONLY = 1 << 1;
export const EXPORT_SEND_FLUSH = 1 << 2;
export const EXPORT_SEND_FUA = 1 << 3;
export const EXPORT_SEND_TRIM = 1 << 5;
export const EXPORT_SEND_WRITE_ZEROES = 1 << 6;
export const EXPORT_CAN_MULTI_CONN = 1 << 8;

export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const REQUEST_HEADER_BYTES = 28;
export const SIMPLE_REPLY_BYTES = 16;

export const CMD_READ = 0;
export const CMD_WRITE = 1;
export const CMD_DISC = 2;
export const CMD_FLUSH = 3;
export const CMD_TRIM = 4;
export const CMD_CACHE = 5;
export const CMD_WRITE_ZEROES = 6;

export const CMD_FLAG_FUA = 1 << 0;
export const CMD_FLAG_NO_HOLE = 1 << 1;
export const CMD_FLAG_FAST_ZERO = 1 << 4;

/** Longest export name the protocol allows, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 4096;
/** Longest READ or WRITE a client may send without having been told otherwise. */
export const MAX_PAYLOAD_BYTES = 32 * 1024 * 1024;
/** What a client should align to; anything down to one byte works. */
export const PREFERRED_BLOCK_BYTES = 4096;

/** The error numbers the protocol knows, whatever the machine's own are. */
export const NBD_ERRNO = {
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const;

export type NbdErrnoName = keyof typeof NBD_ERRNO;
export type NbdErrno = (typeof NBD_ERRNO)[NbdErrnoName];

const ERRNO_NAMES: ReadonlyMap<number, NbdErrnoName> = new Map(
  Object.entries(NBD_ERRNO).map(([name, errno]) => [
    errno,
    name as NbdErrnoName, // Object.entries widens the keys of a literal to string.
  ]),
);

/** Name of an errno from the wire. The protocol asks that an unknown one be taken for `EINVAL`. */
export function errnoName(errno: number): NbdErrnoName {
  return ERRNO_NAMES.get(errno) ?? 'EINVAL';
}

/** The `NBDMAGIC` … flags greeting that a server opens with. */
export function greeting(): Uint8Array {
  const bytes = new Uint8Array(GREETING_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, NBD_MAGIC_HIGH);
  view.setUint32(4, NBD_MAGIC_LOW);
  view.setUint32(8, OPTION_MAGIC_HIGH);
  view.setUint32(12, OPTION_MAGIC_LOW);
  view.setUint16(16, FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES);
  return bytes;
}

/** One reply to an option: header and payload. */
export function optionReply(option: number, type: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(OPTION_REPLY_HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, OPTION_REPLY_MAGIC_HIGH);
  view.setUint32(4, OPTION_REPLY_MAGIC_LOW);
  view.setUint32(8, option);
  view.setUint32(12, type);
  view.setUint32(16, payload.length);
  bytes.set(payload, OPTION_REPLY_HEADER_BYTES);
  return bytes;
}
