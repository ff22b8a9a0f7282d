/** May hosts write here, and up to which number are their writes complete (1b rules 3, 4, 6)? Reads off the records, changes nothing. */
import { answeredThrough, mustRecordAlone } from './answered.ts';
import type { StorageCore } from './core.ts';
import type { PairRecord } from './system-record.ts';

export const EPERM = 1;
export const EIO = 5;
export const EINVAL = 22;
export const ENOSPC = 28;

export interface Acceptance {
  accepted: boolean;
  reason: string;
  /** What a refused write gets. */
  errno: number;
}

export class HostGate {
  /** The register (or both peers) has said that this generation is still the newest (rule 4). */
  confirmed = false;

  constructor(private readonly core: StorageCore) {}

  /** Does this system take host writes, and if not, why. A write that is accepted may yet be held. */
  acceptance(): Acceptance {
    const { record, config } = this.core;
    const { number, holder } = record.generation;
    if (!record.holdsHostRole && !this.core.mutant('keep-generation')) {
      const who = holder === null ? 'no system' : holder === config.system ? 'this system once promoted' : holder;
      return refused(EPERM, `generation ${number}: ${who} takes host writes`);
    }
    if (record.doubt)
      return refused(EIO, 'updates may be missing here: waits for the other end of its pair to supply them');
    const split = this.splitSyncPair();
    if (split?.definition.fence === 'data') return refused(EIO, `fence level data: the pair is in ${split.state}`);
    if (!this.isConfirmed()) return accepted('held until its generation is confirmed');
    if (split && mustRecordAlone(this.core, split)) return accepted('held until the split is on record');
    return accepted(`generation ${number}`);
  }

  /** Writes are taken but not carried out for the time being. */
  isHeld(): boolean {
    if (!this.isConfirmed()) return true;
    const split = this.splitSyncPair();
    return split !== null && mustRecordAlone(this.core, split);
  }

  /** Number up to which writes are complete now; asked at completion too, not only on admission (rule 4). */
  number(): number {
    const { core } = this;
    if (!this.isConfirmed()) return -1;
    if (!core.record.holdsHostRole && !core.mutant('keep-generation')) return -1;
    return answeredThrough(core);
  }

  private isConfirmed(): boolean {
    return this.confirmed || this.core.mutant('restart-serves-unconfirmed');
  }

  /** Sync pair of which this is the source and which is not in duplex; null where there is none. */
  private splitSyncPair(): PairRecord | null {
    for (const [, pair] of this.core.pairs.all()) {
      if (pair.definition.kind === 'sync' && this.core.pairs.isSource(pair) && pair.state !== 'duplex') return pair;
    }
    return null;
  }
}

function refused(errno: number, reason: string): Acceptance {
  return { accepted: false, errno, reason };
}

function accepted(reason: string): Acceptance {
  return { accepted: true, errno: 0, reason };
}
