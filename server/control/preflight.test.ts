import { describe, expect, test } from 'vitest';
import type { GroupStatus } from '../domain/group-status.ts';
import { findRoutine } from '../routines/find-routine.ts';
import { preflight } from './preflight.ts';
import { NOW, statusWith, withDown } from './testing/status.ts';
import { predictVerdict } from './verdict-prediction.ts';

const failover = findRoutine('chain-3', 'failover');
const duplex = statusWith(['duplex', 'duplex']);
const look = (status: GroupStatus, routine = 'failover') =>
  preflight({ status, graph: findRoutine('chain-3', routine), earlier: [], now: NOW });
const failed = (status: GroupStatus, routine?: string) =>
  look(status, routine)
    .checks.filter((check) => check.ok !== true)
    .map((check) => check.id);

test('everything in order: nothing stands in the way', () => {
  expect(failed(duplex)).toEqual([]);
  expect(look(duplex).refusal).toBeNull();
});

test('a failed check that does not block is shown and lets the routine find out', () => {
  const found = look(statusWith(['unknown', 'duplex']));
  expect(found.checks.find((check) => check.id === 'pair-P-I')).toMatchObject({ ok: null, blocking: false });
  expect(found.refusal).toBeNull();
});

test.each<[string, GroupStatus, string]>([
  ['its host is down', withDown(duplex, 'host-R'), 'host-R'],
  ['the group is switched off', { ...duplex, powered: false }, 'Switch the group on'],
  [
    'another routine is under way',
    { ...duplex, activeRun: { run: 'r', routine: 'initial-copy', step: 'S100', status: 'running', changing: true } },
    'abort',
  ],
])('refused with a cure where %s', (_name, status, cure) => {
  expect(look(status).refusal?.cure).toContain(cure);
});

test('a test under way stands in the way of another test only', () => {
  const run = { run: 'r', routine: 'test-failover', step: 'T150', status: 'running', changing: false };
  const tested = { ...duplex, activeRun: run };
  expect(look(tested).refusal).toBeNull();
  expect(failed(tested, 'test-failover')).toEqual(['run']);
});

test('a routine meant for another operation says so', () => {
  expect(failed(duplex, 'failback')).toEqual(['operation']);
});

test('time is told from earlier runs only, never invented', () => {
  expect(look(duplex).predicted.rtoMs).toBeNull();
});

test('bytes are what lags and what is marked, of the pairs the routine copies', () => {
  // I-R: 100 bytes behind and two tracks of 64 KiB marked.
  expect(look(duplex).predicted.bytes).toBe(100 + 2 * 64 * 1024);
});

test('each decision the run may ask is listed with its options', () => {
  const asked = look(duplex).decisions;
  expect(asked.map((one) => one.step)).toEqual(failover.steps.filter((step) => step.decision).map((step) => step.id));
  for (const one of asked) expect(one.options.length).toBeGreaterThan(1);
});

describe('the verdict foreseen', () => {
  const kindOf = (status: GroupStatus) => predictVerdict(status, failover)?.kind;
  const lastKnown = (status: GroupStatus, state: 'duplex' | 'suspend'): GroupStatus => ({
    ...status,
    pairs: status.pairs.map((pair) => (pair.state === 'unknown' ? { ...pair, lastKnown: { state, at: NOW } } : pair)),
  });

  test.each<[string, GroupStatus, string]>([
    ['both pairs in duplex', duplex, 'no-data-loss'],
    ['P gone, last seen in duplex', lastKnown(statusWith(['unknown', 'duplex']), 'duplex'), 'no-data-loss'],
    [
      'P gone, last seen suspended: it may have gone on alone',
      lastKnown(statusWith(['unknown', 'duplex']), 'suspend'),
      'unknown',
    ],
    ['the sync pair split', statusWith(['failure-suspend', 'duplex']), 'unknown'],
    ['the async pair broken', statusWith(['duplex', 'failure-suspend']), 'unknown'],
    ['I lost', withDown(duplex, 'I'), 'data-loss'],
    ['the register out of reach', { ...duplex, witness: { ...duplex.witness, up: false } }, 'unknown'],
    [
      'all in duplex as far as is seen, and the writer on record as alone',
      { ...duplex, witness: { ...duplex.witness, register: { state: 'alone', epoch: 2, generation: 1 } } },
      'data-loss',
    ],
  ])('%s', (_name, status, kind) => {
    expect(kindOf(status)).toBe(kind);
  });

  describe('where the roles are swapped', () => {
    const named = (status: GroupStatus): GroupStatus => ({
      ...status,
      holder: '2',
      pairs: status.pairs.map((pair) => ({ ...pair, name: pair.name === '1-2' ? '2-1' : '2-3' })),
    });
    const swapped = (...states: Parameters<typeof statusWith>[0]) => named(statusWith(states, {}, 'fan'));
    const foreseen = (status: GroupStatus, routine: string) => predictVerdict(status, findRoutine('fan', routine));

    test('a takeover is no planned move, whichever way it goes', () => {
      const unregistered = { ...swapped('duplex', 'duplex'), witness: { ...duplex.witness, up: false } };
      expect(foreseen(unregistered, 'takeover')?.kind).toBe('unknown');
      expect(foreseen(unregistered, 'swap')?.kind).toBe('no-data-loss');
      expect(foreseen(swapped('duplex', 'duplex'), 'takeover')?.text).toContain('the register answers');
      expect(foreseen(swapped('failure-suspend', 'duplex'), 'takeover')?.text).toContain('2 may have gone on alone');
    });

    test('a planned move needs the pair that the work moves over', () => {
      expect(foreseen(swapped('failure-suspend', 'duplex'), 'swap')?.kind).toBe('unknown');
      expect(foreseen(swapped('duplex', 'failure-suspend'), 'swap')?.kind).toBe('no-data-loss');
    });
  });

  test('routines that move no work have none', () => {
    expect(predictVerdict(duplex, findRoutine('chain-3', 'initial-copy'))).toBeNull();
  });
});
