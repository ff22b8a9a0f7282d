import { describe, expect, it } from 'vitest';
import { groupOfPath } from '../live/group-of-path.ts';
import { siteLossAlarm } from '../testing/group-fixture.ts';
import { drainingRun, endedRun, LOSS, stoppedRun, waitingRun } from '../testing/run-fixture.ts';
import { orderAlarms } from './alarms.ts';
import { alertOfRun } from './alerts.ts';
import { readTheme } from './preference-cookies.ts';
import { parseSelection, routes } from './routes.ts';

const AT = 1_700_000_000_000;

describe('addresses', () => {
  it('carry a selection there and back', () => {
    const address = routes.inspect('demo', { kind: 'pair', name: 'P-I' }, 'table');
    const query = new URLSearchParams(address.split('?')[1]);
    expect(parseSelection(query.get('inspect'))).toEqual({ kind: 'pair', name: 'P-I' });
    expect(query.get('view')).toBe('table');
  });

  it('refuse what is no part of a group', () => {
    for (const value of [null, '', 'pair', 'pair:', 'toaster:P', '../etc']) expect(parseSelection(value)).toBeNull();
  });

  it('say which group they are about', () => {
    expect(groupOfPath('/groups/demo/runs/new')).toBe('demo');
    expect(groupOfPath('/groups/a%2Fb')).toBe('a/b');
    expect(groupOfPath('/history')).toBeNull();
  });
});

describe('alarms', () => {
  it('stand worst first, then oldest first', () => {
    const critical = siteLossAlarm(AT);
    const late = { ...critical, id: 'late', severity: 'major' as const, since: AT - 10 };
    const early = { ...late, id: 'early', since: AT - 20 };
    expect(orderAlarms([late, critical, early]).map((alarm) => alarm.id)).toEqual([critical.id, 'early', 'late']);
  });
});

describe('alerts of a run', () => {
  it('interrupt for a decision, a stop and an ending, once each', () => {
    expect(alertOfRun(drainingRun(AT), waitingRun(AT))).toBe('Failover needs a decision at S201.');
    expect(alertOfRun(drainingRun(AT), stoppedRun(AT))).toBe('Failover stopped at S230.');
    expect(alertOfRun(stoppedRun(AT), stoppedRun(AT))).toBeNull();
    expect(alertOfRun(waitingRun(AT), drainingRun(AT))).toBeNull();
  });

  it('carry the verdict, and say nothing of a run that had ended before this page was opened', () => {
    expect(alertOfRun(drainingRun(AT), endedRun(AT, LOSS))).toMatch(
      /^Failover ended: done\. Data loss: at least 37 updates/,
    );
    expect(alertOfRun(undefined, endedRun(AT))).toBeNull();
  });
});

describe('preferences', () => {
  it('take an unknown theme for the system’s', () => {
    expect(readTheme('dark')).toBe('dark');
    expect(readTheme('"><script>')).toBe('system');
    expect(readTheme(undefined)).toBe('system');
  });
});
