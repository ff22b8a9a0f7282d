import { describe, expect, it } from 'vitest';
import type { GroupStatus } from './group-status.ts';
import type { PairState } from './pair-states.ts';
import { deriveGroupStatus } from './status-derive.ts';
import { beat, failedOver, NOW, pairFacts, StatusBench } from './status-testkit.ts';

const derive = (bench: StatusBench) => deriveGroupStatus(bench.facts);
const pairOf = (status: GroupStatus, name: string) => {
  const found = status.pairs.find((pair) => pair.name === name);
  if (!found) throw new Error(`no pair ${name} among ${status.pairs.map((pair) => pair.name)}`);
  return found;
};
const alarms = (status: GroupStatus) =>
  status.alarms.map((alarm) => `${alarm.id} ${alarm.severity}${alarm.routine ? ` → ${alarm.routine}` : ''}`);

describe('normal operation', () => {
  it('is plain, with every value observed', () => {
    const status = derive(new StatusBench());
    expect(status).toMatchObject({
      operation: 'normal',
      severity: 'none',
      generation: 1,
      holder: 'P',
      alarms: [],
      activeRun: null,
      rpo: { nowMs: 0 },
    });
    expect(status.pairs.map((pair) => `${pair.name} ${pair.kind} ${pair.state} by ${pair.observer}`)).toEqual([
      'P-I sync duplex by P',
      'I-R async duplex by I',
    ]);
    expect(status.exposure).toEqual({ text: 'I and R are left if the site of P is lost', survivors: ['I', 'R'] });
    expect(status.lines.map((line) => `${line.name} ${line.connected}`)).toEqual([
      'P-I true',
      'I-R true',
      'host-P-host-R true',
    ]);
    expect(status.systems[0]).toMatchObject({
      up: true,
      pid: 42,
      port: 10_809,
      volumes: [{ index: 0, dirtyTracks: 3 }],
      fault: null,
    });
    expect(status.witness).toMatchObject({ up: true, register: { state: 'joined', epoch: 1, generation: 1 } });
    expect(status.summary).toContain('Normal operation');
  });

  it('adds the lag of the async hop to the RPO, and the age of a suspended one', () => {
    const bench = new StatusBench();
    bench.pair('I', 'I-R').lag = { updates: 13, bytes: 53_248, ms: 420 };
    expect(derive(bench).rpo.nowMs).toBe(420);
    bench.setPair('I-R', 'suspend');
    expect(derive(bench).rpo.nowMs).toBe(60_000);
    bench.setPair('I-R', 'initial-copying');
    expect(derive(bench).rpo.nowMs).toBeNull();
  });

  it('says of a suspended pair how far its destination has fallen back, and that no survivor is newer', () => {
    const bench = new StatusBench();
    bench.setPair('P-I', 'failure-suspend');
    Object.assign(bench.pair('P', 'P-I'), { givenNumber: 130, appliedNumber: 100, dirtyTracks: 4, trackBytes: 65_536 });
    Object.assign(bench.pair('I', 'P-I'), { appliedNumber: 110 });
    const status = derive(bench);
    expect(status.pairs[0]?.lag).toEqual({ updates: 20, bytes: 262_144, ms: 60_000 });
    expect(status.exposure.text).toBe(
      'I and R are left if the site of P is lost, not newer than the suspension of P-I',
    );
    Object.assign(bench.pair('P', 'P-I'), { givenNumber: 110, dirtyTracks: 0 });
    expect(derive(bench).pairs[0]?.lag).toEqual({ updates: 0, bytes: 0, ms: 0 });
  });
});

