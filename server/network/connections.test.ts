import { describe, expect, test } from 'vitest';
import { ARRANGEMENTS, type Arrangement, defaultGroup, findArrangement } from '../domain/arrangement.ts';
import { WITNESS } from '../domain/names.ts';
import { processesAt } from '../site/agent/group-processes.ts';
import { connectionsOf, stretchesOf } from './connections.ts';

function chain3(): Arrangement {
  const arrangement = findArrangement('chain-3');
  if (!arrangement) throw new Error('chain-3 is gone');
  return arrangement;
}

function arrangementOf(id: string): Arrangement {
  const arrangement = findArrangement(id);
  if (!arrangement) throw new Error(`${id} is gone`);
  return arrangement;
}

function summary(process: string, arrangement = chain3()): string[] {
  const definition = defaultGroup('g', arrangement);
  const stretches = stretchesOf(arrangement, definition, process);
  return connectionsOf(arrangement, definition, process).map(({ peer, dials, paths, via }) => {
    const delayMs = stretches.find(({ neighbour }) => neighbour === via)?.conditions.delayMs;
    return `${dials ? 'dials' : 'hears'} ${peer}${via === peer ? '' : ` via ${via}`}, ${paths} path(s), ${delayMs} ms`;
  });
}

describe('connections of a group', () => {
  test.each([
    ['P', ['dials I, 2 path(s), 0.5 ms', 'hears host-P, 1 path(s), 0 ms', 'dials witness, 1 path(s), 0 ms']],
    ['I', ['hears P, 2 path(s), 0.5 ms', 'dials R, 2 path(s), 5 ms', 'dials witness, 1 path(s), 0 ms']],
    ['host-P', ['dials P, 1 path(s), 0 ms', 'dials host-R, 1 path(s), 5.5 ms', 'dials witness, 1 path(s), 0 ms']],
    ['host-R', ['dials R, 1 path(s), 0 ms', 'hears host-P, 1 path(s), 5.5 ms', 'dials witness, 1 path(s), 0 ms']],
    ['Q', []],
  ])('%s', (process, expected) => {
    expect(summary(process)).toEqual(expected);
  });

  test.each([
    ['P', ['dials I via switch-I, 2 path(s), 0.5 ms', 'dials J via switch-I, 2 path(s), 0.5 ms']],
    ['I', ['hears P via switch-I, 2 path(s), 0 ms', 'dials R via switch-I, 2 path(s), 0 ms']],
    ['J', ['dials R via switch-J, 2 path(s), 0 ms', 'hears P via switch-J, 2 path(s), 0 ms']],
    ['R', ['hears I via switch-J, 2 path(s), 0.5 ms', 'hears J via switch-J, 2 path(s), 0.5 ms']],
    ['switch-I', []],
  ])('with switching devices: %s', (process, expected) => {
    const lines = summary(process, arrangementOf('chain-4-bypass')).filter((line) => line.includes('via'));
    expect(lines).toEqual(expected);
  });

  test('a switching device shapes what it sends along the line, not what it hands in', () => {
    const arrangement = arrangementOf('chain-4-bypass');
    const stretches = stretchesOf(arrangement, defaultGroup('g', arrangement), 'switch-I');
    expect(stretches.map(({ neighbour, kind, conditions }) => [neighbour, kind, conditions.delayMs])).toEqual([
      ['P', 'line', 0.5],
      ['switch-J', 'line', 5],
      ['I', 'local', 0],
    ]);
  });

  test('hosts are as far from each other as the shortest way between their systems', () => {
    const arrangement = arrangementOf('chain-3-direct');
    const stretches = stretchesOf(arrangement, defaultGroup('g', arrangement), 'host-P');
    expect(stretches.find(({ neighbour }) => neighbour === 'host-R')?.conditions.delayMs).toBe(5.5);
  });

  test('a line between hosts may have a length of its own', () => {
    const arrangement = chain3();
    const definition = defaultGroup('g', arrangement);
    definition.lines['host-P-host-R'] = { km: 200, paths: 1, rateBytesPerSecond: 1000 };
    const line = stretchesOf(arrangement, definition, 'host-R').find(({ neighbour }) => neighbour === 'host-P');
    expect(line?.conditions).toMatchObject({ delayMs: 1, rateBytesPerSecond: 1000 });
  });

  test.each(ARRANGEMENTS.map((arrangement) => [arrangement.id, arrangement] as const))(
    'of %s: each has one caller',
    (_id, arrangement) => {
      const definition = defaultGroup('g', arrangement);
      const names = [...arrangement.systems, ...arrangement.hosts].map(({ name }) => name).concat(WITNESS);
      for (const name of names) {
        for (const connection of connectionsOf(arrangement, definition, name)) {
          const back = connectionsOf(arrangement, definition, connection.peer).filter(({ peer }) => peer === name);
          const { kind, paths } = connection;
          expect(back).toMatchObject([{ peer: name, dials: !connection.dials, kind, paths }]);
        }
      }
    },
  );

  test.each(ARRANGEMENTS.map((arrangement) => [arrangement.id, arrangement] as const))(
    'of %s: every process has one site',
    (_id, arrangement) => {
      const placed = [...arrangement.sites, 'witness'].flatMap((site) =>
        processesAt(arrangement, site).map(({ name }) => name),
      );
      const all = [...arrangement.systems, ...(arrangement.switches ?? []), ...arrangement.hosts]
        .map(({ name }) => name)
        .concat(WITNESS);
      expect(placed.sort()).toEqual(all.sort());
    },
  );
});
