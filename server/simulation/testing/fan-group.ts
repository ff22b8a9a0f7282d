/** Storage systems of a fan, without hosts and routines: what a test of them needs again and again. */
import { judgeResume, type Resume } from '../../domain/resume.ts';
import type { TestSettings } from '../../replication/testing/test-world.ts';
import { SimulatedStorage } from './storage-world.ts';

/** One block of a host's write. */
export const block = (fill: number): Uint8Array => new Uint8Array(4096).fill(fill);

export class FanGroup extends SimulatedStorage {
  constructor(seed: string, settings: TestSettings = {}) {
    super(seed, { arrangement: 'fan', ...settings });
  }

  /** Starts everything, and brings the pairs of normal operation to duplex. */
  async formed(): Promise<void> {
    this.startAll();
    await this.world.scheduler.until(() => ['1', '2', '3'].every((name) => this.running(name)), 1000);
    await this.world.scheduler.sleep(50);
    for (const { source, destination, kind } of this.arrangement.normal.pairs) {
      await this.create(source, destination, kind);
      await this.reaches(source, destination, 'duplex');
    }
  }

  /** 2 takes over; 3 leaves 1, which may not hear of it. */
  async takenOver(): Promise<void> {
    await this.fence('takeover-1', ['2', '3']);
    await this.promote('2');
    await this.instruct('3', { verb: 'delete', pair: '1-3', token: this.token() });
  }

  /** 1 and 2 are cut off from each other; 1 goes on alone, 3 follows it, and 1 is lost. 2 takes over and is written to. */
  async forked(writes: { alone: number; after: number }): Promise<void> {
    const { scheduler } = this.world;
    const { trackBytes } = this.definition;
    const put = async (system: string, volume: number, track: number, fill: number): Promise<void> => {
      const errno = await this.write(system, volume, track * trackBytes, block(fill));
      if (errno !== 0) throw new Error(`${system} refused a write: ${errno}`);
    };
    await this.formed();
    for (let turn = 0; turn < 4; turn += 1) await put('1', 0, turn, 1 + turn);
    await scheduler.sleep(300);
    this.cut('1', '2');
    for (let turn = 0; turn < writes.alone; turn += 1) await put('1', 0, 8 + (turn % 8), 100 + turn);
    await scheduler.until(() => this.facts('3').lastNumber === this.facts('1').lastNumber, 2000);
    await scheduler.sleep(300);
    this.kill('1');
    await this.takenOver();
    for (let turn = 0; turn < writes.after; turn += 1) await put('2', 1, turn, 50 + turn);
  }

  /** What 3 would need to follow 2. */
  resume(): Resume {
    return judgeResume(this.facts('2'), this.facts('3'));
  }

  /** Do the volumes of all these hold the same, byte for byte? */
  equal(first: string, ...others: string[]): boolean {
    return others.every((name) => this.contents(name).equals(this.contents(first)));
  }
}
