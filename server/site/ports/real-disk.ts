import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Disk, DiskError, type DiskErrorCode, type DiskFile } from '../../domain/ports.ts';

/** Ends the names of files that are not complete yet. No caller's name may, and `list` leaves them out. */
const UNFINISHED = '~';
const PLAIN_SEGMENT = /^[A-Za-z0-9_](?:[A-Za-z0-9._~-]*[A-Za-z0-9._-])?$/;

/**
 * A process's folder on the machine's disk.
 *
 * Writes go into the page cache synchronously, which takes 1–2 µs where the asynchronous call takes ten times as long;
 * only `sync` waits for the disk, in the thread pool. New files are sparse: who wants their space taken writes zeros.
 */
export class RealDisk implements Disk {
  readonly bootId: string;
  readonly #folder: string;

  /** Creates `folder`, readable by its owner only, where it is absent. */
  constructor(folder: string) {
    this.#folder = path.resolve(folder);
    this.bootId = readBootId();
    attempt(folder, () => fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 }));
  }

  exists(name: string): boolean {
    return fs.existsSync(this.#path(name));
  }

  list(folder: string): string[] {
    const where = folder === '' ? this.#folder : this.#path(folder);
    try {
      return fs
        .readdirSync(where)
        .filter((name) => !name.endsWith(UNFINISHED))
        .sort();
    } catch (error) {
      const mapped = toDiskError(folder, error);
      if (mapped.code === 'ENOENT') return [];
      throw mapped;
    }
  }

  open(name: string, createBytes?: number): DiskFile {
    const file = this.#path(name);
    if (createBytes !== undefined && !fs.existsSync(file)) this.#create(name, file, createBytes);
    return attempt(name, () => new RealDiskFile(name, fs.openSync(file, 'r+')));
  }

  readWhole(name: string): Uint8Array | null {
    try {
      // A copy of its own: node:fs may hand out a slice of a shared buffer, whose `.buffer` begins elsewhere.
      return new Uint8Array(fs.readFileSync(this.#path(name)));
    } catch (error) {
      const mapped = toDiskError(name, error);
      if (mapped.code === 'ENOENT') return null;
      throw mapped;
    }
  }

  replace(name: string, content: Uint8Array): void {
    this.#finish(name, this.#path(name), (fd) => writeAll(name, fd, content, 0));
  }

  remove(name: string): void {
    attempt(name, () => fs.rmSync(this.#path(name), { force: true }));
  }

  /** Never visible at another size than the one asked for, whenever the process or the machine dies. */
  #create(name: string, file: string, bytes: number): void {
    this.#finish(name, file, (fd) => fs.ftruncateSync(fd, bytes));
  }

  /** New file, sync, rename, sync folder. */
  #finish(name: string, file: string, fill: (fd: number) => void): void {
    const folder = path.dirname(file);
    const unfinished = file + UNFINISHED;
    attempt(name, () => {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      const fd = fs.openSync(unfinished, 'w', 0o600);
      try {
        fill(fd);
        fs.fsyncSync(fd);
      } catch (error) {
        fs.rmSync(unfinished, { force: true });
        throw error;
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(unfinished, file);
      this.#syncFolders(folder);
    });
  }

  /** A new name is durable once its folder is, and that folder's own name once the one above is. */
  #syncFolders(folder: string): void {
    for (let at = folder; ; at = path.dirname(at)) {
      const fd = fs.openSync(at, 'r');
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      if (at === this.#folder || at === path.dirname(at)) return;
    }
  }

  #path(name: string): string {
    if (!name.split('/').every((segment) => PLAIN_SEGMENT.test(segment))) {
      throw new DiskError('EBADF', name, 'not a relative path of plain segments');
    }
    return path.join(this.#folder, name);
  }
}

class RealDiskFile implements DiskFile {
  readonly #name: string;
  readonly #fd: number;
  #sizeBytes: number;
  #closed = false;
  #syncing: Promise<void> | null = null;
  #nextSync: Promise<void> | null = null;
  #syncFailure: DiskError | null = null;

  constructor(name: string, fd: number) {
    this.#name = name;
    this.#fd = fd;
    this.#sizeBytes = fs.fstatSync(fd).size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  read(position: number, into: Uint8Array): void {
    this.#mustBeOpen();
    if (!(position >= 0) || position + into.length > this.#sizeBytes) {
      const range = `${into.length} bytes at ${position}`;
      throw new DiskError('EBADF', this.#name, `read of ${range} is outside its ${this.#sizeBytes} bytes`);
    }
    let have = 0;
    while (have < into.length) {
      const count = this.#readSome(position + have, into, have);
      if (count === 0) throw new DiskError('EIO', this.#name, `is shorter than it was: ends at ${position + have}`);
      have += count;
    }
  }

  write(position: number, bytes: Uint8Array): void {
    this.#mustBeOpen();
    if (!(position >= 0) || position > this.#sizeBytes) {
      throw new DiskError('EBADF', this.#name, `write at ${position} is outside its ${this.#sizeBytes} bytes`);
    }
    writeAll(this.#name, this.#fd, bytes, position);
    if (position + bytes.length > this.#sizeBytes) this.#sizeBytes = position + bytes.length;
  }

  sync(): Promise<void> {
    if (this.#closed) return Promise.reject(new DiskError('EBADF', this.#name, 'is closed'));
    // A sync under way may have begun before the latest write, so whoever asks now shares the one after it.
    if (this.#nextSync !== null) return this.#nextSync;
    if (this.#syncing !== null) {
      const next = () => this.#startSync();
      this.#nextSync = this.#syncing.then(next, next);
      return this.#nextSync;
    }
    return this.#startSync();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The descriptor may be in use in the thread pool, and its number would be given to the next file.
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (this.#closed && this.#syncing === null && this.#nextSync === null) fs.closeSync(this.#fd);
  }

  #startSync(): Promise<void> {
    this.#nextSync = null;
    // After a failed sync the kernel drops the pages and reports success the next time, though they are lost.
    if (this.#syncFailure !== null) {
      this.#closeWhenIdle();
      return Promise.reject(this.#syncFailure);
    }
    this.#syncing = new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => {
        this.#syncing = null;
        if (error !== null) this.#syncFailure = toDiskError(this.#name, error);
        this.#closeWhenIdle();
        if (this.#syncFailure === null) resolve();
        else reject(this.#syncFailure);
      });
    });
    return this.#syncing;
  }

  #readSome(position: number, into: Uint8Array, have: number): number {
    try {
      return fs.readSync(this.#fd, into, have, into.length - have, position);
    } catch (error) {
      throw toDiskError(this.#name, error);
    }
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new DiskError('EBADF', this.#name, 'is closed');
  }
}

/** The kernel may take part of a write, as it does where the disk fills up: the rest is tried until it says why not. */
function writeAll(name: string, fd: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) {
    let count: number;
    try {
      count = fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
    } catch (error) {
      throw toDiskError(name, error);
    }
    if (count === 0) throw new DiskError('EIO', name, `took ${done} of ${bytes.length} bytes and no more`);
    done += count;
  }
}

function attempt<Result>(name: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw toDiskError(name, error);
  }
}

/** What each of the system's errors means to a storage system. Whatever is not listed is the device's fault. */
const CODES: Readonly<Record<string, DiskErrorCode>> = {
  ENOSPC: 'ENOSPC',
  EDQUOT: 'ENOSPC',
  EFBIG: 'ENOSPC',
  ENOENT: 'ENOENT',
  EBADF: 'EBADF',
  EINVAL: 'EBADF',
  EISDIR: 'EBADF',
  ENOTDIR: 'EBADF',
};

function toDiskError(name: string, error: unknown): DiskError {
  if (error instanceof DiskError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException; // node:fs throws nothing else.
  return new DiskError(CODES[code] ?? 'EIO', name, message);
}

function readBootId(): string {
  if (process.platform === 'darwin') {
    return execFileSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' }).trim();
  }
  return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
