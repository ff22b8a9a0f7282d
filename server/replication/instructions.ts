/**
 * What a host may instruct (003 §[0076]–[0106]): each verb names a target state, is checked against the transition table,
 * and is harmless when repeated. Whoever is instructed brings the other end along.
 */
import { type PairName, pairKey, pairName, parsePairName } from '../domain/names.ts';
import {
  isCopying,
  isFlowing,
  isSuspended,
  type PairInstruction,
  type PairState,
  whyRefused,
} from '../domain/pair-states.ts';
import { type RefusedError, refusalOf, refuse } from '../domain/refusal.ts';
import type { PairDefinition, StorageInstruction, StorageReply } from '../domain/storage-controller.ts';
import type { StorageCore } from './core.ts';
import type { FactsReader } from './facts.ts';
import type { Fencing } from './fencing.ts';
import type { PairEnds } from './pair-ends.ts';
import type { PairPeer } from './pair-peer.ts';
import type { PairRecord } from './system-record.ts';

type Of<V extends StorageInstruction['verb']> = Extract<StorageInstruction, { verb: V }>;

export class Instructions {
  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly peer: PairPeer,
    private readonly fencing: Fencing,
    private readonly facts: FactsReader,
    /** Carries an instruction to another system of the group. */
    private readonly relay: (target: string, instruction: StorageInstruction) => Promise<StorageReply>,
    private readonly waitForState: (key: string, states: readonly PairState[], timeoutMs: number) => Promise<boolean>,
  ) {}

  async perform(instruction: StorageInstruction): Promise<StorageReply> {
    if ('token' in instruction && instruction.verb !== 'raise-generation')
      this.admit(instruction.token.generation, instruction);
    switch (instruction.verb) {
      case 'query':
        return { verb: 'query', facts: this.facts.system() };
      case 'query-journal':
        return this.facts.journal(instruction.after, instruction.limit);
      case 'create':
        return this.create(instruction);
      case 'split':
        return this.split(instruction);
      case 'drain':
        return this.drain(instruction);
      case 'resync':
        return this.resync(instruction);
      case 'reverse':
        return this.reverse(instruction);
      case 'delete':
        return this.delete(instruction);
      case 'rollback':
        return this.rollback(instruction);
      case 'wait-pair':
        return this.wait(instruction);
      case 'raise-generation':
        this.fencing.admit(instruction.token);
        return { verb: 'fence', evidence: this.fencing.raise(instruction.generation) };
      case 'promote':
        this.fencing.promote(instruction.generation);
        return { verb: 'promoted', facts: this.facts.system() };
    }
  }

  private admit(generation: number, instruction: StorageInstruction): void {
    const { record, config } = this.core;
    if (generation < record.generation.number && !this.core.mutant('stale-instruction-accepted')) {
      throw refuse(
        'stale-generation',
        `${config.system} is at generation ${record.generation.number}; ${instruction.verb} came under ${generation}.`,
        'A newer takeover has replaced this run; start a new one.',
      );
    }
    if ('token' in instruction) this.fencing.admit(instruction.token);
  }

  private reply(key: string): StorageReply {
    return { verb: 'pair', pair: this.core.pair(key) ? this.facts.pair(key) : null };
  }

  private async create(instruction: Of<'create'>): Promise<StorageReply> {
    const { source, destination } = instruction.pair;
    const { system } = this.core.config;
    if (destination === system) return this.relay(source, instruction);
    if (source !== system)
      throw refuse(
        'bad-request',
        `${system} is no end of ${pairName(source, destination)}.`,
        `Instruct ${source} or ${destination}.`,
      );
    const key = pairKey(source, destination);
    const known = this.core.pair(key);
    if (known && !sameDefinition(known.definition, instruction.pair)) throw this.refused(known, 'create');
    if (known && known.state !== 'simplex') return this.reply(key);
    this.peer.mayBeginAsSource(key);
    await this.ends
      .at(key)
      .link.call(
        'pair.create',
        { definition: instruction.pair, token: instruction.token, knownEqual: instruction.knownEqual },
        this.core.config.timing.callMs,
      );
    const pair =
      this.core.pair(key) ?? this.core.addPair(instruction.pair, instruction.token.claimEpoch, instruction.knownEqual);
    if (pair.state === 'simplex') this.begin(key, pair, 'initial-copying', 'initial copy');
    return this.reply(key);
  }

  /** Source: copying begins. Everything up to the number given last is covered by bits; what comes after flows. */
  private begin(key: string, pair: PairRecord, to: 'initial-copying' | 'duplex-pending', reason: string): void {
    const base = this.core.lastNumber;
    if (this.core.mutant('resync-all-tracks')) this.core.bitmap(key).setAll();
    this.core.notePeer(key, base, base);
    this.core.changeState(pair, to, reason, { formationBase: base });
    this.ends.at(key).source.open();
  }

  private async split(instruction: Of<'split'>): Promise<StorageReply> {
    const { key, pair } = this.find(instruction.pair);
    this.checkVersion(pair, instruction.expectedVersion);
    if (pair.state === 'suspend') return this.reply(key);
    if (pair.state !== 'suspending') this.mustAllow(pair, 'split');
    if (pair.definition.kind === 'async' && (pair.state === 'duplex' || pair.state === 'suspending')) {
      return this.drain({ ...instruction, verb: 'drain', deadlineMs: this.core.config.timing.copyTimeoutMs });
    }
    if (!this.core.isSource(pair) && isFlowing(pair.state)) {
      // The source stops first, so that nothing is sent to an end that has left.
      await this.tryPeer(key, 'pair.split', {
        key,
        by: 'instruction',
        agreed: this.core.lastNumber,
        reason: 'split',
        token: instruction.token,
      });
      if (this.core.pair(key) !== pair) return this.reply(key);
    }
    this.ends.suspend(key, 'instruction', 'split', null, true);
    return this.reply(key);
  }

  private async drain(instruction: Of<'drain'>): Promise<StorageReply> {
    const { key, pair } = this.find(instruction.pair);
    this.checkVersion(pair, instruction.expectedVersion);
    if (isSuspended(pair.state)) return this.reply(key);
    if (pair.state !== 'suspending') this.mustAllow(pair, 'drain');
    const { deadlineMs, token } = instruction;
    if (this.core.isSource(pair)) {
      const target = this.ends.beginDrain(key, deadlineMs, 'drain');
      await this.tryPeer(key, 'pair.drain', { key, target, deadlineMs, token });
      return this.reply(key);
    }
    try {
      const answer = await this.ends
        .at(key)
        .link.call('pair.drain', { key, target: null, deadlineMs, token }, this.core.config.timing.callMs);
      const target = targetOf(answer);
      if (isFlowing(pair.state))
        this.ends.expectDrain(
          key,
          this.core.mutant('drain-target-not-frozen') ? this.core.lastNumber : target,
          deadlineMs,
          'drain',
        );
    } catch (error) {
      if (isFlowing(pair.state))
        this.ends.suspend(key, 'fault', `the source cannot be drained: ${refusalOf(error).message}`, null, true);
    }
    return this.reply(key);
  }

  private async resync(instruction: Of<'resync'>): Promise<StorageReply> {
    const { key, pair } = this.find(instruction.pair);
    this.checkDirection(pair, instruction.pair);
    if (!this.core.isSource(pair)) return this.relay(pair.definition.source, instruction);
    this.checkVersion(pair, instruction.expectedVersion);
    if (isCopying(pair.state) || pair.state === 'duplex') return this.reply(key);
    this.mustAllow(pair, 'resync');
    this.peer.mayBeginAsSource(key);
    const { link } = this.ends.at(key);
    const other = this.peer.parseResync(
      await link.call(
        'pair.resync',
        { key, source: pair.definition.source, token: instruction.token },
        this.core.config.timing.callMs,
      ),
    );
    if (this.core.pair(key) !== pair || !isSuspended(pair.state)) return this.reply(key);
    // The copy starts from the persisted union of both ends' differences (rule 12).
    if (!this.core.mutant('bits-from-source-only')) this.core.bitmap(key).union(Buffer.from(other.bits, 'base64'));
    this.begin(key, pair, 'duplex-pending', 'resync');
    return this.reply(key);
  }

  private async reverse(instruction: Of<'reverse'>): Promise<StorageReply> {
    const wanted = parsePairName(instruction.pair);
    if (!wanted) throw refuse('bad-request', `${instruction.pair} is no pair name.`, 'Name it source first, like R-I.');
    const { key, pair } = this.find(instruction.pair);
    this.checkVersion(pair, instruction.expectedVersion);
    if (pair.definition.source !== wanted.source) this.mustAllow(pair, 'reverse');
    await this.tryPeer(key, 'pair.reverse', { key, source: wanted.source, token: instruction.token });
    if (this.core.pair(key) === pair) this.peer.flip(key, pair, wanted.source, instruction.token.claimEpoch);
    return this.reply(key);
  }

  private async delete(instruction: Of<'delete'>): Promise<StorageReply> {
    const wanted = parsePairName(instruction.pair);
    if (!wanted) throw refuse('bad-request', `${instruction.pair} is no pair name.`, 'Name it source first, like P-I.');
    const key = pairKey(wanted.source, wanted.destination);
    const pair = this.core.pair(key);
    if (!pair) return { verb: 'pair', pair: null };
    if (isFlowing(pair.state)) this.ends.suspend(key, 'instruction', 'delete', null, false);
    await this.tryPeer(key, 'pair.delete', { key, token: instruction.token });
    this.core.removePair(key, instruction.token.claimEpoch);
    return { verb: 'pair', pair: null };
  }

  private rollback(instruction: Of<'rollback'>): StorageReply {
    const { key, pair } = this.find(instruction.pair);
    this.mustAllow(pair, 'rollback');
    this.peer.rollback(pair);
    return this.reply(key);
  }

  private async wait(instruction: Of<'wait-pair'>): Promise<StorageReply> {
    const { key } = this.find(instruction.pair);
    if (await this.waitForState(key, instruction.states, instruction.timeoutMs)) return this.reply(key);
    const state = this.core.pair(key)?.state ?? 'absent';
    throw refuse(
      'timeout',
      `Pair ${instruction.pair} is in ${state} at ${this.core.config.system} after ${instruction.timeoutMs} ms.`,
      'Look at the pair’s reason; wait longer if it is copying.',
    );
  }

  private find(name: PairName): { key: string; pair: PairRecord } {
    const parsed = parsePairName(name);
    const key = parsed ? pairKey(parsed.source, parsed.destination) : '';
    const pair = this.core.pair(key);
    if (!pair)
      throw refuse(
        'unknown-pair',
        `${this.core.config.system} knows no pair ${name}.`,
        'Create it first (pair create), or ask a system that is one of its ends.',
      );
    return { key, pair };
  }

  private mustAllow(pair: PairRecord, instruction: PairInstruction): void {
    const refusal = whyRefused(pair.definition.kind, pair.state, instruction);
    if (refusal) throw this.refused(pair, instruction);
  }

  private refused(pair: PairRecord, instruction: PairInstruction): RefusedError {
    const name = pairName(pair.definition.source, pair.definition.destination);
    const row = whyRefused(pair.definition.kind, pair.state, instruction);
    return refuse(
      'wrong-state',
      `Pair ${name} is in ${pair.state}: ${instruction} is refused, for ${row?.reason ?? 'it differs from the definition given'}.`,
      row?.cure ?? 'Delete the pair first.',
    );
  }

  private checkDirection(pair: PairRecord, name: PairName): void {
    const actual = pairName(pair.definition.source, pair.definition.destination);
    if (actual !== name)
      throw refuse(
        'wrong-state',
        `The pair copies ${actual}, not ${name}.`,
        `Reverse it first (pair reverse --pair ${name}).`,
      );
  }

  private checkVersion(pair: PairRecord, expected: number | undefined): void {
    if (expected !== undefined && expected !== pair.version) {
      throw refuse(
        'version-changed',
        `The pair has changed since it was looked at (version ${pair.version}, expected ${expected}).`,
        'Look again, then decide.',
      );
    }
  }

  /** Tells the other end where it can be reached; where it cannot, it learns from the exchange at the next contact. */
  private async tryPeer(key: string, method: string, params: unknown): Promise<void> {
    try {
      await this.ends.at(key).link.call(method, params, this.core.config.timing.callMs);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code !== 'unreachable' && refusal.code !== 'timeout') throw error;
    }
  }
}

function sameDefinition(a: PairDefinition, b: PairDefinition): boolean {
  return a.source === b.source && a.destination === b.destination && a.kind === b.kind;
}

function targetOf(answer: unknown): number {
  if (typeof answer === 'object' && answer !== null && 'target' in answer && typeof answer.target === 'number')
    return answer.target;
  throw refuse('internal', 'The source did not say what is to be drained.', 'Run the same version on both ends.');
}
