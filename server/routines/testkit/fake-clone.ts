/** The clone of a system of the fake world: one at a time, made and dropped as storage does. */
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
