/**
 * The storage side of the test double: the systems of an arrangement, which keep pair states by the transition tables and refuse
 * what storage refuses. They copy no data: numbers stand for it.
 */
import { type Arrangement, findArrangement, plannedPairs } from '../../domain/arrangement.ts';
import type { Generation } from '../../domain/generation.ts';
import { pairKey, pairName, parsePairName } from '../../domain/names.ts';
import type { PairKind, PairState } from '../../domain/pair-states.ts';
import { isCopying, isFlowing, isSuspended, whyRefused } from '../../domain/pair-states.ts';
import { refuse } from '../../domain/refusal.ts';
import { judgeResume } from '../../domain/resume.ts';
import type { PairDefinition, StorageInstruction, StorageReply, SystemFacts } from '../../domain/storage-controller.ts';
import { linkedSystems } from '../../domain/ways.ts';
import { fakeClone } from './fake-clone.ts';
import { evidenceOf, factsOf, lineOf, nameOf, pairFactsOf } from './fake-facts.ts';
import { type FakePair, type FakeSystem, firstGeneration, LETTERS, type Letter } from './fake-systems.ts';

export class FakeStorage {
  readonly arrangement: Arrangement;
  /** Letters the arrangement does not have stand apart: no line leads there. */
  readonly systems: Record<Letter, FakeSystem>;
  /** Lines that are down, their ends in alphabetical order: `I~P`. */
  readonly cut = new Set<string>();
  /** Fences of a system that go unanswered although its line is up: so many more. */
  readonly slow = new Map<Letter, number>();
  copies: 'succeed' | 'fail' | 'stall' = 'succeed';
  drains: 'succeed' | 'fail' = 'succeed';
  /** Every instruction that changed something, in order. */
  readonly done: string[] = [];
  /** What no run may ever bring about. */
  readonly violations: string[] = [];

  constructor(id = 'chain-3') {
    const arrangement = findArrangement(id);
    if (!arrangement) throw new Error(`${id} is gone`);
    this.arrangement = arrangement;
    const system = (name: Letter): FakeSystem => ({
      name,
      up: true,
      generation: firstGeneration(arrangement),
      evidence: null,
      holdsRole: name === arrangement.normal.holder,
      lineage: [{ generation: 1, first: 1 }],
      lastNumber: 0,
      completedNumber: 0,
      answeredNumber: 0,
      consistent: true,
      evidenceLost: false,
      gold: null,
      mixedTracks: 0,
      journalShare: 0,
      trimmedTo: 0,
      claimEpoch: 0,
      step: 0,
      pairs: new Map(),
      clone: null,
      refusesClone: false,
    });
    // Built from the very list that the type is read from.
    this.systems = Object.fromEntries(LETTERS.map((name) => [name, system(name)])) as Record<Letter, FakeSystem>;
  }

  /** The letters the arrangement has. */
  get letters(): Letter[] {
    // No arrangement has systems of other names.
    return this.arrangement.systems.map((system) => system.name as Letter);
  }

  /** Both ends of a pair to `state`; `null` removes it. `kind` tells which, where the arrangement has both. */
  setPair(name: string, state: PairState | null, kind: PairKind = this.kindOf(name)): void {
    const ends = parsePairName(name);
    if (!ends) throw new Error(name);
    const key = pairKey(ends.source, ends.destination);
    for (const letter of [ends.source, ends.destination] as Letter[]) {
      const system = this.systems[letter];
      const version = (system.pairs.get(key)?.version ?? 0) + 1;
      if (state === null) system.pairs.delete(key);
      else
        system.pairs.set(key, {
          definition: { ...ends, kind, transport: 'journal', fence: 'status' },
          state,
          version,
          aloneSeen: false,
          dirtyTracks: 0,
        });
    }
  }

  /** As the arrangement pairs the two systems in this direction, else in the other. */
  private kindOf(name: string): PairKind {
    const planned = plannedPairs(this.arrangement);
    const find = (wanted: string) => planned.find((pair) => pairName(pair.source, pair.destination) === wanted)?.kind;
    return find(name) ?? find(name.split('-').reverse().join('-')) ?? 'async';
  }

