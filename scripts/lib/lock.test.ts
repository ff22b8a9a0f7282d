import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { knock, tryLock, withLock } from './lock.mjs';

const key = () => `test ${process.pid} ${Math.random()}`;
const children: ChildProcess[] = [];

/** Another process that takes the lock, says so, and holds it until it is killed. */
async function holder(name: string): Promise<ChildProcess> {
  const module = JSON.stringify(new URL('./lock.mjs', import.meta.url).href);
  const script = `
    const { tryLock } = await import(${module});
    const lock = await tryLock(${JSON.stringify(name)}, () => ({ pid: process.pid, stopping: false }));
    process.stdout.write(lock === null ? 'refused' : 'held');
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [said] = await once(child.stdout, 'data');
  expect(String(said)).toBe('held');
  return child;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('the lock', () => {
  it('is held by one at a time, and free after its release', async () => {
    const name = key();
    const first = await tryLock(name);
    expect(await tryLock(name)).toBeNull();
    await first?.release();
    const second = await tryLock(name);
    expect(second).not.toBeNull();
    await second?.release();
  });

  it('keeps other processes out and tells them who holds it', async () => {
    const name = key();
    const child = await holder(name);
    expect(await tryLock(name)).toBeNull();
    const { told, leave } = await knock(name);
    leave();
    expect(told).toEqual({ pid: child.pid, stopping: false });
  });

  it('is not held by a killed process, and its waiters are woken', async () => {
    const name = key();
    const child = await holder(name);
    const { gone } = await knock(name);
    child.kill('SIGKILL');
    await gone;
    // The kernel lets go of the lock in its own time: a waiter gets it, without anybody's help.
    let entered = false;
    await withLock(
      name,
      () => undefined,
      async () => {
        entered = true;
      },
    );
    expect(entered).toBe(true);
  });

  it('says that nobody holds what nobody holds', async () => {
    expect((await knock(key())).told).toBeNull();
  });

  it('lets work run one after the other', async () => {
    const name = key();
    const steps: string[] = [];
    const work = (id: string) =>
      withLock(
        name,
        () => {},
        async () => {
          steps.push(`${id} begins`);
          await new Promise((resolve) => setImmediate(resolve));
          steps.push(`${id} ends`);
        },
      );
    await Promise.all([work('a'), work('b'), work('c')]);
    expect(steps).toHaveLength(6);
    for (let at = 0; at < 6; at += 2) expect(steps[at]?.[0]).toBe(steps[at + 1]?.[0]);
  });

  it('is released when the work throws', async () => {
    const name = key();
    await expect(
      withLock(
        name,
        () => {},
        () => Promise.reject(new Error('broken')),
      ),
    ).rejects.toThrow('broken');
    const lock = await tryLock(name);
    expect(lock).not.toBeNull();
    await lock?.release();
  });
});
