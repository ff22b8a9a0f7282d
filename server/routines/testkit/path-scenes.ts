/**
 * How each outcome of each step comes about: for every `step outcome` the state of the world, set just before the step is
 * entered, in which the real action must answer that outcome. Decisions need no scene; they are given in advance.
 */
import type { GroupDefinition } from '../../domain/arrangement.ts';
import type { PairState } from '../../domain/pair-states.ts';
import type { Path } from '../graph-check.ts';
import { FakeWorld } from './fake-world.ts';
import type { MemoryRun } from './memory-run-store.ts';

export interface Scene {
  world: FakeWorld;
  run: MemoryRun;
  path: Path;
  definition: GroupDefinition;
  /** The operator has asked already. */
  endRequested: boolean;
}

type Make = (scene: Scene) => void;

const FORWARD_LINEAGE = [{ generation: 1, first: 1 }];
const REVERSE_LINEAGE = [...FORWARD_LINEAGE, { generation: 2, first: 101 }];

/** P serves, all in duplex, 100 updates everywhere. */
export function forwardWorld(): FakeWorld {
  const world = new FakeWorld();
  world.setPair('P-I', 'duplex');
  world.setPair('I-R', 'duplex');
  world.write('P', 100);
  return world;
}

/** R serves since generation 2, R→I in duplex, P a consistent copy, 120 updates everywhere. */
export function reverseWorld(): FakeWorld {
  const world = new FakeWorld();
  const generation = { number: 2, runId: 'earlier', holder: 'R' };
  world.register = { generation, epoch: 2, state: 'alone', number: 100 };
  for (const system of Object.values(world.systems)) {
    Object.assign(system, {
      generation,
      holdsRole: system.name === 'R',
      lastNumber: 120,
      lineage: [...REVERSE_LINEAGE],
    });
  }
  Object.assign(world.systems.R, { completedNumber: 120 });
  Object.assign(world.hosts['host-P'], { generation, working: false });
  Object.assign(world.hosts['host-R'], { generation, working: true });
  world.heard['host-R'].completed = 120;
  world.setPair('R-I', 'duplex');
  world.setPair('I-P', 'suspend');
  return world;
}

const healthy: Make = ({ world }) => {
  for (const system of Object.values(world.systems)) system.up = true;
  for (const host of Object.values(world.hosts)) host.up = true;
  world.copies = 'succeed';
  world.drains = 'succeed';
};

const holder =
  (name: 'P' | 'R' | null): Make =>
  ({ world }) => {
    world.register = {
      ...world.register,
      generation: { number: world.register.generation.number + 1, runId: 'other', holder: name },
    };
  };

const pair =
  (name: string, state: PairState | null): Make =>
  ({ world }) =>
    world.setPair(name, state);

const both =
  (...makes: Make[]): Make =>
  (scene) => {
    for (const make of makes) make(scene);
  };

const copies =
  (how: FakeWorld['copies']): Make =>
  ({ world }) => {
    world.copies = how;
  };

const up =
  (system: 'P' | 'I' | 'R', is = true): Make =>
  ({ world }) => {
    world.systems[system].up = is;
  };

const image =
  (system: 'P' | 'I' | 'R', consistent: boolean, gold: number | null): Make =>
  ({ world }) =>
    void Object.assign(world.systems[system], { consistent, gold });

const ledger =
  (enabled: boolean): Make =>
  ({ definition }) => {
    definition.ledger.enabled = enabled;
  };

const host =
  (name: 'host-P' | 'host-R', change: Partial<FakeWorld['hosts']['host-P']>): Make =>
  ({ world }) =>
    void Object.assign(world.hosts[name], change);

/** Outcomes of a step that asks for the state of `name`. */
function askScenes(step: string, name: string, reversed: string): Record<string, Make> {
  const scenes: Record<string, Make> = {};
  for (const state of ['duplex', 'suspending', 'suspend', 'failure-suspend', 'simplex'] as const)
    scenes[`${step} ${state}`] = both(healthy, pair(name, state));
  scenes[`${step} copying`] = both(healthy, pair(name, 'duplex-pending'));
  scenes[`${step} reversed`] = both(healthy, pair(reversed, 'suspend'));
  scenes[`${step} absent`] = both(healthy, pair(name, null));
  return scenes;
}

