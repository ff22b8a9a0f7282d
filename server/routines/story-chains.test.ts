/** The other chains there and back again, step by step, on the double. */
import { describe, expect, it } from 'vitest';
import type { RunStart, RunView } from './step-graph.ts';
import type { Letter } from './testkit/fake-systems.ts';
import { FakeWorld } from './testkit/fake-world.ts';
import { drive, MemoryRun } from './testkit/memory-run-store.ts';
import { gapsIn } from './testkit/pair-story.ts';
import { forwardWorld, reverseWorld } from './testkit/worlds.ts';

let runs = 0;

async function run(world: FakeWorld, routine: string, start: Partial<RunStart> = {}): Promise<RunView> {
  runs += 1;
  const options = { world, run: new MemoryRun(), routine, claimEpoch: runs };
  const end = await drive({ ...options, start: { run: `run-${runs}`, yes: true, ...start } });
  expect(world.violations).toEqual([]);
  expect(gapsIn(end.view)).toEqual([]);
  return end.view;
}

const steps = (view: RunView) => view.steps.map((step) => `${step.id} ${step.outcome}`).join(', ');
const moves = (view: RunView, id: string) =>
  view.steps.find((step) => step.id === id)?.transitions.map(({ pair, from, to }) => `${pair} ${from} → ${to}`);

/** Every pair as its source end has it, where that lives; sync ones with a double arrow. */
function pairs(world: FakeWorld): string {
  return world.letters
    .filter((letter) => world.systems[letter].up)
    .flatMap((letter) =>
      [...world.systems[letter].pairs.values()].filter(({ definition }) => definition.source === letter),
    )
    .map(
      ({ definition, state }) =>
        `${definition.source}${definition.kind === 'sync' ? '⇒' : '→'}${definition.destination} ${state}`,
    )
    .join(', ');
}

const numbers = (world: FakeWorld) => world.letters.map((letter) => world.systems[letter].lastNumber);

async function failedOver(arrangement: string): Promise<FakeWorld> {
  const world = forwardWorld(arrangement);
  world.loseProduction();
  const view = await run(world, 'failover');
  expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
  world.write('R', 120);
  return world;
}

async function inReverse(arrangement: string): Promise<FakeWorld> {
  const world = await failedOver(arrangement);
  world.returnProduction();
  expect(await run(world, 'reverse-copy')).toMatchObject({ ending: 'done' });
  world.write('R', 150);
  return world;
}

/** The other site is lost altogether. */
function loseRemote(world: FakeWorld): void {
  world.systems.R.up = false;
  world.hosts['host-R'].up = false;
  world.heard['host-R'].lost = true;
}

describe('chain-3-direct', () => {
  it('copies straight back, without I', async () => {
    const world = await failedOver('chain-3-direct');
    expect(pairs(world)).toBe('R→I duplex');
    world.returnProduction();
    // I need not be back.
    world.systems.I.up = false;
    const view = await run(world, 'reverse-copy');
    expect(steps(view)).toBe(
      'S591 holder, S592 cleared, S593 spread, S594 none, S598 at-rest, S600 deleted, S610 duplex',
    );
    expect(moves(view, 'S600')).toEqual(['R-I duplex → absent']);
    expect(moves(view, 'S610')).toEqual([
      'R-P absent → simplex',
      'R-P simplex → initial-copying',
      'R-P initial-copying → duplex',
    ]);
    expect(pairs(world)).toBe('P→I failure-suspend, R→P duplex');
  });

  it('goes back with no sync pair resynced', async () => {
    const world = await inReverse('chain-3-direct');
    const view = await run(world, 'failback');
    expect(steps(view)).toBe(
      'S680 running, S681 stop-work, S682 stopped, S690 fenced, S700 duplex, S710 ended, S720 suspend, S722 consistent, S725 no-data-loss, S730 restart, S780 promoted, S785 started',
    );
    expect(world.systems.P.lastNumber).toBe(150);
    const restored = await run(world, 'initial-copy');
    expect(restored.ending).toBe('done');
    expect(pairs(world)).toBe('P⇒I duplex, I→R duplex, R→P suspend');
    expect(numbers(world)).toEqual([150, 150, 150]);
  });

  it('repairs a suspended pair before it goes back (003 §[0120])', async () => {
    const world = await inReverse('chain-3-direct');
    world.setPair('R-P', 'suspend');
    world.write('R', 170);
    const view = await run(world, 'failback');
    expect(steps(view)).toContain('S700 suspend, S701 answers, S705 resync, S706 suspend, S722 consistent');
    expect(view.verdict?.kind).toBe('no-data-loss');
    expect(world.systems.P.lastNumber).toBe(170);
  });

  it('cannot prove anything of a lost R, whose writes nobody else answered', async () => {
    const world = await inReverse('chain-3-direct');
    loseRemote(world);
    const view = await run(world, 'failback', { decisions: { S745: 'restart', S740: 'restart' } });
    expect(steps(view)).toContain('S690 not-fenced, S700 duplex, S710 ended, S720 failure-suspend, S701 no-answer');
    expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'unknown' }, forced: true });
  });
});

