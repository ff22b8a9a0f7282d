/** Drills as the server would describe them, for tests of what the screens make of them. Never shipped in a page. */
import type { DrillReplay, DrillView, RunbookEntry, ScheduleView } from '../../server/api/views.ts';
import { defaultGroup } from '../../server/domain/arrangement.ts';
import { CHAIN_3 } from '../../server/domain/arrangements/chain-3.ts';
import type { ProofBasis } from '../../server/domain/evidence/staleness.ts';

const definition = defaultGroup('demo', CHAIN_3);

export const BASIS: ProofBasis = {
  software: { version: '0.1.0', content: 'a1b2c3d4e5f60718' },
  runbook: 'r1',
  topology: { definition, rpoObjectiveMs: 1_000 },
};

export const RUNBOOK: RunbookEntry = {
  name: 'line-cut',
  title: 'A cut line',
  arrangement: 'chain-3',
  says: 'The line between P and I is cut under load, and nothing was lost.',
  chapters: ['Normal operation', 'The line is cut', 'The line is joined'],
  sha256: 'r1',
};

/** Sealed and passed, with what differs from that. */
export function drillFixture(at: number, sequence: number, change: Partial<DrillView> = {}): DrillView {
  return {
    id: `drill-${sequence}`,
    group: 'demo',
    runbook: RUNBOOK.name,
    title: RUNBOOK.title,
    status: 'sealed',
    outcome: 'passed',
    startedAt: at,
    endedAt: at + 42_000,
    startedBy: 'operator',
    approvedBy: 'Berta',
    bundle: `demo-000${sequence}-line-cut`,
    sequence,
    manifestHash: 'f'.repeat(64),
    progress: {
      chapter: 'The line is joined',
      last: 'Pair I-R: duplex',
      done: 9,
      ended: null,
      trouble: null,
      goOn: [],
      bytes: null,
    },
    basis: BASIS,
    phases: [
      {
        routine: 'initial-copy',
        ending: 'done',
        durationMs: 2_000,
        outageMs: null,
        lost: null,
        worstRpoMs: 140,
        verdict: null,
      },
    ],
    ...change,
  };
}

type SealedEvent = DrillReplay['timeline'][number];
const told = (at: number, kind: string, subject: string, observer: string, facts = {}, text = kind): SealedEvent => ({
  ...{ seq: 0, at, kind, subject, observer, text, facts, run: null },
});

/** The line P-I is cut after 11 s and joined after 20 s; a run copies the difference from 30 s on. */
export function replayFixture(at: number): DrillReplay {
  const end = (pair: string, system: string, to: string, ms: number) =>
    told(at + ms, 'pair-transition', pair, system, { to }, `${pair} at ${system}: ${to}`);
  const cut = { fault: 'f1', kind: 'cut' };
  const note = (ms: number) => ({ at: at + ms, filmMs: ms });
  return {
    notes: [
      { kind: 'chapter', ...note(0), title: 'Normal operation', text: 'Both pairs are in duplex.' },
      { kind: 'check', ...note(4_000), text: 'Pair P-I: duplex', picture: null },
      { kind: 'chapter', ...note(10_000), title: 'The line is cut', text: 'The pair splits by itself.' },
      { kind: 'act', ...note(12_000), text: 'Cut P-I', command: null, picture: null },
      { kind: 'check', ...note(14_000), text: 'Pair P-I: failure-suspend', picture: null },
      { kind: 'chapter', ...note(18_000), title: 'The line is joined', text: 'The difference is copied.' },
      { kind: 'act', ...note(20_000), text: 'Cleared: P-I', command: null, picture: null },
      { kind: 'ended', ...note(40_000), passed: true, stoppedAt: null, reason: null, picture: null },
    ],
    topology: definition,
    standing: [
      ...['P', 'I', 'R', 'host-P', 'host-R', 'witness'].map((name) => told(at - 60_000, 'process-started', name, name)),
      end('P-I', 'P', 'duplex', -50_000),
      end('P-I', 'I', 'duplex', -50_000),
      end('I-R', 'I', 'duplex', -50_000),
      end('I-R', 'R', 'duplex', -50_000),
    ],
    timeline: [
      told(at + 11_000, 'fault-injected', 'P-I', 'control', cut, 'line P-I cut'),
      end('P-I', 'P', 'failure-suspend', 12_500),
      told(at + 20_000, 'fault-cleared', 'P-I', 'control', cut, 'cleared: line P-I cut'),
      end('P-I', 'I', 'failure-suspend', 20_200),
      end('P-I', 'I', 'duplex', 31_000),
      end('P-I', 'P', 'duplex', 31_000),
    ],
    seconds: Array.from({ length: 41 }, (_, index) => ({
      at: at + index * 1_000,
      rpoMs: 40,
      systems: {
        P: { writesPerSecond: 20, bytesPerSecond: 81_920, journalUsedBytes: 0 },
        I: { writesPerSecond: 0, bytesPerSecond: 0, journalUsedBytes: 4_096 },
        R: { writesPerSecond: 0, bytesPerSecond: 0, journalUsedBytes: 0 },
      },
      pairs: { 'I-R': { lagMs: 40, lagBytes: 4_096, bytesPerSecond: 81_920 } },
    })),
    phases: [
      {
        run: 'run-1',
        routine: 'initial-copy',
        startedAt: at + 30_000,
        endedAt: at + 32_000,
        ending: 'done',
        durationMs: 2_000,
        outageMs: null,
        lost: null,
        worstRpoMs: 140,
        verdict: null,
      },
    ],
    runs: [
      {
        run: 'run-1',
        routine: 'initial-copy',
        steps: [{ id: 'S100', outcome: 'duplex', startedAt: at + 30_000, endedAt: at + 32_000 }],
      },
    ],
    aftermath: { summary: 'Normal operation.', goOn: [] },
    // A fixture has no film to play.
    holds: { film: false, pdf: true, trace: true, archive: true },
  };
}

export function scheduleFixture(at: number): ScheduleView {
  return {
    group: 'demo',
    runbook: RUNBOOK.name,
    title: RUNBOOK.title,
    cron: '0 3 * * 1',
    zone: 'Europe/Berlin',
    words: 'at 03:00, on Monday',
    enabled: true,
    disabledBecause: null,
    approvedBy: 'Berta',
    changedAt: at - 86_400_000,
    changedBy: 'operator',
    next: [1, 8, 15].map((days) => at + days * 86_400_000),
    hindrance: 'I-R is suspend',
    firings: [
      {
        id: 'f2',
        dueAt: at - 3_600_000,
        count: 1,
        status: 'skipped',
        reason: 'I-R is suspend',
        bundle: null,
      },
      { id: 'f1', dueAt: at - 90_000_000, count: 1, status: 'started', reason: null, bundle: 'demo-0001-line-cut' },
    ],
  };
}