function drainedScenes(step: string, name: string): Record<string, Make> {
  return {
    [`${step} suspend`]: pair(name, 'suspend'),
    [`${step} failure-suspend`]: pair(name, 'failure-suspend'),
    [`${step} changed`]: pair(name, 'duplex'),
  };
}

/** Outcomes of a step that forms `name` while `other`, which shares I with it, must be at rest. */
function formScenes(step: string, name: string, other: string, atRest: PairState = 'suspend'): Record<string, Make> {
  const ready = both(healthy, pair(other, atRest), image('I', true, null));
  return {
    [`${step} duplex`]: both(ready, pair(name, 'suspend')),
    [`${step} already`]: both(ready, pair(name, 'duplex')),
    [`${step} failed`]: both(ready, pair(name, 'suspend'), copies('fail')),
  };
}

function settleScenes(step: string, system: 'P' | 'I' | 'R', name: string): Record<string, Make> {
  const quiet = both(up(system), up('I'), pair(name, 'suspend'));
  return {
    [`${step} consistent`]: both(quiet, image(system, true, null)),
    [`${step} rolled-back`]: both(quiet, image(system, false, 100)),
    [`${step} no-image`]: both(quiet, image(system, false, null)),
  };
}

function workScenes(step: string, name: 'host-P' | 'host-R'): Record<string, Make> {
  return {
    [`${step} started`]: both(ledger(true), host(name, { refusesWork: false })),
    [`${step} no-ledger`]: ledger(false),
    [`${step} not-started`]: both(ledger(true), host(name, { refusesWork: true })),
  };
}

function stopScenes(step: string, name: 'host-P' | 'host-R'): Record<string, Make> {
  return {
    [`${step} stopped`]: both(ledger(true), host(name, { working: true, refusesStop: false })),
    [`${step} no-ledger`]: ledger(false),
    [`${step} still-running`]: both(ledger(true), host(name, { working: true, refusesStop: true })),
  };
}

const holderScenes = (step: string, own: 'P' | 'R', other: 'P' | 'R'): Record<string, Make> => ({
  [`${step} holder`]: () => undefined,
  [`${step} held-elsewhere`]: holder(own === 'P' ? other : 'P'),
  [`${step} unfinished`]: holder(null),
});

const answerOf = (scene: Scene, step: string) => scene.path.steps.find((walked) => walked.step === step)?.outcome;

/** The survivor's number and what was heard of the writer's, at the moment the verdict is drawn. */
function numbers(survivor: 'P' | 'R', writerHost: 'host-P' | 'host-R', number: number, heard: number): Make {
  return ({ world }) => {
    const lineage = survivor === 'R' ? FORWARD_LINEAGE : REVERSE_LINEAGE;
    Object.assign(world.systems[survivor], {
      up: true,
      lastNumber: number,
      consistent: true,
      lineage: [...lineage],
      evidenceLost: false,
    });
    world.heard[writerHost].completed = heard;
  };
}

const fenceForward =
  (guarded: boolean): Make =>
  (scene) => {
    const { world } = scene;
    Object.assign(world.systems.P, { up: false });
    Object.assign(world.systems.I, { up: guarded, answeredNumber: 100 });
    world.setPair('P-I', 'duplex');
    // What was heard once counts for ever, so a path without proof must not have heard too much before.
    if (answerOf(scene, 'S245') !== 'no-data-loss') world.heard['host-P'].completed = 90;
  };

/** R answers the fence; where the path wants no proof all the same, R has lost records. */
const fenceReverse =
  (answers: boolean): Make =>
  (scene) => {
    Object.assign(scene.world.systems.R, {
      up: answers,
      completedNumber: 150,
      lastNumber: 150,
      evidenceLost: answerOf(scene, 'S535') === 'unknown',
    });
    Object.assign(scene.world.systems.I, { up: true });
  };

