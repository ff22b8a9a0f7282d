import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../processes/process-identity.ts';
import { type Bundles, buildBundles } from './testing/bundles.ts';
import { endOf, SiteBench, tinyGroup } from './testing/site-bench.ts';

describe('an agent and its processes', () => {
  let bundles: Bundles;
  let bench: SiteBench;

  beforeAll(async () => {
    bundles = await buildBundles(['agent', 'witness']);
  });
  afterAll(() => bundles.remove());
  beforeEach(async () => {
    bench = await SiteBench.create(bundles.folder, ['witness']);
  });
  afterEach(async () => {
    expect(await bench.close()).toEqual([]);
  });

  async function startedWitness() {
    const agent = bench.startAgent('witness');
    const control = bench.control('witness');
    await control.call('group.put', { definition: tinyGroup('g'), addresses: {}, powered: true });
    const view = await control.view('witness', ({ state, facts }) => state === 'up' && facts !== null);
    return { agent, control, view, witness: bench.note(view.pid) };
  }

  test('a defined group runs, and its process reports facts of its own', async () => {
    const { view } = await startedWitness();
    expect(view).toMatchObject({ group: 'g', kind: 'witness', exits: 0, lastExit: null });
    expect(view.facts).toMatchObject({ witness: { register: { generation: { number: 1, holder: 'P' } } } });
  });

  test('a process killed from outside is started again', async () => {
    const { control, witness } = await startedWitness();
    process.kill(witness.pid, 'SIGKILL');
    const again = await control.view('witness', ({ state, pid }) => state === 'up' && pid !== witness.pid);
    bench.note(again.pid);
    expect(again).toMatchObject({ exits: 1, lastExit: { code: null, signal: 'SIGKILL' } });
    expect(control.events.map(({ kind }) => kind)).toEqual(['started', 'exited', 'started']);
  });

  test('a fault kill holds the process down, over a restart of the agent too, until it is restarted', async () => {
    const { agent, control, witness } = await startedWitness();
    expect(await control.call('process.kill', { group: 'g', process: 'witness', hold: true })).toEqual({
      pid: witness.pid,
    });
    expect(isAlive(witness)).toBe(false);
    await control.view('witness', ({ state }) => state === 'held-down');
    await endOf(agent, 'SIGKILL');
    await control.gone();
    bench.startAgent('witness');
    const hello = await control.call('agent.hello', { control: 'test' });
    expect(hello.processes).toMatchObject([{ name: 'witness', state: 'held-down', pid: null }]);
    const { pid } = await control.call('process.restart', { group: 'g', process: 'witness' });
    bench.note(pid);
    await control.view('witness', ({ state }) => state === 'up');
  });

  test('a kill without hold brings the process back at once', async () => {
    const { control, witness } = await startedWitness();
    expect(await control.call('process.kill', { group: 'g', process: 'witness', hold: false })).toEqual({
      pid: witness.pid,
    });
    const again = await control.view('witness', ({ state, pid }) => state === 'up' && pid !== witness.pid);
    bench.note(again.pid);
  });

  test('restarting a process that runs changes nothing', async () => {
    const { control, witness } = await startedWitness();
    expect(await control.call('process.restart', { group: 'g', process: 'witness' })).toEqual({ pid: witness.pid });
    expect(isAlive(witness)).toBe(true);
  });

  test('processes outlive a killed agent and are taken over by the next one', async () => {
    const { agent, control, witness } = await startedWitness();
    await endOf(agent, 'SIGKILL');
    await control.gone();
    expect(isAlive(witness)).toBe(true);
    control.views.clear();
    const next = bench.startAgent('witness');
    const view = await control.view('witness', ({ state }) => state === 'up');
    expect(view.pid).toBe(witness.pid);
    await control.until(() => control.events.some(({ kind }) => kind === 'adopted'));
    // It is not this agent's child, and yet its end is noticed.
    process.kill(witness.pid, 'SIGKILL');
    const again = await control.view('witness', ({ state, pid }) => state === 'up' && pid !== witness.pid);
    const reborn = bench.note(again.pid);
    expect(await endOf(next, 'SIGTERM')).toEqual({ code: 0, signal: null });
    expect(isAlive(reborn)).toBe(false);
  });

  test('a process that was just being started is not started twice', async () => {
    const first = bench.startAgent('witness');
    const control = bench.control('witness');
    await control.call('group.put', { definition: tinyGroup('g'), addresses: {}, powered: true });
    await control.until(() => control.events.some(({ kind }) => kind === 'started'));
    const started = bench.note(Number(control.events[0]?.facts.pid));
    await endOf(first, 'SIGKILL');
    await control.gone();
    control.views.clear();
    bench.startAgent('witness');
    const view = await control.view('witness', ({ state }) => state === 'up');
    expect(view).toMatchObject({ pid: started.pid, exits: 0 });
  });

  test('an agent that loses whoever started it stops its processes', async () => {
    const { agent, witness } = await startedWitness();
    agent.disconnect();
    expect(await endOf(agent, null)).toEqual({ code: 0, signal: null });
    expect(isAlive(witness)).toBe(false);
  });

  test('a group switched off stops in order, keeps its data, and comes back', async () => {
    const { control, witness } = await startedWitness();
    const definition = tinyGroup('g');
    await control.call('group.put', { definition, addresses: {}, powered: false });
    const stopped = await control.view('witness', ({ state }) => state === 'stopped');
    expect(stopped.lastExit).toMatchObject({ code: 0, signal: null });
    expect(isAlive(witness)).toBe(false);
    await expect(control.call('process.restart', { group: 'g', process: 'witness' })).rejects.toMatchObject({
      refusal: { code: 'wrong-state' },
    });
    await control.call('group.put', { definition, addresses: {}, powered: true });
    bench.note((await control.view('witness', ({ state }) => state === 'up')).pid);
  });

  test('a deleted group is gone, processes and files', async () => {
    const { control, witness } = await startedWitness();
    expect(await control.call('group.delete', { group: 'g' })).toEqual({ removed: true });
    expect(isAlive(witness)).toBe(false);
    expect(existsSync(bench.folderOf('witness', 'g', ''))).toBe(false);
    expect(await control.call('group.delete', { group: 'g' })).toEqual({ removed: false });
    expect((await control.call('agent.hello', { control: 'test' })).processes).toEqual([]);
  });
});