describe('operation', () => {
  it.each<[string, () => StatusBench, GroupStatus['operation']]>([
    ['P-I suspended', () => new StatusBench().setPair('P-I', 'suspend'), 'degraded'],
    ['I-R resyncing', () => new StatusBench().setPair('I-R', 'duplex-pending'), 'degraded'],
    ['first copy', () => new StatusBench().setPair('I-R', 'initial-copying'), 'forming'],
    ['P killed', () => new StatusBench().kill('P'), 'degraded'],
    ['R silent', () => new StatusBench().silence('R'), 'degraded'],
    ['everything silent', () => new StatusBench().silence('P', 'I', 'R', 'host-P', 'host-R', 'witness'), 'unknown'],
    ['nobody holds the role', () => new StatusBench({ number: 2, runId: 'x', holder: null }), 'stopped'],
    ['R serves', () => failedOver(false), 'failed-over'],
    ['R serves, reversed', () => failedOver(true), 'reverse'],
  ])('%s', (_title, bench, operation) => {
    expect(derive(bench()).operation).toBe(operation);
  });

  it('no pair yet is forming, and switched off is stopped without an alarm', () => {
    const bench = new StatusBench();
    for (const name of ['P', 'I', 'R']) bench.storage(name).pairs = [];
    expect(derive(bench)).toMatchObject({ operation: 'forming', severity: 'none' });
    const off = new StatusBench().kill('P', 'I', 'R');
    expect(deriveGroupStatus({ ...off.facts, powered: false })).toMatchObject({
      operation: 'stopped',
      alarms: [],
      summary: 'Switched off.',
    });
  });

  it('believes the register over a system that was away, and the systems where the register is silent', () => {
    const bench = failedOver(false);
    bench.storage('P').generation = { number: 1, runId: 'initial', holder: 'P' };
    expect(derive(bench)).toMatchObject({ generation: 2, holder: 'R' });
    expect(derive(bench.silence('witness'))).toMatchObject({
      generation: 2,
      holder: 'R',
      witness: { up: null, register: null },
    });
  });
});

describe('a pair with difference snapshots', () => {
  it('shows the set on its way and its interval, and neither journal nor pull', () => {
    const bench = new StatusBench();
    const pair = bench.pair('I', 'I-R');
    pair.definition = { ...pair.definition, transport: 'difference-snapshot' };
    const status = () => derive(bench).pairs.find(({ name }) => name === 'I-R');
    expect(status()).toMatchObject({
      transport: 'difference-snapshot',
      set: null,
      journal: null,
      pullIntervalMs: null,
    });
    expect(status()?.snapshotIntervalMs).toBeGreaterThan(0);
    pair.set = { id: 7, number: 4711, at: NOW, tracks: 3, doneTracks: 1 };
    const bytes = bench.facts.definition.trackBytes;
    expect(status()?.set).toEqual({ id: 7, number: 4711, tracks: 3, bytes: 3 * bytes, doneBytes: bytes });
  });
});

