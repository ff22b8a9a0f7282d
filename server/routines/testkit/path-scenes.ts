import { pairKey, pairName } from '../../domain/names.ts';
import type { PairKind, PairState } from '../../domain/pair-states.ts';
import { isFlowing } from '../../domain/pair-states.ts';
import type { Path } from '../graph-check.ts';
import type { RoutineGraph, RoutineStep } from '../step-graph.ts';
import type { Letter } from './fake-systems.ts';
import type { FakeHost, FakeHostName, FakeWorld } from './fake-world.ts';
import { ends, type Make, type Makes, told } from './scene-parts.ts';
import { TEST_SCENES } from './test-scenes.ts';
import { answerOf, fenced, judged, own } from './verdict-scenes.ts';

const reversed = (name: string) => pairName(ends(name).destination, ends(name).source);
const kindOf = (step: RoutineStep): PairKind | undefined => step.parameters.kind as PairKind | undefined;
const none: Make = () => undefined;

const both =
  (...makes: Make[]): Make =>
  (scene, step) => {
    for (const make of makes) make(scene, step);
  };

const healthy: Make = ({ world }) => {
  for (const system of Object.values(world.systems)) system.up = true;
  for (const host of Object.values(world.hosts)) host.up = true;
  world.copies = 'succeed';
  world.drains = 'succeed';
};

/** The pair that the step names under `parameter`. */
const pair =
  (state: PairState | null, parameter = 'pair'): Make =>
  ({ world }, step) =>
    world.setPair(told(step, parameter), state, kindOf(step));

const turned =
  (state: PairState): Make =>
  ({ world }, step) =>
    world.setPair(reversed(told(step, 'pair')), state);

/** Nothing else flows into or out of the systems of the step's pair, and its source is whole. */
const alone =
  (parameter = 'pair'): Make =>
  ({ world }, step) => {
    const { source, destination } = ends(told(step, parameter));
    Object.assign(world.systems[source], { consistent: true, gold: null });
    for (const name of [source, destination]) rest(world, name, [source, destination]);
  };

/** Every pair of `name` but the one between `spared` is at rest. */
function rest(world: FakeWorld, name: Letter, spared: readonly string[]): void {
  for (const { definition, state } of [...world.systems[name].pairs.values()]) {
    const isSpared = spared.includes(definition.source) && spared.includes(definition.destination);
    if (!isSpared && isFlowing(state))
      world.setPair(pairName(definition.source, definition.destination), 'suspend', definition.kind);
  }
}

const copies =
  (how: FakeWorld['copies']): Make =>
  ({ world }) => {
    world.copies = how;
  };

const targetImage =
  (consistent: boolean, gold: number | null): Make =>
  ({ world }, step) =>
    void Object.assign(world.systems[step.target as Letter], { consistent, gold });

const down = (world: FakeWorld, name: string) => Object.assign(world.systems[name as Letter], { up: false });

const ledger =
  (enabled: boolean): Make =>
  ({ definition }) => {
    definition.ledger.enabled = enabled;
  };

const ownHost =
  (change: Partial<FakeHost>): Make =>
  ({ world }, step) =>
    void Object.assign(world.hosts[step.host as FakeHostName], change);

const otherHost =
  (change: Partial<FakeHost>): Make =>
  ({ world }, step) =>
    void Object.assign(world.hosts[told(step, 'otherHost') as FakeHostName], change);

const holder =
  (name: (step: RoutineStep, world: FakeWorld) => string | null): Make =>
  ({ world }, step) => {
    world.register = {
      ...world.register,
      generation: { number: world.register.generation.number + 1, runId: 'other', holder: name(step, world) },
    };
  };

const survivorHolds = holder((step) => told(step, 'survivor'));

