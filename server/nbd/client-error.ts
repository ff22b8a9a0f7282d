import { errnoName, type NbdErrnoName } from './protocol.ts';

/** What can go wrong for a client: the protocol's errnos, and what happens to the connection itself. */
export type NbdErrorCode =
  | NbdErrnoName
  | 'UNREACHABLE'
  | 'NO_SUCH_EXPORT'
  | 'EXPORT_REFUSED'
  | 'BAD_SERVER'
  | 'LOST'
  | 'SILENT'
  | 'DISCONNECTED';

const CURES: Readonly<Record<NbdErrorCode, string>> = {
  EPERM: 'Write on the system that holds the host role, or wait until this one does.',
  EIO: 'Look at the state of the storage system and its disk.',
  ENOMEM: 'Try again with fewer or smaller requests.',
  EINVAL: 'Keep requests inside the volume and no longer than 32 MiB.',
  ENOSPC: 'Keep requests inside the volume, and see whether the disk of the storage system is full.',
  EOVERFLOW: 'Use shorter requests.',
  ENOTSUP: 'Do without this command or flag.',
  ESHUTDOWN: 'Connect again once the storage system is back.',
  UNREACHABLE: 'See whether the storage system is up and the address is right.',
  NO_SUCH_EXPORT: 'List the exports; they are named group/system/volume.',
  EXPORT_REFUSED: 'The reason given says what has to happen first.',
  BAD_SERVER: 'See whether the address is that of an NBD server (fixed newstyle).',
  LOST: 'Connect again. What was unanswered may or may not have been done: read it back.',
  SILENT: 'See whether the line is cut. What was unanswered may or may not have been done: read it back.',
  DISCONNECTED: 'Connect again before sending more.',
};

const ERRNO_MEANINGS: Readonly<Record<NbdErrnoName, string>> = {
  EPERM: 'the volume does not accept this now',
  EIO: 'the storage system could not read or write',
  ENOMEM: 'the storage system is out of memory',
  EINVAL: 'the storage system finds the request invalid',
  ENOSPC: 'there is no room for this write',
  EOVERFLOW: 'the request is too large',
  ENOTSUP: 'the storage system does not support this',
  ESHUTDOWN: 'the storage system is shutting down',
};

/** A failure of an NBD client or of one of its requests. */
export class NbdError extends Error {
  readonly code: NbdErrorCode;
  /** What to do about it. */
  readonly cure: string;

  constructor(code: NbdErrorCode, message: string) {
    super(message);
    this.name = 'NbdError';
    this.code = code;
    this.cure = CURES[code];
  }

  /** The error an errno in a reply stands for. */
  static ofErrno(errno: number): NbdError {
    const name = errnoName(errno);
    return new NbdError(name, ERRNO_MEANINGS[name]);
  }
}
