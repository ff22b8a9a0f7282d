/**
 * A line that is lost for a moment, in every state of the pair it carries: whatever the ends make of it, they agree on it,
 * neither vouches for what it does not hold, and a resync makes them equal (1b rules 9, 12, 14).
 */
import { describe, expect, it } from 'vitest';
import { isSuspended, type PairState } from '../domain/pair-states.ts';
import type { Transport } from '../domain/storage-controller.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import { HostLoad } from './testing/host-load.ts';

type Name = 'P-I' | 'I-R';

const SHAPE = { volumeBytes: 64 * 1024, trackBytes: 4096, journalBytes: 256 * 1024 };
const ENDS: Record<Name, [string, string]> = { 'P-I': ['P', 'I'], 'I-R': ['I', 'R'] };

const stateAt = (group: SimulatedStorage, at: string, peer: string): PairState | undefined =>
  group.running(at) ? group.pairOf(at, peer)?.state : undefined;

/** Goes on as soon as the ends are in `states`, one by one. */
async function seen(group: SimulatedStorage, name: Name, ...states: PairState[]): Promise<void> {
  const [a, b] = ENDS[name];
  const isThere = () =>
    states.includes(stateAt(group, a, b) ?? 'duplex') && states.includes(stateAt(group, b, a) ?? 'duplex');
  for (let tries = 0; !isThere(); tries += 1) {
    if (tries > 2000) throw new Error(`never in ${states.join()}: ${group.describe()}`);
    await group.world.scheduler.sleep(1);
  }
}

function delay(group: SimulatedStorage, name: Name, delayMs: number): void {
  const [a, b] = ENDS[name];
  group.world.network.setWay(a, b, { delayMs });
  group.world.network.setWay(b, a, { delayMs });
}

function cut(group: SimulatedStorage, from: string, to: string, isCut: boolean): void {
  group.world.network.setWay(from, to, { cut: isCut });
}

async function suspended(group: SimulatedStorage, name: Name): Promise<void> {
  const [a, b] = ENDS[name];
  // Nothing may lead on from I while it is rebuilt.
  if (name === 'P-I') await group.split('I', 'I', 'R');
  await group.split(a, a, b);
  await group.world.scheduler.sleep(60);
}

/** Brings the pair into each state; nobody waits for what an instruction says that the blip interrupts. */
const BRING: Record<string, (group: SimulatedStorage, name: Name) => Promise<void>> = {
  simplex: async (group, name) => {
    await begun(group, name);
    delay(group, name, 15);
    void start(group, name);
    const [a, b] = ENDS[name];
    await group.world.scheduler.until(() => stateAt(group, b, a) === 'simplex', 500);
    expect(stateAt(group, b, a)).toBe('simplex');
  },
  'initial-copying': async (group, name) => {
    await begun(group, name);
    delay(group, name, 15);
    void start(group, name);
    await seen(group, name, 'initial-copying');
    await group.world.scheduler.sleep(40);
  },
  duplex: async (group) => group.form(),
  suspending: async (group) => {
    await group.form();
    delay(group, 'I-R', 60);
    await group.write('P', 0, 0, new Uint8Array(512).fill(3));
    void group.instruct('I', { verb: 'drain', pair: 'I-R', token: group.token(), deadlineMs: 1000 });
    await group.world.scheduler.until(() => stateAt(group, 'I', 'R') === 'suspending', 100);
    expect(stateAt(group, 'I', 'R')).toBe('suspending');
  },
  suspend: async (group, name) => {
    await group.form();
    await suspended(group, name);
  },
  'failure-suspend': async (group, name) => {
    await group.form();
    const [a, b] = ENDS[name];
    if (name === 'P-I') await group.split('I', 'I', 'R');
    // A damaged update ends the pair, and nothing else.
    let isDamaged = false;
    group.intercept(b, a, (bytes, { type }) => {
      if (isDamaged || !['entry', 'set-track'].includes(type)) return null;
      isDamaged = true;
      return [bytes.slice(0, bytes.length - 1)];
    });
    await group.write('P', 0, 0, new Uint8Array(512).fill(3));
    await seen(group, name, 'failure-suspend');
  },
  'duplex-pending': async (group, name) => {
    await group.form();
    await suspended(group, name);
    for (let track = 0; track < 14; track += 1)
      await group.write('P', 0, track * SHAPE.trackBytes, new Uint8Array(512).fill(track + 1));
    const [a] = ENDS[name];
    delay(group, name, 15);
    void group.instruct(a, { verb: 'resync', pair: name, token: group.token() }).catch(() => undefined);
    await seen(group, name, 'duplex-pending');
    await group.world.scheduler.sleep(25);
  },
};

