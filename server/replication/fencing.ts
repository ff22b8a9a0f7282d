/** Generations at one storage system: raising, demotion, promotion (1b rules 1, 2, 4). */
import type { Generation } from '../domain/generation.ts';
import { pairName } from '../domain/names.ts';
import { isFlowing } from '../domain/pair-states.ts';
import { type RefusedError, refuse } from '../domain/refusal.ts';
import type { FenceEvidence } from '../domain/storage-controller.ts';
import type { StorageCore } from './core.ts';
import type { Suspension } from './suspension.ts';
import type { PairRecord } from './system-record.ts';

export interface FencingEvents {
  /** The host role was taken away: nothing may complete any more. */
  demoted(): void;
  /** The host role was given. */
  promoted(): void;
  /** A newer generation is on record: whoever can be reached should hear of it. */
  raised(): void;
}

export class Fencing {
  constructor(
    private readonly core: StorageCore,
    private readonly suspension: Suspension,
    private readonly events: FencingEvents,
  ) {}

  /**
   * Fence step: what is answered was taken in the same atomic step that persisted the generation (rule 2). A repetition
   * by the same run gets the same answer. Throws `RefusedError`, `DiskError`.
   */
  raise(generation: Generation): FenceEvidence {
    const { record } = this.core;
    const kept = record.fenceEvidence;
    if (generation.number === record.generation.number && kept && kept.generation.runId === generation.runId)
      return kept;
    if (generation.number <= record.generation.number) throw this.stale(generation.number);
    return this.adopt(generation);
  }

  /** Another system, the register or a host knows a newer generation: a demotion, never a line fault (rule 4). */
  learn(generation: Generation): void {
    const { record } = this.core;
    if (this.core.mutant('keep-generation')) return;
    if (generation.number > record.generation.number) {
      if (this.core.mutant('demotion-as-line-fault') && record.holdsHostRole) this.takeForLineFault();
      else this.adopt(generation);
    } else if (
      generation.number === record.generation.number &&
      generation.runId === record.generation.runId &&
      record.generation.holder === null &&
      generation.holder !== null
    ) {
      record.generation = generation;
      this.core.save();
    }
  }

  /** After a restart: a pair that the newest generation fences may have been left flowing by a kill in between. */
  fenceAgain(): void {
    const { generation } = this.core.record;
    for (const [key, pair] of this.core.pairs.all()) if (this.isFenced(pair, generation)) this.fencePair(key);
  }

  private adopt(generation: Generation): FenceEvidence {
    const { core } = this;
    const { record } = core;
    const evidence = this.evidence(generation);
    if (core.mutant('keep-generation') || (core.mutant('table-before-fence') && record.holdsHostRole)) return evidence;
    const isDemoted = record.holdsHostRole && generation.holder !== core.config.system;
    const before = record.generation;
    record.generation = generation;
    record.fenceEvidence = evidence;
    if (isDemoted) record.holdsHostRole = false;
    core.save();
    core.clones.drop(`generation ${generation.number} was raised: a takeover ends every test`);
    core.observer.event(
      'generation-raised',
      `generation ${before.number} → ${generation.number}, holder ${generation.holder ?? 'none yet'}`,
      { ...generation },
    );
    if (isDemoted) this.events.demoted();
    this.fenceAgain();
    this.events.raised();
    return evidence;
  }

  /**
   * A sync pair whose source gave numbers under the older generation: what it sends from now on is not answered. One formed
   * under this generation belongs to whoever will hold it.
   */
  private isFenced(pair: PairRecord, generation: Generation): boolean {
    const { normal, reverse } = this.core.config.arrangement;
    const { source, kind } = pair.definition;
    return (
      kind === 'sync' &&
      isFlowing(pair.state) &&
      (pair.formedUnder ?? 0) < generation.number &&
      source !== generation.holder &&
      (source === normal.holder || source === reverse.holder)
    );
  }

  private fencePair(key: string): void {
    this.suspension.suspend(key, 'fault', `fenced by generation ${this.core.record.generation.number}`, null, true);
  }

