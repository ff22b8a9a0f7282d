import { describe, expect, it } from 'vitest';
import { refuse } from '../domain/refusal.ts';
import { findRoutine, ROUTINES } from './find-routine.ts';
import { whyOrderRefused, whyStartRefused } from './order-rules.ts';
import type { RunOrder, RunStatus, RunView } from './step-graph.ts';
import type { FakeWorld } from './testkit/fake-world.ts';
import { drive, MemoryRun } from './testkit/memory-run-store.ts';
import { forwardWorld, reverseWorld } from './testkit/worlds.ts';

const by = 'operator';
const go: RunOrder = { order: 'continue', by };

function decide(step: string, choice: string, more: Partial<Extract<RunOrder, { order: 'decide' }>> = {}): RunOrder {
  return { order: 'decide', step, choice, by, typedName: null, attestation: null, ...more };
}

const steps = (view: RunView) => view.steps.map((step) => step.id).join(' ');

/** Runs `verb` of storage instructions through `change` before the world answers. */
function intercept(world: FakeWorld, verb: string, change: () => void): void {
  const perform = world.perform.bind(world);
  world.perform = async (host, instruction) => {
    if (instruction.verb === 'storage' && instruction.instruction.verb === verb) change();
    return perform(host, instruction);
  };
}

describe('orders of a run under way', () => {
  it('step by step: waits before every step but the first', async () => {
    const run = new MemoryRun();
    const asked: string[] = [];
    run.answer = (view) => {
      asked.push(`${view.status} ${view.currentStep}`);
      return go;
    };
    const { view } = await drive({ world: forwardWorld(), run, routine: 'initial-copy', start: { stepByStep: true } });
    expect(view.ending).toBe('done');
    expect(asked).toEqual(['paused S092', 'paused S095', 'paused S100', 'paused S110']);
  });

  it('run-through leaves step by step', async () => {
    const run = new MemoryRun();
    let asked = 0;
    run.answer = () => {
      asked += 1;
      return { order: 'run-through', by };
    };
    const { view } = await drive({ world: forwardWorld(), run, routine: 'initial-copy', start: { stepByStep: true } });
    expect(view.ending).toBe('done');
    expect(asked).toBe(1);
  });

  it('pause takes hold after the step under way, and continue goes on', async () => {
    const world = forwardWorld();
    const run = new MemoryRun();
    world.setPair('P-I', 'suspend');
    intercept(world, 'resync', () => {
      if (run.orders.length === 0 && !run.view?.steps.some((step) => step.id === 'S110'))
        run.orders.push({ order: 'pause', by });
    });
    const asked: string[] = [];
    run.answer = (view) => {
      asked.push(`${view.status} ${view.currentStep}`);
      return go;
    };
    const { view } = await drive({ world, run, routine: 'initial-copy' });
    expect(view.ending).toBe('done');
    expect(asked).toEqual(['paused S110']);
    expect(view.steps.find((step) => step.id === 'S100')?.outcome).toMatch(/duplex|already/);
  });

  it('abort cuts a long wait short and leaves a named safe state', async () => {
    const world = forwardWorld();
    const run = new MemoryRun();
    world.setPair('P-I', 'suspend');
    world.copies = 'stall';
    intercept(world, 'wait-pair', () => {
      if (run.view?.currentStep === 'S100' && run.orders.length === 0) run.orders.push({ order: 'abort', by });
    });
    world.setPair('I-R', 'suspend');
    const { view } = await drive({ world, run, routine: 'initial-copy' });
    expect(view).toMatchObject({ status: 'ended', ending: 'aborted', endingText: expect.stringContaining('P works') });
    expect(view.steps.at(-1)).toMatchObject({ id: 'S100', outcome: null });
  });

  it('an abort that comes when the last step is done changes nothing', async () => {
    const world = forwardWorld();
    const run = new MemoryRun();
    world.loseProduction();
    const perform = world.perform.bind(world);
    world.perform = async (host, instruction) => {
      if (instruction.verb === 'work-start') run.orders.push({ order: 'abort', by });
      return perform(host, instruction);
    };
    const { view } = await drive({ world, run, routine: 'failover', start: { yes: true } });
    expect(view).toMatchObject({ ending: 'done', endingText: 'the work runs on host R' });
  });

  it('waits for decisions, takes no dangerous one without the typed name, and keeps who decided', async () => {
    const world = forwardWorld();
    world.loseProduction();
    world.systems.I.up = false;
    const run = new MemoryRun();
    const answers: RunOrder[] = [
      decide('S201', 'confirm'),
      decide('S225', 'restart'),
      decide('S220', 'stay'),
      decide('S225', 'nonsense'),
      decide('S225', 'restart', { typedName: 'demo' }),
    ];
    run.answer = (view) => {
      expect(view.status).toBe('waiting-decision');
      expect(view.steps.at(-1)).toMatchObject({ outcome: null, decision: null, endedAt: null });
      return answers.shift() ?? null;
    };
    const { view } = await drive({ world, run, routine: 'failover' });
    expect(answers).toEqual([]);
    expect(view.steps.filter(({ startedAt, endedAt }) => endedAt === null || endedAt < startedAt)).toEqual([]);
    expect(view).toMatchObject({ ending: 'done', forced: true });
    expect(view.steps.find((step) => step.id === 'S225')?.decision).toEqual({ choice: 'restart', by });
  });

  it('takes an attestation only with words, and writes it into the verdict', async () => {
    const world = forwardWorld();
    world.loseProduction();
    world.systems.I.up = false;
    const run = new MemoryRun();
    const attestation = { text: 'flooded', destroyedAt: 5 };
    const answers = [
      decide('S225', 'attest', { typedName: 'demo' }),
      decide('S225', 'attest', { typedName: 'demo', attestation }),
    ];
    run.answer = () => answers.shift() ?? null;
    const { view } = await drive({ world, run, routine: 'failover', start: { decisions: { S201: 'confirm' } } });
    expect(view.verdict?.attestation).toEqual({ by, ...attestation });
    expect(view.ending).toBe('done');
  });

  it('--yes takes harmless defaults only', async () => {
    const world = forwardWorld();
    world.loseProduction();
    world.systems.I.up = false;
    const { view } = await drive({ world, run: new MemoryRun(), routine: 'failover', start: { yes: true } });
    expect(view.steps.at(-1)).toMatchObject({ id: 'S225', outcome: 'stay', decision: { by: 'operator (default)' } });
  });
});

