/** Fan there and back again, step by step, on the double: the delta, the differences, and the refusal with a full copy offered. */
import { describe, expect, it } from 'vitest';
import type { RunView } from './step-graph.ts';
import type { FakeWorld } from './testkit/fake-world.ts';
import { StoryRunner, stepsOf } from './testkit/story-runner.ts';
import { forwardWorld } from './testkit/worlds.ts';

const stories = new StoryRunner();
const evidence = (view: RunView, id: string) => view.steps.find((step) => step.id === id)?.evidence.join(' ') ?? '';
const moves = (view: RunView, id: string) =>
  view.steps.find((step) => step.id === id)?.transitions.map(({ pair, from, to }) => `${pair} ${from} → ${to}`);

/** Production is lost; 3 holds the updates up to `third`, of which its journal still has those above `trimmed`. */
function lost(third: number, trimmed = 0): FakeWorld {
  const world = forwardWorld('fan');
  world.loseProduction();
  Object.assign(world.systems['3'], { lastNumber: third, trimmedTo: trimmed });
  return world;
}

describe('fan', () => {
  it('goes over with a delta, is protected again, and comes back', async () => {
    const world = lost(90);
    const over = await stories.run(world, 'takeover');
    expect(over).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
    expect(stepsOf(over)).toContain('F150 delta, F155 deleted, F160 duplex');
    expect(evidence(over, 'F150')).toContain('3 lacks 10 updates, all of which 2 still keeps: a delta.');
    expect(moves(over, 'F160')).toEqual(['2-3 absent → simplex', '2-3 simplex → duplex']);

    world.write('2', 130);
    world.returnProduction();
    const back = await stories.run(world, 'return');
    expect(back).toMatchObject({ ending: 'done', endingText: expect.stringContaining('roles swapped') });
    world.write('2', 150);
    expect(world.letters.map((name) => world.systems[name].lastNumber)).toEqual([150, 150, 150]);

    const swap = await stories.run(world, 'swap');
    expect(swap).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
    expect(stepsOf(swap)).toContain(
      'F434 deleted, F435 duplex, F440 promoted, F445 started, F450 none-needed, F455 absent, F460 duplex',
    );
    world.write('1', 160);
    expect(world.letters.map((name) => world.systems[name].lastNumber)).toEqual([160, 160, 160]);
  });

  it('says which update was trimmed, and offers a full copy', async () => {
    const world = lost(90);
    world.systems['2'].trimmedTo = 95;
    const view = await stories.run(world, 'takeover');
    expect(stepsOf(view)).toContain('F150 impossible, F165 full-copy, F168 deleted, F170 duplex');
    for (const step of ['F150', 'F165'])
      expect(evidence(view, step)).toContain(
        'A delta resync of 3 is no longer possible: update 91 was trimmed from the journal of 2.',
      );
    expect(moves(view, 'F170')).toContain('2-3 simplex → initial-copying');
  });

  it('leaves 3 as it is where the operator says so', async () => {
    const world = lost(90);
    world.systems['2'].trimmedTo = 95;
    const view = await stories.run(world, 'takeover', { decisions: { F165: 'leave' } });
    expect(view).toMatchObject({
      ending: 'done',
      endingText: expect.stringContaining('3 keeps its older consistent data'),
    });
    expect(world.systems['3'].lastNumber).toBe(90);
  });

  it('says what only 3 holds, and copies these tracks back', async () => {
    const world = lost(110);
    const view = await stories.run(world, 'takeover');
    expect(stepsOf(view)).toContain('F150 differs, F161 repair, F162 deleted, F163 duplex');
    for (const step of ['F150', 'F161'])
      expect(evidence(view, step)).toContain('3 holds 10 updates behind 100 that 2 does not have, and lacks 0');
    expect(moves(view, 'F163')).toContain('2-3 duplex-pending → duplex');
    expect(world.systems['3'].lastNumber).toBe(100);
  });

  it('does not say so of what 3 no longer tells', async () => {
    const view = await stories.run(lost(110, 105), 'takeover');
    expect(stepsOf(view)).toContain('F150 impossible, F165 full-copy');
    expect(evidence(view, 'F165')).toContain('update 101 was trimmed from the journal of 3');
  });
});
