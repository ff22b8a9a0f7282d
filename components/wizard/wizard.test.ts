import { describe, expect, it } from 'vitest';
import { CHAIN_3_ROUTINES } from '../../server/routines/chain-3.ts';
import { findRoutine } from '../../server/routines/find-routine.ts';
import { preflightFixture } from '../testing/fixture-services.ts';
import { drainingRun, endedRun, stoppedRun, waitingRun } from '../testing/run-fixture.ts';
import { answerLacks, NO_ANSWER } from './answer.ts';
import { listedSteps, orderChecks, reachable, recordOf, stepOf, stepStateOf, waysTaken } from './derive.ts';
import { addSample, estimate, LEARN_MS, type Sample, STALL_MS } from './estimate.ts';
import { FLOW, layoutFlow } from './flow-layout.ts';

const AT = 1_700_000_000_000;
const FAILOVER = findRoutine('chain-3', 'failover');

describe.each(CHAIN_3_ROUTINES.map((graph) => [graph.id, graph] as const))('flow chart of %s', (_id, graph) => {
  const layout = layoutFlow(graph);

  it('shows every step once and lays none over another', () => {
    expect(layout.nodes.map((node) => node.step.id).sort()).toEqual(graph.steps.map((step) => step.id).sort());
    expect(new Set(layout.nodes.map((node) => `${node.column}:${node.row}`)).size).toBe(layout.nodes.length);
  });

  it('shows every way between steps with its outcomes, and counts every ending', () => {
    const drawn = layout.edges.flatMap((edge) => edge.outcomes.map((outcome) => `${edge.from} ${outcome} ${edge.to}`));
    const wanted = graph.steps.flatMap((step) =>
      Object.entries(step.outcomes).flatMap(([outcome, { next }]) =>
        'step' in next ? [`${step.id} ${outcome} ${next.step}`] : [],
      ),
    );
    expect(drawn.sort()).toEqual(wanted.sort());
    const endings = layout.nodes.reduce((sum, node) => sum + [...node.endings.values()].reduce((a, b) => a + b, 0), 0);
    expect(endings + wanted.length).toBe(graph.steps.flatMap((step) => Object.keys(step.outcomes)).length);
  });

  it('leads downwards except where the routine repeats', () => {
    const rows = new Map(layout.nodes.map((node) => [node.step.id, node.row]));
    for (const edge of layout.edges) {
      const down = (rows.get(edge.to) ?? 0) - (rows.get(edge.from) ?? 0);
      expect(edge.back ? down <= 0 : down > 0).toBe(true);
    }
  });

  it('stays within its frame', () => {
    for (const node of layout.nodes) {
      expect(node.x).toBeGreaterThanOrEqual(FLOW.labelRoom);
      expect(node.x + FLOW.width).toBeLessThan(layout.width);
      expect(node.y + FLOW.height).toBeLessThan(layout.height);
    }
  });
});

describe('how a step stands', () => {
  it('is current, done, ahead or not taken while the run goes on', () => {
    const run = drainingRun(AT);
    expect(stepStateOf(FAILOVER, run, 'S230')).toBe('current');
    expect(stepStateOf(FAILOVER, run, 'S200')).toBe('done');
    expect(stepStateOf(FAILOVER, run, 'S240')).toBe('ahead');
    expect(stepStateOf(FAILOVER, run, 'S202')).toBe('not-taken');
  });

  it('tells a decision and a stop from work', () => {
    expect(stepStateOf(FAILOVER, waitingRun(AT), 'S201')).toBe('waiting');
    expect(stepStateOf(FAILOVER, stoppedRun(AT), 'S230')).toBe('refused');
  });

  it('is not taken where the run ended without it, and ahead where there is no run yet', () => {
    expect(stepStateOf(FAILOVER, endedRun(AT), 'S202')).toBe('not-taken');
    expect(stepStateOf(FAILOVER, null, 'S202')).toBe('ahead');
    const paused = { ...waitingRun(AT), status: 'paused' as const, currentStep: null, steps: [] };
    expect(stepStateOf(FAILOVER, paused, FAILOVER.first)).toBe('ahead');
  });

  it('never takes an unknown step for another', () => {
    expect(stepOf(FAILOVER, 'S999')).toBeNull();
    expect(recordOf(drainingRun(AT), 'S999')).toBeNull();
  });

  it('follows every outcome to what may still come', () => {
    expect(reachable(FAILOVER, 'S240').has('S245')).toBe(true);
    expect(reachable(FAILOVER, 'S240').has('S200')).toBe(false);
    expect(reachable(FAILOVER, null).size).toBe(0);
  });

  it('knows the ways that were taken, with the outcome that led there', () => {
    const taken = waysTaken(drainingRun(AT));
    expect(taken.get('S210>S230')).toBe('duplex');
    expect(taken.has('S200>S202')).toBe(false);
    expect(waysTaken(null).size).toBe(0);
  });

  it('lists on a phone what was walked first, each step once', () => {
    const listed = listedSteps(FAILOVER, drainingRun(AT)).map((each) => each.step);
    expect(listed.slice(0, 5)).toEqual(['S200', 'S201', 'S205', 'S210', 'S230']);
    expect(new Set(listed).size).toBe(FAILOVER.steps.length);
  });
});

