/**
 * What a host may instruct (003 §[0076]–[0106]): each verb names a target state, is checked against the transition table,
 * and is harmless when repeated. Whoever is instructed brings the other end along.
 */
import { pairKey } from '../domain/names.ts';
import { isFlowing, isSuspended, type PairState } from '../domain/pair-states.ts';
import { refusalOf, refuse } from '../domain/refusal.ts';
import type { StorageInstruction, StorageReply } from '../domain/storage-controller.ts';
import type { Confirmation } from './confirmation.ts';
import { CopyInstructions } from './copy-instructions.ts';
import type { StorageCore } from './core.ts';
import type { Drains } from './drains.ts';
import type { Drivers } from './drivers.ts';
import type { FactsReader } from './facts.ts';
import type { Fencing } from './fencing.ts';
import type { Formation } from './formation.ts';
import { checkDirection, checkVersion, find, mustAllow, type Of, systemsOf } from './instruction-checks.ts';
import type { PairEnds } from './pair-ends.ts';
import type { PairRemoval } from './pair-removal.ts';
import { type Reconciler, stands } from './reconcile.ts';
import type { Suspension } from './suspension.ts';

export interface InstructionParts {
  core: StorageCore;
  ends: PairEnds;
  suspension: Suspension;
  drains: Drains;
  formation: Formation;
  reconciler: Reconciler;
  removal: PairRemoval;
  fencing: Fencing;
  drivers: Drivers;
  confirmation: Confirmation;
  facts: FactsReader;
  /** Carries an instruction to another system of the group. */
  relay: (target: string, instruction: StorageInstruction) => Promise<StorageReply>;
  /** The other end of `key` may not have heard, though the line is up. */
  untold: (key: string) => void;
  waitForState: (key: string, states: readonly PairState[], timeoutMs: number) => Promise<boolean>;
}

export class Instructions {
  private readonly copies: CopyInstructions;

  constructor(private readonly parts: InstructionParts) {
    this.copies = new CopyInstructions(parts.core, parts.ends, parts.formation);
  }

  /** Throws `RefusedError`, `DiskError`. */
  async perform(instruction: StorageInstruction): Promise<StorageReply> {
    const { core, facts, fencing } = this.parts;
    if (instruction.verb === 'clone-create') return { verb: 'clone', clone: core.clones.create(instruction) };
    if (instruction.verb === 'clone-discard') return { verb: 'clone', clone: core.clones.discard(instruction) };
    if ('token' in instruction) await this.admit(instruction);
    switch (instruction.verb) {
      case 'query':
        return { verb: 'query', facts: facts.system() };
      case 'query-journal':
        return facts.journal(instruction.after, instruction.limit);
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
        return { verb: 'fence', evidence: fencing.raise(instruction.generation) };
      case 'promote':
        fencing.promote(instruction.generation, instruction.acceptMixed ?? false);
        return { verb: 'promoted', facts: facts.system() };
    }
  }

  private async admit(instruction: Extract<StorageInstruction, { token: unknown }>): Promise<void> {
    const { core, confirmation, drivers } = this.parts;
    const { token, verb } = instruction;
    const names = 'generation' in instruction ? instruction.generation.number : token.generation;
    const { record, config } = core;
    // Whoever gives the newest generation knows more than this system, which looks before it judges (rule 4).
    if (!('generation' in instruction) && names > record.generation.number) {
      await confirmation.learnNewest();
      core.life.mustLive();
    }
    if (names < record.generation.number && !core.mutant('stale-instruction-accepted'))
      throw refuse(
        'stale-generation',
        `${config.system} is at generation ${record.generation.number}; ${verb} came under ${names}.`,
        'A newer takeover has replaced this run; start a new one.',
      );
    drivers.admit(token);
  }

  private reply(key: string): StorageReply {
    return { verb: 'pair', pair: this.parts.core.pairs.get(key) ? this.parts.facts.pair(key) : null };
  }

  private async create(instruction: Of<'create'>): Promise<StorageReply> {
    const source = this.copies.sourceOf(instruction.pair);
    if (source !== this.parts.core.config.system) return this.parts.relay(source, instruction);
    return this.reply(await this.copies.create(instruction));
  }

  private async resync(instruction: Of<'resync'>): Promise<StorageReply> {
    const { core, relay } = this.parts;
    const { key, pair } = find(core, instruction.pair);
    checkDirection(pair, instruction.pair);
    if (!core.pairs.isSource(pair)) return relay(pair.definition.source, instruction);
    await this.copies.resync(instruction);
    return this.reply(key);
  }

