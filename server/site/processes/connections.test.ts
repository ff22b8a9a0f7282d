import { describe, expect, test } from 'vitest';
import { ARRANGEMENTS, type Arrangement, defaultGroup, findArrangement } from '../../domain/arrangement.ts';
import { WITNESS } from '../../domain/names.ts';
import { processesAt } from '../agent/group-processes.ts';
import { connectionsOf, routesOf } from './connections.ts';

function chain3(): Arrangement {
  const arrangement = findArrangement('chain-3');
  if (!arrangement) throw new Error('chain-3 is gone');
  return arrangement;
}

function summary(process: string): string[] {
  const arrangement = chain3();
  return connectionsOf(arrangement, defaultGroup('g', arrangement), process).map(
    ({ peer, dials, paths, conditions }) =>
      `${dials ? 'dials' : 'hears'} ${peer}, ${paths} path(s), ${conditions.delayMs} ms`,
  );
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

  test('a line between hosts may have a length of its own', () => {
    const arrangement = chain3();
    const definition = defaultGroup('g', arrangement);
    definition.lines['host-P-host-R'] = { km: 200, paths: 1, rateBytesPerSecond: 1000 };
    const line = connectionsOf(arrangement, definition, 'host-R').find(({ peer }) => peer === 'host-P');
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
          expect(back).toEqual([{ ...connection, peer: name, dials: !connection.dials }]);
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
      const all = [...arrangement.systems, ...arrangement.hosts].map(({ name }) => name).concat(WITNESS);
      expect(placed.sort()).toEqual(all.sort());
    },
  );
});

describe('routes', () => {
  test.each([
    ['P', { I: 'I', R: 'I' }],
    ['I', { P: 'P', R: 'R' }],
    ['R', { I: 'I', P: 'I' }],
  ])('from %s', (system, expected) => {
    expect(routesOf(chain3(), system)).toEqual(expected);
  });
});
