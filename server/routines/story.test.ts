import { describe, expect, it } from 'vitest';
import { FakeWorld } from './testkit/fake-world.ts';
import { drive, MemoryRun } from './testkit/memory-run-store.ts';
import { gapsIn } from './testkit/pair-story.ts';
import { givesUpAfter, StoryRunner, stepsOf as steps } from './testkit/story-runner.ts';

/** Beyond those of the runs before it in a story. */
const LATE_CLAIM = 100;

const story = new StoryRunner();
const run = story.run.bind(story);

const formed = () => story.formed();

/** R serves, production is back, and R has written more. */
async function reversed(): Promise<FakeWorld> {
  const world = await formed();
  world.loseProduction();
  await run(world, 'failover');
  world.write('R', 120);
  world.returnProduction();
  const view = await run(world, 'reverse-copy');
  expect(view.ending).toBe('done');
  return world;
}

const state = (world: FakeWorld, system: 'P' | 'I' | 'R', key: string) => {
  const pair = world.systems[system].pairs.get(key);
  return pair ? `${pair.definition.source}-${pair.definition.destination} ${pair.state}` : 'absent';
};

describe('initial copy', () => {
  it('forms both pairs from nothing', async () => {
    const world = new FakeWorld();
    const view = await run(world, 'initial-copy');
    expect(steps(view)).toBe('S090 holder, S092 none, S095 not-needed, S100 duplex, S110 duplex');
    expect(view.steps.at(3)?.transitions).toEqual([
      { pair: 'P-I', from: 'absent', to: 'simplex' },
      { pair: 'P-I', from: 'simplex', to: 'initial-copying' },
      { pair: 'P-I', from: 'initial-copying', to: 'duplex' },
    ]);
    expect(view.endingText).toContain('normal operation');
  });

  it('passes through harmlessly where the work is done already', async () => {
    const world = await formed();
    const before = [...world.done];
    const view = await run(world, 'initial-copy');
    expect(steps(view)).toBe('S090 holder, S092 none, S095 not-needed, S100 already, S110 already');
    expect(world.done).toEqual(before);
  });

  it('holds I→R while a broken P⇒I is resynced', async () => {
    const world = await formed();
    world.setPair('P-I', 'failure-suspend');
    const view = await run(world, 'initial-copy');
    expect(steps(view)).toBe('S090 holder, S092 none, S095 split, S100 duplex, S110 duplex');
    expect(state(world, 'R', 'I~R')).toBe('I-R duplex');
  });

  it('recreates a pair of which one end knows nothing', async () => {
    const world = await formed();
    world.systems.I.pairs.delete('I~P');
    const view = await run(world, 'initial-copy');
    expect(view.ending).toBe('done');
    expect(state(world, 'I', 'I~P')).toBe('P-I duplex');
  });

  it.each(['simplex', 'initial-copying', 'suspend', 'failure-suspend', 'duplex-pending', 'suspending'] as const)(
    'brings I→R from %s to duplex',
    async (met) => {
      const world = await formed();
      world.setPair('I-R', met);
      const view = await run(world, 'initial-copy');
      expect(view.ending).toBe('done');
      expect(state(world, 'R', 'I~R')).toBe('I-R duplex');
    },
  );
});

