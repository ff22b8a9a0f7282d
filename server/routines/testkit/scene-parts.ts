/** What every scene of a path is made of. */
import type { GroupDefinition } from '../../domain/arrangement.ts';
import { parsePairName } from '../../domain/names.ts';
import type { Path } from '../graph-check.ts';
import type { RoutineGraph, RoutineStep } from '../step-graph.ts';
import type { Letter } from './fake-systems.ts';
import type { FakeWorld } from './fake-world.ts';
import type { MemoryRun } from './memory-run-store.ts';

export interface Scene {
  graph: RoutineGraph;
  world: FakeWorld;
  run: MemoryRun;
  path: Path;
  definition: GroupDefinition;
  /** The operator has asked already. */
  endRequested: boolean;
}

/** Brings the world into a state, just before the step is entered. */
export type Make = (scene: Scene, step: RoutineStep) => void;
/** By outcome. */
export type Makes = Readonly<Record<string, Make>>;

/** What the step is told under `name`. */
export const told = (step: RoutineStep, name: string): string => {
  const value = step.parameters[name];
  if (value === undefined) throw new Error(`${step.id} is not told ${name}`);
  return value;
};
/** The two systems of a pair's name. */
export const ends = (name: string) => {
  const parsed = parsePairName(name);
  if (!parsed) throw new Error(`${name} is no pair`);
  return parsed as { source: Letter; destination: Letter };
};