describe('chain-4-bypass', () => {
  it('begins reverse operation over J, and lets I rest', async () => {
    const world = await failedOver('chain-4-bypass');
    world.returnProduction();
    const view = await run(world, 'reverse-copy');
    expect(steps(view)).toBe(
      'S791 holder, S792 cleared, S793 spread, S794 none, S796 at-rest, S798 at-rest, S799 not-needed, S800 duplex, S810 duplex',
    );
    expect(pairs(world)).toBe('P→I failure-suspend, J→P duplex, R→I suspend, R⇒J duplex');
    world.write('R', 130);
    expect(numbers(world)).toEqual([130, 120, 130, 130]);
  });

  it('needs every device for it', async () => {
    const world = await failedOver('chain-4-bypass');
    world.returnProduction();
    world.systems.J.up = false;
    expect(await run(world, 'reverse-copy')).toMatchObject({ ending: 'failed' });
  });

  it('goes back from J, and to normal operation', async () => {
    const world = await inReverse('chain-4-bypass');
    const view = await run(world, 'failback');
    expect(steps(view)).toBe(
      'S880 running, S881 stop-work, S882 stopped, S890 fenced, S900 duplex, S910 ended, S920 suspend, S922 consistent, S925 no-data-loss, S930 restart, S980 promoted, S985 started',
    );
    expect(await run(world, 'initial-copy')).toMatchObject({ ending: 'done' });
    expect(pairs(world)).toContain('P⇒I duplex');
    expect(pairs(world)).toContain('I→R duplex');
  });

  it('proves that nothing is lost with R and host R gone, for J answered every write', async () => {
    const world = await inReverse('chain-4-bypass');
    loseRemote(world);
    const view = await run(world, 'failback');
    expect(steps(view)).toContain('S880 lost, S890 fenced, S900 duplex, S910 ended, S920 suspend');
    expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss', fenced: true }, forced: false });
    expect(world.systems.P.lastNumber).toBe(150);
  });

  it('does not prove it where R may have gone on without J', async () => {
    const world = await inReverse('chain-4-bypass');
    world.setPair('R-J', 'failure-suspend', 'sync');
    world.register = { ...world.register, state: 'alone' };
    world.systems.J.pairs.forEach((pair) => {
      if (pair.definition.kind === 'sync') pair.aloneSeen = true;
    });
    world.heard['host-R'].completed = 160;
    loseRemote(world);
    const view = await run(world, 'failback', { decisions: { S970: 'restart' } });
    expect(view.verdict).toMatchObject({ kind: 'data-loss', lost: { updates: 10, bound: 'at-least' }, fenced: false });
  });
});

