import { describe, expect, it } from 'vitest';
import { RealClock } from './real-clock.ts';

describe('the real clock', () => {
  it('calls back in the order of delays, never early, short and long alike', async () => {
    const clock = new RealClock();
    const began = clock.monotonic();
    const fired: { delayMs: number; elapsedMs: number }[] = [];
    const delaysMs = [40, 0.5, 5, 0, 25, 3.25, 0.5];
    await Promise.all(
      delaysMs.map(
        (delayMs) =>
          new Promise<void>((resolve) => {
            clock.after(delayMs, () => {
              fired.push({ delayMs, elapsedMs: clock.monotonic() - began });
              resolve();
            });
          }),
      ),
    );
    const preciseDelaysMs = fired.map(({ delayMs }) => delayMs).filter((delayMs) => delayMs < 20);
    expect(preciseDelaysMs).toEqual([0, 0.5, 0.5, 3.25, 5]);
    expect(fired.filter(({ delayMs, elapsedMs }) => elapsedMs < delayMs)).toEqual([]);
    expect(fired.map(({ delayMs }) => delayMs).slice(-2)).toEqual([25, 40]);
  });

  it('does not call what was cancelled, however often or late it is cancelled', async () => {
    const clock = new RealClock();
    const fired: string[] = [];
    const first = clock.after(1, () => fired.push('first'));
    const long = clock.after(30, () => fired.push('long'));
    first.cancel();
    first.cancel();
    long.cancel();
    const kept = await new Promise<{ cancel(): void }>((resolve) => {
      const timer = clock.after(2, () => {
        fired.push('kept');
        resolve(timer);
      });
    });
    kept.cancel();
    await new Promise<void>((resolve) => clock.after(40, resolve));
    expect(fired).toEqual(['kept']);
  });

  it('may be asked for more by what it calls', async () => {
    const clock = new RealClock();
    let rounds = 0;
    await new Promise<void>((resolve) => {
      const again = () => {
        rounds += 1;
        if (rounds === 50) resolve();
        else clock.after(rounds % 2 === 0 ? 0 : 0.2, again);
      };
      again();
    });
    expect(rounds).toBe(50);
  });

  it('does not fire at once what is further away than setTimeout can count', async () => {
    const clock = new RealClock();
    let fired = false;
    const timer = clock.after(2 ** 40, () => {
      fired = true;
    });
    await new Promise<void>((resolve) => clock.after(25, resolve));
    expect(fired).toBe(false);
    timer.cancel();
  });

  it('tells wall time and a time that only moves on', () => {
    const clock = new RealClock();
    expect(clock.now()).toBeGreaterThan(Date.UTC(2024, 0, 1));
    const instants = Array.from({ length: 100 }, () => clock.monotonic());
    expect([...instants].sort((a, b) => a - b)).toEqual(instants);
  });
});
