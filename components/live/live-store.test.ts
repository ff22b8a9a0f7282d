import { describe, expect, it } from 'vitest';
import type { EventView, LiveMessage } from '../../server/api/views.ts';
import { normalStatus, rowOf } from '../testing/group-fixture.ts';
import { drainingRun } from '../testing/run-fixture.ts';
import { applyMessage, EMPTY_LIVE, isLost, KEPT_EVENTS, type LiveState, SILENCE_MS, watchGroup } from './live-store.ts';

const AT = 1_700_000_000_000;

function snapshot(change: Partial<Extract<LiveMessage, { kind: 'snapshot' }>> = {}): LiveMessage {
  const status = normalStatus(AT);
  return { kind: 'snapshot', at: AT, lastSeq: 10, fleet: [rowOf(status)], status, runs: [], faults: [], ...change };
}

function event(seq: number): LiveMessage {
  const view: EventView = {
    seq,
    at: AT,
    group: 'demo',
    kind: 'pair-transition',
    subject: 'P-I',
    observer: 'storage P',
    text: 'duplex → suspend',
    severity: 'major',
    run: null,
    rule: null,
    facts: {},
  };
  return { kind: 'event', event: view };
}

function folded(messages: readonly LiveMessage[], start: LiveState = watchGroup(EMPTY_LIVE, 'demo')): LiveState {
  return messages.reduce((state, message, index) => applyMessage(state, message, AT + 500 + index), start);
}

describe('live state', () => {
  it('takes a snapshot whole and a patch by its fields', () => {
    const state = folded([
      snapshot(),
      { kind: 'status', at: AT + 10, group: 'demo', set: { summary: 'P ⇒ I is split.' } },
    ]);
    expect(state.status?.summary).toBe('P ⇒ I is split.');
    expect(state.status?.holder).toBe('P');
    expect(state.lastSeq).toBe(10);
  });

  it('keeps what did not change as the same object, so that it need not be drawn again', () => {
    const first = folded([snapshot()]);
    const systems = normalStatus(AT).systems;
    const changed = systems.map((system) => (system.name === 'P' ? { ...system, pid: 1 } : system));
    const second = folded([{ kind: 'status', at: AT, group: 'demo', set: { systems: changed } }], first);
    expect(second.status?.systems[1]).toBe(first.status?.systems[1]);
    expect(second.status?.systems[0]).not.toBe(first.status?.systems[0]);
  });

  it('ignores a patch of a group that is no longer watched', () => {
    const state = folded([snapshot(), { kind: 'status', at: AT, group: 'other', set: { summary: 'else' } }]);
    expect(state.status?.summary).toBe(normalStatus(AT).summary);
  });

  it('takes an event once, whatever is sent again after a resumption', () => {
    const state = folded([snapshot(), event(11), event(12), event(11), event(12), event(13)]);
    expect(state.events.map((each) => each.seq)).toEqual([11, 12, 13]);
    expect(state.lastSeq).toBe(13);
  });

  it('keeps a bounded number of events', () => {
    const state = folded([snapshot(), ...Array.from({ length: KEPT_EVENTS + 20 }, (_, index) => event(11 + index))]);
    expect(state.events).toHaveLength(KEPT_EVENTS);
    expect(state.events.at(-1)?.seq).toBe(10 + KEPT_EVENTS + 20);
  });

  it('changes, adds and removes rows of the fleet', () => {
    const row = rowOf(normalStatus(AT));
    const state = folded([
      snapshot(),
      {
        kind: 'fleet',
        at: AT,
        rows: [
          { ...row, operation: 'degraded' },
          { ...row, group: 'b' },
        ],
        removed: [],
      },
      { kind: 'fleet', at: AT, rows: [], removed: ['b'] },
    ]);
    expect(state.fleet?.map((each) => [each.group, each.operation])).toEqual([['demo', 'degraded']]);
  });

  it('forgets the status and runs of the group left behind, not the events', () => {
    const full = folded([snapshot({ runs: [drainingRun(AT)] }), event(11)]);
    expect(full.runs['run-draining']?.currentStep).toBe('S230');
    const left = watchGroup(full, null);
    expect(left.status).toBeNull();
    expect(left.runs).toEqual({});
    expect(left.lastSeq).toBe(11);
  });

  it('measures the clock of the server by the fastest message, and anew once a clock was set', () => {
    const heard = applyMessage(EMPTY_LIVE, { kind: 'tick', now: AT + 100 }, AT);
    expect(heard.offsetMs).toBe(100);
    expect(applyMessage(heard, { kind: 'tick', now: AT + 1000 }, AT + 1400).offsetMs).toBe(100);
    expect(applyMessage(heard, { kind: 'tick', now: AT + 1000 }, AT + 3_600_000).offsetMs).toBe(1000 - 3_600_000);
  });

  it('is lost after silence, and not before anything was heard', () => {
    expect(isLost(EMPTY_LIVE, AT)).toBe(false);
    const heard = applyMessage(EMPTY_LIVE, { kind: 'tick', now: AT }, AT);
    expect(isLost(heard, AT + SILENCE_MS)).toBe(false);
    expect(isLost(heard, AT + SILENCE_MS + 1)).toBe(true);
  });
});
