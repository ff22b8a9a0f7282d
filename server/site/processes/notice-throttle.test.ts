import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock, Timer } from '../../domain/ports.ts';
import { NoticeThrottle } from './notice-throttle.ts';

/** A clock that stands still until the test moves it. */
class HandClock implements Clock {
  private nowMs = 1000;
  private timers: { atMs: number; run: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.nowMs + delayMs, run };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
  }

  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs;
    for (;;) {
      const next = this.timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = untilMs;
  }
}

describe('the throttle of notices', () => {
  let clock: HandClock;
  let sentAtMs: number[];
  let throttle: NoticeThrottle;

  beforeEach(() => {
    clock = new HandClock();
    sentAtMs = [];
    throttle = new NoticeThrottle(clock, { minGapMs: 100, maxGapMs: 1000 }, () =>
      sentAtMs.push(clock.monotonic() - 1000),
    );
  });

  test('a change after a quiet time is told at once', () => {
    throttle.touch();
    expect(sentAtMs).toEqual([0]);
  });

  test('many changes are told ten times a second, the last one included', () => {
    for (let ms = 0; ms < 250; ms += 10) {
      throttle.touch();
      clock.advance(10);
    }
    clock.advance(100);
    expect(sentAtMs).toEqual([0, 100, 200, 300]);
  });

  test('silence is broken once a second', () => {
    clock.advance(3500);
    expect(sentAtMs).toEqual([1000, 2000, 3000]);
  });

  test('a change counts as a sign of life', () => {
    clock.advance(900);
    throttle.touch();
    clock.advance(999);
    expect(sentAtMs).toEqual([900]);
    clock.advance(1);
    expect(sentAtMs).toEqual([900, 1900]);
  });

  test('after the end nothing is told', () => {
    throttle.touch();
    throttle.touch();
    throttle.stop();
    throttle.touch();
    clock.advance(5000);
    expect(sentAtMs).toEqual([0]);
  });
});
