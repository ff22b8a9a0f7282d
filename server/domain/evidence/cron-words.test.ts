import { describe, expect, it } from 'vitest';
import { cronWords } from './cron-words.ts';

describe('a cron expression in words', () => {
  it.each([
    ['0 3 * * 1', 'at 03:00, on Monday'],
    ['30 2,14 * * MON-FRI', 'at 02:30 and 14:30, on Monday to Friday'],
    ['0 3 * * *', 'at 03:00, every day'],
    ['*/15 * * * *', 'every 15 minutes, every day'],
    ['*/15 9-17 * * 0,6', 'every 15 minutes, in hour 9 to 17, on Sunday and Saturday'],
    ['* * * * *', 'every minute, every day'],
    ['5 */6 1 jan,jul *', 'at minute 5 of every 6th hour, on day 1 of the month, in January and July'],
    ['0 0 13 * FRI', 'at 00:00, on day 13 of the month or on Friday'],
    ['10-20/5 4 * * *', 'at minute every 5th from 10 to 20 of hour 4, every day'],
    ['0 3 1-7/3 * 7', 'at 03:00, on day every 3rd from 1 to 7 of the month or on Sunday'],
  ])('%s: %s', (cron, words) => expect(cronWords(cron)).toBe(words));

  it.each([
    ['', 'it has 1 fields, not five'],
    ['0 0 3 * * 1', 'it has 6 fields, not five'],
    ['@daily', 'it has 1 fields, not five'],
    ['61 * * * *', 'its minute is “61”, where 0 to 59 are meant'],
    ['0 5-2 * * *', 'its hour is “5-2”, where 0 to 23 are meant'],
    ['0 3 0 * *', 'its day of the month is “0”'],
    ['0 3 * MOO *', 'its month is “MOO”'],
    ['0 3 * * 1#2', 'its day of the week is “1#2”'],
    ['*/0 * * * *', 'its minute is “*/0”'],
    ['5/10 * * * *', 'its minute is “5/10”'],
    ['*/61 * * * *', 'the step of its minute is 61, past its end'],
    ['0 0 1-9/32 * *', 'the step of its day of the month is 32, past its end'],
    ['1-2-3 * * * *', 'its minute is “1-2-3”'],
  ])('refuses %j: %s', (cron, why) => expect(() => cronWords(cron)).toThrow(why));
});
