import { describe, expect, it } from 'vitest';
import { Patience, type Window } from '../../../e2e/runbooks/words/patience.ts';

type Standing = Awaited<ReturnType<Window['standing']>>;

/** A window with a clock of its own: what it shows at each moment, ms, is told beforehand. */
class ToldWindow implements Window {
  at = Date.UTC(2026, 10, 20, 3, 0, 0);
  readonly began = this.at;
  reloads = 0;
  readonly opened: string[] = [];

  constructor(
    private readonly story: { from: number; standing: Standing; answers?: boolean; reloadsTo?: Standing }[],
  ) {}

  private get now_() {
    return this.story.findLast(({ from }) => this.at - this.began >= from);
  }
  async standing() {
    return (this.reloads > 0 ? this.now_?.reloadsTo : undefined) ?? this.now_?.standing ?? 'live';
  }
  async answers() {
    return this.now_?.answers ?? this.now_?.standing !== 'broken';
  }
  async reload() {
    this.reloads += 1;
  }
  async open(address: string) {
    this.opened.push(address);
    return (await this.answers()) ? (address === '/none' ? 404 : 200) : null;
  }
  now() {
    return this.at;
  }
  async pause(ms: number) {
    this.at += ms;
  }
  get passed() {
    return this.at - this.began;
  }
}

function waiting(...story: ConstructorParameters<typeof ToldWindow>[0]) {
  const window = new ToldWindow(story.length > 0 ? story : [{ from: 0, standing: 'live' }]);
  const absences: number[] = [];
  const patience = new Patience(window, (ms) => absences.push(ms));
  /** What a pair says: `states` from their moments on. */
  const pair = (states: Record<number, string>, hopeless?: (seen: string) => string | null) =>
    patience.until({
      what: 'Pair P-I',
      wanted: 'duplex',
      read: async () => Object.entries(states).findLast(([from]) => window.passed >= Number(from))?.[1] ?? 'nothing',
      holds: (seen) => seen === 'duplex',
      ...(hopeless ? { hopeless } : {}),
    });
  return { window, absences, patience, pair };
}

describe('patience', () => {
  it('waits until it holds', async () => {
    const { window, pair } = waiting();
    expect(await pair({ 0: 'suspend', 5000: 'duplex-pending', 9000: 'duplex' })).toBe('duplex');
    expect(window.passed).toBe(9_000);
  });

  it('ends with what was expected, what was seen, and since when', async () => {
    await expect(waiting().pair({ 0: 'duplex-pending', 20000: 'failure-suspend' })).rejects.toThrow(
      'Pair P-I: expected “duplex”, seen “failure-suspend” since 03:00:20 UTC, for 100 s',
    );
  });

  it('does not take figures that go on for a change', async () => {
    const counting = Object.fromEntries(Array.from({ length: 130 }, (_, s) => [s * 1_000, `copying ${s}.5 %`]));
    await expect(waiting().pair(counting)).rejects.toThrow('since 03:00:00 UTC, for 120 s');
  });

  it('does not wait for what cannot come about any more, once that stays', async () => {
    const { window, pair } = waiting();
    const waits = (seen: string) => (seen === 'waits' ? 'the run waits for a decision' : null);
    await expect(pair({ 0: 'runs', 3000: 'waits', 4000: 'runs', 6000: 'waits' }, waits)).rejects.toThrow(
      '(the run waits for a decision)',
    );
    expect(window.passed).toBeGreaterThan(14_000);
    expect(window.passed).toBeLessThan(15_000);
  });

  it('waits for a dashboard that is restarted, notes it, and does not count the time', async () => {
    const { window, absences, pair } = waiting(
      { from: 0, standing: 'live' },
      { from: 2_000, standing: 'lost', answers: false },
      { from: 30_000, standing: 'lost', answers: true },
      { from: 33_000, standing: 'live' },
    );
    await expect(pair({ 0: 'suspend', 145000: 'duplex' })).resolves.toBe('duplex');
    expect(absences).toEqual([31_000]);
    expect(window.reloads).toBe(0);
  });

  it('loads a page anew that shows nothing, or that has lost its stream for good, once somebody answers', async () => {
    for (const standing of ['broken', 'lost'] as const) {
      const { window, absences, patience } = waiting(
        { from: 0, standing, answers: false },
        { from: 4_000, standing, answers: true, reloadsTo: 'live' },
      );
      await patience.present();
      expect(window.reloads).toBe(1);
      expect(absences).toHaveLength(1);
    }
  });

  it('ends where the dashboard stays away', async () => {
    const { patience, pair } = waiting({ from: 0, standing: 'broken', answers: false });
    await expect(pair({ 0: 'duplex' })).rejects.toThrow('The dashboard has been away for 60 s');
    await expect(patience.goto('/groups/demo')).rejects.toThrow('away for 60 s: /groups/demo cannot be opened');
  });

  it('opens an address when somebody answers, and refuses one that is not there', async () => {
    const { window, absences, patience } = waiting(
      { from: 0, standing: 'broken', answers: false },
      { from: 3_000, standing: 'live' },
    );
    await patience.goto('/groups/demo');
    expect(absences).toEqual([3_000]);
    expect(window.opened.length).toBeGreaterThan(2);
    await expect(patience.goto('/none')).rejects.toThrow('/none answers 404');
  });
});
