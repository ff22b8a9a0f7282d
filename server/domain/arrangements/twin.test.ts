import { describe, expect, it } from 'vitest';
import { ALL_ARRANGEMENTS, ARRANGEMENTS, choicesOf, guardedPairOf, variationOf } from '../arrangement.ts';
import { pairName } from '../names.ts';
import { linkedSystems } from '../ways.ts';
import { TWINS } from './twin.ts';

const names = (pairs: readonly { source: string; destination: string; kind: string }[]) =>
  pairs.map(({ source, destination, kind }) => `${pairName(source, destination)} ${kind}`);

describe('twin sites', () => {
  it('lists the plainest, and finds every variation by what is chosen', () => {
    expect(ARRANGEMENTS.filter(({ variation }) => variation).map(({ id }) => id)).toEqual(['twin']);
    expect(choicesOf('twin')).toEqual({ backups: [1, 2, 3], modes: ['merge', 'no-merge', 'sync'] });
    expect(choicesOf('chain-3')).toBeNull();
    expect(variationOf('twin', {})?.id).toBe('twin');
    expect(variationOf('twin', { mode: 'sync' })?.id).toBe('twin-sync');
    expect(variationOf('twin', { backups: 3, mode: 'no-merge' })?.id).toBe('twin-3-no-merge');
    expect(variationOf('twin', { backups: 4 })).toBeNull();
    expect(variationOf('chain-3', {})?.id).toBe('chain-3');
    expect(variationOf('chain-3', { backups: 1 })).toBeNull();
    expect(variationOf('chain-9', {})).toBeNull();
    expect(new Set(ALL_ARRANGEMENTS.map(({ id }) => id)).size).toBe(ALL_ARRANGEMENTS.length);
  });

  it('copies to every backup, synchronously to the first alone, and back asynchronously in every mode', () => {
    const sync = variationOf('twin', { backups: 2, mode: 'sync' });
    expect(names(sync?.normal.pairs ?? [])).toEqual(['M-B1 sync', 'M-B2 async']);
    expect(names(sync?.reverse.pairs ?? [])).toEqual(['B1-M async', 'B1-B2 async']);
    expect(sync && guardedPairOf(sync, 'M')?.destination).toBe('B1');
    const merge = variationOf('twin', {});
    expect(merge && guardedPairOf(merge, 'M')).toBeNull();
  });

  it.each(TWINS.map((twin) => [twin.id, twin] as const))(
    '%s: every pair has a line, every system a site of its own',
    (_id, twin) => {
      const links = linkedSystems(twin).map((ends) => [...ends].sort().join());
      for (const { source, destination } of [...twin.normal.pairs, ...twin.reverse.pairs])
        expect(links).toContain([source, destination].sort().join());
      expect(new Set(twin.systems.map(({ site }) => site)).size).toBe(twin.systems.length);
      for (const { site } of twin.systems) expect(twin.sites).toContain(site);
    },
  );
});
