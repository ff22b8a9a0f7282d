/** A disk in memory for tests. It outlives what is built on it, as a real one outlives a killed process. */
import { type Disk, DiskError, type DiskFile } from '../../domain/ports.ts';

export class MemoryDisk implements Disk {
  readonly bootId = 'boot';
  readonly files = new Map<string, Uint8Array>();
  /** Every change fails with EIO while set; with a name, changes of that file only. */
  broken: boolean | string = false;
  /** Called before each change; throwing from it is a death at that very call. */
  beforeChange: (() => void) | null = null;

  exists(name: string): boolean {
    return this.files.has(name);
  }

  list(folder: string): string[] {
    const prefix = `${folder}/`;
    return [...this.files.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .sort();
  }

  open(name: string, createBytes?: number): DiskFile {
    if (!this.files.has(name)) {
      if (createBytes === undefined) throw new DiskError('ENOENT', name, 'no such file');
      this.change(name);
      this.files.set(name, new Uint8Array(createBytes));
    }
    const content = (): Uint8Array => this.files.get(name) ?? new Uint8Array(0);
    return {
      get sizeBytes() {
        return content().length;
      },
      read: (position, into) => into.set(content().subarray(position, position + into.length)),
      write: (position, bytes) => {
        this.change(name);
        const grown = new Uint8Array(Math.max(content().length, position + bytes.length));
        grown.set(content());
        grown.set(bytes, position);
        this.files.set(name, grown);
      },
      sync: () => Promise.resolve(),
      close: () => {},
    };
  }

  readWhole(name: string): Uint8Array | null {
    return this.files.get(name)?.slice() ?? null;
  }

  replace(name: string, content: Uint8Array): void {
    this.change(name);
    this.files.set(name, content.slice());
  }

  remove(name: string): void {
    this.change(name);
    this.files.delete(name);
  }

  private change(name: string): void {
    this.beforeChange?.();
    if (this.broken === true || this.broken === name) throw new DiskError('EIO', name, 'broken by the test');
  }
}