  protected flow(from: Letter, number: number): void {
    for (const pair of this.systems[from].pairs.values()) {
      const { source, destination } = pair.definition;
      if (source !== from || pair.state !== 'duplex') continue;
      const to = this.systems[destination as Letter];
      Object.assign(to, { lastNumber: number, lineage: [...this.systems[from].lineage] });
      if (pair.definition.kind === 'sync') to.answeredNumber = number;
      this.flow(to.name, number);
    }
  }

  /** Way from a host's system to `target`, hop by hop; refuses where a hop is down. */
  private reach(from: Letter, target: Letter): FakeSystem {
    const reached = new Set<string>(this.systems[from].up ? [from] : []);
    for (const at of reached) {
      for (const ends of linkedSystems(this.arrangement)) {
        const [next] = ends.filter((end) => end !== at);
        if (!ends.includes(at) || !next || this.cut.has(lineOf(at, next))) continue;
        if (this.systems[next as Letter].up) reached.add(next);
      }
    }
    if (!reached.has(target))
      throw refuse('unreachable', `${target} does not answer`, `Restart ${target} or restore the line to it.`);
    return this.systems[target];
  }

  /** The other end, where it can be reached from this one. */
  private peer(system: FakeSystem, pair: FakePair): FakeSystem | null {
    const other =
      this.systems[
        (pair.definition.source === system.name ? pair.definition.destination : pair.definition.source) as Letter
      ];
    return other.up && !this.cut.has(lineOf(system.name, other.name)) ? other : null;
  }

  /** Carries out what a host attached to `from` asks of `target`. */
  protected storage(from: Letter, target: Letter, instruction: StorageInstruction): StorageReply {
    const system = this.reach(from, target);
    if (instruction.verb === 'query')
      return { verb: 'query', facts: { ...factsOf(system), lines: this.linesOf(system.name) } };
    if (instruction.verb === 'query-journal') return this.journal(system, instruction.after, instruction.limit);
    if (instruction.verb === 'wait-pair') return this.wait(system, instruction);
    if (instruction.verb === 'clone-create' || instruction.verb === 'clone-discard')
      return fakeClone(system, instruction, this.done);
    this.admit(system, instruction);
    if (instruction.verb === 'raise-generation') this.mustNotBeSlow(target);
    if (instruction.verb === 'raise-generation') return this.raise(system, instruction.generation);
    if (instruction.verb === 'promote') return this.promote(system, instruction);
    return { verb: 'pair', pair: this.changePair(system, instruction) };
  }

  private mustNotBeSlow(target: Letter): void {
    const left = this.slow.get(target) ?? 0;
    if (left === 0) return;
    this.slow.set(target, left - 1);
    throw refuse('timeout', `${target} did not answer in time`, 'Ask again.');
  }

  private linesOf(name: Letter): SystemFacts['lines'] {
    return linkedSystems(this.arrangement).flatMap((ends) => {
      const [peer] = ends.filter((end) => end !== name);
      if (!ends.includes(name) || !peer) return [];
      return [{ peer, connected: this.systems[peer as Letter].up && !this.cut.has(lineOf(name, peer)), rttMs: null }];
    });
  }

  /** Older drivers and delayed steps are refused (1b rule 8). */
  private admit(system: FakeSystem, instruction: Extract<StorageInstruction, { token: unknown }>): void {
    const { token } = instruction;
    if (token.claimEpoch < system.claimEpoch)
      throw refuse('stale-driver', `${system.name} has heard driver ${system.claimEpoch}`, 'Resume the run.');
    if (token.claimEpoch === system.claimEpoch && token.step < system.step)
      this.violations.push(`${system.name}: step ${token.step} after ${system.step}`);
    if (instruction.verb !== 'raise-generation' && token.generation < system.generation.number) {
      throw refuse('stale-generation', `${system.name} is at ${system.generation.number}`, 'Start a new run.');
    }
    Object.assign(system, { claimEpoch: token.claimEpoch, step: token.step });
  }