describe('an answer to a decision', () => {
  const plain = { id: 'stay', label: 'Stay', consequence: '', dangerous: false };
  const dangerous = { ...plain, id: 'restart', dangerous: true };
  const attesting = { ...dangerous, id: 'attest', attests: true };

  it('needs an option, for none is chosen beforehand', () => {
    expect(answerLacks(null, NO_ANSWER, 'demo')).not.toBeNull();
    expect(answerLacks(plain, { ...NO_ANSWER, choice: 'stay' }, 'demo')).toBeNull();
  });

  it('needs the group’s name, exactly, where it is dangerous', () => {
    for (const typed of ['', 'dem', 'Demo', 'demo '])
      expect(answerLacks(dangerous, { ...NO_ANSWER, typed }, 'demo')).not.toBeNull();
    expect(answerLacks(dangerous, { ...NO_ANSWER, typed: 'demo' }, 'demo')).toBeNull();
  });

  it('needs words and a time where the operator attests', () => {
    const typed = { ...NO_ANSWER, typed: 'demo' };
    expect(answerLacks(attesting, typed, 'demo')).not.toBeNull();
    expect(answerLacks(attesting, { ...typed, statement: 'burnt' }, 'demo')).not.toBeNull();
    expect(
      answerLacks(attesting, { ...typed, statement: ' ', destroyedAt: '2025-11-20T03:12:05' }, 'demo'),
    ).not.toBeNull();
    expect(
      answerLacks(attesting, { ...typed, statement: 'burnt', destroyedAt: '2025-11-20T03:12:05' }, 'demo'),
    ).toBeNull();
  });
});

describe('the estimate of a copy', () => {
  const MIB = 1024 * 1024;
  const steady = (seconds: number): Sample[] =>
    Array.from({ length: seconds + 1 }, (_, index) => ({ at: AT + index * 1000, doneBytes: index * 10 * MIB }));

  it('says nothing before three seconds of samples', () => {
    expect(estimate([], 100, AT)).toEqual({ rateBytesPerSecond: null, leftMs: null, stalledMs: null });
    expect(estimate(steady(2), 1000 * MIB, AT + 2000).leftMs).toBeNull();
    expect(estimate(steady(LEARN_MS / 1000), 1000 * MIB, AT + LEARN_MS).leftMs).not.toBeNull();
  });

  it('reads a steady rate as what it is', () => {
    const { rateBytesPerSecond, leftMs } = estimate(steady(5), 100 * MIB, AT + 5000);
    expect(rateBytesPerSecond).toBe(10 * MIB);
    expect(leftMs).toEqual({ low: 5000, mid: 5000, high: 5000 });
  });

  it('widens its band where the rate wavers', () => {
    const samples = [0, 2, 4, 24, 44, 46, 66].map((done, index) => ({ at: AT + index * 1000, doneBytes: done * MIB }));
    const { leftMs } = estimate(samples, 200 * MIB, AT + 6000);
    expect(leftMs?.low).toBeLessThan(leftMs?.mid ?? 0);
    expect(leftMs?.high).toBeGreaterThan(leftMs?.mid ?? 0);
  });

  it('calls a copy stalled after five quiet seconds, and a finished one never', () => {
    const last = AT + 5000;
    expect(estimate(steady(5), 100 * MIB, last + STALL_MS - 1).stalledMs).toBeNull();
    expect(estimate(steady(5), 100 * MIB, last + STALL_MS)).toMatchObject({ stalledMs: STALL_MS, leftMs: null });
    expect(estimate(steady(5), 50 * MIB, last + 60_000).stalledMs).toBeNull();
  });

  it('counts time since bytes came, not since it was looked at, and begins anew with a new copy', () => {
    const still = addSample(steady(5), { at: AT + 9000, doneBytes: 50 * MIB });
    expect(still.at(-1)?.at).toBe(AT + 5000);
    expect(addSample(steady(5), { at: AT + 9000, doneBytes: MIB })).toEqual([{ at: AT + 9000, doneBytes: MIB }]);
  });
});

describe('checks of a preflight', () => {
  it('stand with what blocks first and what passes last', () => {
    const [base] = preflightFixture(AT).checks;
    if (!base) throw new Error('the fixture has no check');
    const check = (id: string, ok: boolean | null, blocking: boolean) => ({ ...base, id, ok, blocking });
    const checks = [
      check('passes', true, true),
      check('untold', null, true),
      check('warns', false, false),
      check('blocks', false, true),
    ];
    expect(orderChecks(checks).map((each) => each.id)).toEqual(['blocks', 'warns', 'untold', 'passes']);
  });
});
