import { describe, expect, it } from 'vitest';
import { optionsFixture } from '../testing/fixture-services.ts';
import { conditionsOf, fieldsOf, groupOptions } from './derive.ts';

describe('fault options', () => {
  it('stand by site and target, the whole site first', () => {
    const sites = groupOptions(optionsFixture());
    expect(sites.map((site) => site.site)).toEqual(['production', 'lines']);
    expect(sites[0]?.targets.map((target) => target.target)).toEqual(['production', 'P', 'host-P']);
  });

  it('lose none', () => {
    const count = groupOptions(optionsFixture()).flatMap((site) =>
      site.targets.flatMap((target) => target.options),
    ).length;
    expect(count).toBe(optionsFixture().length);
  });
});

describe('conditions of a degraded line', () => {
  const none = { delayMs: '', lossPercent: '', rateMib: '' };

  it('are those that were given, in the units of the line', () => {
    expect(conditionsOf({ delayMs: '50', lossPercent: '2', rateMib: '' })).toEqual({ delayMs: 50, loss: 0.02 });
    expect(conditionsOf({ ...none, rateMib: '1.5' })).toEqual({ rateBytesPerSecond: 1_572_864 });
  });

  it('begin with the option’s own', () => {
    const fields = fieldsOf({ delayMs: 50, loss: 0.02 });
    expect(conditionsOf(fields)).toEqual({ delayMs: 50, loss: 0.02 });
    expect(fieldsOf(undefined)).toEqual(none);
  });

  it('are empty or out of range where they are', () => {
    expect(conditionsOf(none)).toBe('empty');
    for (const wrong of [{ delayMs: '-1' }, { delayMs: 'x' }, { lossPercent: '101' }, { rateMib: '0' }]) {
      expect(conditionsOf({ ...none, ...wrong })).toBe('invalid');
    }
  });
});