  private raise(system: FakeSystem, generation: Generation): StorageReply {
    const kept = system.evidence;
    if (kept && kept.generation.number === generation.number && kept.generation.runId === generation.runId)
      return { verb: 'fence', evidence: kept };
    if (generation.number <= system.generation.number)
      throw refuse('stale-generation', `${system.name} is at ${system.generation.number}`, 'Start a new run.');
    const evidence = evidenceOf(system, generation);
    Object.assign(system, { generation, evidence, holdsRole: system.holdsRole && generation.holder === system.name });
    for (const pair of system.pairs.values()) {
      const { normal, reverse } = this.arrangement;
      const writer = [normal.holder, reverse.holder].includes(pair.definition.source);
      if (
        pair.definition.kind === 'sync' &&
        writer &&
        isFlowing(pair.state) &&
        pair.definition.source !== generation.holder
      ) {
        this.change(system, pair, 'failure-suspend');
        const peer = this.peer(system, pair);
        const other = peer?.pairs.get(pairKey(pair.definition.source, pair.definition.destination));
        if (peer && other && isFlowing(other.state)) this.change(peer, other, 'failure-suspend');
      }
    }
    this.done.push(`${system.name} generation ${generation.number}`);
    return { verb: 'fence', evidence };
  }

  private promote(
    system: FakeSystem,
    { generation, acceptMixed = false }: Extract<StorageInstruction, { verb: 'promote' }>,
  ): StorageReply {
    if (generation.holder !== system.name || generation.number < system.generation.number)
      throw refuse('stale-generation', 'not the holder', 'Start a new run.');
    const mayMix = acceptMixed && system.mixedTracks > 0;
    if (!system.consistent && !mayMix)
      throw refuse('not-consistent', `${system.name} is not consistent`, 'Roll it back.');
    Object.assign(system, { consistent: true, mixedTracks: 0 });
    for (const pair of system.pairs.values()) {
      if (pair.definition.destination === system.name && isFlowing(pair.state))
        throw refuse('wrong-state', `${system.name} is being written`, 'Split first.');
    }
    for (const other of this.letters) {
      const held = this.systems[other];
      if (held.holdsRole && held.generation.number >= generation.number && other !== system.name)
        this.violations.push(`two holders: ${other} and ${system.name}`);
    }
    if (!system.holdsRole) {
      this.done.push(`${system.name} promote ${generation.number}`);
      system.lineage.push({ generation: generation.number, first: system.lastNumber + 1 });
    }
    Object.assign(system, { generation, holdsRole: true });
    return { verb: 'promoted', facts: factsOf(system) };
  }

  private journal(system: FakeSystem, after: number, limit: number): StorageReply {
    const count = Math.max(0, Math.min(limit, system.lastNumber - after));
    const entries = Array.from({ length: count }, (_, index) => ({
      number: after + index + 1,
      generation: 1,
      kind: 'write' as const,
      volume: 0,
      offsetBytes: 0,
      lengthBytes: 4096,
      at: (after + index + 1) * 10,
    }));
    return { verb: 'journal', entries, trimmedTo: 0, lastNumber: system.lastNumber };
  }

  /** Time passes while somebody waits: what is under way comes to its end. */
  private wait(system: FakeSystem, instruction: Extract<StorageInstruction, { verb: 'wait-pair' }>): StorageReply {
    const { pair } = this.find(system, instruction.pair);
    this.advance(system, pair);
    if (instruction.states.includes(pair.state)) return { verb: 'pair', pair: pairFactsOf(system, pair) };
    throw refuse('timeout', `${instruction.pair} is in ${pair.state}`, 'Wait longer.');
  }

  private advance(system: FakeSystem, pair: FakePair): void {
    const peer = this.peer(system, pair);
    if (isCopying(pair.state) && this.copies !== 'stall')
      this.settle(system, peer, pair, peer && this.copies === 'succeed' ? 'duplex' : 'failure-suspend');
    else if (pair.state === 'suspending')
      this.settle(system, peer, pair, peer && this.drains === 'succeed' ? 'suspend' : 'failure-suspend');
  }