describe('what is not known', () => {
  it('a silent system shows nothing of its last values', () => {
    const system = derive(new StatusBench().silence('P')).systems[0];
    expect(system).toMatchObject({
      name: 'P',
      up: null,
      pid: null,
      port: null,
      generation: null,
      hostWrites: null,
      lastNumber: null,
      consistent: null,
      journal: null,
      writesPerSecond: null,
      clients: null,
    });
    expect(system?.observedAt).toBe(NOW - 42_000);
  });

  it('a process that runs but has long not answered its agent is not known to be up', () => {
    const bench = new StatusBench();
    bench.process('P').factsAt = NOW - 6_000;
    expect(derive(bench).systems[0]).toMatchObject({ up: null, lastNumber: null });
    bench.process('P').factsAt = NOW - 5_000;
    expect(derive(bench).systems[0]).toMatchObject({ up: true, lastNumber: 100 });
  });

  it('a killed process is down, and shows nothing of its last values either', () => {
    expect(derive(new StatusBench().kill('P')).systems[0]).toMatchObject({
      up: false,
      generation: null,
      lastNumber: null,
      port: null,
    });
  });

  it('a pair with both ends silent is unknown, and says what it was last', () => {
    const pair = pairOf(derive(new StatusBench().silence('P', 'I')), 'P-I');
    expect(pair).toMatchObject({
      state: 'unknown',
      stateAtSource: 'unknown',
      stateAtDestination: 'unknown',
      lastKnown: { state: 'duplex', at: NOW - 42_100 },
      lag: null,
      dirtyTracks: null,
    });
    expect(pair.reason).toContain('P and I not heard');
  });

  it('a pair with one end silent is never duplex, but may be known to be broken', () => {
    const bench = new StatusBench().silence('P');
    expect(pairOf(derive(bench), 'P-I')).toMatchObject({
      state: 'unknown',
      stateAtDestination: 'duplex',
      lastKnown: { state: 'duplex' },
    });
    bench.pair('I', 'P-I').state = 'failure-suspend';
    expect(pairOf(derive(bench), 'P-I')).toMatchObject({
      state: 'failure-suspend',
      stateAtSource: 'unknown',
      observer: 'I',
    });
  });

  it('a line neither end of which is heard is not known', () => {
    expect(derive(new StatusBench().silence('P', 'I')).lines[0]).toMatchObject({
      name: 'P-I',
      connected: null,
      rttMs: null,
    });
  });
});

describe('ends that disagree', () => {
  it.each<[PairState, PairState, PairState]>([
    ['duplex', 'failure-suspend', 'failure-suspend'],
    ['suspend', 'failure-suspend', 'failure-suspend'],
    ['duplex', 'duplex-pending', 'duplex-pending'],
    ['suspending', 'suspend', 'suspend'],
    ['duplex', 'suspending', 'suspending'],
  ])('%s and %s show as %s, both shown', (source, destination, shown) => {
    for (const [a, b] of [
      [source, destination],
      [destination, source],
    ] as const) {
      const bench = new StatusBench();
      bench.pair('I', 'I-R').state = a;
      bench.pair('R', 'I-R').state = b;
      expect(pairOf(derive(bench), 'I-R')).toMatchObject({
        state: shown,
        stateAtSource: a,
        stateAtDestination: b,
        reason: expect.stringContaining('ends disagree'),
      });
    }
  });

  it('one end without the pair is absent', () => {
    const bench = new StatusBench();
    bench.storage('R').pairs = [];
    expect(pairOf(derive(bench), 'I-R')).toMatchObject({
      state: 'absent',
      stateAtSource: 'duplex',
      stateAtDestination: 'absent',
    });
  });

  it('a pair turned round at one end goes by the end that changed last', () => {
    const bench = new StatusBench();
    bench.storage('R').pairs = [pairFacts('R', 'I', 'source', 'suspend', { changedAt: NOW - 10 })];
    bench.pair('I', 'I-R').state = 'suspend';
    expect(derive(bench).pairs.map((pair) => pair.name)).toEqual(['P-I', 'R-I']);
  });
});

