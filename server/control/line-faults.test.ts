import { expect, test } from 'vitest';
import { defaultGroup, findArrangement } from '../domain/arrangement.ts';
import { lineCalled, lineConditions, linesOf, namesOfLines } from './line-faults.ts';
import type { FaultInput } from './views.ts';

const arrangement = findArrangement('chain-3');
if (!arrangement) throw new Error('chain-3 is gone');
const definition = defaultGroup('demo', arrangement);

const fault = (kind: FaultInput['kind'], target: string, more: Partial<FaultInput> = {}): FaultInput => ({
  kind,
  group: 'demo',
  target,
  ...more,
});
const conditions = (...faults: FaultInput[]) =>
  Object.fromEntries(
    [...lineConditions(arrangement, definition, faults)].map(([key, value]) => [key, value.conditions]),
  );
const said = (touched: FaultInput[], standing: FaultInput[]) =>
  Object.fromEntries(
    linesOf(arrangement, definition, touched, standing).map(({ edge, conditions: to }) => [
      `${edge.process}>${edge.peer}`,
      to,
    ]),
  );

test('every line has one name, and is found by either order of its ends', () => {
  const names = namesOfLines(arrangement, definition).map((line) => line.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['P-I', 'I-R', 'host-P-host-R', 'host-P-P', 'P-witness']));
  expect(lineCalled(arrangement, definition, 'R-I').ends).toEqual(['I', 'R']);
  expect(() => lineCalled(arrangement, definition, 'P-R')).toThrow('no line P-R');
});

test('a cut takes both directions, or the one that leaves the end named', () => {
  expect(conditions(fault('cut', 'P-I'))).toEqual({ 'P>I': { cut: true }, 'I>P': { cut: true } });
  expect(conditions(fault('cut', 'P-I', { from: 'I' }))).toEqual({ 'I>P': { cut: true } });
  expect(() => conditions(fault('cut', 'P-I', { from: 'R' }))).toThrow('no end of line P-I');
});

test('added delay comes on top of the distance', () => {
  const given = conditions(fault('degrade', 'I-R', { conditions: { delayMs: 10, loss: 0.5 } }));
  // 1000 km of fibre are 5 ms one way.
  expect(given).toEqual({ 'I>R': { delayMs: 15, loss: 0.5 }, 'R>I': { delayMs: 15, loss: 0.5 } });
});

test('an isolated host has every line cut, in both directions', () => {
  expect(Object.keys(conditions(fault('isolate', 'host-R'))).sort()).toEqual(
    ['R>host-R', 'host-P>host-R', 'host-R>R', 'host-R>host-P', 'host-R>witness', 'witness>host-R'].sort(),
  );
});

test('faults on one line add up, and clearing one leaves the other', () => {
  const slow = fault('degrade', 'P-I', { conditions: { loss: 0.1 } });
  const cut = fault('cut', 'P-I', { from: 'P' });
  expect(conditions(slow, cut)).toEqual({ 'P>I': { loss: 0.1, cut: true }, 'I>P': { loss: 0.1 } });
  expect(said([cut], [slow])).toEqual({ 'P>I': { loss: 0.1 } });
  expect(said([slow], [])).toEqual({ 'P>I': {}, 'I>P': {} });
  expect(said([cut], [slow, cut])).toEqual({ 'P>I': { loss: 0.1, cut: true } });
});

test('clearing an isolation leaves a cut of the same line alone', () => {
  const isolated = fault('isolate', 'host-R');
  const cut = fault('cut', 'host-P-host-R');
  const whole = ['R>host-R', 'host-R>R', 'host-R>witness', 'witness>host-R'].map((edge) => [edge, {}]);
  expect(said([isolated], [cut])).toEqual({
    ...Object.fromEntries(whole),
    'host-P>host-R': { cut: true },
    'host-R>host-P': { cut: true },
  });
});

test('a line that ends at a switching device carries everything that passes it', () => {
  const bypass = findArrangement('chain-4-bypass');
  if (!bypass) throw new Error('chain-4-bypass is gone');
  const group = defaultGroup('demo', bypass);
  const edges = (input: FaultInput) => [...lineConditions(bypass, group, [input]).keys()].sort();
  expect(edges(fault('cut', 'P-I'))).toEqual(['P>switch-I', 'switch-I>P']);
  expect(edges(fault('cut', 'I-P', { from: 'I' }))).toEqual(['switch-I>P']);
  expect(edges(fault('degrade', 'I-J', { conditions: { delayMs: 5 } }))).toEqual([
    'switch-I>switch-J',
    'switch-J>switch-I',
  ]);
  // Cutting the device off leaves nothing of its three stretches; cutting a system off leaves the line whole.
  expect(edges(fault('isolate', 'switch-J'))).toHaveLength(6);
  expect(edges(fault('isolate', 'I'))).toEqual(['I>switch-I', 'I>witness', 'switch-I>I', 'witness>I']);
});
