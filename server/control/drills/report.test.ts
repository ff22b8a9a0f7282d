import { describe, expect, it } from 'vitest';
import type { DrillNote } from '../../domain/evidence/drill-notes.ts';
import type { DrillFacts } from './facts.ts';
import { type ReportInput, renderReport } from './report.ts';

const FACTS: DrillFacts = {
  drill: {
    id: 'drill-1',
    group: 'demo',
    runbook: 'line-cut',
    title: 'A cut <line>',
    startedAt: 1_700_000_000_000,
    endedAt: 1_700_000_061_500,
    startedBy: 'anna',
    approvedBy: 'bert',
    bundle: 'demo-0002-line-cut',
    sequence: 2,
  },
  versions: { switchback: '0.1.0', node: 'v20', platform: 'linux x64' },
  definition: {},
  basis: null,
  standing: [],
  seconds: [],
  phases: [
    {
      run: 'run-1',
      routine: 'failover',
      startedAt: 0,
      endedAt: 4_000,
      ending: 'done',
      endingText: null,
      verdict: null,
      durationMs: 4_000,
      outageMs: 12_000,
      lost: { updates: 37, ms: 900 },
      worstRpoMs: null,
    },
  ],
  runs: [],
  verdicts: [],
  timeline: [
    {
      seq: 1,
      at: 1_700_000_000_123,
      kind: 'pair-transition',
      subject: 'P-I',
      observer: 'storage P',
      text: 'P-I: duplex → failure-suspend',
      run: null,
      facts: {},
    },
  ],
  timelineIsCut: false,
  commands: [
    { at: 1_700_000_000_100, actor: 'anna', action: 'fault.inject', subject: 'P-I', outcome: 'done', asked: null },
  ],
  ledger: { unknown: 'host-P does not answer' },
  aftermath: {
    operation: 'degraded',
    summary: 'Degraded.',
    openRun: null,
    faults: [],
    whole: false,
    goOn: [{ text: 'Clear the fault: P-I cut.', command: 'npx switchback fault clear f1' }],
  },
};
const NOTES: DrillNote[] = [
  { kind: 'chapter', at: 1, filmMs: 0, title: 'Cut', text: 'It is cut.' },
  { kind: 'check', at: 2, filmMs: 4_500, text: 'Pair P-I: failure-suspend', picture: 'pictures/001.png' },
];
const render = (change: Partial<ReportInput> = {}) =>
  renderReport({
    facts: FACTS,
    notes: NOTES,
    outcome: 'passed',
    stoppedAt: null,
    reason: null,
    publicKey: 'a key',
    previous: null,
    filmed: true,
    traced: true,
    ...change,
  });

describe('the report', () => {
  it('has every picture, its place in the film, and what is left to be done', () => {
    const page = render();
    expect(page).toContain('src="pictures/001.png"');
    expect(page).toContain('data-film="4.5"');
    expect(page).toContain('poster="pictures/001.png"');
    expect(page).toContain('<li>Clear the fault: P-I cut.');
    expect(page).toContain('<td>12.0 s<td>37 updates, 900 ms<td>unknown');
    expect(page).toContain('host-P does not answer');
  });

  it('says a time of almost two minutes as two', () => {
    const { drill } = FACTS;
    const facts = { ...FACTS, drill: { ...drill, endedAt: drill.startedAt + 119_700 } };
    expect(render({ facts })).toContain('after 2:00 min');
  });

  it('lets no text become markup', () => {
    const page = render({ outcome: 'failed', stoppedAt: '<img src=x>', reason: '"&<script>' });
    expect(page).toContain('A cut &lt;line&gt;');
    expect(page).toContain('&lt;img src=x&gt;');
    expect(page).toContain('&quot;&amp;&lt;script&gt;');
    expect(page.match(/<script>/g)).toHaveLength(1);
  });

  it('says where a drill stopped, that there is no film, and what it follows', () => {
    const previous = { bundle: 'demo-0001-line-cut', sha256: 'ab'.repeat(32) };
    const page = render({ outcome: 'incomplete', stoppedAt: 'Cut P-I', filmed: false, previous });
    expect(page).toContain('It stopped at: <strong>Cut P-I</strong>');
    expect(page).not.toContain('<video');
    expect(page).toContain('It follows demo-0001-line-cut');
    expect(page).not.toContain('Walked to its end');
  });

  it('refers to nothing outside the bundle', () => {
    const references = [...render().matchAll(/(?:src|href|poster)="([^"]+)"/g)].map(([, where]) => where ?? '');
    expect(references.length).toBeGreaterThan(5);
    expect(references.filter((where) => /^(\/|\.\.|\w+:)/.test(where))).toEqual([]);
  });
});
