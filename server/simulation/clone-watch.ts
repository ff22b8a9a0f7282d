/** Watches tests from outside: what was live when a clone was made, what is read from it at its end, and what a test host writes. */
import type { StorageInstruction } from '../domain/storage-controller.ts';
import type { LedgerVolume } from '../hosts/ledger/volume.ts';
import type { StorageSystem } from '../replication/storage-system.ts';
import { CELL_BYTES } from './cells.ts';
import { type Observer, opaqueCells } from './observer.ts';

export class CloneWatch {
  /** Of each system, the clone whose making was noted last. */
  private readonly noted = new Map<string, string>();

  constructor(
    private readonly observer: Observer,
    private readonly volumeCount: number,
    private readonly volumeBytes: number,
    private readonly exportName: (system: string, volume: number) => string,
  ) {}

  /** An instruction reaches `name`, in an event of its process. */
  before(name: string, system: StorageSystem, instruction: StorageInstruction | null): void {
    if (instruction?.verb !== 'clone-discard') return;
    const clone = system.facts().clone;
    if (!clone || clone.run !== instruction.token.runId) return;
    const volumes: Uint8Array[] = [];
    for (let volume = 0; volume < this.volumeCount; volume += 1) {
      const found = system.exports.find(`${this.exportName(name, volume)}@${clone.name}`);
      const content = new Uint8Array(this.volumeBytes);
      // One that is broken says so, and is judged no further.
      if (!found || 'refused' in found || found.read(0, content) !== 0) return;
      volumes.push(content);
    }
    this.add(name, 'read', clone.run, volumes);
  }

  /** … and was carried out. */
  after(name: string, system: StorageSystem, instruction: StorageInstruction | null): void {
    if (instruction?.verb !== 'clone-create') return;
    const clone = system.facts().clone;
    const key = clone ? `${clone.run} ${clone.at} ${clone.number}` : '';
    if (!clone || this.noted.get(name) === key) return;
    this.noted.set(name, key);
    this.observer.add({
      kind: 'clone',
      what: 'made',
      system: name,
      run: clone.run,
      image: this.observer.cellsOf(name),
    });
  }

  private add(system: string, what: 'read', run: string, volumes: readonly Uint8Array[]): void {
    this.observer.add({ kind: 'clone', what, system, run, image: this.observer.cellsIn(volumes) });
  }

  /** The volume of a clone, whose writes are noted. */
  watched(system: string, volume: LedgerVolume): LedgerVolume {
    const note = (offsetBytes: number, bytes: Uint8Array, done: boolean): void => {
      const contents = [...opaqueCells(bytes)];
      this.observer.add({
        kind: 'clone-write',
        system,
        volume: 0,
        firstCell: offsetBytes / CELL_BYTES,
        contents,
        done,
      });
    };
    return {
      sizeBytes: volume.sizeBytes,
      readOnly: volume.readOnly,
      read: (offsetBytes, lengthBytes) => volume.read(offsetBytes, lengthBytes),
      write: async (offsetBytes, bytes) => {
        note(offsetBytes, bytes, false);
        await volume.write(offsetBytes, bytes);
        note(offsetBytes, bytes, true);
      },
      get onLost() {
        return volume.onLost;
      },
      set onLost(lost) {
        volume.onLost = lost;
      },
      close: () => volume.close(),
    };
  }
}
