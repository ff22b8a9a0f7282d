/** The data volumes as NBD exports `group/system/volume` (contract: NBD). They outlive the incarnations of the controller. */
import { DiskError } from '../domain/ports.ts';
import type { NbdExport, NbdExports } from '../nbd/export.ts';
import type { NbdErrno } from '../nbd/protocol.ts';
import type { Clone } from './clone.ts';
import type { StorageConfig } from './config.ts';
import type { Controller } from './controller.ts';

const EIO = 5;
const ESHUTDOWN = 108;

/** Zeros written to a clone at once. */
const ZERO_BYTES = 64 * 1024;

/** The controller that lives now, or null while its disk fails. */
type Current = () => Controller | null;

class VolumeExport implements NbdExport {
  constructor(
    readonly name: string,
    private readonly volume: number,
    readonly sizeBytes: number,
    private readonly system: string,
    private readonly current: Current,
  ) {}

  /** Everyone but the holder of the host role serves reads only. */
  get readOnly(): boolean {
    const controller = this.current();
    return controller !== null && !controller.core.record.holdsHostRole && !controller.core.mutant('keep-generation');
  }

  get description(): string {
    return this.readOnly
      ? `read-only: ${this.current()?.writes.gate.acceptance().reason ?? ''}`
      : `volume ${this.volume} of ${this.system}`;
  }

  read(offsetBytes: number, into: Uint8Array): NbdErrno | 0 {
    const controller = this.current();
    if (!controller?.core.record.imageConsistent) return EIO;
    try {
      controller.core.volumes.read(this.volume, offsetBytes, into);
      return 0;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      controller.core.diskFailed(error);
      return EIO;
    }
  }

  write(offsetBytes: number, data: Uint8Array, fua: boolean, done: (errno: NbdErrno | 0) => void): void {
    this.enter(done, ({ writes }, settle) => writes.write(this.volume, offsetBytes, data, fua, settle));
  }

  zero(offsetBytes: number, lengthBytes: number, fua: boolean, done: (errno: NbdErrno | 0) => void): void {
    this.enter(done, ({ writes }, settle) => writes.zero(this.volume, offsetBytes, lengthBytes, fua, settle));
  }

  flush(done: (errno: NbdErrno | 0) => void): void {
    this.enter(done, ({ writes }, settle) => writes.flush(settle));
  }

  /** An incarnation that halts answers what it had taken by itself. */
  private enter(
    done: (errno: NbdErrno | 0) => void,
    run: (controller: Controller, settle: (errno: number) => void) => void,
  ): void {
    const controller = this.current();
    if (!controller) return done(EIO);
    // The gate uses the protocol's own errnos.
    controller.core.life.enter(() => run(controller, done as (errno: number) => void));
  }
}

/** A volume of a clone: a test reads and writes it, and nothing of that reaches the live volume. */
class CloneExport implements NbdExport {
  readonly readOnly = false;

  constructor(
    readonly name: string,
    private readonly volume: number,
    readonly sizeBytes: number,
    private readonly clone: Clone,
    private readonly current: Current,
  ) {}

  get description(): string {
    const { number, run } = this.clone.head;
    return `clone of volume ${this.volume} at update ${number}, for test ${run}`;
  }

  read(offsetBytes: number, into: Uint8Array): NbdErrno | 0 {
    return this.use((clone) => clone.read(this.volume, offsetBytes, into));
  }

  write(offsetBytes: number, data: Uint8Array, fua: boolean, done: (errno: NbdErrno | 0) => void): void {
    this.change(fua, done, (clone, core) => {
      if (core.mutant('clone-writes-through')) core.volumes.write(this.volume, offsetBytes, data);
      return clone.write(this.volume, offsetBytes, data);
    });
  }

  zero(offsetBytes: number, lengthBytes: number, fua: boolean, done: (errno: NbdErrno | 0) => void): void {
    const zeroes = new Uint8Array(Math.min(ZERO_BYTES, lengthBytes));
    this.change(fua, done, (clone) => {
      for (let at = 0; at < lengthBytes; at += zeroes.length) {
        const part = zeroes.subarray(0, Math.min(zeroes.length, lengthBytes - at));
        if (!clone.write(this.volume, offsetBytes + at, part)) return false;
      }
      return true;
    });
  }

  flush(done: (errno: NbdErrno | 0) => void): void {
    this.change(true, done, (clone) => clone.damaged === null);
  }

  private change(
    sync: boolean,
    done: (errno: NbdErrno | 0) => void,
    run: (clone: Clone, core: Controller['core']) => boolean,
  ): void {
    const errno = this.use(run);
    if (errno !== 0 || !sync) return done(errno);
    this.clone.sync().then(
      () => done(0),
      () => done(EIO),
    );
  }

  /** Its own trouble, or the live disk's, is an errno here and halts nobody. */
  private use(run: (clone: Clone, core: Controller['core']) => boolean): NbdErrno | 0 {
    const core = this.current()?.core;
    if (core?.clones.current !== this.clone) return ESHUTDOWN;
    try {
      return core.clones.with(this.clone, () => run(this.clone, core)) ? 0 : EIO;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return EIO;
    }
  }
}

/** An image that is part old, part new is not exported: it would be taken for data. */
export class VolumeExports implements NbdExports {
  private readonly all: VolumeExport[];
  /** Of the clone that was asked for last: its clients share one object. */
  private cloned: { clone: Clone; exports: CloneExport[] } | null = null;

  constructor(
    { definition, system }: StorageConfig,
    private readonly current: Current,
  ) {
    const { name, volumeBytes, volumeCount } = definition;
    this.all = Array.from(
      { length: volumeCount },
      (_, volume) => new VolumeExport(`${name}/${system}/${volume}`, volume, volumeBytes, system, current),
    );
  }

  list(): readonly { name: string; description: string }[] {
    return [...this.all, ...this.clones()];
  }

  find(name: string): NbdExport | { refused: string } | null {
    const cloned = this.clones().find((each) => each.name === name);
    if (cloned) return cloned;
    const found = this.all.find((each) => each.name === name);
    if (!found) return null;
    const controller = this.current();
    if (!controller) return { refused: 'its disk fails' };
    if (controller.core.record.imageConsistent) return found;
    const { doubt, mixed } = controller.core.record;
    const why = doubt
      ? 'updates may be missing until the other end of its pair has supplied them'
      : mixed
        ? 'its image mixes its own updates with those of its source, and nobody has accepted it yet'
        : 'its image is part old, part new until the copy to it ends';
    return { refused: `${controller.core.config.system}: ${why}` };
  }

  /** Under names of their own, so that nobody takes one for the volume (`group/system/volume@clone`). */
  private clones(): readonly CloneExport[] {
    const clone = this.current()?.core.clones.current ?? null;
    if (!clone || clone.damaged !== null) return [];
    if (this.cloned?.clone !== clone) {
      const exports = this.all.map(
        ({ name, sizeBytes }, volume) =>
          new CloneExport(`${name}@${clone.head.name}`, volume, sizeBytes, clone, this.current),
      );
      this.cloned = { clone, exports };
    }
    return this.cloned.exports;
  }
}