describe('chain-4-bypass-backup', () => {
  it('keeps J up to date, and turns its pair with a short resync', async () => {
    const world = await failedOver('chain-4-bypass-backup');
    // J follows R by itself: turning I→R round is left out.
    expect(world.systems.J.lastNumber).toBe(120);
    expect(pairs(world)).toContain('R→J duplex');
    world.returnProduction();
    const view = await run(world, 'reverse-copy');
    expect(steps(view)).toBe(
      'S791 holder, S792 cleared, S793 spread, S794 none, S796 at-rest, S798 at-rest, S799 not-needed, S800 duplex, S805 not-needed, S810 duplex, S820 duplex',
    );
    expect(moves(view, 'S800')).toEqual([
      'R-J duplex → suspending',
      'R-J suspending → suspend',
      'R-J suspend → duplex-pending',
      'R-J duplex-pending → duplex',
    ]);
    expect(pairs(world)).toBe('P→I duplex, I→R suspend, J→P duplex, R⇒J duplex');
    world.write('R', 130);
    expect(numbers(world)).toEqual([130, 130, 130, 130]);
  });

  it('returns to normal operation with the pairs of reverse operation turned back', async () => {
    const world = await inReverse('chain-4-bypass-backup');
    expect(await run(world, 'failback')).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
    world.write('P', 160);
    const view = await run(world, 'initial-copy');
    expect(steps(view)).toBe(
      'S090 holder, S092 none, S095 not-needed, S100 duplex, S105 not-needed, S110 duplex, S120 duplex',
    );
    expect(pairs(world)).toBe('P⇒I duplex, I→R duplex, J→P suspend, R→J duplex');
    world.write('P', 170);
    expect(numbers(world)).toEqual([170, 170, 170, 170]);
  });
});

describe('chain-4', () => {
  const FAILOVER =
    'S1000 failed, S1001 confirm, S1003 fenced, S1004 duplex, S1010 ended, S1020 suspend, S1024 duplex, S1030 ended, S1040 suspend, S1042 consistent, S1045 no-data-loss, S1050 protect, S1060 deleted, S1070 duplex, S1086 promoted, S1088 started';

  it('drains hop by hop and forms R⇒J without a copy', async () => {
    const world = forwardWorld('chain-4');
    world.loseProduction();
    const view = await run(world, 'failover');
    expect(steps(view)).toBe(FAILOVER);
    expect(moves(view, 'S1060')).toEqual(['J-R suspend → absent']);
    expect(moves(view, 'S1070')).toEqual(['R-J absent → simplex', 'R-J simplex → duplex']);
    expect(pairs(world)).toBe('I→J suspend, R⇒J duplex');
  });

  it('goes on to reverse operation, the mirror image', async () => {
    const world = await failedOver('chain-4');
    world.returnProduction();
    const view = await run(world, 'reverse-copy');
    expect(steps(view)).toBe(
      'S1092 holder, S1093 cleared, S1094 spread, S1095 none, S1097 not-needed, S1098 already, S1099 not-needed, S1100 duplex, S1110 duplex',
    );
    expect(pairs(world)).toBe('I→P duplex, J→I duplex, R⇒J duplex');
    world.write('R', 130);
    expect(numbers(world)).toEqual([130, 130, 130, 130]);
  });

  it('goes back by the mirror image of the failover, and to normal operation', async () => {
    const world = await inReverse('chain-4');
    const view = await run(world, 'failback');
    expect(steps(view)).toBe(
      'S1180 running, S1181 stop-work, S1182 stopped, S1193 fenced, S1194 duplex, S1200 ended, S1210 suspend, S1214 duplex, S1220 ended, S1230 suspend, S1232 consistent, S1235 no-data-loss, S1240 protect, S1250 deleted, S1260 duplex, S1280 promoted, S1285 started',
    );
    expect(moves(view, 'S1260')).toEqual(['P-I absent → simplex', 'P-I simplex → duplex']);
    const restored = await run(world, 'initial-copy');
    expect(steps(restored)).toBe(
      'S090 holder, S092 none, S095 not-needed, S100 already, S105 not-needed, S110 duplex, S120 duplex',
    );
    expect(pairs(world)).toBe('P⇒I duplex, I→J duplex, J→R duplex');
    world.write('P', 170);
    expect(numbers(world)).toEqual([170, 170, 170, 170]);
  });

  it('goes back with R and host R lost, proven by J', async () => {
    const world = await inReverse('chain-4');
    loseRemote(world);
    const view = await run(world, 'failback');
    expect(steps(view)).toContain('S1180 lost, S1193 fenced, S1194 duplex');
    expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' }, forced: false });
    expect(world.systems.P.lastNumber).toBe(150);
  });

  it('takes from J what it holds where I is lost with production', async () => {
    const world = forwardWorld('chain-4');
    world.systems.R.lastNumber = 90;
    world.systems.I.up = false;
    world.loseProduction();
    world.heard['host-P'].completed = 104;
    const view = await run(world, 'failover', { decisions: { S1080: 'restart' } });
    expect(steps(view)).toContain('S1004 duplex, S1010 ended, S1020 failure-suspend, S1005 no-answer, S1024 duplex');
    expect(steps(view)).toContain('S1030 ended, S1040 suspend');
    expect(view.verdict).toMatchObject({
      kind: 'data-loss',
      survivorNumber: 100,
      lost: { updates: 4, bound: 'at-least' },
    });
  });

  it('works without J where that is lost too: the way to I is closed, and the verdict says so', async () => {
    const world = forwardWorld('chain-4');
    world.systems.J.up = false;
    world.loseProduction();
    const view = await run(world, 'failover', { decisions: { S1085: 'restart' } });
    expect(steps(view)).toContain('S1004 no-answer, S1024 duplex, S1030 ended, S1040 failure-suspend, S1025 no-answer');
    expect(view).toMatchObject({ ending: 'done', verdict: { kind: 'unknown' }, forced: true });
  });

  it('forms R⇒J in reverse copy where the failover left it out', async () => {
    const world = forwardWorld('chain-4');
    world.loseProduction();
    await run(world, 'failover', { decisions: { S1050: 'restart' } });
    world.write('R', 120);
    world.returnProduction();
    const view = await run(world, 'reverse-copy');
    expect(steps(view)).toContain('S1097 not-needed, S1098 duplex');
    expect(pairs(world)).toBe('I→P duplex, J→I duplex, R⇒J duplex');
  });

  it('calls a switch-over off and gives P its role back', async () => {
    const world = forwardWorld('chain-4');
    const view = await run(world, 'switch-over', { decisions: { S1050: 'return' } });
    expect(steps(view)).toContain('S990 ready, S993 stopped, S996 quiet, S1003 fenced');
    expect(steps(view)).toContain('S1050 return, S1090 promoted, S1091 started');
    expect(view.ending).toBe('aborted');
  });
});

