/** Runs of failover as the server would describe them, for tests of what the screens make of them. */
import type { Verdict } from '../../server/domain/verdict.ts';
import type { RunView, StepRecord } from '../../server/routines/step-graph.ts';

function record(id: string, at: number, outcome: string | null, change: Partial<StepRecord> = {}): StepRecord {
  return {
    id,
    round: 1,
    outcome,
    startedAt: at,
    endedAt: outcome === null ? null : at + 400,
    transitions: [],
    evidence: [],
    refusal: null,
    decision: null,
    progress: null,
    ...change,
  };
}

export const NO_LOSS: Verdict = {
  kind: 'no-data-loss',
  lost: { updates: 0, bytes: 0, seconds: 0, bound: 'exact' },
  evidence: [
    'R holds every update I answered, to 184,220.',
    'Fence level status, no split recorded: P completed none above it.',
    'The register gave generation 2 to this run before any of this was read.',
  ],
  missing: [],
  toSettle: [],
  fenced: true,
  survivorNumber: 184_220,
  attestation: null,
};

export const LOSS: Verdict = {
  kind: 'data-loss',
  lost: { updates: 37, bytes: 151_552, seconds: 0.9, bound: 'at-least' },
  evidence: ['Last heartbeat: P completed 184,257.', 'R holds 184,220.'],
  missing: [],
  toSettle: [],
  fenced: true,
  survivorNumber: 184_220,
  attestation: null,
};

export const UNKNOWN: Verdict = {
  kind: 'unknown',
  lost: { updates: 0, bytes: 0, seconds: 0, bound: 'at-least' },
  evidence: ['Last heartbeat, 42 s ago: P completed 184,220.', 'R holds 184,220.'],
  missing: ['P and host P do not answer and the fence level is never: P may have completed writes after 184,220'],
  toSettle: ['Reach host P.', 'Read P.', 'Or attest when the site was destroyed.'],
  fenced: false,
  survivorNumber: 184_220,
  attestation: null,
};

function runFixture(run: string, at: number, change: Partial<RunView>): RunView {
  return {
    run,
    group: 'demo',
    routine: 'failover',
    intent: 'failover',
    status: 'running',
    currentStep: null,
    ending: null,
    endingText: null,
    steps: [],
    verdict: null,
    test: null,
    startedAt: at - 20_000,
    endedAt: null,
    startedBy: 'operator',
    generation: 2,
    stoppedBy: null,
    forced: false,
    droppedSteps: 0,
    ...change,
  };
}

function walked(at: number): StepRecord[] {
  return [
    record('S200', at - 20_000, 'failed', {
      evidence: ['Host R: last heartbeat of host P 42 s old.', 'Witness: last heartbeat of host P 41.800 s old.'],
    }),
    record('S201', at - 19_000, 'confirm', { decision: { choice: 'confirm', by: 'operator' } }),
    record('S205', at - 17_000, 'fenced', {
      evidence: ['Register: generation 2.', 'I persisted generation 2, answered 184,220.'],
    }),
  ];
}

/** Asks whether the site is really down. */
export function waitingRun(at: number): RunView {
  return runFixture('run-waiting', at, {
    status: 'waiting-decision',
    currentStep: 'S201',
    steps: [...walked(at).slice(0, 1), record('S201', at - 19_000, null)],
  });
}

/** Drains the journal of I into R. */
export function drainingRun(at: number): RunView {
  return runFixture('run-draining', at, {
    currentStep: 'S230',
    steps: [
      ...walked(at),
      record('S210', at - 16_000, 'duplex', { evidence: ['R: pair I-R is duplex.'] }),
      record('S230', at - 15_000, null, {
        transitions: [{ pair: 'I-R', from: 'duplex', to: 'suspending' }],
        evidence: ['I-R: suspending, target number 184,220.'],
        progress: { doneBytes: 432_013_312, totalBytes: 1_073_741_824, rateBytesPerSecond: 100_663_296 },
      }),
    ],
  });
}

/** Stopped by a refusal. */
export function stoppedRun(at: number): RunView {
  return {
    ...drainingRun(at),
    run: 'run-stopped',
    status: 'stopped-at-step',
    stoppedBy: {
      code: 'unreachable',
      message: 'storage R does not answer host R',
      cure: 'Restart R (fault restart), then retry S230.',
    },
  };
}

/** Ended with a verdict. */
export function endedRun(at: number, verdict: Verdict = NO_LOSS): RunView {
  return runFixture(`run-${verdict.kind}`, at, {
    status: 'ended',
    ending: 'done',
    endingText: 'the work runs on host R',
    endedAt: at - 2000,
    verdict,
    steps: [
      ...walked(at),
      record('S210', at - 16_000, 'duplex', { evidence: ['R: pair I-R is duplex.'] }),
      record('S230', at - 15_000, 'suspend', {
        transitions: [
          { pair: 'I-R', from: 'duplex', to: 'suspending' },
          { pair: 'I-R', from: 'suspending', to: 'suspend' },
        ],
        evidence: ['R applied 184,220.'],
      }),
    ],
  });
}
