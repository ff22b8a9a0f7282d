/**
 * What the register is told of the guarded sync pair (1b rule 3): `alone` before writes complete without the other end,
 * `joined` once it is in duplex again.
 */
import type { Generation } from '../domain/generation.ts';
import { isCopying } from '../domain/pair-states.ts';
import { RefusedError } from '../domain/refusal.ts';
import { needsAloneRecord } from './answered.ts';
import type { StorageConnections } from './config.ts';
import { registerReply } from './confirmation.ts';
import type { StorageCore } from './core.ts';
import type { PairEnds } from './pair-ends.ts';
import type { PairRecord } from './system-record.ts';

export interface SplitRecordEvents {
  learn(generation: Generation): void;
  /** Writes may complete without the other end. */
  recorded(): void;
}

export class SplitRecord {
  private readonly recording = new Set<string>();
  private joining = false;

  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly connections: StorageConnections,
    private readonly events: SplitRecordEvents,
  ) {}

  /** Puts `alone` on record, at the register or at the other end, wherever a pair needs it; repeats until it is. */
  recordAlone(): void {
    for (const [key, pair] of this.core.pairs.all()) if (this.needsRecord(key, pair)) this.record(key, pair);
  }

  private needsRecord(key: string, pair: PairRecord): boolean {
    const { record, pairs } = this.core;
    if (pair.definition.kind !== 'sync' || !pairs.isSource(pair) || !needsAloneRecord(pair)) return false;
    return record.holdsHostRole && !this.recording.has(key);
  }

  private record(key: string, pair: PairRecord): void {
    const { core } = this;
    this.recording.add(key);
    const { version } = pair;
    const generation = core.record.generation.number;
    core.life.when(this.tryAlone(key), (recorded) => {
      this.recording.delete(key);
      if (core.pairs.get(key) !== pair || !core.record.holdsHostRole) return;
      const isCurrent = pair.version === version && core.record.generation.number === generation;
      if (!recorded || !isCurrent) {
        core.life.after(core.config.timing.retryMs, () => this.recordAlone());
        return;
      }
      pair.aloneRecorded = true;
      core.save();
      core.observer.event(
        'alone-recorded',
        `goes on without ${core.pairs.peerOf(pair.definition)} under fence level status`,
        { number: core.lastNumber },
      );
      this.events.recorded();
    });
  }

  private async tryAlone(key: string): Promise<boolean> {
    const { config, lastNumber, record } = this.core;
    const generation = record.generation.number;
    const tries: Promise<unknown>[] = [this.tellRegister('alone')];
    // The other end would give up the copy that is under way.
    if (!isCopying(this.core.pairs.get(key)?.state ?? 'absent'))
      tries.push(
        this.ends.at(key).link.call('pair.alone', { key, generation, number: lastNumber }, config.timing.callMs),
      );
    try {
      await Promise.any(tries);
      return true;
    } catch (error) {
      if (wasAnswered(error)) await this.readRegister();
      return false;
    }
  }

  private async tellRegister(state: 'alone' | 'joined'): Promise<void> {
    const { record, config, lastNumber } = this.core;
    const params = {
      verb: 'register-split',
      generation: record.generation.number,
      epoch: record.registerEpoch,
      state,
      number: lastNumber,
    };
    this.heard(await this.connections.witness.call('witness', params, config.timing.callMs));
  }

  /** The register may refuse because its epoch or generation has moved on: the next try follows it. Null: no answer. */
  private async readRegister(): Promise<ReturnType<typeof registerReply.parse>['record'] | null> {
    const { callMs } = this.core.config.timing;
    try {
      return this.heard(await this.connections.witness.call('witness', { verb: 'register-read' }, callMs));
    } catch {
      return null;
    }
  }

  private heard(value: unknown): ReturnType<typeof registerReply.parse>['record'] {
    const { record } = registerReply.parse(value);
    this.core.life.enter(() => {
      this.events.learn(record.generation);
      this.core.record.registerEpoch = Math.max(this.core.record.registerEpoch, record.epoch);
    });
    return record;
  }

  /** The guarded pair is in duplex again: tells the register, with the next epoch, until it has heard. */
  recordJoined(): void {
    const { core } = this;
    const { record, pairs } = core;
    if (this.joining || !record.joinPending || !record.holdsHostRole) return;
    const isJoined = pairs
      .all()
      .some(([, pair]) => pair.definition.kind === 'sync' && pairs.isSource(pair) && pair.state === 'duplex');
    if (!isJoined) return;
    this.joining = true;
    // Persisted before it is sent: an `alone` that follows outdates it even if it is delayed.
    record.registerEpoch += 1;
    core.save();
    core.life.when(
      this.tellRegister('joined'),
      () => {
        this.joining = false;
        this.endJoin();
      },
      (error) => this.joinLater(error),
    );
  }

  /** What is on record holds only as long as the pair is still in duplex. */
  private endJoin(): void {
    const { record, pairs } = this.core;
    const isSplit = pairs
      .all()
      .some(([, pair]) => pair.definition.kind === 'sync' && pairs.isSource(pair) && pair.state !== 'duplex');
    if (isSplit) return;
    record.joinPending = false;
    this.core.save();
  }

  /**
   * The register did not take the record, or its answer was lost. The epoch never goes back here: where the register has
   * not heard of ours, an `alone` with it (true until the join is on record) makes way, so that no delayed `joined` counts.
   */
  private joinLater(error: unknown): void {
    const { core } = this;
    core.ports.log.write('info', 'the register has not taken the join yet', { error: String(error) });
    core.life.when(this.followRegister(), () => {
      core.life.after(core.config.timing.retryMs, () => {
        this.joining = false;
        this.recordJoined();
      });
    });
  }

  private async followRegister(): Promise<void> {
    const { record } = this.core;
    const known = await this.readRegister();
    if (!known) return;
    const isOurs = known.generation.number === record.generation.number;
    if (isOurs && known.state === 'joined' && known.epoch === record.registerEpoch)
      this.core.life.enter(() => this.endJoin());
    else if (known.epoch < record.registerEpoch) await this.tellRegister('alone').catch(() => undefined);
  }
}

/** Did anybody answer at all, if only to refuse? */
function wasAnswered(error: unknown): boolean {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.some(
    (each) => each instanceof RefusedError && each.refusal.code !== 'unreachable' && each.refusal.code !== 'timeout',
  );
}