async function begun(group: SimulatedStorage, name: Name): Promise<void> {
  await group.begin();
  if (name !== 'I-R') return;
  await group.create('P', 'I', 'sync');
  await group.reaches('P', 'I', 'duplex');
}

async function start(group: SimulatedStorage, name: Name): Promise<void> {
  const [a, b] = ENDS[name];
  await group.create(a, b, name === 'P-I' ? 'sync' : 'async').catch(() => undefined);
}

const BLIPS: Record<string, (group: SimulatedStorage, a: string, b: string) => Promise<void>> = {
  'lost and dialled again at once': async (group, a, b) => group.blip(a, b),
  'cut for a moment': async (group, a, b) => {
    group.cut(a, b);
    await group.world.scheduler.sleep(120);
    group.heal(a, b);
  },
  'cut until both ends notice': async (group, a, b) => {
    group.cut(a, b);
    await group.world.scheduler.sleep(2300);
    group.heal(a, b);
  },
  'cut one way, forward': async (group, a, b) => {
    cut(group, a, b, true);
    await group.world.scheduler.sleep(2300);
    cut(group, a, b, false);
  },
  'cut one way, back': async (group, a, b) => {
    cut(group, b, a, true);
    await group.world.scheduler.sleep(2300);
    cut(group, b, a, false);
  },
};

/** What both ends say of the pair must fit together. */
function disagreement(group: SimulatedStorage, name: Name): string | null {
  const [a, b] = ENDS[name];
  const [mine, theirs] = [group.pairOf(a, b), group.pairOf(b, a)];
  // A definition whose answer was lost: nothing was copied, nothing is vouched for, and creating it again goes on.
  if (!mine) return theirs && theirs.state !== 'simplex' ? 'only the destination knows the pair' : null;
  if (!theirs) return 'only the source knows the pair';
  const isSame = mine.state === theirs.state || (isSuspended(mine.state) && isSuspended(theirs.state));
  if (!isSame) return `${mine.state} at ${a}, ${theirs.state} at ${b}`;
  if (!theirs.consistent && theirs.state === 'duplex') return 'in duplex over a mixed image';
  return null;
}

const LINES: [Name, Transport][] = [
  ['P-I', 'journal'],
  ['I-R', 'journal'],
  ['I-R', 'difference-snapshot'],
];
const CASES = LINES.flatMap(([name, transport]) =>
  Object.keys(BRING)
    .filter((state) => state !== 'suspending' || name === 'I-R')
    .map((state): [Name, string, Transport] => [name, state, transport]),
);

describe.each(CASES)('the line of pair %s in %s, transport %s', (name, state, transport) => {
  it.each(Object.keys(BLIPS))('%s, leaves two ends that agree, and become equal', async (what) => {
    const group = new SimulatedStorage(`${name} ${state} ${what}`, { ...SHAPE, transport });
    const load = new HostLoad(group, 3);
    await group.run(async () => {
      const { scheduler } = group.world;
      const [a, b] = ENDS[name];
      await BRING[state]?.(group, name);
      load.start('P', 2, 12);
      await scheduler.sleep(4);
      await BLIPS[what]?.(group, a, b);
      await scheduler.sleep(100);
      delay(group, name, 1);
      await scheduler.sleep(2500);
      await load.stop();
      await scheduler.sleep(200);
      const found = disagreement(group, name);
      if (found) throw new Error(`${found} ${group.describe()}`);
      // Whatever was completed is at P, and at I too where the pair says so.
      expect(load.missingAt('P')).toEqual([]);
      if (group.pairOf('P', 'I')?.state === 'duplex') expect(load.missingAt('I')).toEqual([]);
      await group.mend();
      if (!(await group.equalises())) throw new Error(group.describe());
    });
    expect(load.completed.length).toBeGreaterThan(20);
  });
});