/** Outcomes of a step that asks for the state of its pair. */
function asked(): Makes {
  const states = ['duplex', 'suspending', 'suspend', 'failure-suspend', 'simplex'] as const;
  return {
    ...Object.fromEntries(states.map((state) => [state, both(healthy, pair(state))])),
    copying: both(healthy, pair('duplex-pending')),
    reversed: both(healthy, turned('suspend')),
    absent: both(healthy, pair(null)),
    'no-answer': both(healthy, ({ world }, step) => void down(world, step.target ?? '')),
  };
}

/** Outcomes of a step that brings its pair to duplex. */
const formed: Makes = {
  duplex: both(healthy, alone(), pair('suspend')),
  already: both(healthy, alone(), pair('duplex')),
  failed: both(healthy, alone(), pair('suspend'), copies('fail')),
};

const settled: Makes = {
  consistent: both(healthy, pair('suspend'), targetImage(true, null)),
  'rolled-back': both(healthy, pair('suspend'), targetImage(false, 100)),
  'no-image': both(healthy, pair('suspend'), targetImage(false, null)),
};

/** The first of the systems in the list `parameter`, changed. */
const firstOf =
  (parameter: string, change: Record<string, unknown>): Make =>
  ({ world }, step) =>
    void Object.assign(world.systems[told(step, parameter).split(' ')[0] as Letter], change);

/** The destination holds updates that the source does not have. `known`: its journal still tells which tracks they changed. */
function foreign(known: boolean): Make {
  return ({ world }, step) => {
    const system = world.systems[ends(told(step, 'pair')).destination];
    system.lastNumber += 10;
    system.trimmedTo = known ? 0 : system.lastNumber;
  };
}

