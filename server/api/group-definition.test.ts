import { expect, test } from 'vitest';
import { ARRANGEMENTS } from '../domain/arrangement.ts';
import { refusalOf } from '../domain/refusal.ts';
import { TRANSPORT_NAMES, TRANSPORTS, type Transport } from '../domain/storage-controller.ts';
import { definitionOf } from './group-definition.ts';
import { groupCreate } from './inputs.ts';

const group = (transport: Record<string, Transport>) =>
  groupCreate.parse({ name: 'g', arrangement: 'chain-3', transport });

const withoutEngine = TRANSPORT_NAMES.filter((name) => !TRANSPORTS.some((known) => known === name));

test('a transport that no engine runs is refused by name, never stored', () => {
  for (const transport of withoutEngine) {
    for (const pair of ['I-R', '*']) {
      let refusal = null;
      try {
        definitionOf(group({ [pair]: transport }));
      } catch (error) {
        refusal = refusalOf(error);
      }
      expect(refusal).toMatchObject({ code: 'bad-request', message: expect.stringContaining(transport) });
      for (const known of TRANSPORTS) expect(refusal?.cure).toContain(known);
    }
  }
});

test('a transport that an engine runs is taken for one pair, or for all asynchronous ones', () => {
  for (const transport of TRANSPORTS) {
    expect(definitionOf(group({ 'I-R': transport })).transport).toEqual({ 'I~R': transport });
    expect(Object.values(definitionOf(group({ '*': transport })).transport)).toContain(transport);
    expect(() => definitionOf(group({ 'P-I': transport }))).toThrow(/no asynchronous pair/);
  }
});

test('no arrangement asks by itself for a transport that no engine runs', () => {
  for (const { id } of ARRANGEMENTS) {
    const { transport } = definitionOf(groupCreate.parse({ name: 'g', arrangement: id }));
    for (const one of Object.values(transport)) expect(TRANSPORTS).toContain(one);
  }
});
