import { describe, expect, test } from 'vitest';
import { generateSchedule } from './generate.ts';
import { Random } from './random.ts';
import { describeFault, PHASES, type Schedule } from './schedule.ts';
import { shrink } from './shrink.ts';

const many = Array.from({ length: 300 }, (_, seed) => generateSchedule(seed));

describe('schedules', () => {
  test('are plain data and follow from the seed alone', () => {
    for (const schedule of many.slice(0, 30)) {
      expect(JSON.parse(JSON.stringify(schedule))).toEqual(schedule);
      expect(generateSchedule(schedule.seed)).toEqual(schedule);
    }
  });

  test('draw every kind of fault, story, phase and fence level', () => {
    const faults = many.flatMap((schedule) => schedule.faults);
    expect(new Set(faults.map(({ fault }) => fault.kind))).toEqual(
      new Set(['kill', 'kill-at-call', 'site-loss', 'line', 'disk', 'pause', 'clock-jump', 'operator']),
    );
    expect(new Set(faults.map(({ phase }) => phase))).toEqual(new Set(PHASES));
    expect(new Set(many.map(({ story }) => story.kind))).toEqual(new Set(['ride-out', 'failover', 'switch-over']));
    expect(new Set(many.map(({ settings }) => settings.fence))).toEqual(new Set(['never', 'data', 'status']));
    expect(new Set(many.map(({ survivable }) => survivable))).toEqual(new Set([true, false]));
  });

  test('never draw fence level never where everything must be survived', () => {
    expect(many.filter(({ survivable, settings }) => survivable && settings.fence === 'never')).toEqual([]);
  });

  test('say in words what happens', () => {
    for (const fault of many.flatMap((schedule) => schedule.faults))
      expect(describeFault(fault)).toMatch(/^[a-z]+ \+ \d+ ms: \S/);
  });
});

describe('shrinking', () => {
  const base: Schedule = { ...generateSchedule(7), faults: many.flatMap((schedule) => schedule.faults).slice(0, 24) };
  const guilty = base.faults[17];

  test('leaves out everything but what makes it fail', async () => {
    const { schedule, trials } = await shrink(
      base,
      'bad',
      async (candidate) => (guilty && candidate.faults.includes(guilty) ? 'bad' : null),
      500,
    );
    expect(schedule.faults).toEqual([guilty]);
    expect(schedule.story.controlKills).toEqual([]);
    expect(trials).toBeLessThan(500);
  });

  test('keeps to its budget, and to the failure it was given', async () => {
    const { schedule, trials } = await shrink(base, 'bad', async () => 'another', 10);
    expect(schedule).toBe(base);
    expect(trials).toBe(10);
  });
});

describe('randomness', () => {
  test('streams are fixed for ever: recorded seeds depend on it', () => {
    const random = new Random('fixed');
    expect([random.next(), random.next(), random.next()]).toMatchInlineSnapshot(`
      [
        2922536187,
        2027320516,
        3476568957,
      ]
    `);
  });

  test('a fork does not depend on what was drawn before it', () => {
    const [a, b] = [new Random('x'), new Random('x')];
    a.next();
    expect(a.fork('y').next()).toBe(b.fork('y').next());
    expect(a.fork('y').next()).not.toBe(a.fork('z').next());
  });

  test('is spread evenly enough', () => {
    const random = new Random('even');
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 10_000; draw += 1) {
      const drawn = random.below(10);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(800);
  });
});
