/** What is looked at before an instruction is carried out; each refusal names the pair, its state and the cure. */
import { type PairName, pairKey, pairName, parsePairName } from '../domain/names.ts';
import { type PairInstruction, whyRefused } from '../domain/pair-states.ts';
import { type RefusedError, refuse } from '../domain/refusal.ts';
import type { StorageInstruction } from '../domain/storage-controller.ts';
import type { StorageCore } from './core.ts';
import type { PairRecord } from './system-record.ts';

export type Of<V extends StorageInstruction['verb']> = Extract<StorageInstruction, { verb: V }>;

/** The two systems named. Throws `RefusedError` where `name` is no pair name. */
export function systemsOf(name: PairName): { source: string; destination: string } {
  const parsed = parsePairName(name);
  if (!parsed) throw refuse('bad-request', `${name} is no pair name.`, 'Name it source first, like P-I.');
  return parsed;
}

/** The pair, whichever its direction. Throws `RefusedError` where there is none. */
export function find(core: StorageCore, name: PairName): { key: string; pair: PairRecord } {
  const { source, destination } = systemsOf(name);
  const key = pairKey(source, destination);
  const pair = core.pairs.get(key);
  if (!pair)
    throw refuse(
      'unknown-pair',
      `${core.config.system} knows no pair ${name}.`,
      'Create it first (pair create), or ask a system that is one of its ends.',
    );
  return { key, pair };
}

/** Throws the table's refusal of `instruction` in the pair's state, if it has one. */
export function mustAllow(core: StorageCore, pair: PairRecord, instruction: PairInstruction): void {
  if (whyRefused(pair.definition.kind, pair.state, instruction)) throw refusedBy(core, pair, instruction);
}

/** The refusal of `instruction` in words. */
export function refusedBy(core: StorageCore, pair: PairRecord, instruction: PairInstruction): RefusedError {
  const name = pairName(pair.definition.source, pair.definition.destination);
  const row = whyRefused(pair.definition.kind, pair.state, instruction);
  return refuse(
    'wrong-state',
    `At ${core.config.system} pair ${name} is in ${pair.state}: ${instruction} is refused, for ${row?.reason ?? 'it differs from the definition given'}.`,
    row?.cure ?? 'Delete the pair first.',
  );
}

export function checkDirection(pair: PairRecord, name: PairName): void {
  const actual = pairName(pair.definition.source, pair.definition.destination);
  if (actual !== name)
    throw refuse(
      'wrong-state',
      `The pair copies ${actual}, not ${name}.`,
      `Reverse it first (pair reverse --pair ${name}).`,
    );
}

/** Throws `RefusedError` where the pair is not as the driver saw it. */
export function checkVersion(pair: PairRecord, expected: number | undefined): void {
  if (expected !== undefined && expected !== pair.version)
    throw refuse(
      'version-changed',
      `The pair has changed since it was looked at (version ${pair.version}, expected ${expected}).`,
      'Look again, then decide.',
    );
}
