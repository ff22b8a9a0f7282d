/** A host for tests: several writes under way at all times, each recognisable, and a record of which were completed. */
import type { SystemName } from '../../domain/names.ts';
import type { StorageGroup } from './storage-group.ts';
import type { TestWorld } from './test-world.ts';

export interface HostWrite {
  id: number;
  volume: number;
  offsetBytes: number;
  data: Uint8Array;
  /** Null while it is not answered. */
  errno: number | null;
  /** Virtual instants, ms. */
  begunAt: number;
  endedAt: number | null;
}

const BLOCK = 512;

export class HostLoad<L, W extends TestWorld<L>> {
  readonly writes: HostWrite[] = [];
  private running = false;
  private underWay = 0;
  private state: number;

  constructor(
    private readonly group: StorageGroup<L, W>,
    seed: number,
  ) {
    this.state = seed >>> 0 || 1;
  }

  /** Small multiplicative generator: a test needs variety, not quality. */
  private below(limit: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 4_294_967_296) * limit);
  }

  /** Keeps `writers` writes under way at `system` until `stop`. */
  start(system: SystemName, writers: number, pauseMs = 2): void {
    this.running = true;
    for (let writer = 0; writer < writers; writer += 1) void this.loop(system, pauseMs);
  }

  /** Ends the load; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.running = false;
    await this.group.world.scheduler.until(() => this.underWay === 0, 20_000);
  }

  get completed(): HostWrite[] {
    return this.writes.filter((write) => write.errno === 0);
  }

  /** Completed writes that `system` does not hold, though nothing that was written later covers them. */
  missingAt(system: SystemName): number[] {
    const { volumeBytes } = this.group.definition;
    const content = this.group.contents(system);
    return this.completed.filter((write) => this.isMissing(content, write, volumeBytes)).map(({ id }) => id);
  }

  /** A block may hold this write, or any that may have come after it. */
  private isMissing(content: Uint8Array, write: HostWrite, volumeBytes: number): boolean {
    for (let at = 0; at < write.data.length; at += BLOCK) {
      const offset = write.offsetBytes + at;
      const found = Buffer.from(content.buffer, content.byteOffset + write.volume * volumeBytes + offset, 4);
      const shown = this.writes[Math.floor(found.readUInt32LE(0) / 4096) - 1];
      const mayFollow =
        shown !== undefined && (shown === write || shown.endedAt === null || shown.endedAt >= write.begunAt);
      if (!mayFollow || !covers(shown, write.volume, offset)) return true;
    }
    return false;
  }

  private async loop(system: SystemName, pauseMs: number): Promise<void> {
    this.underWay += 1;
    while (this.running && this.group.running(system)) {
      await this.one(system);
      await this.group.world.scheduler.sleep(this.below(2 * pauseMs * 100) / 100);
    }
    this.underWay -= 1;
  }

  /** One write of a few blocks at a random place. */
  async one(system: SystemName): Promise<HostWrite> {
    const { volumeCount, volumeBytes } = this.group.definition;
    const blocks = 1 + this.below(8);
    const hot = this.below(3) === 0;
    const place = this.below(hot ? 16 : volumeBytes / BLOCK - blocks);
    return this.at(system, this.below(volumeCount), place * BLOCK, blocks * BLOCK);
  }

  async at(system: SystemName, volume: number, offsetBytes: number, lengthBytes: number): Promise<HostWrite> {
    const id = this.writes.length + 1;
    const data = new Uint8Array(lengthBytes);
    for (let i = 0; i + 4 <= lengthBytes; i += 4) Buffer.from(data.buffer).writeUInt32LE(id * 4096 + (i % BLOCK), i);
    const { scheduler } = this.group.world;
    const write: HostWrite = { id, volume, offsetBytes, data, errno: null, begunAt: scheduler.nowMs, endedAt: null };
    this.writes.push(write);
    write.errno = await this.group.write(system, volume, offsetBytes, data.slice());
    write.endedAt = scheduler.nowMs;
    return write;
  }
}

function covers(write: HostWrite, volume: number, offset: number): boolean {
  return write.volume === volume && write.offsetBytes <= offset && offset < write.offsetBytes + write.data.length;
}
