/** A disk that knows what was opened on it, so that an incarnation leaves nothing open behind it, however it ended. */
import type { Disk, DiskFile } from '../domain/ports.ts';

export class TrackedDisk implements Disk {
  private readonly opened = new Set<DiskFile>();

  constructor(private readonly disk: Disk) {}

  get bootId(): string {
    return this.disk.bootId;
  }

  exists(name: string): boolean {
    return this.disk.exists(name);
  }

  list(folder: string): string[] {
    return this.disk.list(folder);
  }

  open(name: string, createBytes?: number): DiskFile {
    const file = this.disk.open(name, createBytes);
    this.opened.add(file);
    return file;
  }

  readWhole(name: string): Uint8Array | null {
    return this.disk.readWhole(name);
  }

  replace(name: string, content: Uint8Array): void {
    this.disk.replace(name, content);
  }

  remove(name: string): void {
    this.disk.remove(name);
  }

  /** Closing twice does nothing. */
  closeAll(): void {
    for (const file of this.opened) file.close();
    this.opened.clear();
  }
}