describe('alarms', () => {
  it('one lost site is one alarm, and it opens failover', () => {
    const bench = new StatusBench().kill('P', 'host-P').lose('host-P');
    bench.pair('I', 'P-I').state = 'failure-suspend';
    for (const line of bench.storage('I').lines) if (line.peer === 'P') line.connected = false;
    const status = derive(bench);
    expect(alarms(status)).toEqual(['site-production critical → failover']);
    expect(status).toMatchObject({ severity: 'critical', operation: 'degraded' });
    expect(status.alarms[0]).toMatchObject({
      text: expect.stringContaining('host-P and P down'),
      response: expect.stringContaining('failover'),
      since: NOW - 3_000,
    });
    expect(status.summary).toContain('Site production');
  });

  it('S200: a heartbeat lost by everybody, or storage that its host says is dead', () => {
    const lost = derive(new StatusBench().lose('host-P'));
    expect(alarms(lost)).toEqual(['site-production critical → failover']);
    expect(lost.alarms[0]).toMatchObject({
      text: expect.stringContaining('lost the heartbeat of host-P'),
      since: NOW - 4_000,
    });
    const bench = new StatusBench();
    const view = beat('host-R', 'host-P');
    if (view.last) view.last.storageAnswers = false;
    const host = bench.process('host-R').host;
    if (host) host.heartbeats = [view];
    expect(derive(bench).alarms[0]?.text).toContain('its storage does not answer');
  });

  it('a cut line between the hosts is no disaster while the witness still hears', () => {
    const bench = new StatusBench();
    for (const view of bench.process('host-R').host?.heartbeats ?? []) view.lost = true;
    expect(alarms(derive(bench))).toEqual(['line-host-P-host-R minor']);
  });

  it('a site only the control plane cannot see is not called down while it is heard', () => {
    const status = derive(new StatusBench().silence('P', 'host-P'));
    expect(alarms(status)).toEqual(['site-production major']);
    expect(status.alarms[0]?.text).toContain('not heard by the agent');
  });

  it('the site of the holder is another one after a failover, and leads to failback', () => {
    const bench = failedOver(true).kill('R', 'host-R').lose('host-R');
    expect(alarms(derive(bench))).toContain('site-remote critical → failback');
  });

  it('a site that does not hold the work is serious, not critical', () => {
    expect(alarms(derive(new StatusBench().kill('I')))).toEqual(['site-intermediate major']);
    expect(alarms(derive(new StatusBench().kill('witness')))).toEqual(['site-witness minor']);
  });

  it('a cut line swallows the alarm of the pair on it; a pair that broke for itself has its own', () => {
    const bench = new StatusBench().setPair('I-R', 'failure-suspend');
    expect(alarms(derive(bench))).toEqual(['pair-I-R major → initial-copy']);
    for (const line of bench.storage('I').lines) if (line.peer === 'R') line.connected = false;
    const cut = deriveGroupStatus({
      ...bench.facts,
      faults: [{ process: null, line: 'I-R', text: 'cut', since: NOW - 9_000 }],
    });
    expect(alarms(cut)).toEqual(['line-I-R major']);
    expect(cut.alarms[0]?.since).toBe(NOW - 9_000);
    expect(cut.lines[1]?.fault).toBe('cut');
  });

  it('a pair suspended by instruction is nobody’s alarm', () => {
    expect(derive(new StatusBench().setPair('I-R', 'suspend'))).toMatchObject({
      alarms: [],
      severity: 'minor',
      operation: 'degraded',
    });
  });

  it('a takeover left unfinished, work without a copy, lost evidence and a journal that fills call for an answer', () => {
    expect(alarms(derive(new StatusBench({ number: 2, runId: 'x', holder: null })))).toEqual([
      'no-holder critical → failover',
    ]);
    expect(alarms(derive(failedOver(false)))).toEqual(['unprotected major → reverse-copy']);
    expect(alarms(derive(failedOver(true)))).toEqual([]);
    const bench = new StatusBench();
    bench.storage('I').evidenceLost = true;
    bench.storage('I').journal = { usedBytes: 90, sizeBytes: 100, trimmedTo: 0, fullInMs: 250_000 };
    expect(alarms(derive(bench))).toEqual(['evidence-I critical', 'journal-I major']);
    expect(derive(bench).alarms[1]?.text).toContain('90 %, full in 250 s');
  });

  it('a pair that still stands in the kind of the operation before is told once, with the routine that turns it', () => {
    const bench = new StatusBench({ number: 3, runId: 'failback', holder: 'P' }).setPair('P-I', 'failure-suspend');
    for (const system of ['P', 'I']) bench.pair(system, 'P-I').definition.kind = 'async';
    const status = derive(bench);
    expect(alarms(status)).toEqual(['not-yet-back major → initial-copy']);
    expect(status.alarms[0]?.text).toContain('P-I async of the operation before');
    for (const system of ['P', 'I']) bench.pair(system, 'P-I').definition.kind = 'sync';
    expect(alarms(derive(bench))).toEqual(['pair-P-I major → initial-copy']);
  });

  it('a run that waits or was stopped calls for an answer', () => {
    const run = {
      run: 'r1',
      routine: 'failover',
      step: 'S220',
      status: 'waiting-decision',
      changing: true,
      since: NOW,
    };
    const status = deriveGroupStatus({ ...failedOver(false).facts, run });
    expect(alarms(status)).toEqual(['run-r1 major']);
    expect(status.activeRun).toEqual({
      run: 'r1',
      routine: 'failover',
      step: 'S220',
      status: 'waiting-decision',
      changing: true,
    });
  });
});

