/** A disk that can be told to fail, so that an operator can see what a storage system makes of it. */
import { type Disk, DiskError, type DiskFile } from '../../domain/ports.ts';
import type { DiskFault } from '../agent-protocol.ts';

export type DiskFaultKind = DiskFault['kind'];

/** Reads go through; every change fails while a fault is set, with the error a real disk gives. */
export class FaultyDisk implements Disk {
  private fault: DiskFaultKind | null = null;

  constructor(private readonly inner: Disk) {}

  /** From the next call on. `null` heals the disk. */
  setFault(kind: DiskFaultKind | null): void {
    this.fault = kind;
  }

  get bootId(): string {
    return this.inner.bootId;
  }

  exists(name: string): boolean {
    return this.inner.exists(name);
  }

  list(folder: string): string[] {
    return this.inner.list(folder);
  }

  open(name: string, createBytes?: number): DiskFile {
    if (createBytes !== undefined && !this.inner.exists(name)) this.refuseChange(name);
    return new FaultyFile(name, this.inner.open(name, createBytes), this);
  }

  readWhole(name: string): Uint8Array | null {
    return this.inner.readWhole(name);
  }

  replace(name: string, content: Uint8Array): void {
    this.refuseChange(name);
    this.inner.replace(name, content);
  }

  remove(name: string): void {
    // A full disk still lets go of files; a broken one does not.
    this.refuseIfBroken(name);
    this.inner.remove(name);
  }

  /** Throws what a change of `name` meets now, if anything. */
  refuseChange(name: string): void {
    this.refuseIfBroken(name);
    if (this.fault === 'disk-full') throw new DiskError('ENOSPC', name, 'injected full disk');
  }

  /** Throws where the disk takes no change at all, not even one that needs no room. */
  refuseIfBroken(name: string): void {
    if (this.fault === 'write-error') throw new DiskError('EIO', name, 'injected write error');
  }
}

class FaultyFile implements DiskFile {
  constructor(
    private readonly name: string,
    private readonly inner: DiskFile,
    private readonly disk: FaultyDisk,
  ) {}

  get sizeBytes(): number {
    return this.inner.sizeBytes;
  }

  read(position: number, into: Uint8Array): void {
    this.inner.read(position, into);
  }

  write(position: number, bytes: Uint8Array): void {
    this.disk.refuseChange(this.name);
    this.inner.write(position, bytes);
  }

  async sync(): Promise<void> {
    // A full disk still keeps what it took before; a broken one cannot promise even that.
    this.disk.refuseIfBroken(this.name);
    await this.inner.sync();
  }

  close(): void {
    this.inner.close();
  }
}
