import { describe, expect, it } from 'vitest';
import { deriveGroupStatus } from '../status-derive.ts';
import type { GroupFacts } from '../status-facts.ts';
import { failedOver, NOW, StatusBench } from '../status-testkit.ts';
import { hindrancesOf, hindranceText } from './health.ts';

const of = (bench: StatusBench, change: Partial<GroupFacts> = {}, drill: string | null = null) =>
  hindrancesOf({ status: deriveGroupStatus({ ...bench.facts, ...change }), drill });

describe('a scheduled drill', () => {
  it('may begin where nothing is amiss', () => {
    expect(of(new StatusBench())).toEqual([]);
    expect(hindranceText({ status: deriveGroupStatus(new StatusBench().facts), drill: null })).toBeNull();
  });

  it.each<[string, () => string[], string]>([
    ['a pair is suspended', () => of(new StatusBench().setPair('I-R', 'suspend')), 'I-R is suspend'],
    ['a pair is being copied', () => of(new StatusBench().setPair('P-I', 'duplex-pending')), 'P-I is duplex-pending'],
    ['a system is down', () => of(new StatusBench().kill('R')), 'R is down'],
    ['a host is not heard', () => of(new StatusBench().silence('host-R')), 'host-R is unknown'],
    ['the witness is down', () => of(new StatusBench().kill('witness')), 'the witness is down'],
    ['nothing is known', () => of(new StatusBench(), { processes: [] }), 'P-I is unknown'],
    ['the work is elsewhere', () => of(failedOver(true)), 'operation is reverse'],
    [
      'a run is under way',
      () =>
        of(new StatusBench(), {
          run: { run: 'r', routine: 'failover', step: 'S230', status: 'running', changing: true, since: NOW },
        }),
      'failover is under way',
    ],
    [
      'a line is degraded',
      () =>
        of(new StatusBench(), {
          faults: [{ process: null, line: 'I-R', text: '50 ms more delay', since: NOW }],
        }),
      'line I-R: 50 ms more delay',
    ],
    ['the group is switched off', () => of(new StatusBench(), { powered: false }), 'the group is switched off'],
    ['another drill drives it', () => of(new StatusBench(), {}, 'A cut line'), 'drill A cut line is being recorded'],
    ['it is gone', () => hindrancesOf({ status: null, drill: null }), 'there is no such group'],
  ])('does not begin where %s', (_name, found, expected) => expect(found()).toContain(expected));

  it('tells the first reasons, and how many more there are', () => {
    const status = deriveGroupStatus({ ...new StatusBench().facts, processes: [] });
    expect(hindranceText({ status, drill: null })).toMatch(/^P-I is unknown; I-R is unknown; .*; and \d+ more$/);
  });
});