describe('a refusal inside a step', () => {
  /** R's storage is dead from the drain on, until somebody restarts it. */
  function dyingR(): FakeWorld {
    const world = forwardWorld();
    world.loseProduction();
    let drained = false;
    intercept(world, 'drain', () => {
      if (!drained) world.systems.R.up = false;
      drained = true;
    });
    return world;
  }

  it('stops the run at the step, and retry goes on there', async () => {
    const world = dyingR();
    const run = new MemoryRun();
    run.answer = (view) => {
      expect(view).toMatchObject({
        status: 'stopped-at-step',
        currentStep: 'S230',
        stoppedBy: { code: 'unreachable', cure: expect.any(String) },
      });
      world.systems.R.up = true;
      return { order: 'retry', by };
    };
    const { view } = await drive({ world, run, routine: 'failover', start: { yes: true } });
    expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' }, stoppedBy: null });
    expect(steps(view)).toContain('S210 S230 S240');
    expect(world.given).toHaveLength(1);
  });

  it.each(['retry', 'continue'] as const)(
    'of an older driver: %s takes a new claim and goes on there',
    async (order) => {
      const world = forwardWorld();
      world.loseProduction();
      const run = new MemoryRun();
      let overtaken = false;
      intercept(world, 'drain', () => {
        if (!overtaken) world.systems.R.claimEpoch = run.newestEpoch += 1;
        overtaken = true;
      });
      const asked: unknown[] = [];
      run.answer = (view) => {
        asked.push([view.status, view.currentStep, view.stoppedBy?.code]);
        return asked.length === 1 ? { order, by } : { order: 'abort', by };
      };
      const { view } = await drive({ world, run, routine: 'failover', start: { yes: true } });
      expect(asked).toEqual([['stopped-at-step', 'S230', 'stale-driver']]);
      expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' }, stoppedBy: null });
      expect(world.violations).toEqual([]);
    },
  );

  it('what was told by hand while the run was paused does not lock it out', async () => {
    const world = forwardWorld();
    world.loseProduction();
    const run = new MemoryRun();
    const asked: string[] = [];
    run.answer = (view) => {
      asked.push(view.status);
      for (const system of Object.values(world.systems)) system.claimEpoch = run.newestEpoch + 1;
      run.newestEpoch += 1;
      return view.status === 'paused' ? { order: 'continue', by } : { order: 'abort', by };
    };
    const { view } = await drive({ world, run, routine: 'failover', start: { yes: true, stepByStep: true } });
    expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
    expect(new Set(asked)).toEqual(new Set(['paused']));
  });

  it('rides out a short absence without asking', async () => {
    const world = dyingR();
    let asked = 0;
    const perform = world.perform.bind(world);
    world.perform = async (host, instruction) => {
      if (!world.systems.R.up) {
        asked += 1;
        if (asked === 3) world.systems.R.up = true;
      }
      return perform(host, instruction);
    };
    const { view } = await drive({ world, run: new MemoryRun(), routine: 'failover', start: { yes: true } });
    expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
  });

  it('abort after it ends in a named state; where an answer stayed out, the ending is called unknown', async () => {
    for (const [code, ending] of [
      ['unreachable', 'aborted'],
      ['timeout', 'unknown'],
    ] as const) {
      const world = forwardWorld();
      world.loseProduction();
      intercept(world, 'promote', () => {
        throw refuse(code, 'R does not answer', 'Restart R.');
      });
      const run = new MemoryRun();
      run.answer = () => ({ order: 'abort', by });
      const { view } = await drive({ world, run, routine: 'failover', start: { yes: true } });
      expect(view).toMatchObject({ ending, endingText: expect.stringContaining('R may hold the host role already') });
      expect(view.verdict?.kind).toBe('no-data-loss');
    }
  });

  it('a defect of an action stops the run as well, and says which', async () => {
    const world = forwardWorld();
    const run = new MemoryRun();
    const seen: unknown[] = [];
    run.answer = (view) => {
      seen.push(view.stoppedBy);
      return { order: 'abort', by };
    };
    const actions = { 'check-holder': async () => ({ outcome: 'sideways' }) };
    const { view } = await drive({ world, run, routine: 'initial-copy', actions });
    expect(seen).toEqual([expect.objectContaining({ code: 'internal', message: expect.stringContaining('sideways') })]);
    expect(view.ending).toBe('aborted');
  });
});

