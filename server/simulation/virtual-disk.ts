/**
 * Simulated disks with two images: what the page cache holds, which survives the death of a process, and what was
 * synced, which survives the loss of power. A write that a kill interrupts is torn at a page boundary.
 */
import { type Disk, DiskError, type DiskErrorCode, type DiskFile } from '../domain/ports.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Life } from './virtual-process.ts';

export const PAGE_BYTES = 4096;

/** Pages of one sync under way: the content each had when it began, taken only where it is overwritten meanwhile. */
type SyncUnderWay = Map<number, Uint8Array | null>;

export class FileImage {
  private content: Uint8Array;
  sizeBytes: number;
  /** Content on the platter of every page that differs in the cache. */
  private readonly unsynced = new Map<number, Uint8Array>();
  private readonly syncs = new Set<SyncUnderWay>();
  private syncedSizeBytes = 0;
  /** The file's name is on the platter. */
  durable = false;
  /** Pages whose content changed since an observer last cleared the set. */
  readonly touched = new Set<number>();

  constructor(
    sizeBytes: number,
    private readonly losesPower: boolean,
  ) {
    this.content = new Uint8Array(sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  /** A page as the platter has it; null beyond what was ever synced. */
  syncedPage(page: number): Uint8Array | null {
    const start = page * PAGE_BYTES;
    if (start + PAGE_BYTES > this.syncedSizeBytes) return null;
    return this.unsynced.get(page) ?? this.content.subarray(start, start + PAGE_BYTES);
  }

  read(position: number, into: Uint8Array): void {
    into.set(this.content.subarray(position, position + into.length));
  }

  whole(): Uint8Array {
    return this.content.slice(0, this.sizeBytes);
  }

  /** The cache itself, not a copy: for checkers, which never write. */
  view(): Uint8Array {
    return this.content.subarray(0, this.sizeBytes);
  }

  write(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    this.grow(end);
    const lastPage = Math.floor((end - 1) / PAGE_BYTES);
    for (let page = Math.floor(position / PAGE_BYTES); page <= lastPage; page += 1) this.beforeChange(page);
    this.content.set(bytes, position);
  }

  private grow(toBytes: number): void {
    if (toBytes <= this.sizeBytes) return;
    if (toBytes > this.content.length) {
      const larger = new Uint8Array(Math.max(toBytes, this.content.length * 2, PAGE_BYTES));
      larger.set(this.content);
      this.content = larger;
    }
    this.sizeBytes = toBytes;
  }

  private beforeChange(page: number): void {
    this.touched.add(page);
    if (!this.losesPower) return;
    const start = page * PAGE_BYTES;
    const take = (): Uint8Array => this.content.slice(start, start + PAGE_BYTES);
    for (const sync of this.syncs) if (sync.get(page) === null) sync.set(page, take());
    if (!this.unsynced.has(page)) this.unsynced.set(page, take());
  }

  beginSync(): () => void {
    const sync: SyncUnderWay = new Map();
    for (const page of this.unsynced.keys()) sync.set(page, null);
    this.syncs.add(sync);
    const sizeBytes = this.sizeBytes;
    return () => {
      this.syncs.delete(sync);
      for (const [page, before] of sync) {
        if (before === null) this.unsynced.delete(page);
        else if (this.unsynced.has(page)) this.unsynced.set(page, before);
      }
      this.syncedSizeBytes = Math.max(this.syncedSizeBytes, sizeBytes);
      this.durable = true;
    };
  }

  /** Whoever waited for the syncs under way is dead; what they had written back is decided at the next loss of power. */
  abandonSyncs(): void {
    this.syncs.clear();
  }

  /** The whole content at once is on the platter. */
  makeDurable(): void {
    this.beginSync()();
  }

  losePower(random: Random, keepShare: number): void {
    for (const [page, synced] of this.unsynced) {
      this.touched.add(page);
      if (!random.chance(keepShare))
        this.content.set(synced.subarray(0, this.content.length - page * PAGE_BYTES), page * PAGE_BYTES);
    }
    this.unsynced.clear();
    this.syncs.clear();
    if (this.syncedSizeBytes < this.sizeBytes && !random.chance(keepShare)) {
      this.content.fill(0, this.syncedSizeBytes);
      this.sizeBytes = this.syncedSizeBytes;
    }
    this.syncedSizeBytes = this.sizeBytes;
    this.durable = true;
  }
}

/** What the disk does wrong until cleared. */
export type DiskTrouble = 'disk-full' | 'write-error' | 'io-error';

/** The disk of one machine. It outlives the processes that use it. */
export class DiskImage {
  trouble: DiskTrouble | null = null;
  private readonly files = new Map<string, FileImage>();
  private boots = 1;

  /** `losesPower` false: nobody will ask what was synced, so it is not kept (a third of the work of a write). */
  constructor(
    private readonly machine: string,
    readonly losesPower: boolean,
  ) {}

  get bootId(): string {
    return `${this.machine}-boot-${this.boots}`;
  }

  has(name: string): boolean {
    return this.files.has(name);
  }

  file(name: string): FileImage | null {
    return this.files.get(name) ?? null;
  }

  /** Cache content of a file without a copy, or null: for checkers, which never write. */
  peek(name: string): Uint8Array | null {
    return this.files.get(name)?.view() ?? null;
  }

  names(): string[] {
    return [...this.files.keys()].sort();
  }

  create(name: string, sizeBytes: number): FileImage {
    const file = new FileImage(sizeBytes, this.losesPower);
    this.files.set(name, file);
    return file;
  }

  remove(name: string): void {
    this.files.delete(name);
  }

  abandonSyncs(): void {
    for (const file of this.files.values()) file.abandonSyncs();
  }

  /** Any seeded subset of unsynced pages is lost; files whose names were never synced may be gone altogether. */
  losePower(random: Random): void {
    const keepShare = random.pick([0, 0.5, 0.9, 1]);
    for (const [name, file] of this.files) {
      if (!file.durable && !random.chance(keepShare)) this.files.delete(name);
      else file.losePower(random, keepShare);
    }
    this.boots += 1;
  }

  /** Flips one bit, as a failing medium does. False where the file is absent or too short. */
  flipBit(name: string, byte: number, bit: number): boolean {
    const content = this.files.get(name)?.view();
    if (!content || byte >= content.length) return false;
    content[byte] = (content[byte] ?? 0) ^ (1 << bit);
    return true;
  }
}

/** How long a sync takes, ms: from a cached controller to a busy platter. */
const SYNC_MS = { from: 0.1, to: 1.5 };

/** The port one incarnation sees. */
export class VirtualDisk implements Disk {
  constructor(
    private readonly life: Life,
    private readonly image: DiskImage,
    private readonly scheduler: Scheduler,
    private readonly random: Random,
  ) {}

  get bootId(): string {
    this.life.check();
    return this.image.bootId;
  }

  exists(name: string): boolean {
    this.life.check();
    return this.image.has(name);
  }

  list(folder: string): string[] {
    this.life.check();
    const prefix = folder === '' || folder === '.' ? '' : `${folder}/`;
    const names = new Set<string>();
    for (const name of this.image.names()) {
      if (!name.startsWith(prefix)) continue;
      const rest = name.slice(prefix.length);
      const slash = rest.indexOf('/');
      names.add(slash < 0 ? rest : rest.slice(0, slash));
    }
    return [...names].sort();
  }

  open(name: string, createBytes?: number): DiskFile {
    this.life.check();
    const found = this.image.file(name);
    if (found) return this.handle(name, found);
    if (createBytes === undefined) throw diskError('ENOENT', name);
    const moment = this.life.enter();
    if (moment?.when === 'torn') this.life.strike();
    this.refuseInTrouble(name);
    const file = this.image.create(name, createBytes);
    if (moment) this.life.strike();
    return this.handle(name, file);
  }

  readWhole(name: string): Uint8Array | null {
    this.life.check();
    const file = this.image.file(name);
    if (file && this.image.trouble === 'io-error') throw diskError('EIO', name);
    return file ? file.whole() : null;
  }

  replace(name: string, content: Uint8Array): void {
    const moment = this.life.enter();
    // Atomic by contract, so a torn replace is one that did not happen.
    if (moment?.when === 'torn') this.life.strike();
    this.refuseInTrouble(name);
    const file = this.image.create(name, 0);
    file.write(0, content);
    file.makeDurable();
    if (moment) this.life.strike();
  }

  remove(name: string): void {
    const moment = this.life.enter();
    if (moment?.when === 'torn') this.life.strike();
    this.image.remove(name);
    if (moment) this.life.strike();
  }

  private refuseInTrouble(name: string): void {
    if (this.image.trouble === 'disk-full') throw diskError('ENOSPC', name);
    if (this.image.trouble) throw diskError('EIO', name);
  }

  private handle(name: string, file: FileImage): DiskFile {
    const { life, image, scheduler, random } = this;
    let open = true;
    const check = (): void => {
      life.check();
      if (!open) throw diskError('EBADF', name);
    };
    return {
      get sizeBytes() {
        check();
        return file.sizeBytes;
      },
      read(position, into) {
        check();
        if (image.trouble === 'io-error') throw diskError('EIO', name);
        if (position < 0 || position + into.length > file.sizeBytes)
          throw diskError('EBADF', name, 'read past the end');
        file.read(position, into);
      },
      write(position, bytes) {
        check();
        if (position < 0 || position > file.sizeBytes) throw diskError('EBADF', name, 'write beyond the end');
        const moment = life.enter();
        if (moment?.when === 'torn') {
          file.write(position, bytes.subarray(0, bytesOfPages(position, moment.pages)));
          life.strike();
        }
        if (image.trouble) {
          // A failing disk may have taken a part.
          file.write(position, bytes.subarray(0, bytesOfPages(position, random.below(3))));
          throw diskError(image.trouble === 'disk-full' ? 'ENOSPC' : 'EIO', name);
        }
        file.write(position, bytes);
        if (moment) life.strike();
      },
      sync() {
        check();
        const moment = life.enter();
        if (moment?.when === 'torn') life.strike();
        const finish = file.beginSync();
        const trouble = image.trouble;
        if (moment) life.strike();
        return new Promise((resolve, reject) => {
          const delayMs = SYNC_MS.from + random.fraction() * (SYNC_MS.to - SYNC_MS.from);
          scheduler.at(scheduler.nowMs + delayMs, life, () => {
            if (trouble === 'write-error' || trouble === 'io-error') {
              reject(diskError('EIO', name));
            } else {
              finish();
              resolve();
            }
          });
        });
      },
      close() {
        life.check();
        open = false;
      },
    };
  }
}

/** Bytes from `position` to the end of its `pages`-th page boundary. */
function bytesOfPages(position: number, pages: number): number {
  if (pages <= 0) return 0;
  return (Math.floor(position / PAGE_BYTES) + pages) * PAGE_BYTES - position;
}

const WORDS: Record<DiskErrorCode, string> = {
  ENOSPC: 'no space left',
  EIO: 'the device reports an error',
  ENOENT: 'no such file',
  EBADF: 'the file is closed',
};

function diskError(code: DiskErrorCode, file: string, message = WORDS[code]): DiskError {
  return new DiskError(code, file, message);
}
