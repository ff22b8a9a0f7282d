/** Clones and test hosts of the fake world: one at a time, made and dropped as storage and hosts do. */
import type { HostInstruction, HostReply } from '../../domain/host.ts';
import { refuse } from '../../domain/refusal.ts';
import type { StorageInstruction, StorageReply } from '../../domain/storage-controller.ts';
import type { FakeSystem } from './fake-systems.ts';

type CloneInstruction = Extract<StorageInstruction, { verb: 'clone-create' | 'clone-discard' }>;

export function fakeClone(system: FakeSystem, instruction: CloneInstruction, done: string[]): StorageReply {
  const { name, token } = instruction;
  const own = system.clone?.run === token.runId && system.clone.name === name;
  if (instruction.verb === 'clone-discard') {
    if (own) done.push(`${system.name} clone-discard`);
    if (own) system.clone = null;
  } else if (!own) {
    if (token.generation < system.generation.number)
      throw refuse('stale-generation', `${system.name} is at ${system.generation.number}`, 'Test again.');
    if (!system.consistent) throw refuse('not-consistent', `${system.name} is part old, part new`, 'Wait.');
    if (system.refusesClone) throw refuse('disk-fault', `${system.name} has no room`, 'Make room.');
    const { lastNumber: number, lineage } = system;
    const counts = { keptTracks: 0, writtenTracks: 0, roomTracks: 100 };
    system.clone = { name, run: token.runId, number, lineage: [...lineage], at: 0, ...counts, damaged: null };
    done.push(`${system.name} clone-create`);
  }
  return { verb: 'clone', clone: system.clone };
}

type TestInstruction = Extract<HostInstruction, { verb: `test-${string}` }>;

export interface FakeTest {
  /** Of the test host at work; null for none. */
  run: string | null;
  worked: number;
  /** What goes wrong with the next test. */
  trouble: 'no-recovery' | 'no-work' | 'damaged' | null;
}

export function fakeTest(
  test: FakeTest,
  { clone, name }: FakeSystem,
  instruction: TestInstruction,
  done: string[],
): HostReply {
  const { run } = instruction;
  const unfit = (why: string) => refuse('wrong-state', `the clone of ${name} cannot be used: ${why}`, 'Test again.');
  if (instruction.verb === 'test-stop') {
    if (test.run === run) done.push(`host of ${name} test-stop`);
    if (test.run === run) test.run = null;
    return { verb: 'test', work: null };
  }
  if (clone?.run !== run) throw unfit('there is none');
  if (instruction.verb === 'test-start') {
    if (test.trouble === 'no-recovery') throw unfit('its ledger is damaged');
    if (test.run !== run) Object.assign(test, { run, worked: 0 });
  }
  if (test.run !== run) throw unfit('no test host runs');
  if (instruction.verb === 'test-work' && test.trouble !== 'no-work') test.worked = instruction.transactions;
  if (instruction.verb === 'test-verify') {
    return { verb: 'ledger', report: reportOf(name, test) };
  }
  const state = test.trouble === 'no-work' ? 'failed' : 'ready';
  const work = {
    run,
    clone: clone.name,
    state,
    recoveredAt: 10,
    completedTransactions: test.worked,
    reason: null,
  } as const;
  return { verb: 'test', work };
}

function reportOf(system: string, { worked, trouble }: FakeTest) {
  return {
    source: 'the test host',
    completedThrough: 10 + worked,
    presentThrough: 10 + worked,
    missing: null,
    missingCount: 0,
    uncompletedPresent: 0,
    corrupt: trouble === 'damaged' ? 1 : 0,
    outOfOrder: 0,
    balance: { accounts: 64, total: 5, expected: 5, adds: true },
    verifiedOn: system,
  };
}
