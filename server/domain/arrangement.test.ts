import { describe, expect, it } from 'vitest';
import { ARRANGEMENTS, findArrangement, guardedPairOf, operationOf, pairsTowards, plannedPair } from './arrangement.ts';
import { mirrorOf } from './arrangements/mirror.ts';
import { wordsOfOperation } from './arrangements/words.ts';
import { hopsBetween, lineEnds, linesOfLink, linkedSystems, nextHops } from './ways.ts';

const chain = (id: string) => {
  const found = findArrangement(id);
  if (!found) throw new Error(`${id} is gone`);
  return found;
};
const words = (pairs: readonly { source: string; destination: string; kind: string }[]) =>
  pairs.map(({ source, destination, kind }) => `${source}${kind === 'sync' ? '⇒' : '→'}${destination}`).join(' ');
const hops = (id: string, from: string, to: string) =>
  hopsBetween(chain(id), from, to).map((hop) => `${hop.from}>${hop.to}${hop.line ? ` over ${hop.line}` : ''}`);

describe.each(ARRANGEMENTS.map((arrangement) => [arrangement.id, arrangement] as const))('%s', (_id, arrangement) => {
  const systems = arrangement.systems.map(({ name }) => name);

  it('speaks of its own systems and sites only', () => {
    for (const placed of [...arrangement.systems, ...arrangement.hosts, ...(arrangement.switches ?? [])])
      expect(arrangement.sites).toContain(placed.site);
    for (const { system } of [...arrangement.hosts, ...(arrangement.switches ?? [])]) expect(systems).toContain(system);
    for (const { name, ends } of arrangement.lines) {
      expect(systems).toEqual(expect.arrayContaining([...ends]));
      expect(name).toBe(ends.join('-'));
    }
  });

  it.each(['normal', 'reverse'] as const)('copies from one holder to every system once in %s operation', (side) => {
    const { holder, pairs } = arrangement[side];
    expect(operationOf(arrangement, holder)).toBe(arrangement[side]);
    expect(pairs.filter((pair) => pair.destination === holder)).toEqual([]);
    const destinations = pairs.map((pair) => pair.destination);
    expect(new Set(destinations).size).toBe(destinations.length);
    for (const system of destinations) expect(pairsTowards(arrangement[side], system)).not.toEqual([]);
  });

  it('joins the systems of every pair, through switching devices only', () => {
    for (const { source, destination } of [...arrangement.normal.pairs, ...arrangement.reverse.pairs]) {
      const linked = linkedSystems(arrangement).some((ends) => ends.includes(source) && ends.includes(destination));
      expect(linked).toBe(true);
      const way = hopsBetween(arrangement, source, destination);
      expect(way.at(0)?.from).toBe(source);
      expect(way.at(-1)?.to).toBe(destination);
      const between = way.slice(1).map((hop) => hop.from);
      const devices = arrangement.switches?.map((device) => device.name) ?? [];
      expect(between.filter((process) => !devices.includes(process))).toEqual([]);
    }
  });

  it('lets every system instruct every other', () => {
    for (const from of systems) {
      const others = systems.filter((name) => name !== from);
      expect(Object.keys(nextHops(arrangement, from)).sort()).toEqual([...others].sort());
      for (const to of others) expect(nextHops(arrangement, from)[to]).not.toEqual([]);
    }
  });
});

it('each arrangement copies as the sources draw it', () => {
  const drawn = ARRANGEMENTS.map(({ id, normal, reverse }) => [id, words(normal.pairs), words(reverse.pairs)]);
  expect(drawn.filter(([id]) => id?.startsWith('chain'))).toEqual([
    ['chain-3', 'P⇒I I→R', 'R→I I⇒P'],
    ['chain-3-direct', 'P⇒I I→R', 'R→P'],
    ['chain-4-bypass', 'P⇒I I→R', 'R⇒J J→P'],
    ['chain-4-bypass-backup', 'P⇒I I→R R→J', 'R⇒J J→P P→I'],
    ['chain-4', 'P⇒I I→J J→R', 'R⇒J J→I I→P'],
  ]);
});