  private async split(instruction: Of<'split'>): Promise<StorageReply> {
    const { core, suspension } = this.parts;
    const { key, pair } = find(core, instruction.pair);
    checkVersion(pair, instruction.expectedVersion);
    if (pair.state === 'suspend') return this.reply(key);
    if (pair.state !== 'suspending') mustAllow(core, pair, 'split');
    if (pair.definition.kind === 'async' && (pair.state === 'duplex' || pair.state === 'suspending'))
      return this.drain({ ...instruction, verb: 'drain', deadlineMs: core.config.timing.copyTimeoutMs });
    if (!core.pairs.isSource(pair) && isFlowing(pair.state)) {
      // The source stops first, so that nothing is sent to an end that has left.
      const agreed = core.lastNumber;
      const { token } = instruction;
      await this.tryPeer(key, 'pair.split', { key, by: 'instruction', agreed, reason: 'split', token });
      if (core.pairs.get(key) !== pair) return this.reply(key);
    }
    suspension.suspend(key, 'instruction', 'split', null, true);
    return this.reply(key);
  }

  private async drain(instruction: Of<'drain'>): Promise<StorageReply> {
    const { core, ends, drains, suspension } = this.parts;
    const { key, pair } = find(core, instruction.pair);
    checkVersion(pair, instruction.expectedVersion);
    if (isSuspended(pair.state)) return this.reply(key);
    if (pair.state !== 'suspending') mustAllow(core, pair, 'drain');
    const { deadlineMs, token } = instruction;
    if (core.pairs.isSource(pair)) {
      const target = drains.begin(key, deadlineMs, 'drain');
      await this.tryPeer(key, 'pair.drain', { key, target, deadlineMs, token });
      return this.reply(key);
    }
    const question = { key, target: null, deadlineMs, token };
    try {
      const answer = await ends.at(key).link.call('pair.drain', question, core.config.timing.callMs);
      core.life.mustLive();
      if (core.pairs.get(key) === pair && isFlowing(pair.state))
        drains.expect(key, targetOf(answer), deadlineMs, 'drain');
    } catch (error) {
      core.life.mustLive();
      const { message } = refusalOf(error);
      if (core.pairs.get(key) === pair && isFlowing(pair.state))
        suspension.suspend(key, 'fault', `the source cannot be drained: ${message}`, null, true);
    }
    return this.reply(key);
  }

  private async reverse(instruction: Of<'reverse'>): Promise<StorageReply> {
    const { core, reconciler } = this.parts;
    const wanted = systemsOf(instruction.pair);
    const { key, pair } = find(core, instruction.pair);
    checkVersion(pair, instruction.expectedVersion);
    const turned = { source: wanted.source, kind: instruction.kind ?? pair.definition.kind };
    const turns = !stands(pair, turned);
    if (turns) mustAllow(core, pair, 'reverse');
    if (pair.definition.source !== turned.source) reconciler.mayFlip(pair);
    await this.tryPeer(key, 'pair.reverse', { key, ...turned, token: instruction.token });
    const isStill = core.pairs.get(key) === pair && (isSuspended(pair.state) || !turns);
    if (isStill) reconciler.flip(pair, turned, instruction.token.claimEpoch);
    return this.reply(key);
  }

  private async delete(instruction: Of<'delete'>): Promise<StorageReply> {
    const { source, destination } = systemsOf(instruction.pair);
    await this.parts.removal.remove(pairKey(source, destination), instruction.token);
    return { verb: 'pair', pair: null };
  }

  private rollback(instruction: Of<'rollback'>): StorageReply {
    const { core, formation } = this.parts;
    const { key, pair } = find(core, instruction.pair);
    mustAllow(core, pair, 'rollback');
    formation.rollBack(pair);
    return this.reply(key);
  }

  private async wait(instruction: Of<'wait-pair'>): Promise<StorageReply> {
    const { core, waitForState } = this.parts;
    const { key } = find(core, instruction.pair);
    if (await waitForState(key, instruction.states, instruction.timeoutMs)) return this.reply(key);
    const state = core.pairs.get(key)?.state ?? 'absent';
    throw refuse(
      'timeout',
      `Pair ${instruction.pair} is in ${state} at ${core.config.system} after ${instruction.timeoutMs} ms.`,
      'Look at the pair’s reason; wait longer if it is copying.',
    );
  }

  /** Tells the other end where it can be reached; where it cannot, it learns from the exchange at the next contact. */
  private async tryPeer(key: string, method: string, params: unknown): Promise<void> {
    const { core, ends } = this.parts;
    try {
      await ends.at(key).link.call(method, params, core.config.timing.callMs);
    } catch (error) {
      const { code } = refusalOf(error);
      if (code !== 'unreachable' && code !== 'timeout' && code !== 'disk-fault') throw error;
      if (code === 'timeout') this.parts.untold(key);
    }
    core.life.mustLive();
  }
}

function targetOf(answer: unknown): number {
  if (typeof answer === 'object' && answer !== null && 'target' in answer && typeof answer.target === 'number')
    return answer.target;
  throw refuse('internal', 'The source did not say what is to be drained.', 'Run the same version on both ends.');
}