describe('a resident run', () => {
  it.each(ROUTINES.filter((graph) => graph.resident).map((graph) => [graph.arrangement, graph.id]))(
    '%s %s tells no host anything, so the work may be started and stopped beside it',
    async (arrangement, routine) => {
      const world = reverseWorld(arrangement);
      const perform = world.perform.bind(world);
      const told: string[] = [];
      world.perform = async (host, instruction) => {
        const given = instruction.verb === 'peer-host' ? instruction.instruction : instruction;
        if ('token' in given) told.push(given.verb);
        return perform(host, instruction);
      };
      const { view } = await drive({ world, run: new MemoryRun(), routine });
      expect(view.steps.length).toBeGreaterThan(5);
      expect(told).toEqual([]);
    },
  );

  it('begins its record anew after many cycles, and goes on where it was', async () => {
    const world = reverseWorld();
    const first = new MemoryRun();
    const part = await drive({ world, run: first, routine: 'reverse-copy-control' });
    expect(part.checkpoint).not.toBeNull();
    expect(part.view).toMatchObject({ status: 'running', ending: null });
    expect(part.view.steps.length + part.view.droppedSteps).toBe(400);
    expect(part.view.steps.length).toBeLessThan(100);
    const second = new MemoryRun();
    second.orders.push({ order: 'end', by });
    const end = await drive({
      world,
      run: second,
      routine: 'reverse-copy-control',
      from: part.checkpoint,
      claimEpoch: 2,
    });
    expect(end.view).toMatchObject({ ending: 'done' });
    expect(end.view.steps.length + end.view.droppedSteps).toBeGreaterThan(400);
    const overlap = [...second.records.keys()].filter((key) => first.records.has(key) && !key.startsWith('order/'));
    expect(overlap).toEqual([]);
  });
});