describe('failover', () => {
  it('proves no data loss, reverses the pair and restarts the work', async () => {
    const world = await formed();
    world.loseProduction();
    const view = await run(world, 'failover');
    expect(steps(view)).toBe(
      'S200 failed, S201 confirm, S205 fenced, S210 duplex, S230 ended, S240 suspend, S242 consistent, S245 no-data-loss, S250 reverse, S260 reversed, S270 duplex, S280 promoted, S285 started',
    );
    expect(view.verdict).toMatchObject({ kind: 'no-data-loss', fenced: true, survivorNumber: 100 });
    expect(view).toMatchObject({ ending: 'done', endingText: 'the work runs on host R', generation: 2, forced: false });
    expect(view.steps.find((step) => step.id === 'S230')?.transitions).toEqual([
      { pair: 'I-R', from: 'duplex', to: 'suspending' },
      { pair: 'I-R', from: 'suspending', to: 'suspend' },
    ]);
    expect(world.hosts['host-R'].working).toBe(true);
    expect(world.systems.R.holdsRole).toBe(true);
    expect(state(world, 'I', 'I~R')).toBe('R-I duplex');
    expect(world.given).toEqual([{ number: 2, runId: view.run }]);
  });

  it('with I lost too says how much is lost at least, and restarts only by consent', async () => {
    const world = await formed();
    world.systems.R.lastNumber = 90;
    world.loseProduction();
    world.systems.I.up = false;
    world.setPair('I-R', 'failure-suspend');
    const stayed = await run(world, 'failover');
    expect(steps(stayed)).toBe(
      'S200 failed, S201 confirm, S205 not-fenced, S210 failure-suspend, S211 no-answer, S242 consistent, S245 data-loss, S220 stay',
    );
    expect(stayed.verdict).toMatchObject({
      kind: 'data-loss',
      fenced: false,
      lost: { updates: 10, bound: 'at-least' },
    });
    expect(world.hosts['host-R'].working).toBe(false);
    const forced = await run(world, 'failover', { decisions: { S220: 'restart' } });
    expect(forced).toMatchObject({ ending: 'done', forced: true });
    expect(world.systems.R.holdsRole).toBe(true);
  });

  it('fetches what I still holds where the pair was suspended and I answers', async () => {
    const world = await formed();
    world.setPair('I-R', 'suspend');
    world.write('P', 130);
    world.loseProduction();
    const view = await run(world, 'failover');
    expect(steps(view)).toContain(
      'S210 suspend, S211 answers, S215 resync, S216 suspend, S242 consistent, S245 no-data-loss',
    );
    expect(view.verdict?.survivorNumber).toBe(130);
  });

  it('returns R to its last consistent image where a copy onto it was cut off', async () => {
    const world = await formed();
    world.setPair('I-R', 'duplex-pending');
    Object.assign(world.systems.R, { consistent: false, gold: 80, lastNumber: 95 });
    world.copies = 'fail';
    world.loseProduction();
    world.systems.I.up = false;
    const view = await run(world, 'failover', { decisions: { S220: 'restart' } });
    expect(steps(view)).toContain(
      'S210 copying, S212 wait, S213 failed, S242 rolled-back, S245 data-loss, S220 restart, S280 promoted',
    );
    expect(view.verdict).toMatchObject({ survivorNumber: 80, lost: { updates: 20 } });
  });

  it('asks before it cuts off a production site that is still heard, and by default does not', async () => {
    const world = await formed();
    const view = await run(world, 'failover');
    expect(steps(view)).toBe('S200 alive, S202 stop');
    expect(view.ending).toBe('aborted');
    expect(world.given).toEqual([]);
  });

  it('does not take the last beat of a site that has just died for a sign of life', async () => {
    const world = await formed();
    world.loseProduction();
    let looks = 0;
    Object.defineProperty(world.heard['host-P'], 'lost', {
      get: () => {
        looks += 1;
        return looks > 6;
      },
    });
    world.heard['host-P'].ageMs = 2_000;
    expect(steps(await run(world, 'failover'))).toContain('S200 failed');
    expect(looks).toBeGreaterThan(6);
  });

  it('takes a live host on dead storage for a failure', async () => {
    const world = await formed();
    world.loseProduction();
    Object.assign(world.heard['host-P'], { lost: false, storageAnswers: false });
    expect(steps(await run(world, 'failover'))).toContain('S200 failed');
  });

  it('rests on the word of the operator where he attests, and says so', async () => {
    const world = await formed();
    world.loseProduction();
    world.systems.I.up = false;
    const attestation = { text: 'the building burnt down', destroyedAt: 1_700_000_000_000 };
    const view = await run(world, 'failover', { decisions: { S225: 'attest' }, attestation });
    expect(view.verdict).toMatchObject({
      kind: 'unknown',
      attestation: { by: 'operator', text: 'the building burnt down' },
    });
    expect(view.verdict?.evidence.join(' ')).toContain('rests on that word');
  });

  it('does nothing where R serves already', async () => {
    const world = await formed();
    world.loseProduction();
    await run(world, 'failover');
    const before = [...world.done];
    expect(steps(await run(world, 'failover'))).toBe('S200 already-here');
    expect(world.done).toEqual(before);
  });

  it('can be run again after it was given up half-way', async () => {
    const world = await formed();
    world.loseProduction();
    const first = await run(world, 'failover', { yes: false }, givesUpAfter('S201'));
    expect(first).toMatchObject({ ending: 'aborted', verdict: { kind: 'no-data-loss' } });
    const second = await run(world, 'failover');
    expect(second).toMatchObject({ ending: 'done', generation: 3, verdict: { kind: 'no-data-loss' } });
  });
});