describe('exposure', () => {
  it('counts only whole images elsewhere, or those that can be rolled back to', () => {
    const bench = new StatusBench();
    bench.storage('R').consistent = false;
    expect(derive(bench).exposure.survivors).toEqual(['I']);
    bench.pair('R', 'I-R').gold = { number: 90, generation: 1, usedBytes: 1 };
    expect(derive(bench).exposure.survivors).toEqual(['I', 'R']);
    expect(derive(new StatusBench().kill('I', 'R')).exposure).toEqual({
      text: 'P only: no other system is known to hold a consistent image',
      survivors: [],
    });
  });
});

describe('actions of a pair', () => {
  const action = (status: GroupStatus, pair: string, instruction: string) => {
    const found = pairOf(status, pair).actions.find((candidate) => candidate.instruction === instruction);
    if (!found) throw new Error(instruction);
    return found;
  };

  it('come from the transition table, each refusal with reason and cure', () => {
    const status = derive(new StatusBench());
    expect(pairOf(status, 'I-R').actions.map((each) => each.instruction)).toEqual([
      'create',
      'split',
      'drain',
      'resync',
      'reverse',
      'delete',
      'rollback',
    ]);
    expect(action(status, 'I-R', 'split').allowed).toBe(true);
    expect(action(status, 'I-R', 'resync')).toMatchObject({
      allowed: false,
      reason: expect.stringContaining('duplex already'),
      cure: expect.any(String),
    });
    expect(action(status, 'P-I', 'drain')).toMatchObject({ allowed: false, reason: expect.stringContaining('no log') });
  });

  it('a resync is refused while another pair is in its way', () => {
    const bench = new StatusBench().setPair('P-I', 'suspend');
    expect(action(derive(bench), 'P-I', 'resync')).toMatchObject({
      allowed: false,
      reason: expect.stringContaining('I-R is in duplex'),
      cure: 'Split I-R first.',
    });
    bench.setPair('I-R', 'suspend');
    expect(action(derive(bench), 'P-I', 'resync').allowed).toBe(true);
  });

  it('nothing is copied onto the system that takes the host writes', () => {
    const bench = failedOver(false);
    bench.storage('R').pairs = [pairFacts('I', 'R', 'destination', 'suspend')];
    bench.storage('I').pairs = [pairFacts('I', 'R', 'source', 'suspend')];
    expect(action(derive(bench), 'I-R', 'resync')).toMatchObject({
      allowed: false,
      reason: expect.stringContaining('takes the host writes'),
    });
  });

  it('nothing is allowed while the state is not known, a run is under way, or the group is off', () => {
    const reason = (status: GroupStatus) => action(status, 'P-I', 'split').reason;
    expect(reason(derive(new StatusBench().silence('P', 'I')))).toContain('not known');
    const run = { run: 'r1', routine: 'failover', step: null, status: 'running', changing: true, since: NOW };
    expect(reason(deriveGroupStatus({ ...new StatusBench().facts, run }))).toContain('failover is under way');
    expect(reason(deriveGroupStatus({ ...new StatusBench().facts, powered: false }))).toContain('switched off');
  });
});