  private evidence(generation: Generation): FenceEvidence {
    const { core } = this;
    const { record, pairs } = core;
    return {
      system: core.config.system,
      generation,
      answeredNumber: core.marks.answered,
      completedNumber: core.marks.completed,
      lastNumber: core.lastNumber,
      lineage: [...record.lineage],
      evidenceLost: record.evidenceLost,
      consistent: record.imageConsistent,
      consistentNumber: this.consistentNumber(),
      pairs: pairs.all().map(([key, pair]) => ({
        name: pairName(pair.definition.source, pair.definition.destination),
        kind: pair.definition.kind,
        end: pairs.isSource(pair) ? ('source' as const) : ('destination' as const),
        state: pair.state,
        fence: pair.definition.fence,
        appliedNumber: pairs.isSource(pair) ? pairs.peerAccepted(key) : core.lastNumber,
        aloneSeen: pair.aloneSeen,
      })),
    };
  }

  /** Number of the image that can be served now or after a rollback; 0 where there is none. */
  consistentNumber(): number {
    return this.core.record.imageConsistent ? this.core.lastNumber : (this.core.gold?.base.number ?? 0);
  }

  /** Makes this system the one that takes host writes. Repeating it is harmless. Throws `RefusedError`, `DiskError`. */
  promote(generation: Generation, acceptMixed: boolean): void {
    const { core } = this;
    const { record } = core;
    if (generation.number < record.generation.number) throw this.stale(generation.number);
    if (record.holdsHostRole && record.generation.number === generation.number) return;
    const isMixed = acceptMixed && record.mixed === true;
    this.mayPromote(generation, isMixed);
    if (isMixed) this.acceptMixed();
    record.generation = generation;
    record.holdsHostRole = true;
    delete record.unansweredAbove;
    // The verdict was said before this, on whatever evidence there was: what is counted from here on is whole.
    record.evidenceLost = false;
    if (record.lineage.at(-1)?.generation !== generation.number)
      record.lineage.push({ generation: generation.number, first: core.lastNumber + 1 });
    core.save();
    if (isMixed) this.numberMixed(generation.number);
    core.observer.event(
      'promoted',
      `takes host writes under generation ${generation.number} from update ${core.lastNumber + 1}`,
      { generation: generation.number },
    );
    this.events.promoted();
  }

  /** What was left apart differs from everybody's image: their pairs carry it. Saved with the promotion. */
  private acceptMixed(): void {
    const { own, pairs, record } = this.core;
    if (!this.core.mutant('own-tracks-forgotten')) own.joinDifferences();
    for (const [, pair] of pairs.all()) pair.leavesOwn = false;
    record.mixed = false;
    record.imageConsistent = true;
  }

  /** No image that anybody holds is this one, so it begins at a number of its own, at which nothing was written (1b rule 13). */
  private numberMixed(generation: number): void {
    const { core } = this;
    core.own.forget();
    core.dropGold();
    const data = new Uint8Array(0);
    const number = core.lastNumber + 1;
    const at = core.ports.clock.now();
    core.take({ number, generation, kind: 'void', volume: 0, offsetBytes: 0, lengthBytes: 0, at, data }, null);
  }

  private mayPromote(generation: Generation, isMixed: boolean): void {
    const { system } = this.core.config;
    if (generation.holder !== system)
      throw refuse(
        'bad-request',
        `Generation ${generation.number} names ${generation.holder ?? 'no holder'}, not ${system}.`,
        'Name this system as the holder at the register first.',
      );
    if (!this.core.record.imageConsistent && !isMixed)
      throw refuse(
        'not-consistent',
        `${system}'s image is part old, part new.`,
        'Finish the copy, or roll back to the last consistent image.',
      );
    for (const [, pair] of this.core.pairs.all()) {
      if (this.core.pairs.isSource(pair) || !isFlowing(pair.state)) continue;
      const name = pairName(pair.definition.source, pair.definition.destination);
      throw refuse('wrong-state', `Pair ${name} is in ${pair.state} and writes to ${system}.`, `Split ${name} first.`);
    }
  }

  private stale(number: number): RefusedError {
    const { generation } = this.core.record;
    return refuse(
      'stale-generation',
      `${this.core.config.system} is at generation ${generation.number} (run ${generation.runId}); ${number} is older.`,
      'A newer takeover has replaced this run; start a new one.',
    );
  }

  /** Seeded defect `demotion-as-line-fault`: it goes alone, as if nobody had told it anything. */
  private takeForLineFault(): void {
    for (const [key, pair] of this.core.pairs.all()) {
      if (pair.definition.kind !== 'sync' || !this.core.pairs.isSource(pair) || pair.aloneRecorded) continue;
      this.suspension.suspend(key, 'fault', 'the line is down', null, false);
      pair.aloneRecorded = true;
    }
    this.events.promoted();
  }
}