describe('views', () => {
  it('show each step once it is entered, and replay with the same revisions', async () => {
    const world = forwardWorld();
    const run = new MemoryRun();
    await drive({ world, run, routine: 'initial-copy' });
    const before = run.views.length;
    const revision = run.revision;
    await drive({ world, run, routine: 'initial-copy', claimEpoch: 2 });
    expect(run.revision).toBe(revision);
    expect(run.views.length).toBe(before);
    expect(run.views.some((view) => view.currentStep === 'S100' && view.steps.at(-1)?.outcome === null)).toBe(true);
  });
});

describe('which orders are refused', () => {
  const failover = findRoutine('chain-3', 'failover');
  const standing = (status: RunStatus, currentStep: string | null = 'S220') => ({ group: 'demo', status, currentStep });

  it.each<[RunStatus, RunOrder, string | null]>([
    ['ended', { order: 'abort', by }, 'wrong-state'],
    ['running', { order: 'retry', by }, 'wrong-state'],
    ['stopped-at-step', { order: 'retry', by }, null],
    ['stopped-at-step', go, null],
    ['waiting-decision', go, 'wrong-state'],
    ['running', go, 'wrong-state'],
    ['paused', go, null],
    ['running', { order: 'end', by }, 'wrong-state'],
    ['running', { order: 'pause', by }, null],
    ['running', decide('S220', 'stay'), 'wrong-state'],
    ['waiting-decision', decide('S225', 'stay'), 'wrong-state'],
    ['waiting-decision', decide('S220', 'stay'), null],
    ['waiting-decision', decide('S220', 'fly'), 'bad-request'],
    ['waiting-decision', decide('S220', 'restart'), 'not-confirmed'],
    ['waiting-decision', decide('S220', 'restart', { typedName: 'Demo' }), 'not-confirmed'],
    ['waiting-decision', decide('S220', 'restart', { typedName: 'demo' }), null],
    [
      'waiting-decision',
      decide('S220', 'attest', { typedName: 'demo', attestation: { text: ' ', destroyedAt: 1 } }),
      'not-confirmed',
    ],
  ])('%s: %j → %s', (status, order, code) => {
    const refusal = whyOrderRefused(failover, standing(status), order);
    expect(refusal?.code ?? null).toBe(code);
    if (refusal) expect(refusal.cure).not.toBe('');
  });

  it('a decision given in advance must be one that a step asks for', () => {
    const start = (decisions: Record<string, string>, text: string | null = null) =>
      whyStartRefused(failover, { decisions, attestation: text === null ? null : { text, destroyedAt: 0 } })?.code ??
      null;
    expect(start({})).toBeNull();
    expect(start({ S220: 'restart' })).toBeNull();
    expect(start({ S230: 'restart' })).toBe('bad-request');
    expect(start({ S999: 'restart' })).toBe('bad-request');
    expect(start({ S220: 'perhaps' })).toBe('bad-request');
    expect(start({ S220: 'attest' })).toBe('not-confirmed');
    expect(start({ S220: 'attest' }, 'flooded')).toBeNull();
  });
});
