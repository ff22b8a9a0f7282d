import { describe, expect, it } from 'vitest';
import { ALL_ARRANGEMENTS } from '../domain/arrangement.ts';
import { ACTION_CONTRACTS } from './actions/contracts.ts';
import { ACTIONS } from './actions/table.ts';
import { findRoutine, findStep, ROUTINES } from './find-routine.ts';
import { graphFaults } from './graph-check.ts';
import { end, step, to } from './graph-words.ts';
import type { RoutineGraph } from './step-graph.ts';

interface Ways {
  total: number;
  ended: number;
}

/** How many ways lead on from a step, and how many of them end; a resident routine's circle is entered once. */
function waysFrom(graph: RoutineGraph, id: string, known: Map<string, Ways>): Ways {
  const counted = known.get(id);
  if (counted) return counted;
  const ways = { total: 0, ended: 0 };
  known.set(id, ways);
  for (const { next } of Object.values(graph.steps.find((step) => step.id === id)?.outcomes ?? {})) {
    const isEnd = 'ending' in next && ['done', 'failed', 'unknown', 'aborted'].includes(next.ending);
    const further = 'step' in next ? waysFrom(graph, next.step, known) : { total: 1, ended: isEnd ? 1 : 0 };
    ways.total += further.total;
    ways.ended += further.ended;
  }
  return ways;
}

describe.each(ROUTINES.map((graph) => [`${graph.arrangement} ${graph.id}`, graph] as const))('%s', (_name, graph) => {
  it('is well formed: every step reachable, every outcome total, every end named', () => {
    expect(graphFaults(graph, ACTION_CONTRACTS)).toEqual([]);
  });

  it('ends on every way through it', () => {
    const ways = waysFrom(graph, graph.first, new Map());
    expect(ways.total).toBeGreaterThan(0);
    expect(ways.ended).toBe(ways.total);
  });

  it('speaks of pairs, hosts and systems of its arrangement only', () => {
    const arrangement = ALL_ARRANGEMENTS.find((candidate) => candidate.id === graph.arrangement);
    // A pair may be met turned round where an earlier operation has left it.
    const pairs = [...(arrangement?.normal.pairs ?? []), ...(arrangement?.reverse.pairs ?? [])].flatMap(
      ({ source, destination }) => [`${source}-${destination}`, `${destination}-${source}`],
    );
    const hosts = arrangement?.hosts.map((host) => host.name);
    const systems = arrangement?.systems.map((system) => system.name);
    for (const each of graph.steps) {
      for (const expected of each.expects) expect(pairs).toContain(expected.pair);
      if (each.host) expect(hosts).toContain(each.host);
      if (each.target) expect(systems).toContain(each.target);
    }
  });
});

it('every arrangement has the routines it names, and no action is without a contract or a use', () => {
  for (const arrangement of ALL_ARRANGEMENTS)
    for (const id of arrangement.routines) expect(findRoutine(arrangement.id, id).id).toBe(id);
  expect(Object.keys(ACTION_CONTRACTS).sort()).toEqual(Object.keys(ACTIONS).sort());
  const used = new Set(ROUTINES.flatMap((graph) => graph.steps.map((each) => each.action)));
  expect(Object.keys(ACTIONS).filter((action) => !used.has(action))).toEqual([]);
});

it('refuses an unknown routine by name, and finds no step for an unknown id', () => {
  expect(() => findRoutine('chain-3', 'fallback')).toThrow(
    expect.objectContaining({
      refusal: expect.objectContaining({ code: 'unknown-routine', cure: expect.stringContaining('failback') }),
    }),
  );
  expect(findStep(findRoutine('chain-3', 'failover'), 'S999')).toBeNull();
});

describe('the check itself', () => {
  const good = step({
    id: 'A',
    title: 'a',
    text: 'a',
    host: 'host-P',
    target: 'P',
    action: 'drain',
    parameters: { pair: 'I-R' },
    outcomes: { ended: end('done', 's', 't') },
    abortState: 's',
  });
  const graph = (steps: RoutineGraph['steps'], resident = false): RoutineGraph => ({
    id: 'g',
    arrangement: 'chain-3',
    title: 'g',
    intent: 'test',
    host: 'host-P',
    resident,
    first: 'A',
    steps,
  });

  it.each<[string, RoutineGraph]>([
    ['B cannot be reached', graph([good, { ...good, id: 'B' }])],
    ['A leads nowhere', graph([{ ...good, outcomes: { ended: to('Z', 'x') } }])],
    ['no way leads', graph([{ ...good, outcomes: { ended: to('A', 'x') } }], true)],
    [
      'form a circle',
      graph([
        {
          ...good,
          action: 'ask-peer',
          parameters: { peer: 'I' },
          outcomes: { answers: to('A', 'x'), 'no-answer': end('done', 's', 't') },
        },
      ]),
    ],
    ['A has no outcome ended', graph([{ ...good, outcomes: {} }])],
    ['cannot come about', graph([{ ...good, outcomes: { ...good.outcomes, sometimes: end('done', 's', 't') } }])],
    ['unknown action', graph([{ ...good, action: 'hope' }])],
    ['lacks the parameter pair', graph([{ ...good, parameters: {} }])],
    ['no host', graph([{ ...good, host: null }])],
    ['no target', graph([{ ...good, target: null }])],
    ['stands twice', graph([good, good])],
    ['no state to abort to', graph([{ ...good, abortState: '' }])],
    [
      'dangerous default',
      graph([
        {
          ...good,
          action: 'announce',
          decision: {
            question: '?',
            default: 'ended',
            options: [{ id: 'ended', label: '', consequence: '', dangerous: true }],
          },
        },
      ]),
    ],
  ])('finds that %s', (fault, broken) => {
    const words = fault.replace('A leads nowhere', 'which is not there');
    expect(graphFaults(broken, ACTION_CONTRACTS).join('; ')).toContain(words);
  });
});
