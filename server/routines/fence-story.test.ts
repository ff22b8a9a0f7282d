/** What the fence step waits for, and what becomes of a takeover that was fenced and given up. */
import { describe, expect, it } from 'vitest';
import { givesUpAfter, StoryRunner, stepsOf as steps } from './testkit/story-runner.ts';

const story = new StoryRunner();
const run = story.run.bind(story);
const formed = () => story.formed();

describe('fence', () => {
  it('asks again over a line that is up, and the late answer is the proof', async () => {
    const world = await formed();
    world.loseProduction();
    world.slow.set('I', 2);
    const view = await run(world, 'failover');
    expect(steps(view)).toContain('S205 fenced');
    expect(view.verdict?.kind).toBe('no-data-loss');
  });

  it('gives up where no answer comes in the run’s patience, and proves nothing', async () => {
    const world = await formed();
    world.loseProduction();
    world.slow.set('I', Number.POSITIVE_INFINITY);
    const view = await run(world, 'failover');
    expect(steps(view)).toContain('S205 not-fenced');
    expect(view.verdict?.kind).not.toBe('no-data-loss');
  });

  it('does not wait for a system whose line is down', async () => {
    const world = await formed();
    world.loseProduction();
    const view = await run(world, 'failover');
    const notes = view.steps.find((step) => step.id === 'S205')?.evidence.join(' ');
    expect(notes).toContain('P: no answer to the fence within 1500 ms.');
  });
});

describe('a failover', () => {
  it('given up before R had the role, failback gives P its role again and copies nothing over P', async () => {
    const world = await formed();
    world.cut.add('I~R');
    // R lacks these.
    Object.assign(world.systems.P, { lastNumber: 110, completedNumber: 110 });
    Object.assign(world.systems.I, { lastNumber: 110, answeredNumber: 110 });
    world.setPair('I-R', 'failure-suspend');
    world.loseProduction();
    await run(world, 'failover', { yes: false }, givesUpAfter('S201'));
    expect(world.register.generation.holder).toBeNull();
    world.cut.clear();
    world.returnProduction();
    const view = await run(world, 'failback');
    expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
    expect(world.systems.P).toMatchObject({ holdsRole: true, lastNumber: 110 });
  });
});
