/** The data volumes as NBD exports `group/system/volume` (contract: NBD). */

import { DiskError } from '../domain/ports.ts';
import type { NbdExport, NbdExports } from '../nbd/export.ts';
import type { NbdErrno } from '../nbd/protocol.ts';
import type { StorageCore } from './core.ts';
import type { HostWrites } from './host-writes.ts';

const EIO = 5;

class VolumeExport implements NbdExport {
  constructor(
    readonly name: string,
    private readonly volume: number,
    private readonly core: StorageCore,
    private readonly writes: HostWrites,
  ) {}

  get sizeBytes(): number {
    return this.core.volumes.volumeBytes;
  }

  /** Everyone but the holder of the host role serves reads only. */
  get readOnly(): boolean {
    return !this.core.record.holdsHostRole && !this.core.mutant('keep-generation');
  }

  get description(): string {
    return this.readOnly
      ? `read-only: ${this.writes.acceptance().reason}`
      : `volume ${this.volume} of ${this.core.config.system}`;
  }

  read(offsetBytes: number, into: Uint8Array): NbdErrno | 0 {
    if (!this.core.record.imageConsistent) return EIO;
    try {
      this.core.volumes.read(this.volume, offsetBytes, into);
      return 0;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.core.diskFailed(error);
      return EIO;
    }
  }

  write(offsetBytes: number, data: Uint8Array, fua: boolean, done: (errno: NbdErrno | 0) => void): void {
    this.writes.write(this.volume, offsetBytes, data, fua, done as (errno: number) => void);
  }

  zero(offsetBytes: number, lengthBytes: number, fua: boolean, done: (errno: NbdErrno | 0) => void): void {
    this.writes.zero(this.volume, offsetBytes, lengthBytes, fua, done as (errno: number) => void);
  }

  flush(done: (errno: NbdErrno | 0) => void): void {
    this.writes.flush(done as (errno: number) => void);
  }
}

/** An image that is part old, part new is not exported: it would be taken for data. */
export class VolumeExports implements NbdExports {
  private readonly all: VolumeExport[];

  constructor(
    private readonly core: StorageCore,
    writes: HostWrites,
  ) {
    const { definition, system } = core.config;
    this.all = Array.from(
      { length: definition.volumeCount },
      (_, volume) => new VolumeExport(`${definition.name}/${system}/${volume}`, volume, core, writes),
    );
  }

  list(): readonly { name: string; description: string }[] {
    return this.all;
  }

  find(name: string): NbdExport | { refused: string } | null {
    const found = this.all.find((each) => each.name === name);
    if (!found) return null;
    if (this.core.record.imageConsistent) return found;
    return {
      refused: `${this.core.config.system} is being copied to: its image is part old, part new until the copy ends`,
    };
  }
}
