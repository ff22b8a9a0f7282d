/** When a schedule is due, in its own time zone, daylight saving included. */
import { Cron } from 'croner';
import { cronWords } from '../../domain/evidence/cron-words.ts';
import { refuse } from '../../domain/refusal.ts';

/** What a cron expression and a zone come to. */
export interface CronView {
  cron: string;
  zone: string;
  /** The expression in words. */
  words: string;
  /** The next moments, ms; fewer where there are no more. */
  next: number[];
}

const NEXT = 3;
/** More moments than these are not counted one by one: a minute's schedule over a week of standstill. */
const MOMENTS_LIMIT = 20_000;

/** Refuses with `bad-request` what is no expression, no zone, or never comes. */
export function readCron(cron: string, zone: string, now: number): CronView {
  const words = cronWords(cron);
  checkZone(zone);
  const next = patternOf(cron, zone)
    .nextRuns(NEXT, new Date(now))
    .map((moment) => moment.getTime());
  if (next.length === 0)
    throw refuse(
      'bad-request',
      `“${cron}” (${words}) never comes`,
      'Name a day that its month has, such as day 28 or earlier.',
    );
  return { cron: cron.trim().replace(/\s+/g, ' '), zone, words, next };
}

/** Every moment after `from` up to `to`, oldest first. */
export function momentsBetween(cron: string, zone: string, from: number, to: number): number[] {
  const pattern = patternOf(cron, zone);
  const moments: number[] = [];
  let at: Date | null = new Date(from);
  while (moments.length < MOMENTS_LIMIT) {
    at = pattern.nextRun(at);
    if (at === null || at.getTime() > to) break;
    moments.push(at.getTime());
  }
  return moments;
}

/** Refuses with `bad-request` what has words and yet no moments. */
function patternOf(cron: string, zone: string): Cron {
  try {
    return new Cron(cron, { timezone: zone, mode: '5-part', paused: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refuse(
      'bad-request',
      `“${cron.slice(0, 100)}” is no cron expression: ${why}`,
      'Write its steps as */5 or 10-20/5.',
    );
  }
}

function checkZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    throw refuse(
      'bad-request',
      `there is no time zone “${zone.slice(0, 60)}”`,
      'Name it as the IANA database does, such as Europe/Berlin or UTC.',
    );
  }
}