/** By action, then by outcome. */
const BY_ACTION: Readonly<Record<string, Makes>> = {
  ...TEST_SCENES,
  'ask-differences': {
    found: both(healthy, pair('duplex-pending'), copies('stall')),
    none: both(healthy, pair('duplex')),
    stopped: both(healthy, pair('failure-suspend')),
  },
  'ask-drained': {
    suspend: both(healthy, pair('suspend')),
    'failure-suspend': both(healthy, pair('failure-suspend')),
    changed: both(healthy, pair('duplex')),
  },
  'ask-pair': asked(),
  'ask-pair-if-answers': asked(),
  'ask-peer': {
    answers: healthy,
    'no-answer': both(healthy, ({ world }, step) => void down(world, told(step, 'peer'))),
  },
  'await-cycle': {
    again: ({ world }) =>
      void Object.assign(world.systems[world.arrangement.reverse.holder as Letter], { journalShare: 0.9 }),
    ended: ({ run, endRequested }) => {
      if (!endRequested) run.orders.push({ order: 'end', by: 'operator' });
    },
  },
  'await-quiet': {
    quiet: none,
    'not-quiet': ({ world }, step) =>
      void Object.assign(world.systems[told(step, 'survivor') as Letter], { lastNumber: 50 }),
  },
  'begin-copy': {
    already: both(healthy, alone(), pair('duplex')),
    begun: both(healthy, alone(), pair('suspend'), copies('stall')),
  },
  'check-faults-cleared': { cleared: healthy, 'not-cleared': firstOf('systems', { up: false }) },
  'check-holder': {
    holder: none,
    'held-elsewhere': holder((step, { arrangement: { normal, reverse } }) =>
      told(step, 'system') === normal.holder ? reverse.holder : normal.holder,
    ),
    unfinished: holder(() => null),
  },
  'check-ready': {
    ready: healthy,
    'not-ready': ({ world }) => {
      const [first] = world.arrangement.normal.pairs;
      if (first) world.setPair(pairName(first.destination, first.source), 'suspend');
    },
    'already-here': survivorHolds,
  },
  'check-reverse': {
    reverse: none,
    'not-reverse': ({ world }, step) => world.setPair(told(step, 'pairs').split(' ').at(-1) ?? '', null),
  },
  'check-work-stopped': {
    'already-here': holder((step) => step.target),
    stopped: otherHost({ working: false }),
    lost: otherHost({ up: false }),
    running: otherHost({ working: true }),
  },
  'compare-images': { none, 'newer-elsewhere': firstOf('others', { completedNumber: 500, lastNumber: 500 }) },
  'delete-pair': { deleted: both(healthy, pair('suspend')), absent: both(healthy, pair(null)) },
  'delete-pair-if-answers': {
    deleted: both(healthy, pair('suspend')),
    absent: both(healthy, pair(null)),
    'no-answer': both(healthy, ({ world }, step) => void down(world, step.target ?? '')),
  },
  drain: { ended: both(healthy, alone(), pair('duplex')) },
  fence: { fenced: fenced(true), 'not-fenced': fenced(false), own },
  'find-last-side': {
    normal: lastOn((world) => world.arrangement.normal.holder),
    reverse: lastOn((world) => world.arrangement.reverse.holder),
  },
  'find-side': { normal: none, reverse: none, nobody: holder(() => null) },
  'form-if-possible': {
    duplex: both(healthy, alone(), pair(null), sameNumbers(true)),
    already: both(healthy, alone(), pair('duplex')),
    copying: both(healthy, alone(), unlessByNumberOnly(), sameNumbers(false), copies('stall')),
    'not-formed': both(
      healthy,
      alone(),
      pair(null),
      ({ world }, step) => void down(world, ends(told(step, 'pair')).destination),
    ),
  },
  'form-pair': formed,
  'give-host-role': {
    promoted: ({ world }, step) => {
      const target = step.target as Letter;
      Object.assign(world.systems[target], { up: true, consistent: true, gold: null });
      for (const { definition, state } of [...world.systems[target].pairs.values()])
        if (definition.destination === target && isFlowing(state))
          world.setPair(pairName(definition.source, target), 'suspend', definition.kind);
    },
  },
  judge: { 'no-data-loss': judged('no-data-loss'), 'data-loss': judged('data-loss'), unknown: judged('unknown') },
  'judge-resume': {
    paired: both(healthy, pair('duplex')),
    first: both(healthy, pair(null), targetImage(false, null)),
    'none-needed': both(healthy, pair(null), sameNumbers(true)),
    delta: both(healthy, pair(null), sameNumbers(false)),
    differs: both(healthy, pair(null), sameNumbers(true), foreign(true)),
    impossible: both(healthy, pair(null), sameNumbers(true), foreign(false)),
    'no-answer': both(healthy, ({ world }, step) => void down(world, step.target ?? '')),
  },
  'read-table': {
    empty: both(healthy, pair('suspend')),
    marked: both(healthy, pair('suspend'), markedAtTarget(3)),
    absent: both(healthy, pair(null)),
  },
  'repair-reverse': {
    duplex: both(healthy, alone(), pair('suspend'), pair('suspend', 'sync'), targetImage(true, null)),
    failed: both(healthy, alone(), pair('suspend'), pair('suspend', 'sync'), targetImage(true, null), copies('fail')),
  },
  'rest-pair': { 'at-rest': both(healthy, pair('suspend')) },
  'resync-reversed': {
    duplex: both(healthy, alone(), pair('suspend')),
    copying: both(healthy, alone(), pair('suspend'), copies('stall')),
    'not-resynced': both(
      healthy,
      pair('suspend'),
      ({ world }, step) => void down(world, ends(told(step, 'pair')).destination),
    ),
  },
  'resync-then-drain': {
    suspend: both(healthy, alone(), pair('suspend')),
    failed: both(healthy, alone(), pair('suspend'), copies('fail')),
  },
  'resync-then-split': {
    suspend: both(healthy, alone(), pair('suspend')),
    failed: both(healthy, alone(), pair('suspend'), copies('fail')),
  },
  reverse: { reversed: both(healthy, turned('suspend')), 'not-reversed': both(healthy, pair(null)) },
  'settle-image': settled,
  'settle-image-if-answers': settled,
  'settle-mixed': {
    ...settled,
    mixed: both(
      healthy,
      pair('suspend'),
      targetImage(false, 100),
      ({ world }, step) => void Object.assign(world.systems[step.target as Letter], { mixedTracks: 2 }),
    ),
  },
  'split-downstream': {
    'not-needed': both(healthy, pair('duplex'), downstream('suspend')),
    split: both(healthy, pair('failure-suspend'), downstream('duplex')),
  },
  'split-then-resync': {
    duplex: both(healthy, alone('resync'), pair('duplex', 'split'), pair('suspend', 'resync')),
    failed: both(healthy, alone('resync'), pair('duplex', 'split'), pair('suspend', 'resync'), copies('fail')),
  },
  'split-then-settle': settled,
  'spread-generation': { spread: healthy },
  'start-work': {
    started: both(ledger(true), ownHost({ up: true, refusesWork: false })),
    'no-ledger': ledger(false),
    'not-started': both(ledger(true), ownHost({ up: true, refusesWork: true })),
  },
  'stop-work': {
    stopped: both(ledger(true), ownHost({ working: true, refusesStop: false })),
    'no-ledger': ledger(false),
    'still-running': both(ledger(true), ownHost({ working: true, refusesStop: true })),
  },
  'wait-copy-end': {
    duplex: both(healthy, alone(), pair('duplex-pending')),
    failed: both(healthy, alone(), pair('duplex-pending'), copies('fail')),
  },
  'watch-heartbeat': {
    failed: ({ world }, step) =>
      void Object.assign(world.heard[told(step, 'writerHost') as FakeHostName], { lost: true }),
    alive: none,
    'already-here': survivorHolds,
  },
};