it('a verdict rests on the sync pair of whoever writes, where there is one', () => {
  const guarded = (id: string, writer: string) => {
    const pair = guardedPairOf(chain(id), writer);
    return pair && words([pair]);
  };
  expect(guarded('chain-3', 'P')).toBe('P⇒I');
  // I⇒P is not fed by the writer itself: its answers bind nobody.
  expect(guarded('chain-3', 'R')).toBeNull();
  expect(guarded('chain-3-direct', 'R')).toBeNull();
  expect(guarded('chain-4-bypass', 'R')).toBe('R⇒J');
  expect(guarded('chain-4', 'R')).toBe('R⇒J');
  expect(guarded('chain-4', 'I')).toBeNull();
});

describe('ways', () => {
  it('lead over the lines alone where no switching device stands', () => {
    expect(hops('chain-3', 'I', 'R')).toEqual(['I>R over I-R']);
    expect(hops('chain-3-direct', 'R', 'P')).toEqual(['R>P over P-R']);
    expect(nextHops(chain('chain-3'), 'R')).toEqual({ P: ['I'], I: ['I'] });
    expect(nextHops(chain('chain-3-direct'), 'R')).toEqual({ P: ['P', 'I'], I: ['I', 'P'] });
    expect(nextHops(chain('chain-4'), 'R')).toEqual({ P: ['J'], I: ['J'], J: ['J'] });
  });

  it('lead past a system through the switching device before it', () => {
    expect(hops('chain-4-bypass', 'P', 'I')).toEqual(['P>switch-I over P-I', 'switch-I>I']);
    expect(hops('chain-4-bypass', 'I', 'R')).toEqual([
      'I>switch-I',
      'switch-I>switch-J over I-J',
      'switch-J>R over J-R',
    ]);
    expect(hops('chain-4-bypass', 'J', 'P')).toEqual([
      'J>switch-J',
      'switch-J>switch-I over I-J',
      'switch-I>P over P-I',
    ]);
    expect(linesOfLink(chain('chain-4-bypass'), 'P', 'J')).toEqual(['P-I', 'I-J']);
    expect(linkedSystems(chain('chain-4-bypass')).map((ends) => ends.join('-'))).toEqual(['P-I', 'I-R', 'J-R', 'P-J']);
    expect(nextHops(chain('chain-4-bypass'), 'R').P).toEqual(['I', 'J']);
    const [line] = chain('chain-4-bypass').lines;
    expect(line && lineEnds(chain('chain-4-bypass'), line)).toEqual(['P', 'switch-I']);
  });
});

it('a mirror turned twice shows what stood before it', () => {
  const { systems } = chain('chain-4');
  for (const { name } of systems) expect(mirrorOf(systems, mirrorOf(systems, name))).toBe(name);
});

describe('an operation in words', () => {
  it.each([
    ['chain-3', 'P ⇒ I → R', 'R → I ⇒ P'],
    ['chain-3-direct', 'P ⇒ I → R', 'R → P (without I)'],
    ['chain-4-bypass', 'P ⇒ I → R (without J)', 'R ⇒ J → P (without I)'],
    ['chain-4-bypass-backup', 'P ⇒ I → R → J', 'R ⇒ J → P → I'],
    ['chain-4', 'P ⇒ I → J → R', 'R ⇒ J → I → P'],
  ])('%s', (id, normal, reverse) => {
    const arrangement = chain(id);
    expect(wordsOfOperation(arrangement, arrangement.normal)).toBe(normal);
    expect(wordsOfOperation(arrangement, arrangement.reverse)).toBe(reverse);
  });

  it('begins anew for a second pair of the same source', () => {
    const pairs = [
      { source: 'P', destination: 'I', kind: 'sync' as const },
      { source: 'P', destination: 'R', kind: 'async' as const },
    ];
    expect(wordsOfOperation(chain('chain-3'), { holder: 'P', pairs })).toBe('P ⇒ I, P → R');
  });
});

describe('plannedPair', () => {
  const kinds = (id: string, source: string, destination: string) =>
    ['P', 'R', null].map((holder) => plannedPair(chain(id), { source, destination }, holder)?.kind ?? null);

  it('is of the kind that the present operation gives it, else of the one that has it', () => {
    expect(kinds('chain-4-bypass-backup', 'R', 'J')).toEqual(['async', 'sync', 'async']);
    expect(kinds('chain-4-bypass-backup', 'P', 'I')).toEqual(['sync', 'async', 'sync']);
    expect(kinds('chain-4', 'R', 'J')).toEqual(['sync', 'sync', 'sync']);
    expect(kinds('chain-3', 'P', 'R')).toEqual([null, null, null]);
  });
});
