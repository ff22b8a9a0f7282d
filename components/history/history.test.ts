import { describe, expect, it } from 'vitest';
import { eventsFixture } from '../testing/fixture-services.ts';
import { drainingRun, endedRun } from '../testing/run-fixture.ts';
import { mergeEvents, mergeRuns, passes } from './derive.ts';

const AT = 1_700_000_000_000;
const ALL = { group: null, kinds: null } as const;

describe('events', () => {
  it('stand once each, newest first, whether read or heard', () => {
    const read = eventsFixture(AT);
    const heard = read.slice(0, 2).map((event) => ({ ...event, seq: event.seq + 1 }));
    const merged = mergeEvents(read, heard, ALL);
    expect(merged.map((event) => event.seq)).toEqual([1205, 1204, 1203, 1202, 1201, 1200]);
  });

  it('that were heard pass the same filter as those that were read', () => {
    const events = eventsFixture(AT);
    expect(mergeEvents([], events, { group: 'other', kinds: null })).toEqual([]);
    expect(mergeEvents([], events, { group: null, kinds: 'pairs' }).map((event) => event.kind)).toEqual([
      'pair-transition',
    ]);
    expect(events.every((event) => passes(event, ALL))).toBe(true);
  });
});

describe('runs', () => {
  it('stand once each, as they were heard last, newest first', () => {
    const old = { ...endedRun(AT), startedAt: AT - 90_000 };
    const running = drainingRun(AT);
    const done = { ...running, status: 'ended' as const };
    const merged = mergeRuns([old, running], { [done.run]: done }, 'demo');
    expect(merged.map((run) => [run.run, run.status])).toEqual([
      ['run-draining', 'ended'],
      ['run-no-data-loss', 'ended'],
    ]);
    expect(mergeRuns([], { [done.run]: done }, 'other')).toEqual([]);
  });
});