  private settle(system: FakeSystem, peer: FakeSystem | null, pair: FakePair, state: PairState): void {
    const { source, destination } = pair.definition;
    const from = this.systems[source as Letter];
    const to = this.systems[destination as Letter];
    if (state === 'duplex' || state === 'suspend') {
      Object.assign(to, { lastNumber: from.lastNumber, lineage: [...from.lineage], consistent: true, gold: null });
      if (pair.definition.kind === 'sync') to.answeredNumber = from.lastNumber;
    }
    this.change(system, pair, state);
    const other = peer?.pairs.get(pairKey(source, destination));
    if (peer && other) this.change(peer, other, state);
  }

  private find(system: FakeSystem, name: string): { key: string; pair: FakePair } {
    const ends = parsePairName(name);
    const key = ends ? pairKey(ends.source, ends.destination) : '';
    const pair = system.pairs.get(key);
    if (!pair) throw refuse('unknown-pair', `${system.name} knows no pair ${name}`, 'Create it.');
    return { key, pair };
  }

  protected change(system: FakeSystem, pair: FakePair, state: PairState): void {
    if (pair.state === state) return;
    pair.state = state;
    pair.version += 1;
    if (isCopying(state) && pair.definition.destination === system.name) {
      system.gold = system.consistent && system.lastNumber > 0 ? system.lastNumber : system.gold;
      system.consistent = false;
      this.mustCopyAlone(system, pair);
    }
  }

  /** I is never copied onto while it is copied from, nor fed by two pairs (1b rule 8). */
  private mustCopyAlone(system: FakeSystem, pair: FakePair): void {
    for (const other of system.pairs.values()) {
      if (other !== pair && isFlowing(other.state))
        this.violations.push(`${system.name}: two copiers, ${nameOf(pair)} and ${nameOf(other)}`);
    }
  }

  private changePair(system: FakeSystem, instruction: Extract<StorageInstruction, { pair: unknown; token: unknown }>) {
    if (instruction.verb === 'create')
      return this.create(system, instruction.pair, instruction.knownEqual, instruction.mayDiffer ?? false);
    const ends = parsePairName(instruction.pair);
    const key = ends ? pairKey(ends.source, ends.destination) : '';
    const pair = system.pairs.get(key);
    if (!pair && instruction.verb === 'delete') return null;
    if (!pair) throw refuse('unknown-pair', `${system.name} knows no pair ${instruction.pair}`, 'Create it.');
    if (
      'expectedVersion' in instruction &&
      instruction.expectedVersion !== undefined &&
      instruction.expectedVersion !== pair.version
    ) {
      throw refuse('version-changed', `${instruction.pair} has changed`, 'Look again.');
    }
    const peer = this.peer(system, pair);
    const other = peer?.pairs.get(key) ?? null;
    switch (instruction.verb) {
      case 'split':
        if (isSuspended(pair.state)) break;
        this.both(
          system,
          peer,
          pair,
          other,
          pair.definition.kind === 'async' && pair.state === 'duplex' ? 'suspending' : 'suspend',
        );
        break;
      case 'drain':
        if (isSuspended(pair.state)) break;
        this.mustAllow(pair, 'drain');
        this.both(system, peer, pair, other, 'suspending');
        break;
      case 'resync':
        this.resync(system, peer, pair, other, instruction.pair);
        break;
      case 'reverse':
        this.reverse(pair, other, instruction.pair, instruction.kind ?? pair.definition.kind);
        break;
      case 'delete':
        system.pairs.delete(key);
        peer?.pairs.delete(key);
        this.done.push(`${system.name} delete ${instruction.pair}`);
        return null;
      case 'rollback':
        this.mustAllow(pair, 'rollback');
        if (system.gold === null)
          throw refuse('not-consistent', `${system.name} keeps no earlier image`, 'Copy to it.');
        Object.assign(system, { lastNumber: system.gold, consistent: true, gold: null });
    }
    this.done.push(`${system.name} ${instruction.verb} ${instruction.pair}`);
    return pairFactsOf(system, pair);
  }

