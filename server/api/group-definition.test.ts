import { expect, test } from 'vitest';
import { ARRANGEMENTS } from '../domain/arrangement.ts';
import { refusalOf } from '../domain/refusal.ts';
import { TRANSPORTS, type Transport } from '../domain/storage-controller.ts';
import { definitionOf } from './group-definition.ts';
import { groupCreate } from './inputs.ts';

const group = (transport: Record<string, Transport>) =>
  groupCreate.parse({ name: 'g', arrangement: 'chain-3', transport });

test('a transport is taken for one pair, or for all asynchronous ones', () => {
  for (const transport of TRANSPORTS) {
    expect(definitionOf(group({ 'I-R': transport })).transport).toEqual({ 'I~R': transport });
    expect(Object.values(definitionOf(group({ '*': transport })).transport)).toContain(transport);
    expect(() => definitionOf(group({ 'P-I': transport }))).toThrow(/no asynchronous pair/);
  }
});

test.each([
  ['chain-4', 'I-J', 'J-R'],
  ['chain-4-bypass-backup', 'I-R', 'R-J'],
])(
  '%s: snapshots that would have to go on by journal are refused by name, with both cures',
  (arrangement, from, on) => {
    const wanted = (transport: Record<string, Transport>) => groupCreate.parse({ name: 'g', arrangement, transport });
    let refusal = null;
    try {
      definitionOf(wanted({ '*': 'journal', [from]: 'difference-snapshot' }));
    } catch (error) {
      refusal = refusalOf(error);
    }
    expect(refusal).toMatchObject({ code: 'bad-request', message: expect.stringContaining(`over ${from}`) });
    expect(refusal?.cure).toContain(`Give ${on} difference-snapshot too`);
  },
);

test('every arrangement can have difference snapshots on all its asynchronous pairs', () => {
  for (const { id } of ARRANGEMENTS) {
    const input = groupCreate.parse({ name: 'g', arrangement: id, transport: { '*': 'difference-snapshot' } });
    const values = Object.values(definitionOf(input).transport);
    expect([id, new Set(values)]).toEqual([id, new Set(['difference-snapshot'])]);
  }
});