describe('switch-over', () => {
  it('stops the work first, then goes the same way', async () => {
    const world = await formed();
    const view = await run(world, 'switch-over');
    expect(steps(view)).toBe(
      'S180 ready, S185 stopped, S190 quiet, S205 fenced, S210 duplex, S230 ended, S240 suspend, S242 consistent, S245 no-data-loss, S250 reverse, S260 reversed, S270 duplex, S280 promoted, S285 started',
    );
    expect(view.intent).toBe('planned');
    expect(world.systems.P.holdsRole).toBe(false);
  });

  it('can be called off after the verdict', async () => {
    const world = await formed();
    const view = await run(world, 'switch-over', { decisions: { S250: 'return' } });
    expect(view).toMatchObject({ ending: 'aborted' });
    expect(world.systems.P.holdsRole).toBe(true);
    expect(world.hosts['host-P'].working).toBe(true);
    expect((await run(world, 'initial-copy')).ending).toBe('done');
  });

  it('changes nothing where something is not in order', async () => {
    const world = await formed();
    world.setPair('I-R', 'suspend');
    const before = [...world.done];
    expect(steps(await run(world, 'switch-over'))).toBe('S180 not-ready');
    expect(world.done).toEqual(before);
  });
});

describe('reverse operation', () => {
  it('copies back to I and P, one copier at a time', async () => {
    const world = await reversed();
    expect(state(world, 'R', 'I~R')).toBe('R-I duplex');
    expect(state(world, 'P', 'I~P')).toBe('I-P suspend');
    expect(world.systems.P.lastNumber).toBe(120);
  });

  it('does nothing while a fault remains', async () => {
    const world = await formed();
    world.loseProduction();
    await run(world, 'failover');
    const before = [...world.done];
    expect(steps(await run(world, 'reverse-copy'))).toBe('S291 holder, S292 not-cleared');
    expect(world.done).toEqual(before);
  });

  it('runs cycles until the operator ends it, between two of them', async () => {
    const world = await reversed();
    const memory = new MemoryRun();
    let cycles = 0;
    const clockless = world.perform.bind(world);
    world.perform = async (host, instruction) => {
      if (instruction.verb === 'storage' && instruction.instruction.verb === 'drain') {
        cycles += 1;
        world.write('R', 120 + cycles * 10);
        if (cycles === 3) memory.orders.push({ order: 'end', by: 'operator' });
      }
      return clockless(host, instruction);
    };
    const { view } = await drive({
      world,
      run: memory,
      routine: 'reverse-copy-control',
      start: { run: 'run-control' },
      claimEpoch: LATE_CLAIM,
    });
    expect(view).toMatchObject({ ending: 'done' });
    expect(view.steps.filter((step) => step.id === 'S420')).toHaveLength(3);
    expect(view.steps.at(-1)).toMatchObject({ id: 'S440', outcome: 'ended', round: 3 });
    expect(world.systems.P.lastNumber).toBe(150);
    expect(world.violations).toEqual([]);
    expect(gapsIn(view)).toEqual([]);
    const told = (id: string) =>
      view.steps
        .find((step) => step.id === id && step.round === 2)
        ?.transitions.map(({ pair, from, to }) => `${pair} ${from} → ${to}`);
    expect(told('S420')).toEqual(['I-P suspend → duplex-pending', 'I-P duplex-pending → duplex']);
    expect(told('S430')).toEqual([
      'I-P duplex → suspend',
      'R-I suspend → duplex-pending',
      'R-I duplex-pending → duplex',
    ]);
  });

  it('heals a broken cycle in the next one', async () => {
    const world = await reversed();
    world.setPair('R-I', 'failure-suspend');
    const memory = new MemoryRun();
    let drains = 0;
    const real = world.perform.bind(world);
    world.perform = async (host, instruction) => {
      if (instruction.verb === 'storage' && instruction.instruction.verb === 'drain') {
        drains += 1;
        memory.orders.push({ order: 'end', by: 'operator' });
      }
      return real(host, instruction);
    };
    const { view } = await drive({
      world,
      run: memory,
      routine: 'reverse-copy-control',
      start: { run: 'run-control' },
      claimEpoch: LATE_CLAIM,
    });
    expect(drains).toBe(1);
    expect(steps(view)).toContain(
      'S410 failure-suspend, S430 duplex, S440 again, S400 ended, S410 suspend, S420 duplex, S430 duplex, S440 ended',
    );
  });
});

