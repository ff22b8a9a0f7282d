import { describe, expect, it } from 'vitest';
import { type Announcer, hear, SILENT, speakNext } from './announcements.ts';

/** Everything said between two instants, asked every half second as the screen does. */
function listen(start: Announcer, from: number, to: number): { said: string[]; rest: Announcer } {
  const said: string[] = [];
  let rest = start;
  for (let now = from; now <= to; now += 500) {
    const next = speakNext(rest, now);
    rest = next.rest;
    if (next.say) said.push(next.say);
  }
  return { said, rest };
}

describe('what a screen reader is told', () => {
  it('says only the newest of what happened in a group in quick succession', () => {
    let announcer = hear(SILENT, 'demo', 'P-I: duplex → failure-suspend', 0);
    announcer = hear(announcer, 'demo', 'I-R: duplex → suspending', 100);
    expect(listen(announcer, 200, 10_000).said).toEqual(['demo: I-R: duplex → suspending']);
  });

  it('leaves three seconds between two sentences', () => {
    let announcer = hear(SILENT, 'a', 'one', 0);
    announcer = hear(announcer, 'b', 'two', 0);
    const first = speakNext(announcer, 0);
    expect(first.say).toBe('a: one');
    expect(speakNext(first.rest, 2999).say).toBeNull();
    expect(speakNext(first.rest, 3000).say).toBe('b: two');
  });

  it('says at most ten in a minute, then how many more there were', () => {
    let announcer = SILENT;
    const said: string[] = [];
    for (let now = 0; now < 60_000; now += 1000) {
      announcer = hear(announcer, `g${now}`, 'suspend', now);
      const next = speakNext(announcer, now);
      announcer = next.rest;
      if (next.say) said.push(next.say);
    }
    expect(said).toHaveLength(10);
    const later = listen(announcer, 61_000, 64_000);
    expect(later.said[0]).toMatch(/^\d+ more, see History\.$/);
  });

  it('says nothing where nothing happened', () => {
    expect(listen(SILENT, 0, 5000).said).toEqual([]);
  });
});
