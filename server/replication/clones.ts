/**
 * The one clone that a storage system can have. It changes nothing that anybody is told of this system: no pair, bitmap, journal
 * or watermark knows of it, and it is gone with the process (ADR 0012).
 */
import { compareTokens, type DriverToken } from '../domain/generation.ts';
import { DiskError, type Timer } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import type { CloneFacts } from '../domain/storage-controller.ts';
import { Clone, removeClone } from './clone.ts';
import type { StorageCore } from './core.ts';
import type { Of } from './instruction-checks.ts';

export class Clones {
  current: Clone | null = null;
  /** Newest driver heard here. These instructions are admitted apart from all others, so that no takeover is held up by a test. */
  private heard: DriverToken | null = null;
  private usedAtMs = 0;
  private lease: Timer | null = null;
  private toldBroken = false;

  /** Drops what an earlier process has left. */
  constructor(private readonly core: StorageCore) {
    quietly(() => removeClone(core.ports.disk));
  }

  /** Throws `RefusedError`. */
  create({ name, token }: Of<'clone-create'>): CloneFacts {
    const { core } = this;
    this.admit(token);
    const { record, config, ports } = core;
    const { current } = this;
    if (current?.head.run === token.runId && current.head.name === name) {
      this.used();
      return current.facts();
    }
    if (!record.imageConsistent)
      throw refuse(
        'not-consistent',
        `${config.system}'s image is part old, part new.`,
        'Wait until the copy to it has ended, then test again.',
      );
    this.drop('another test begins');
    const head = {
      name,
      run: token.runId,
      number: core.lastNumber,
      lineage: [...record.lineage],
      at: ports.clock.now(),
      roomTracks: core.snapshots.limitTracks,
    };
    try {
      this.current = new Clone(ports.disk, core.volumes, head);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      throw refuse(
        'disk-fault',
        `${config.system} cannot make a clone: ${error.message}.`,
        'Repair its disk, or make room.',
      );
    }
    this.begin(this.current);
    core.observer.event('clone-made', `clone ${name} stands at update ${head.number}`, { name, number: head.number });
    return this.current.facts();
  }

  /** Answers the clone of another run where that is what there is. */
  discard({ name, token }: Of<'clone-discard'>): CloneFacts | null {
    this.heard = newer(this.heard, token);
    const { current } = this;
    if (current?.head.run === token.runId && current.head.name === name) this.drop('the test has ended');
    return this.current?.facts() ?? null;
  }

  /** There is none from now on. */
  drop(reason: string): void {
    const { core, current } = this;
    if (!current) return;
    this.end();
    quietly(() => current.drop());
    const { name, number } = current.head;
    core.observer.event('clone-discarded', `clone ${name} of update ${number} is gone: ${reason}`, { name, number });
    core.observer.changed();
  }

  /** Somebody reads it, writes to it or asks for it. */
  used(): void {
    this.usedAtMs = this.core.ports.clock.monotonic();
  }

  close(): void {
    const { current } = this;
    this.end();
    current?.close();
  }

  private begin(clone: Clone): void {
    const { core } = this;
    this.toldBroken = false;
    const keep = (volume: number, offsetBytes: number, lengthBytes: number): void => {
      clone.keep(volume, offsetBytes, lengthBytes);
      this.lookWhetherBroken(clone);
    };
    core.volumes.beforeChange = core.mutant('clone-keeps-too-late')
      ? (...range) => core.life.soon(() => keep(...range))
      : keep;
    this.used();
    this.watch();
    core.observer.changed();
  }

  private end(): void {
    this.current = null;
    this.core.volumes.beforeChange = null;
    this.lease?.cancel();
    this.lease = null;
  }

  /** Said once. What it holds on its disk is of use to nobody. */
  private lookWhetherBroken(clone: Clone): void {
    if (clone.damaged === null || this.toldBroken) return;
    this.toldBroken = true;
    this.core.volumes.beforeChange = null;
    quietly(() => clone.drop());
    const { name, number } = clone.head;
    const text = `clone ${name} of update ${number} is broken: ${clone.damaged}; the live volumes are not touched by that`;
    this.core.observer.event('clone-broken', text, { name, number });
    this.core.observer.changed();
  }

  /** Reads or writes of the clone, in which it may turn out to be broken. */
  with<T>(clone: Clone, run: () => T): T {
    this.used();
    const result = run();
    this.lookWhetherBroken(clone);
    return result;
  }

  /** Whoever made it may be gone for ever. */
  private watch(): void {
    const { config, life, ports } = this.core;
    this.lease = life.after(config.timing.cloneLeaseMs / 2, () => {
      const idleMs = ports.clock.monotonic() - this.usedAtMs;
      if (idleMs < config.timing.cloneLeaseMs) this.watch();
      else this.drop(`nobody has used it for ${Math.round(idleMs / 1000)} s`);
    });
  }

  private admit(token: DriverToken): void {
    const { generation } = this.core.record;
    const { system } = this.core.config;
    if (token.generation < generation.number)
      throw refuse(
        'stale-generation',
        `${system} is at generation ${generation.number}; the test came under ${token.generation}.`,
        'A takeover has begun meanwhile; test again when it has ended.',
      );
    if (this.heard && compareTokens(token, this.heard) < 0)
      throw refuse(
        'stale-driver',
        `${system} has already heard driver ${this.heard.claimEpoch} (run ${this.heard.runId}) of a test.`,
        'A delayed instruction needs nothing.',
      );
    this.heard = token;
  }
}

/** A disk that does not let a file go keeps what nobody reads; the next clone, or the next start, removes it. */
function quietly(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
  }
}

function newer(known: DriverToken | null, token: DriverToken): DriverToken {
  return known && compareTokens(known, token) > 0 ? known : token;
}