describe('failback', () => {
  it('brings the work back to host P without loss, and initial copy to normal operation', async () => {
    const world = await reversed();
    world.write('R', 150);
    const view = await run(world, 'failback');
    expect(steps(view)).toBe(
      'S480 running, S481 stop-work, S482 stopped, S490 fenced, S500 duplex, S510 ended, S520 suspend, S530 suspend, S535 no-data-loss, S540 restart, S580 promoted, S585 started',
    );
    expect(world.hosts['host-P'].working).toBe(true);
    expect(world.systems.P.lastNumber).toBe(150);
    const normal = await run(world, 'initial-copy');
    expect(normal.ending).toBe('done');
    expect(state(world, 'R', 'I~R')).toBe('I-R duplex');
    expect([...'PIR'].map((letter) => world.systems[letter as 'P'].lastNumber)).toEqual([150, 150, 150]);
  });

  it('offers the repair of a suspended pair, and goes on without loss', async () => {
    const world = await reversed();
    world.setPair('R-I', 'suspend');
    world.write('R', 150);
    world.hosts['host-R'].working = false;
    const view = await run(world, 'failback');
    expect(steps(view)).toContain(
      'S480 stopped, S490 fenced, S500 suspend, S501 answers, S505 repair, S506 duplex, S510 ended, S520 suspend, S530 suspend, S535 no-data-loss',
    );
  });

  it('works with R lost, says at least how much is lost, and stays by default', async () => {
    const world = await reversed();
    world.write('R', 150);
    world.systems.I.lastNumber = 140;
    world.systems.R.up = false;
    world.hosts['host-R'].up = false;
    world.setPair('R-I', 'failure-suspend');
    const view = await run(world, 'failback');
    expect(steps(view)).toBe(
      'S480 lost, S490 not-fenced, S500 failure-suspend, S501 no-answer, S545 consistent, S550 duplex, S560 consistent, S535 data-loss, S570 stay',
    );
    expect(view.verdict).toMatchObject({ lost: { updates: 10, bound: 'at-least' }, survivorNumber: 140 });
  });

  it('never copies an inconsistent image over P', async () => {
    const world = await reversed();
    world.setPair('R-I', 'duplex-pending');
    Object.assign(world.systems.I, { consistent: false, gold: null });
    world.copies = 'fail';
    world.systems.R.up = false;
    world.hosts['host-R'].up = false;
    const before = world.systems.P.lastNumber;
    const view = await run(world, 'failback');
    expect(steps(view)).toContain('S500 copying, S502 failed, S501 no-answer, S545 no-image, S565 consistent, S535');
    expect(world.systems.P.lastNumber).toBe(before);
  });

  it('leaves newer data on R alone until somebody says otherwise', async () => {
    const world = await reversed();
    world.write('R', 150);
    world.systems.I.lastNumber = 120;
    world.systems.R.up = false;
    world.hosts['host-R'].up = false;
    world.setPair('R-I', 'failure-suspend');
    expect((await run(world, 'failback', { decisions: { S570: 'restart' } })).ending).toBe('done');
    world.systems.R.up = true;
    world.systems.R.holdsRole = false;
    expect(steps(await run(world, 'initial-copy'))).toBe('S090 holder, S092 newer-elsewhere, S093 stop');
    expect((await run(world, 'initial-copy', { decisions: { S093: 'overwrite' } })).ending).toBe('done');
  });

  it('has nowhere to go back to while P serves', async () => {
    expect(steps(await run(await formed(), 'failback'))).toBe('S480 already-here');
  });
});