/** The target's own table of the step's pair. */
function markedAtTarget(dirtyTracks: number): Make {
  return ({ world }, step) => {
    const { source, destination } = ends(told(step, 'pair'));
    Object.assign(world.systems[step.target as Letter].pairs.get(pairKey(source, destination)) ?? {}, { dirtyTracks });
  };
}

/** The pair that leads on, as the arrangement knows it; the kind of the step is that of the pair that copies. */
function downstream(state: PairState): Make {
  return ({ world }, step) => world.setPair(told(step, 'downstream'), state);
}

/** No pair, or where it may not be made by a copy, one that is suspended. */
function unlessByNumberOnly(): Make {
  return (scene, step) => pair(step.parameters.resume === 'by-number-only' ? 'suspend' : null)(scene, step);
}

/** Both ends hold the same, or the destination lacks something. */
function sameNumbers(is: boolean): Make {
  return ({ world }, step) => {
    const { source, destination } = ends(told(step, 'pair'));
    const { lastNumber, lineage } = world.systems[source];
    Object.assign(world.systems[destination], {
      lastNumber: is ? lastNumber : lastNumber - 10,
      lineage: [...lineage],
      consistent: true,
      evidenceLost: false,
    });
    world.systems[source].evidenceLost = false;
  };
}

/** Nobody holds the role; this system held it last, and everybody answers. */
function lastOn(name: (world: FakeWorld) => string): Make {
  return (scene, step) => {
    const { world } = scene;
    healthy(scene, step);
    const { register } = world;
    const { number } = register.generation;
    world.register = {
      ...register,
      generation: { ...register.generation, holder: null },
      lastHeld: { number: number - 1, holder: name(world) },
    };
  };
}

/** The scene in which `step` answers `outcome`; null where nobody has described one. */
export function sceneFor(step: RoutineStep, outcome: string): Make | null {
  return BY_ACTION[step.action]?.[outcome] ?? null;
}

/** Nothing but the step's own outcome is arranged, so a path may ask for what earlier findings forbid. */
export function isImpossible(graph: RoutineGraph, path: Path): string | null {
  const fence = answerOf(graph, path, 'fence');
  const verdict = answerOf(graph, path, 'judge');
  if (fence === 'not-fenced' && verdict === 'no-data-loss')
    return 'no data loss is never said of a writer that is not fenced';
  if (fence === 'own' && (verdict === 'data-loss' || verdict === 'unknown'))
    return 'a system that has lost nothing holds all it completed itself';
  return null;
}
