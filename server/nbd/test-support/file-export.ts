import { DiskError, type DiskFile } from '../../domain/ports.ts';
import type { NbdExport, NbdExports } from '../export.ts';
import { NBD_ERRNO, type NbdErrno } from '../protocol.ts';

type Done = (errno: NbdErrno | 0) => void;

/** One file as an export: no replication, no journal. What the server does, apart from any storage system. */
export class FileExport implements NbdExport {
  readonly name: string;
  readonly description = 'a file';
  readonly #file: DiskFile;
  readOnly = false;

  constructor(name: string, file: DiskFile) {
    this.name = name;
    this.#file = file;
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  read(offsetBytes: number, into: Uint8Array): NbdErrno | 0 {
    return errnoOf(() => this.#file.read(offsetBytes, into));
  }

  write(offsetBytes: number, data: Uint8Array, fua: boolean, done: Done): void {
    const errno = errnoOf(() => this.#file.write(offsetBytes, data));
    if (errno === 0 && fua) this.flush(done);
    else done(errno);
  }

  zero(offsetBytes: number, lengthBytes: number, fua: boolean, done: Done): void {
    const pieceBytes = 1024 * 1024;
    const zeros = new Uint8Array(Math.min(lengthBytes, pieceBytes));
    const errno = errnoOf(() => {
      for (let at = 0; at < lengthBytes; at += pieceBytes) {
        this.#file.write(offsetBytes + at, zeros.subarray(0, Math.min(pieceBytes, lengthBytes - at)));
      }
    });
    if (errno === 0 && fua) this.flush(done);
    else done(errno);
  }

  flush(done: Done): void {
    this.#file.sync().then(
      () => done(0),
      () => done(NBD_ERRNO.EIO),
    );
  }
}

/** A fixed set of exports. */
export function exportsOf(...volumes: NbdExport[]): NbdExports {
  return {
    list: () => volumes,
    find: (name) => volumes.find((volume) => volume.name === name) ?? null,
  };
}

function errnoOf(action: () => void): NbdErrno | 0 {
  try {
    action();
    return 0;
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    return error.code === 'ENOSPC' ? NBD_ERRNO.ENOSPC : NBD_ERRNO.EIO;
  }
}
