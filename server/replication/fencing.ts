/**
 * Generations at one storage system: raising, demotion, promotion, confirmation after a restart, and what the register is
 * told of the guarded sync pair (1b rules 1–4).
 */
import { z } from 'zod';
import type { DriverToken, Generation } from '../domain/generation.ts';
import { pairName } from '../domain/names.ts';
import { isFlowing, isSuspended } from '../domain/pair-states.ts';
import { RefusedError, refuse } from '../domain/refusal.ts';
import type { FenceEvidence, StorageReply } from '../domain/storage-controller.ts';
import type { StorageConnections } from './config.ts';
import type { StorageCore } from './core.ts';
import type { HostWrites } from './host-writes.ts';
import type { PairEnds } from './pair-ends.ts';
import { generationSchema } from './pair-messages.ts';
import type { PairRecord } from './system-record.ts';

const registerReply = z.object({
  record: z.object({
    generation: generationSchema,
    epoch: z.number(),
    state: z.enum(['joined', 'alone']),
    number: z.number(),
  }),
  yes: z.boolean().optional(),
});

export class Fencing {
  private confirming = false;
  private readonly recording = new Set<string>();
  private joining = false;
  private stopped = false;

  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly writes: HostWrites,
    private readonly connections: StorageConnections,
    /** Asks another system of the group, hop by hop. */
    private readonly ask: (target: string) => Promise<StorageReply>,
  ) {}

  stop(): void {
    this.stopped = true;
  }

  /** Fence step: what is answered was taken in the same atomic step that persisted the generation (rule 2). */
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
    if (this.core.mutant('demotion-as-line-fault') || this.core.mutant('keep-generation')) return;
    if (generation.number > record.generation.number) this.adopt(generation);
    else if (
      generation.number === record.generation.number &&
      record.generation.holder === null &&
      generation.holder !== null &&
      generation.runId === record.generation.runId
    ) {
      record.generation = generation;
      this.core.save();
    }
  }

  /** After a restart: a pair that the newest generation fences may have been left flowing by a kill in between. */
  fenceAgain(): void {
    const { generation } = this.core.record;
    for (const [key, pair] of this.core.pairs()) {
      if (this.isFenced(pair, generation))
        this.ends.suspend(key, 'fault', `fenced by generation ${generation.number}`, null, true);
    }
  }

  private adopt(generation: Generation): FenceEvidence {
    const { core } = this;
    const { record } = core;
    const evidence = this.evidence(generation);
    if (core.mutant('keep-generation')) return evidence;
    const demoted = record.holdsHostRole && generation.holder !== core.config.system;
    const before = record.generation;
    record.generation = generation;
    record.fenceEvidence = evidence;
    if (demoted) record.holdsHostRole = false;
    const fenced = core.pairs().filter(([, pair]) => this.isFenced(pair, generation));
    core.save();
    core.observer.event(
      'generation-raised',
      `generation ${before.number} → ${generation.number}, holder ${generation.holder ?? 'none yet'}`,
      { ...generation },
    );
    if (demoted) this.writes.demoted();
    for (const [key] of fenced)
      this.ends.suspend(key, 'fault', `fenced by generation ${generation.number}`, null, true);
    return evidence;
  }

  /** A sync pair whose source gave numbers under the older generation: what it sends from now on is not answered. */
  private isFenced(pair: PairRecord, generation: Generation): boolean {
    const { normal, reverse } = this.core.config.arrangement;
    const { source, kind } = pair.definition;
    return (
      kind === 'sync' &&
      isFlowing(pair.state) &&
      source !== generation.holder &&
      (source === normal.holder || source === reverse.holder)
    );
  }

  private evidence(generation: Generation): FenceEvidence {
    const { core } = this;
    return {
      system: core.config.system,
      generation,
      answeredNumber: core.answeredNumber,
      completedNumber: this.writes.completedNumber,
      lastNumber: core.lastNumber,
      lineage: [...core.record.lineage],
      evidenceLost: core.record.evidenceLost,
      consistent: core.record.imageConsistent,
      consistentNumber: this.consistentNumber(),
      pairs: core.pairs().map(([key, pair]) => ({
        name: pairName(pair.definition.source, pair.definition.destination),
        kind: pair.definition.kind,
        end: core.isSource(pair) ? ('source' as const) : ('destination' as const),
        state: pair.state,
        fence: pair.definition.fence,
        appliedNumber: core.isSource(pair) ? core.peerAccepted(key) : core.lastNumber,
        aloneSeen: pair.aloneSeen,
      })),
    };
  }

  /** Number of the image that can be served now or after a rollback. */
  consistentNumber(): number {
    return this.core.record.imageConsistent ? this.core.lastNumber : (this.core.gold?.base.number ?? 0);
  }

  /** Makes this system the one that takes host writes. Repeating it is harmless. */
  promote(generation: Generation): void {
    const { core } = this;
    const { record, config } = core;
    if (generation.number < record.generation.number) throw this.stale(generation.number);
    if (generation.holder !== config.system)
      throw refuse(
        'bad-request',
        `Generation ${generation.number} names ${generation.holder ?? 'no holder'}, not ${config.system}.`,
        'Name this system as the holder at the register first.',
      );
    if (record.holdsHostRole && record.generation.number === generation.number) return;
    if (!record.imageConsistent)
      throw refuse(
        'not-consistent',
        `${config.system}'s image is part old, part new.`,
        'Finish the copy, or roll back to the last consistent image.',
      );
    for (const [, pair] of core.pairs()) {
      if (!core.isSource(pair) && isFlowing(pair.state)) {
        const name = pairName(pair.definition.source, pair.definition.destination);
        throw refuse(
          'wrong-state',
          `Pair ${name} is in ${pair.state} and writes to ${config.system}.`,
          `Split ${name} first.`,
        );
      }
    }
    record.generation = generation;
    record.holdsHostRole = true;
    const newest = record.lineage.at(-1);
    if (newest?.generation !== generation.number)
      record.lineage.push({ generation: generation.number, first: core.lastNumber + 1 });
    core.save();
    this.writes.confirmed = true;
    core.observer.event(
      'promoted',
      `takes host writes under generation ${generation.number} from update ${core.lastNumber + 1}`,
      { generation: generation.number },
    );
    for (const [key, pair] of core.pairs()) this.recordAlone(key, pair);
    this.writes.release();
  }

  /** After a restart: completes nothing until the register, or else both peers, confirm the generation (rule 4). */
  confirm(): void {
    if (this.confirming || this.stopped || !this.core.record.holdsHostRole || this.writes.confirmed) return;
    this.confirming = true;
    this.askConfirmation().then((confirmed) => {
      this.confirming = false;
      if (confirmed && this.core.record.holdsHostRole) {
        this.writes.confirmed = true;
        this.core.observer.changed();
        this.writes.release();
      } else {
        this.core.ports.clock.after(this.core.config.timing.retryMs, () => this.confirm());
      }
    });
  }

  private async askConfirmation(): Promise<boolean> {
    const { system, timing } = this.core.config;
    const { number } = this.core.record.generation;
    try {
      const params = { verb: 'register-confirm', system, generation: number };
      const reply = registerReply.parse(await this.connections.witness.call('witness', params, timing.callMs));
      this.learn(reply.record.generation);
      return reply.yes === true;
    } catch {
      return this.peersConfirm(number);
    }
  }

  private async peersConfirm(number: number): Promise<boolean> {
    const others = this.core.config.arrangement.systems
      .map((each) => each.name)
      .filter((name) => name !== this.core.config.system);
    const replies = await Promise.allSettled(others.map((name) => this.ask(name)));
    let agreeing = 0;
    for (const reply of replies) {
      if (reply.status !== 'fulfilled' || reply.value.verb !== 'query') continue;
      this.learn(reply.value.facts.generation);
      if (reply.value.facts.generation.number <= number) agreeing += 1;
    }
    return agreeing === others.length;
  }

  /** Puts `alone` on record, at the register or at the other end, before writes complete without it (rule 3). */
  recordAlone(key: string, pair: PairRecord): void {
    const { core } = this;
    if (pair.definition.kind !== 'sync' || !core.isSource(pair) || pair.definition.fence !== 'status') return;
    if (!core.record.holdsHostRole || this.recording.has(key) || pair.aloneRecorded) return;
    if (!isSuspended(pair.state) && pair.state !== 'simplex') return;
    this.recording.add(key);
    const { version } = pair;
    this.tryAlone(key).then((recorded) => {
      this.recording.delete(key);
      if (this.stopped || core.pair(key) !== pair || !core.record.holdsHostRole) return;
      if (recorded && pair.version === version) {
        pair.aloneRecorded = true;
        core.save();
        core.observer.event(
          'alone-recorded',
          `goes on without ${core.peerOf(pair.definition)} under fence level status`,
          { number: core.lastNumber },
        );
        this.writes.release();
      } else {
        core.ports.clock.after(core.config.timing.retryMs, () => this.recordAlone(key, pair));
      }
    });
  }

  private async tryAlone(key: string): Promise<boolean> {
    const { record, config, lastNumber } = this.core;
    const generation = record.generation.number;
    const tries = [
      this.connections.witness
        .call(
          'witness',
          { verb: 'register-split', generation, epoch: record.registerEpoch, state: 'alone', number: lastNumber },
          config.timing.callMs,
        )
        .then((value) => this.heard(value)),
      this.ends.at(key).link.call('pair.alone', { key, generation, number: lastNumber }, config.timing.callMs),
    ];
    return Promise.any(tries).then(
      () => true,
      (error: unknown) => {
        this.learnFromRefusals(error);
        return false;
      },
    );
  }

  private heard(value: unknown): void {
    const { record } = registerReply.parse(value);
    this.learn(record.generation);
    this.core.record.registerEpoch = Math.max(this.core.record.registerEpoch, record.epoch);
  }

  /** The register may refuse because its epoch or generation has moved on: it is read, and the next try follows it. */
  private learnFromRefusals(error: unknown): void {
    const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
    if (
      !errors.some(
        (each) =>
          each instanceof RefusedError && each.refusal.code !== 'unreachable' && each.refusal.code !== 'timeout',
      )
    )
      return;
    this.connections.witness.call('witness', { verb: 'register-read' }, this.core.config.timing.callMs).then(
      (value) => this.heard(value),
      () => undefined,
    );
  }

  /** The guarded pair is in duplex again: tells the register, with the next epoch, until it has heard (rule 3). */
  recordJoined(): void {
    const { core } = this;
    const { record } = core;
    if (this.joining || this.stopped || !record.joinPending || !record.holdsHostRole) return;
    const joined = core
      .pairs()
      .find(([, pair]) => pair.definition.kind === 'sync' && core.isSource(pair) && pair.state === 'duplex')?.[1];
    if (!joined) return;
    this.joining = true;
    // Persisted before it is sent: an `alone` that follows outdates it even if it is delayed.
    record.registerEpoch += 1;
    core.save();
    const params = {
      verb: 'register-split',
      generation: record.generation.number,
      epoch: record.registerEpoch,
      state: 'joined',
      number: core.lastNumber,
    };
    this.connections.witness.call('witness', params, core.config.timing.callMs).then(
      () => {
        this.joining = false;
        record.joinPending = joined.state !== 'duplex' && record.joinPending;
        core.save();
      },
      (error: unknown) => this.joinLater(error),
    );
  }

  /**
   * The register did not take the record, or its answer was lost. The epoch never goes back here: where the register has
   * not heard of ours, an `alone` with it (true until the join is on record) makes way, so that no delayed `joined` counts.
   */
  private joinLater(error: unknown): void {
    this.core.ports.log.write('info', 'the register has not taken the join yet', { error: String(error) });
    this.followRegister().then(
      () => this.retryJoin(),
      () => this.retryJoin(),
    );
  }

  private async followRegister(): Promise<void> {
    const { record, config } = this.core;
    const known = registerReply.parse(
      await this.connections.witness.call('witness', { verb: 'register-read' }, config.timing.callMs),
    ).record;
    this.learn(known.generation);
    if (
      known.state === 'joined' &&
      known.epoch === record.registerEpoch &&
      known.generation.number === record.generation.number
    ) {
      record.joinPending = false;
      this.core.save();
    } else if (known.epoch < record.registerEpoch) {
      const params = {
        verb: 'register-split',
        generation: record.generation.number,
        epoch: record.registerEpoch,
        state: 'alone',
        number: this.core.lastNumber,
      };
      await this.connections.witness.call('witness', params, config.timing.callMs);
    } else {
      record.registerEpoch = known.epoch;
    }
  }

  private retryJoin(): void {
    this.core.ports.clock.after(this.core.config.timing.retryMs, () => {
      this.joining = false;
      this.recordJoined();
    });
  }

  private stale(number: number): RefusedError {
    const { generation } = this.core.record;
    return refuse(
      'stale-generation',
      `${this.core.config.system} is at generation ${generation.number} (run ${generation.runId}); ${number} is older.`,
      'A newer takeover has replaced this run; start a new one.',
    );
  }

  /** An instruction of a driver that was replaced is refused; the newest is persisted (rule 8). */
  admit(token: DriverToken): void {
    const { record } = this.core;
    const known = record.token;
    if (known && token.claimEpoch < known.claimEpoch && !this.core.mutant('stale-instruction-accepted')) {
      throw refuse(
        'stale-driver',
        `${this.core.config.system} has already heard driver ${known.claimEpoch} (run ${known.runId}); this instruction is of ${token.claimEpoch}.`,
        'Resume the run: it takes a new claim.',
      );
    }
    if (
      known &&
      token.claimEpoch === known.claimEpoch &&
      token.runId === known.runId &&
      token.step < known.step &&
      !this.core.mutant('stale-instruction-accepted')
    ) {
      throw refuse(
        'stale-driver',
        `Step ordinal ${token.step} of run ${token.runId} comes after ${known.step}.`,
        'Nothing: a delayed instruction was refused.',
      );
    }
    if (known && known.claimEpoch === token.claimEpoch && known.step === token.step) return;
    record.token = token;
    this.core.save();
  }
}
