/**
 * A cron expression in words, so that whoever schedules a drill reads what he asked for. Five fields: minute, hour, day of the
 * month, month, day of the week; `*`, numbers, names, lists, ranges, steps. Pure.
 */
import { refuse } from '../refusal.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const FIELD = /^[0-9a-z*,/-]+$/i;
const CURE =
  'Write five fields: minute, hour, day of the month, month, day of the week; for Mondays at three: 0 3 * * 1.';

interface Field {
  name: string;
  low: number;
  high: number;
  names: readonly string[];
}
const FIELDS: readonly Field[] = [
  { name: 'minute', low: 0, high: 59, names: [] },
  { name: 'hour', low: 0, high: 23, names: [] },
  { name: 'day of the month', low: 1, high: 31, names: [] },
  { name: 'month', low: 1, high: 12, names: ['', ...MONTHS] },
  { name: 'day of the week', low: 0, high: 7, names: DAYS },
];

interface Part {
  from: number;
  to: number;
  /** 1: every one of them. */
  step: number;
  /** Written as `*`. */
  all: boolean;
}

/** Refuses with `bad-request` what is no expression of this kind, and names the field. */
export function cronWords(cron: string): string {
  const texts = cron.trim().split(/\s+/);
  if (texts.length !== FIELDS.length) throw wrong(cron, `it has ${texts.length} fields, not five`);
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = FIELDS.map((field, index) =>
    partsOf(cron, field, texts[index] ?? ''),
  );
  return [timeWords(minutes, hours), dayWords(days, weekdays), monthWords(months)].filter(Boolean).join(', ');
}

function wrong(cron: string, why: string) {
  return refuse('bad-request', `“${cron.slice(0, 100)}” is no cron expression: ${why}`, CURE);
}

function partsOf(cron: string, field: Field, text: string): Part[] {
  if (!FIELD.test(text)) throw wrong(cron, `its ${field.name} is “${text}”`);
  return text.split(',').map((item) => {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,4}))?$/.exec(item) ?? [];
    const every = step === undefined ? 1 : Number(step);
    if (every > field.high - field.low + 1)
      throw wrong(cron, `the step of its ${field.name} is ${every}, past its end`);
    if (range === '*' && every >= 1) return { from: field.low, to: field.high, step: every, all: true };
    const [first = '', last, ...more] = range.split('-');
    const from = numberOf(field, first);
    const to = numberOf(field, last ?? first);
    // What `5/10` means is told in two ways: a step needs its range.
    const isStepped = step === undefined || (last !== undefined && every >= 1);
    if (from === null || to === null || more.length > 0 || from > to || !isStepped)
      throw wrong(cron, `its ${field.name} is “${text}”, where ${field.low} to ${field.high} are meant`);
    return { from, to, step: every, all: false };
  });
}

function numberOf({ low, high, names }: Field, text: string): number | null {
  if (/^\d{1,4}$/.test(text)) {
    const value = Number(text);
    return value >= low && value <= high ? value : null;
  }
  const place = names.findIndex((name) => name.slice(0, 3).toLowerCase() === text.toLowerCase());
  return place >= 0 ? place : null;
}

const isAll = (parts: readonly Part[]) => parts.some(({ all, step }) => all && step === 1);

/** The values, where they are told one by one; null where there are ranges or steps. */
function valuesOf(parts: readonly Part[]): number[] | null {
  const single = parts.every(({ from, to, all }) => !all && from === to);
  return single ? [...new Set(parts.map(({ from }) => from))].sort((one, other) => one - other) : null;
}

const two = (value: number) => String(value).padStart(2, '0');

function timeWords(minutes: readonly Part[], hours: readonly Part[]): string {
  const minuteValues = valuesOf(minutes);
  const hourValues = valuesOf(hours);
  if (minuteValues && hourValues)
    return `at ${listed(hourValues.flatMap((hour) => minuteValues.map((minute) => `${two(hour)}:${two(minute)}`)))}`;
  const past = isAll(hours) ? 'every hour' : hourWords(hours);
  if (minuteValues) return `at minute ${listed(minuteValues.map(String))} of ${past}`;
  const within = isAll(hours) ? '' : `, in ${past}`;
  if (isAll(minutes)) return `every minute${within}`;
  const [only] = minutes;
  if (minutes.length === 1 && only?.all) return `every ${only.step} minutes${within}`;
  return `at minute ${listed(minutes.map(rangeWords(String)))} of ${past}`;
}

function hourWords(hours: readonly Part[]): string {
  const [only] = hours;
  if (hours.length === 1 && only?.all) return `every ${ordinal(only.step)} hour`;
  return `hour ${listed(hours.map(rangeWords(String)))}`;
}

const rangeWords =
  (name: (value: number) => string) =>
  ({ from, to, step, all }: Part): string => {
    const range = from === to ? name(from) : `${name(from)} to ${name(to)}`;
    if (step === 1) return range;
    return all ? `every ${ordinal(step)}` : `every ${ordinal(step)} from ${name(from)} to ${name(to)}`;
  };

function dayWords(days: readonly Part[], weekdays: readonly Part[]): string {
  const ofMonth = `on day ${listed(days.map(rangeWords(String)))} of the month`;
  const ofWeek = `on ${listed(weekdays.map(rangeWords((value) => DAYS[value] ?? '')))}`;
  // As cron has it: where both are told, either will do.
  if (isAll(days)) return isAll(weekdays) ? 'every day' : ofWeek;
  return isAll(weekdays) ? ofMonth : `${ofMonth} or ${ofWeek}`;
}

function monthWords(months: readonly Part[]): string {
  return isAll(months) ? '' : `in ${listed(months.map(rangeWords((value) => MONTHS[value - 1] ?? '')))}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function ordinal(value: number): string {
  const ends: Record<number, string> = { 1: 'st', 2: 'nd', 3: 'rd' };
  return `${value}${Math.floor((value % 100) / 10) === 1 ? 'th' : (ends[value % 10] ?? 'th')}`;
}
