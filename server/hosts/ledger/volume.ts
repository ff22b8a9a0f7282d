/** The volume the ledger works on, as it sees it. Attached over NBD (`nbd-volume.ts`), or memory in tests. */

export type VolumeErrorCode =
  /** The storage system takes no host writes (now). */
  | 'EPERM'
  | 'EIO'
  | 'ENOSPC'
  /** Any other answer of the storage system. */
  | 'EREFUSED'
  /** The connection ended: what was unanswered may or may not have been done. */
  | 'LOST';

export class VolumeError extends Error {
  constructor(
    readonly code: VolumeErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'VolumeError';
  }
}

/** Requests may overlap and are answered in any order. Failures are `VolumeError`. */
export interface LedgerVolume {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** Resolves with `lengthBytes` bytes that belong to the caller. */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /** Resolves once the storage system has completed the write. `bytes` must not change until then. */
  write(offsetBytes: number, bytes: Uint8Array): Promise<void>;
  /** Called once if the connection ends by itself. */
  onLost: ((reason: string) => void) | null;
  /** Ends the connection. What is unanswered fails with `LOST`, now and for good. */
  close(): void;
}