  private mustAllow(pair: FakePair, verb: 'drain' | 'rollback' | 'reverse'): void {
    const refusal = whyRefused(pair.definition.kind, pair.state, verb);
    if (refusal) throw refuse('wrong-state', refusal.reason, refusal.cure);
  }

  private both(
    system: FakeSystem,
    peer: FakeSystem | null,
    pair: FakePair,
    other: FakePair | null,
    state: PairState,
  ): void {
    this.change(system, pair, state);
    if (peer && other && !isSuspended(other.state)) this.change(peer, other, state);
  }

  private create(system: FakeSystem, definition: PairDefinition, knownEqual: boolean, mayDiffer: boolean) {
    const key = pairKey(definition.source, definition.destination);
    const known = system.pairs.get(key);
    if (known) return pairFactsOf(system, known);
    const peer = this.systems[definition.destination as Letter];
    if (!peer.up || this.cut.has(lineOf(system.name, peer.name)))
      throw refuse('unreachable', `${peer.name} does not answer`, 'Restore it.');
    this.mayBeginAsSource(system, definition);
    const resume = judgeResume(factsOf(system), factsOf(peer));
    const goesOn = resume.kind === 'equal' || (resume.kind === 'delta' && definition.kind === 'async');
    const differs = !goesOn && resume.kind !== 'impossible' && mayDiffer;
    if (knownEqual && !goesOn && !differs) throw refuse('not-equal', `${peer.name} differs`, 'Copy everything.');
    if (knownEqual && goesOn) Object.assign(peer, { lastNumber: system.lastNumber, lineage: [...system.lineage] });
    for (const end of [system, peer]) {
      const pair: FakePair = { definition, state: 'simplex', version: 1, aloneSeen: false, dirtyTracks: 0 };
      end.pairs.set(key, pair);
      if (!knownEqual) this.change(end, pair, 'initial-copying');
      else this.change(end, pair, goesOn ? 'duplex' : 'duplex-pending');
    }
    this.done.push(`${system.name} create ${nameOf({ definition })}`);
    return pairFactsOf(system, system.pairs.get(key) ?? null);
  }

  private resync(
    system: FakeSystem,
    peer: FakeSystem | null,
    pair: FakePair,
    other: FakePair | null,
    name: string,
  ): void {
    if (nameOf(pair) !== name) throw refuse('wrong-state', `the pair copies ${nameOf(pair)}`, 'Reverse it.');
    if (pair.state === 'duplex' || isCopying(pair.state)) return;
    if (!peer || !other) throw refuse('unreachable', 'the other end does not answer', 'Restore it.');
    if (!system.consistent) throw refuse('not-consistent', `${system.name} is not consistent`, 'Roll it back.');
    this.mayBeginAsSource(system, pair.definition);
    if (peer.holdsRole) this.violations.push(`${peer.name} takes host writes and is copied onto`);
    for (const pairOfPeer of peer.pairs.values()) {
      if (pairOfPeer !== other && isFlowing(pairOfPeer.state))
        throw refuse('other-copier', `${nameOf(pairOfPeer)} is in ${pairOfPeer.state}`, 'Split it.');
    }
    this.change(peer, other, 'duplex-pending');
    this.change(system, pair, 'duplex-pending');
  }

  /** A system fed by an async pair is the source of no sync pair meanwhile; an async pair may lead on from it. */
  private mayBeginAsSource(system: FakeSystem, { kind }: PairDefinition): void {
    for (const pair of system.pairs.values()) {
      const feeds = pair.definition.destination === system.name && pair.definition.kind === 'async';
      if (kind === 'sync' && feeds && isFlowing(pair.state))
        throw refuse('other-copier', `${nameOf(pair)} is in ${pair.state}`, 'Split it.');
    }
  }

  private reverse(pair: FakePair, other: FakePair | null, name: string, kind: PairKind): void {
    const ends = parsePairName(name);
    if (!ends || (nameOf(pair) === name && pair.definition.kind === kind)) return;
    for (const end of [pair, other]) if (end) this.mustAllow(end, 'reverse');
    for (const end of [pair, other])
      if (end) Object.assign(end, { definition: { ...end.definition, ...ends, kind }, version: end.version + 1 });
  }
}
