import { describe, expect, it } from 'vitest';
import { findArrangement } from '../../server/domain/arrangement.ts';
import { eventsFixture, standingFixture } from '../testing/fixture-services.ts';
import { drainingRun, endedRun } from '../testing/run-fixture.ts';
import { mergeEvents, mergeRuns, passes } from './derive.ts';
import { eventNear, IDLE_MS, LANES, placeOf, ticksOf, timelineOf } from './lanes.ts';
import { standingOf, stateOf } from './standing.ts';

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

describe('the timeline', () => {
  const WIDTH = 1000;
  const [one] = eventsFixture(AT);
  const event = (seq: number, at: number, observer = 'P') => ({
    ...(one as (typeof ALL_EVENTS)[number]),
    seq,
    at,
    observer,
  });
  const ALL_EVENTS = eventsFixture(AT);

  it('has a lane for every observer, the control plane first, then hosts, then storage', () => {
    const timeline = timelineOf(ALL_EVENTS, WIDTH);
    expect(timeline.lanes.map((lane) => lane.observer)).toEqual(['control', 'host-R', 'I', 'P']);
    expect(timeline.lanes.flatMap((lane) => lane.marks.flatMap((mark) => mark.events))).toHaveLength(ALL_EVENTS.length);
    expect(timeline.height).toBeGreaterThan((timeline.lanes.at(-1)?.y ?? 0) + LANES.mark / 2);
  });

  it('keeps the order of time and cuts short what was idle, however long', () => {
    const times = [0, 1000, 2000, 2000 + IDLE_MS + 1, 3000 + IDLE_MS, 90_000_000].map((ms) => AT + ms);
    const timeline = timelineOf(
      times.map((at, index) => event(index + 1, at)),
      WIDTH,
    );
    expect(timeline.breaks.map((cut) => cut.idleMs)).toEqual([IDLE_MS + 1, 90_000_000 - 3000 - IDLE_MS]);
    const places = times.map((at) => placeOf(timeline.stretches, at));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(new Set(places).size).toBe(times.length);
    expect(timeline.width).toBe(WIDTH);
    expect(places.at(-1)).toBeLessThanOrEqual(WIDTH - LANES.pad);
    // To scale within a stretch: the second second is as wide as the first.
    expect((places[2] ?? 0) - (places[1] ?? 0)).toBeCloseTo((places[1] ?? 0) - (places[0] ?? 0));
  });

  it('scrolls rather than squeeze a long busy time', () => {
    const busy = Array.from({ length: 100 }, (_, index) => event(index + 1, AT + index * 2000));
    expect(timelineOf(busy, 300).width).toBeGreaterThan(3000);
  });

  it('lays marks that would overlap into one that names them all', () => {
    const timeline = timelineOf([event(1, AT), event(2, AT), event(3, AT + 5000)], WIDTH);
    expect(timeline.lanes.map((lane) => lane.marks.map((mark) => mark.events.map(({ seq }) => seq)))).toEqual([
      [[1, 2], [3]],
    ]);
    expect(timelineOf([event(1, AT)], WIDTH).lanes).toHaveLength(1);
    expect(timelineOf([], WIDTH).lanes).toEqual([]);
  });

  it('finds the event under the pointer by its lane and its place', () => {
    const timeline = timelineOf([event(1, AT, 'I'), event(2, AT + 5000, 'I'), event(3, AT + 5000, 'R')], WIDTH);
    const [first, second] = timeline.lanes;
    expect(eventNear(timeline, LANES.pad + 3, (first?.y ?? 0) + 4)?.seq).toBe(1);
    expect(eventNear(timeline, WIDTH - LANES.pad, second?.y ?? 0)?.seq).toBe(3);
    expect(eventNear(timelineOf([], WIDTH), 0, 0)).toBeNull();
  });

  it('prints no instant over another', () => {
    const times = [0, 100, 40_000, 80_000, 80_500, 200_000];
    const { stretches } = timelineOf(
      times.map((ms, index) => event(index + 1, AT + ms)),
      WIDTH,
    );
    const ticks = ticksOf(stretches, 64).map((tick) => tick.x);
    expect(ticks.length).toBeGreaterThan(2);
    for (const [index, x] of ticks.entries())
      if (index > 0) expect(x - (ticks[index - 1] ?? 0)).toBeGreaterThanOrEqual(64);
  });
});

describe('the group at the cursor', () => {
  const chain = findArrangement('chain-3');
  if (!chain) throw new Error('chain-3 is gone');
  const at = (seq: number) =>
    standingOf(
      chain,
      standingFixture(AT).filter((event) => event.seq <= seq),
    );
  const words = (standing: ReturnType<typeof at>) => standing.pairs.map((pair) => `${pair.name} ${stateOf(pair)}`);

  it('is what was told until then', () => {
    const before = at(100);
    expect(words(before)).toEqual(['P-I duplex', 'I-R duplex']);
    expect(before.processes.every((process) => process.up)).toBe(true);
    expect(before).toMatchObject({ faults: [], unheard: [], routine: null });
  });

  it('takes for unknown what a system told that is down since, and lets the others’ word stand', () => {
    const after = at(1202);
    expect(after.processes.filter((process) => !process.up).map(({ name }) => name)).toEqual(['P']);
    expect(after.faults.map((fault) => fault.target)).toEqual(['production']);
    const pair = after.pairs.find(({ name }) => name === 'P-I');
    expect(pair?.ends).toMatchObject([
      { system: 'P', state: 'unknown', told: 'duplex' },
      { system: 'I', state: 'failure-suspend' },
    ]);
    expect(words(after)).toEqual(['P-I unknown', 'I-R duplex']);
    expect(at(1203).unheard).toMatchObject([{ by: 'host-R', of: 'host-P' }]);
    expect(at(1204).routine).toMatchObject({ run: 'run-draining' });
  });

  it('knows nothing of a site whose agent had gone, and nothing of a process nobody told of', () => {
    const lost = { ...standingFixture(AT)[0], kind: 'agent-lost', subject: 'intermediate', seq: 50 } as const;
    const standing = standingOf(chain, [
      ...standingFixture(AT).slice(0, 10),
      lost as ReturnType<typeof standingFixture>[number],
    ]);
    expect(standing.processes.find(({ name }) => name === 'I')?.up).toBeNull();
    expect(words(standing)).toEqual(['P-I unknown', 'I-R unknown']);
    expect(standingOf(chain, []).processes.every((process) => process.up === null)).toBe(true);
  });

  it('names a pair as it was named last, and leaves out what was deleted', () => {
    const [sample] = standingFixture(AT).filter((event) => event.kind === 'pair-transition');
    const told = (subject: string, observer: string, to: string, seq: number) =>
      ({ ...sample, subject, observer, seq, facts: { to } }) as NonNullable<typeof sample>;
    const up = standingFixture(AT).slice(0, 6);
    const turned = standingOf(chain, [
      ...up,
      told('I-R', 'I', 'suspend', 20),
      told('R-I', 'R', 'duplex', 21),
      told('R-I', 'I', 'duplex', 22),
    ]);
    expect(words(turned)).toEqual(['R-I duplex']);
    expect(standingOf(chain, [...up, told('I-R', 'I', 'absent', 20)]).pairs).toEqual([]);
  });
});
