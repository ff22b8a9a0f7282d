import { describe, expect, it } from 'vitest';
import { momentsBetween, readCron } from './schedule-times.ts';

const utc = (text: string) => Date.parse(`${text}Z`);
const words = (moments: readonly number[]) => moments.map((at) => new Date(at).toISOString().slice(0, 16));

describe('a schedule', () => {
  it('tells its meaning and the next three moments in its own zone, through the change to summer time', () => {
    const view = readCron('30  3 * * *', 'Europe/Berlin', utc('2026-03-28T00:00'));
    expect({ ...view, next: words(view.next) }).toEqual({
      cron: '30 3 * * *',
      zone: 'Europe/Berlin',
      words: 'at 03:30, every day',
      next: ['2026-03-28T02:30', '2026-03-29T01:30', '2026-03-30T01:30'],
    });
  });

  it('comes once where an hour comes twice, and is not left out where an hour is left out', () => {
    const between = (from: string, to: string) =>
      words(momentsBetween('30 2 * * *', 'Europe/Berlin', utc(from), utc(to)));
    expect(between('2026-10-24T22:00', '2026-10-25T22:00')).toEqual(['2026-10-25T00:30']);
    expect(between('2026-03-28T23:00', '2026-03-29T22:00')).toHaveLength(1);
  });

  it('counts from after a moment up to and with another', () => {
    const from = utc('2026-01-01T03:00');
    expect(words(momentsBetween('0 3 * * *', 'UTC', from, utc('2026-01-03T03:00')))).toEqual([
      '2026-01-02T03:00',
      '2026-01-03T03:00',
    ]);
  });

  it.each([
    ['0 3 31 2 *', 'UTC', 'never comes'],
    ['0 3 * * *', 'Mars/Olympus', 'there is no time zone “Mars/Olympus”'],
    ['three', 'UTC', 'is no cron expression'],
    ['0 3 * * */8', 'UTC', 'is no cron expression'],
  ])('refuses %s in %s', (cron, zone, why) => expect(() => readCron(cron, zone, 0)).toThrow(why));
});