it.each(['chain-3-direct', 'chain-4-bypass', 'chain-4-bypass-backup', 'chain-4'])(
  '%s goes there and back twice',
  async (arrangement) => {
    const world = new FakeWorld(arrangement);
    let number = 0;
    const write = (holder: Letter) => {
      number += 50;
      world.write(holder, number);
    };
    expect(await run(world, 'initial-copy')).toMatchObject({ ending: 'done' });
    for (let round = 0; round < 2; round += 1) {
      write('P');
      world.loseProduction();
      const taken = await run(world, 'failover');
      expect(taken.verdict).toMatchObject({ kind: 'no-data-loss', missing: [] });
      write('R');
      world.returnProduction();
      expect(await run(world, 'reverse-copy')).toMatchObject({ ending: 'done' });
      write('R');
      expect(await run(world, 'failback')).toMatchObject({ ending: 'done', verdict: { kind: 'no-data-loss' } });
      write('P');
      expect(await run(world, 'initial-copy')).toMatchObject({ ending: 'done' });
    }
    const copied = world.arrangement.normal.pairs.map((pair) => world.systems[pair.destination as Letter].lastNumber);
    expect(copied.every((held) => held === number)).toBe(true);
  },
);

it('a world in reverse operation is what reverse copy makes', async () => {
  for (const arrangement of ['chain-3-direct', 'chain-4-bypass', 'chain-4-bypass-backup', 'chain-4']) {
    const view = await run(reverseWorld(arrangement), 'reverse-copy');
    expect(view.ending).toBe('done');
  }
});