export const SCENES: Readonly<Record<string, Make>> = {
  // Initial copy.
  ...holderScenes('S090', 'P', 'R'),
  'S092 none': () => undefined,
  'S092 newer-elsewhere': ({ world }) => void Object.assign(world.systems.R, { lastNumber: 150 }),
  'S095 not-needed': both(pair('P-I', 'duplex'), pair('I-R', 'duplex')),
  'S095 split': both(pair('P-I', 'failure-suspend'), pair('I-R', 'duplex')),
  ...formScenes('S100', 'P-I', 'I-R'),
  ...formScenes('S110', 'I-R', 'P-I', 'duplex'),
  // Failover and switch-over.
  'S180 ready': healthy,
  'S180 not-ready': pair('I-R', 'suspend'),
  'S180 already-here': holder('R'),
  ...stopScenes('S185', 'host-P'),
  'S190 quiet': () => undefined,
  'S190 not-quiet': ({ world }) => void Object.assign(world.systems.R, { lastNumber: 50 }),
  'S200 failed': ({ world }) => void Object.assign(world.heard['host-P'], { lost: true }),
  'S200 alive': () => undefined,
  'S200 already-here': holder('R'),
  'S205 fenced': fenceForward(true),
  'S205 not-fenced': fenceForward(false),
  ...askScenes('S210', 'I-R', 'R-I'),
  'S211 answers': up('I'),
  'S211 no-answer': up('I', false),
  'S213 duplex': both(healthy, pair('I-R', 'duplex-pending')),
  'S213 failed': both(healthy, pair('I-R', 'duplex-pending'), copies('fail')),
  'S216 suspend': both(healthy, pair('I-R', 'suspend'), pair('P-I', 'failure-suspend')),
  'S216 failed': both(healthy, pair('I-R', 'suspend'), pair('P-I', 'failure-suspend'), copies('fail')),
  'S230 ended': both(healthy, pair('I-R', 'duplex')),
  ...drainedScenes('S240', 'I-R'),
  ...settleScenes('S242', 'R', 'I-R'),
  'S245 no-data-loss': numbers('R', 'host-P', 100, 100),
  'S245 data-loss': numbers('R', 'host-P', 90, 95),
  'S245 unknown': numbers('R', 'host-P', 90, 90),
  'S260 reversed': both(healthy, pair('I-R', 'suspend')),
  'S260 not-reversed': pair('I-R', null),
  'S270 duplex': both(healthy, pair('R-I', 'suspend'), pair('P-I', 'failure-suspend')),
  'S270 copying': both(healthy, pair('R-I', 'suspend'), pair('P-I', 'failure-suspend'), copies('stall')),
  'S270 not-resynced': both(pair('R-I', 'suspend'), up('I', false)),
  'S280 promoted': () => undefined,
  ...workScenes('S285', 'host-R'),
  'S290 promoted': both(healthy, pair('P-I', 'suspend')),
  ...workScenes('S295', 'host-P'),
  // Reverse copy and its control.
  ...holderScenes('S291', 'R', 'P'),
  'S292 cleared': healthy,
  'S292 not-cleared': up('P', false),
  'S293 spread': healthy,
  'S294 none': () => undefined,
  'S294 newer-elsewhere': ({ world }) => void Object.assign(world.systems.P, { completedNumber: 500 }),
  'S298 not-needed': both(pair('R-I', 'duplex'), pair('I-P', 'suspend')),
  'S298 split': both(pair('R-I', 'suspend'), pair('I-P', 'duplex')),
  ...formScenes('S300', 'R-I', 'I-P'),
  'S310 ended': both(healthy, pair('R-I', 'duplex')),
  ...drainedScenes('S320', 'R-I'),
  ...formScenes('S330', 'I-P', 'R-I'),
  'S340 duplex': both(healthy, pair('I-P', 'duplex'), pair('R-I', 'suspend')),
  'S340 failed': both(healthy, pair('I-P', 'duplex'), pair('R-I', 'suspend'), copies('fail')),
  'S345 duplex': both(healthy, pair('I-P', 'suspend'), pair('R-I', 'failure-suspend')),
  'S345 failed': both(healthy, pair('I-P', 'suspend'), pair('R-I', 'failure-suspend'), copies('fail')),
  ...holderScenes('S390', 'R', 'P'),
  'S391 reverse': () => undefined,
  'S391 not-reverse': pair('I-P', null),
  'S400 ended': both(healthy, pair('R-I', 'duplex'), pair('I-P', 'suspend')),
  ...drainedScenes('S410', 'R-I'),
  ...formScenes('S420', 'I-P', 'R-I'),
  'S430 duplex': both(healthy, pair('I-P', 'duplex'), pair('R-I', 'suspend')),
  'S430 failed': both(healthy, pair('I-P', 'duplex'), pair('R-I', 'suspend'), copies('fail')),
  'S440 again': ({ world }) => void Object.assign(world.systems.R, { journalShare: 0.9 }),
  'S440 ended': ({ run, endRequested }) => {
    if (!endRequested) run.orders.push({ order: 'end', by: 'operator' });
  },
  // Failback.
  'S480 already-here': holder('P'),
  'S480 stopped': host('host-R', { working: false }),
  'S480 lost': host('host-R', { up: false }),
  'S480 running': host('host-R', { working: true }),
  ...stopScenes('S482', 'host-R'),
  'S490 fenced': fenceReverse(true),
  'S490 not-fenced': fenceReverse(false),
  ...askScenes('S500', 'R-I', 'I-R'),
  'S500 no-answer': up('I', false),
  'S501 answers': healthy,
  'S501 no-answer': both(healthy, up('R', false)),
  'S502 duplex': both(healthy, pair('R-I', 'duplex-pending'), pair('I-P', 'suspend')),
  'S502 failed': both(healthy, pair('R-I', 'duplex-pending'), pair('I-P', 'suspend'), copies('fail')),
  'S506 duplex': both(healthy, pair('R-I', 'suspend'), pair('I-P', 'suspend'), image('I', true, null)),
  'S506 failed': both(healthy, pair('R-I', 'suspend'), pair('I-P', 'suspend'), image('I', true, null), copies('fail')),
  'S510 ended': both(healthy, pair('R-I', 'duplex'), pair('I-P', 'suspend')),
  ...drainedScenes('S520', 'R-I'),
  'S530 suspend': both(healthy, pair('R-I', 'suspend'), pair('I-P', 'suspend'), image('I', true, null)),
  'S530 failed': both(healthy, pair('R-I', 'suspend'), pair('I-P', 'suspend'), image('I', true, null), copies('fail')),
  ...settleScenes('S545', 'I', 'R-I'),
  ...formScenes('S550', 'I-P', 'R-I'),
  ...settleScenes('S560', 'P', 'I-P'),
  ...settleScenes('S565', 'P', 'I-P'),
  'S535 no-data-loss': numbers('P', 'host-R', 150, 150),
  'S535 data-loss': numbers('P', 'host-R', 140, 150),
  'S535 unknown': numbers('P', 'host-R', 150, 150),
  'S580 promoted': both(healthy, pair('I-P', 'suspend')),
  ...workScenes('S585', 'host-P'),
  'S590 promoted': both(healthy, pair('R-I', 'suspend'), image('R', true, null)),
  ...workScenes('S595', 'host-R'),
};

/** Nothing but the step's own outcome is arranged, so a path may ask for what earlier findings forbid. */
export function isImpossible(path: Path): string | null {
  const has = (step: string, outcome: string) =>
    path.steps.some((walked) => walked.step === step && walked.outcome === outcome);
  if (has('S205', 'not-fenced') && has('S245', 'no-data-loss'))
    return 'no data loss is never said of a writer that is not fenced';
  if (has('S490', 'not-fenced') && has('S535', 'no-data-loss'))
    return 'no data loss is never said of a writer that is not fenced';
  return null;
}
