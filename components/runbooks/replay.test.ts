import { describe, expect, it } from 'vitest';
import type { DrillReplay } from '../../server/api/views.ts';
import { replayFixture } from '../testing/drill-fixture.ts';
import { filmBeganAt, noteAt, replayAt, spanOf } from './replay.ts';

const AT = 1_700_000_000_000;
const replay = replayFixture(AT);
const momentOf = (ms: number, of: DrillReplay = replay) => {
  const moment = replayAt(of, 'demo', AT + ms);
  if (!moment) throw new Error('chain-3 is gone');
  return moment;
};
const pairs = (ms: number) => momentOf(ms).status.pairs.map(({ name, state }) => `${name} ${state}`);

describe('a drill at a moment of its film', () => {
  it('stands as it stood before it began, until something is told', () => {
    expect(pairs(1_000)).toEqual(['P-I duplex', 'I-R duplex']);
    expect(momentOf(1_000).status.systems.every(({ up }) => up)).toBe(true);
    expect(momentOf(1_000).status.lines.find(({ name }) => name === 'I-R')).toMatchObject({ km: 1_000, fault: null });
  });

  it('shows the worse of two ends that told different things, and the fault that was injected', () => {
    expect(pairs(13_000)).toEqual(['P-I failure-suspend', 'I-R duplex']);
    const { status } = momentOf(13_000);
    expect(status.pairs[0]).toMatchObject({ stateAtSource: 'failure-suspend', stateAtDestination: 'duplex' });
    expect(status.lines.find(({ name }) => name === 'P-I')).toMatchObject({ fault: 'line P-I cut', connected: null });
  });

  it('what a process told last is unknown while it is down, and going back in time undoes it', () => {
    const gone: DrillReplay = {
      ...replay,
      timeline: [
        ...replay.timeline,
        { ...eventOf('process-exited', 'P', 'P'), at: AT + 15_000 },
        { ...eventOf('heartbeat-lost', 'host-P', 'host-R'), at: AT + 16_000 },
      ],
    };
    const later = momentOf(17_000, gone).status;
    expect(later.systems.find(({ name }) => name === 'P')).toMatchObject({ up: false, writesPerSecond: null });
    expect(later.pairs[0]).toMatchObject({ stateAtSource: 'unknown' });
    expect(later.hosts.find(({ name }) => name === 'host-R')?.heartbeats).toMatchObject([{ lost: true, ageMs: 1_000 }]);
    expect(momentOf(14_000, gone).status.systems.find(({ name }) => name === 'P')?.up).toBe(true);
  });

  it('shows what was measured in that second, and the step a run was at', () => {
    const { second, status, step } = momentOf(30_500);
    expect(second?.rpoMs).toBe(40);
    expect(status.holder).toBe('P');
    expect(step).toMatchObject({ step: 'S100', run: 'run-1' });
    expect(momentOf(60_000).step).toBeNull();
  });

  it('knows where the film began, and which note is the last', () => {
    expect(filmBeganAt(replay.notes)).toBe(AT);
    expect(spanOf(replay)).toEqual({ from: AT, to: AT + 40_000 });
    expect(noteAt(replay.notes, AT + 12_100)).toBe(3);
    expect(noteAt(replay.notes, AT - 1)).toBe(-1);
  });

  it('without a film it shows what the events tell, and an arrangement nobody knows is not drawn', () => {
    const unfilmed = { ...replay, notes: [] };
    expect(filmBeganAt([])).toBeNull();
    expect(spanOf(unfilmed).from).toBe(AT + 11_000);
    expect(replayAt({ ...replay, topology: { ...replay.topology, arrangement: 'ring-9' } }, 'demo', AT)).toBeNull();
  });
});

function eventOf(kind: string, subject: string, observer: string): DrillReplay['timeline'][number] {
  return { seq: 99, at: AT, kind, subject, observer, text: kind, run: null, facts: {} };
}
