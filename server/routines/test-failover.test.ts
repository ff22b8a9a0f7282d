/** What a test on a clone leaves behind, however it ends: nothing. */
import { describe, expect, it } from 'vitest';
import { findRoutine, ROUTINES } from './find-routine.ts';
import type { RunView } from './step-graph.ts';
import { coveringPaths } from './testkit/covering-paths.ts';
import type { FakeWorld } from './testkit/fake-world.ts';
import { drive, MemoryRun } from './testkit/memory-run-store.ts';
import { PathWalk } from './testkit/path-walk.ts';
import { forwardWorld } from './testkit/worlds.ts';

const graph = findRoutine('chain-3', 'test-failover');
const walked = (view: RunView) => view.steps.map(({ id, outcome }) => `${id} ${outcome}`).join(', ');

/** What the group is, clones and test hosts apart. */
function standOf(world: FakeWorld) {
  const systems = Object.values(world.systems).map(({ clone: _clone, ...system }) => ({
    ...system,
    pairs: [...system.pairs.values()].map((pair) => ({ ...pair })),
  }));
  const hosts = Object.values(world.hosts).map(({ test: _test, ...host }) => ({ ...host }));
  return structuredClone({ systems, hosts, register: world.register });
}

function leftBy(world: FakeWorld): string[] {
  const clones = Object.values(world.systems).filter(({ clone }) => clone);
  const hosts = Object.values(world.hosts).filter(({ test }) => test.run);
  return [...clones.map(({ name }) => `clone of ${name}`), ...hosts.map(() => 'test host')];
}

/** Calls `then` once, after the host was asked for `verb`. */
function once(world: FakeWorld, verb: string, then: () => void): void {
  const perform = world.perform.bind(world);
  let done = false;
  world.perform = async (host, instruction) => {
    const reply = await perform(host, instruction);
    const asked = instruction.verb === 'storage' ? instruction.instruction.verb : instruction.verb;
    if (asked === verb && !done) {
      done = true;
      then();
    }
    return reply;
  };
}

const run = (world: FakeWorld, memory = new MemoryRun()) => drive({ world, run: memory, routine: 'test-failover' });

describe('a test failover', () => {
  it('is there in every chain, is called a test, and asks nothing', () => {
    const tests = ROUTINES.filter(({ id }) => id === 'test-failover');
    const chains = ['chain-3', 'chain-3-direct', 'chain-4', 'chain-4-bypass', 'chain-4-bypass-backup'];
    expect(tests.map(({ arrangement }) => arrangement).sort()).toEqual(chains);
    for (const { intent, steps } of tests) {
      expect(intent).toBe('test');
      expect(steps.every(({ decision, ours }) => decision === null && ours)).toBe(true);
    }
  });

  it('says at which update R stood, how far that was behind P, and that the ledger was whole before and after', async () => {
    const world = forwardWorld();
    world.write('P', 100);
    // Two more are completed at P, and on their way.
    Object.assign(world.systems.P, { completedNumber: 102, lastNumber: 102 });
    const before = standOf(world);
    const { view } = await run(world);
    expect(view.ending).toBe('done');
    expect(view.test).toMatchObject({ clone: { number: 100 }, behind: { updates: 2 }, verified: 2, disturbed: false });
    const said = view.steps.find(({ id }) => id === 'T170')?.evidence.join(' ');
    expect(said).toMatch('R consistent at update 100');
    expect(said).toMatch('at most 2 updates');
    expect(view.verdict).toBeNull();
    expect(standOf(world)).toEqual(before);
    expect(leftBy(world)).toEqual([]);
  });

  it('leaves nothing behind on any way through it on which R and its host answer at the end', async () => {
    for (const path of coveringPaths(graph)) {
      if (path.steps.some(({ outcome }) => outcome === 'no-answer')) continue;
      const walk = new PathWalk(graph, path);
      await walk.walk();
      expect({ path: path.steps, left: leftBy(walk.world) }).toEqual({ path: path.steps, left: [] });
    }
  });

  it('leaves nothing behind where the operator gives it up, before whatever step', async () => {
    for (const step of graph.steps.slice(1).filter(({ id }) => id !== 'T220')) {
      const world = forwardWorld();
      const before = standOf(world);
      const memory = new MemoryRun();
      memory.answer = ({ currentStep }) => ({ order: currentStep === step.id ? 'abort' : 'continue', by: 'operator' });
      const { view } = await drive({ world, run: memory, routine: 'test-failover', start: { stepByStep: true } });
      expect({ step: step.id, ending: view.ending }).toEqual({ step: step.id, ending: 'aborted' });
      expect(view.endingText).toMatch('the clone dropped');
      expect(leftBy(world)).toEqual([]);
      expect(standOf(world)).toEqual(before);
    }
  });

  it('begins only where R is consistent, every pair in duplex and P the holder', async () => {
    const hinders: ((world: FakeWorld) => void)[] = [
      (world) => world.setPair('I-R', 'suspend'),
      (world) => world.setPair('P-I', 'failure-suspend'),
      (world) => Object.assign(world.systems.R, { consistent: false }),
      (world) => world.loseProduction(),
      (world) => Object.assign(world.register.generation, { holder: 'R' }),
    ];
    for (const hinder of hinders) {
      const world = forwardWorld();
      hinder(world);
      const { view } = await run(world);
      expect(walked(view)).toBe('T110 not-ready');
      expect(world.done.filter((each) => each.includes('clone'))).toEqual([]);
    }
  });

  it.each(['clone-create', 'test-start', 'test-work'])('gives way to a failover that begins after %s', async (verb) => {
    const world = forwardWorld();
    world.write('P', 50);
    once(world, verb, () => {
      world.loseProduction();
      // What the fence of a takeover does at R.
      const generation = { number: 2, runId: 'failover', holder: null };
      Object.assign(world.systems.R, { generation, clone: null });
      world.register = { ...world.register, generation };
    });
    const { view } = await run(world);
    expect(view.ending).toBe('failed');
    expect(view.steps.at(-1)).toMatchObject({ id: 'T220', outcome: 'ended' });
    expect(leftBy(world)).toEqual([]);
  });

  it('says so where a pair changed while it ran, and never that nothing moved', async () => {
    const world = forwardWorld();
    // There and back again: the state is what it was, and yet it was not so all along.
    once(world, 'test-work', () => {
      world.setPair('P-I', 'suspend');
      world.setPair('P-I', 'duplex');
    });
    const { view } = await run(world);
    expect(view.steps.at(-1)).toMatchObject({ id: 'T200', outcome: 'disturbed' });
    expect(view.steps.at(-1)?.evidence.join(' ')).toMatch('P-I has changed since the test began');
  });

  it('that is retried by another driver after R was restarted says that the clone is gone', async () => {
    const world = forwardWorld();
    once(world, 'test-start', () => {
      world.systems.R.clone = null;
    });
    const { view } = await run(world);
    expect(view.steps.at(-1)).toMatchObject({ id: 'T220', outcome: 'ended' });
    expect(view.ending).toBe('failed');
  });
});
