/** A clone: the image of one moment, whatever becomes of the live volumes, which whatever is done to it never touches. */
import { describe, expect, it } from 'vitest';
import type { NbdExport } from '../nbd/export.ts';
import { outcomeOf } from '../simulation/testing/refusals.ts';
import { SimulatedStorage } from '../simulation/testing/storage-world.ts';
import { World } from '../simulation/world.ts';
import { Clone } from './clone.ts';
import { HostLoad } from './testing/host-load.ts';
import type { TestSettings } from './testing/test-world.ts';
import { Volumes } from './volumes.ts';

const TRACK = 16 * 1024;
const EIO = 5;
const ESHUTDOWN = 108;

async function formed(
  seed: string,
  story: (group: SimulatedStorage) => Promise<void>,
  settings: TestSettings = {},
): Promise<void> {
  const group = new SimulatedStorage(seed, settings);
  await group.run(async () => {
    await group.form();
    for (let track = 0; track < 8; track += 1)
      expect(await group.write('P', track % 2, track * TRACK + 512, new Uint8Array(2048).fill(track + 1))).toBe(0);
    expect(await group.equalises()).toBe(true);
    await story(group);
  });
}

const tokenOf = (group: SimulatedStorage, run: string) => ({ ...group.token(), runId: run });

async function make(group: SimulatedStorage, at = 'R', run = 'run-1') {
  const reply = await group.instruct(at, { verb: 'clone-create', name: 'test', token: tokenOf(group, run) });
  if (reply.verb !== 'clone' || !reply.clone) throw new Error('no clone was made');
  return reply.clone;
}

const discard = (group: SimulatedStorage, at = 'R', run = 'run-1') =>
  group.instruct(at, { verb: 'clone-discard', name: 'test', token: tokenOf(group, run) });

function exported(group: SimulatedStorage, volume: number, at = 'R'): NbdExport {
  const found = group.system(at).exports.find(`test/${at}/${volume}@test`);
  if (!found || 'refused' in found) throw new Error('the clone is not exported');
  return found;
}

/** Errno of a change of the clone. */
function change(
  group: SimulatedStorage,
  run: (volume: NbdExport, done: (errno: number) => void) => void,
  volume = 0,
): Promise<number | null> {
  return group.inside('R', () => new Promise((resolve) => run(exported(group, volume), resolve)));
}

const writeClone = (group: SimulatedStorage, volume: number, offset: number, data: Uint8Array) =>
  change(group, (found, done) => found.write(offset, data, false, done), volume);

/** All bytes of the clone, as its exports give them; null where one refuses. */
async function contentsOfClone(group: SimulatedStorage): Promise<Buffer | null> {
  return group.inside('R', async () => {
    const volumes = Array.from({ length: group.definition.volumeCount }, (_, volume) => {
      const into = Buffer.alloc(group.definition.volumeBytes);
      return exported(group, volume).read(0, into) === 0 ? into : null;
    });
    return volumes.some((bytes) => bytes === null) ? null : Buffer.concat(volumes as Buffer[]);
  });
}

async function underLoad(group: SimulatedStorage, forMs: number): Promise<void> {
  const load = new HostLoad(group, 3);
  load.start('P', 4, 1);
  await group.world.scheduler.sleep(forMs);
  await load.stop();
}

const bothTransports = [['journal'], ['difference-snapshot']] as const;

describe.each(bothTransports)('a clone of R (%s)', (transport) => {
  it('is the image at its number for as long as it lasts, while R follows', () =>
    formed(
      'image',
      async (group) => {
        const load = new HostLoad(group, 3);
        load.start('P', 4, 1);
        await group.world.scheduler.sleep(120);
        // In one turn of R: between two updates, or two sets.
        const made = await group.inside('R', async (system) => {
          const reply = await system.perform({ verb: 'clone-create', name: 'test', token: tokenOf(group, 'run-1') });
          return { reply, image: group.contents('R'), number: group.facts('R').lastNumber };
        });
        if (made?.reply.verb !== 'clone') throw new Error('no clone was made');
        expect(made.reply.clone?.number).toBe(made.number);
        await group.world.scheduler.sleep(400);
        await load.stop();
        expect(await group.equalises()).toBe(true);
        expect(group.facts('R').lastNumber).toBeGreaterThan(made.number);
        expect(group.contents('R').equals(made.image)).toBe(false);
        expect((await contentsOfClone(group))?.equals(made.image)).toBe(true);
        expect(group.facts('R').clone).toMatchObject({ damaged: null, writtenTracks: 0 });
        expect(group.facts('R').clone?.keptTracks).toBeGreaterThan(0);
      },
      { transport },
    ));

  it('takes writes that the live volume never sees, and keeps them whatever R applies', () =>
    formed(
      'own-writes',
      async (group) => {
        await make(group);
        const wanted = group.contents('R');
        const changes: [number, number, Uint8Array][] = [
          [0, 100, new Uint8Array(50).fill(201)],
          [1, TRACK - 7, new Uint8Array(3 * TRACK).fill(202)],
          [0, 5 * TRACK, new Uint8Array(TRACK).fill(203)],
          [0, 120, new Uint8Array(10).fill(204)],
        ];
        const apply = async ([volume, offset, data]: [number, number, Uint8Array]) => {
          expect(await writeClone(group, volume, offset, data)).toBe(0);
          wanted.set(data, volume * group.definition.volumeBytes + offset);
        };
        for (const each of changes.slice(0, 2)) await apply(each);
        await underLoad(group, 200);
        for (const each of changes.slice(2)) await apply(each);
        expect(await change(group, (found, done) => found.zero(8 * TRACK - 100, 2 * TRACK, true, done), 1)).toBe(0);
        wanted.fill(0, group.definition.volumeBytes + 8 * TRACK - 100, group.definition.volumeBytes + 10 * TRACK - 100);
        await underLoad(group, 200);
        expect(await change(group, (found, done) => found.flush(done))).toBe(0);
        expect((await contentsOfClone(group))?.equals(wanted)).toBe(true);
        expect(await group.equalises()).toBe(true);
      },
      { transport },
    ));
});

describe('a clone', () => {
  it('changes nothing that is told of R: pairs, numbers, generation, bits', () =>
    formed('silent', async (group) => {
      const told = () => {
        const { clone: _clone, lastIoAgeMs: _age, journal: _journal, lines: _lines, ...rest } = group.facts('R');
        return { ...rest, pairs: rest.pairs.map(({ transferredBytes: _bytes, ...pair }) => pair) };
      };
      const before = told();
      const transitions = group.transitions.length;
      await make(group);
      await writeClone(group, 0, 0, new Uint8Array(3 * TRACK).fill(9));
      expect(told()).toEqual(before);
      await discard(group);
      expect(told()).toEqual(before);
      expect(group.transitions.length).toBe(transitions);
      expect(group.facts('R').clone).toBeUndefined();
    }));

  it('is made once for a run, replaced by that of a later one, and dropped by its own run only', () =>
    formed('repeated', async (group) => {
      const first = await make(group);
      await writeClone(group, 0, 0, new Uint8Array(10).fill(1));
      await underLoad(group, 60);
      expect(await make(group)).toMatchObject({ number: first.number, at: first.at, writtenTracks: 1 });
      const late = tokenOf(group, 'run-1');
      const second = await make(group, 'R', 'run-2');
      expect(second).toMatchObject({ run: 'run-2', writtenTracks: 0 });
      expect(second.number).toBeGreaterThan(first.number);
      const delayed = group.instruct('R', { verb: 'clone-create', name: 'test', token: late });
      expect(await outcomeOf(delayed)).toBe('stale-driver');
      await discard(group, 'R', 'run-1');
      expect(group.facts('R').clone).toMatchObject({ run: 'run-2' });
      await discard(group, 'R', 'run-2');
      await discard(group, 'R', 'run-2');
      expect(group.facts('R').clone).toBeUndefined();
    }));

  it('that has no room left breaks, says so, and holds nothing up', () =>
    formed(
      'room',
      async (group) => {
        const { roomTracks } = await make(group);
        const found = exported(group, 0);
        expect(roomTracks).toBe(8);
        await underLoad(group, 600);
        expect(group.facts('R').clone?.damaged).toMatch('ENOSPC');
        expect(found.read(0, new Uint8Array(10))).toBe(EIO);
        expect(group.system('R').exports.find('test/R/0@test')).toBeNull();
        expect(group.happened.filter(({ kind }) => kind === 'clone-broken').length).toBe(1);
        expect(group.pairOf('R', 'I')?.state).toBe('duplex');
        expect(await group.equalises()).toBe(true);
        await discard(group);
        expect(group.facts('R').clone).toBeUndefined();
      },
      { journalBytes: 128 * 1024, journalSegments: 4 },
    ));

  it('is gone with the process that kept it', () =>
    formed('restart', async (group) => {
      await make(group);
      await underLoad(group, 60);
      expect(group.machine('R').image.peek('clone-kept')).not.toBeNull();
      group.kill('R');
      group.start('R');
      await group.world.scheduler.until(() => group.running('R'), 1000);
      expect(group.facts('R').clone).toBeUndefined();
      expect(group.machine('R').image.peek('clone-kept')).toBeNull();
      await group.mend();
      expect(await group.equalises()).toBe(true);
    }));

  it('is refused where the image is part old, part new', async () => {
    const group = new SimulatedStorage('inconsistent');
    await group.run(async () => {
      await group.begin();
      expect(await outcomeOf(make(group))).toBe('not-consistent');
    });
  });

  it('that nobody uses is dropped after a while, and one that is used is not', () =>
    formed('lease', async (group) => {
      await make(group);
      const found = exported(group, 0);
      for (let times = 0; times < 4; times += 1) {
        await group.world.scheduler.sleep(3000);
        await writeClone(group, 0, 0, new Uint8Array(1));
      }
      expect(group.facts('R').clone).toBeDefined();
      await group.world.scheduler.sleep(8000);
      expect(group.facts('R').clone).toBeUndefined();
      expect(found.read(0, new Uint8Array(10))).toBe(ESHUTDOWN);
    }));

  it('does not outlast a takeover, and none can be made by the test that was under way', () =>
    formed('takeover', async (group) => {
      const late = tokenOf(group, 'run-1');
      await make(group);
      await group.fence('failover', ['R', 'I']);
      expect(group.facts('R').clone).toBeUndefined();
      const again = group.instruct('R', { verb: 'clone-create', name: 'test', token: { ...late, claimEpoch: 1000 } });
      expect(await outcomeOf(again)).toBe('stale-generation');
    }));

  it('stands in no driver’s way: instructions of a run that began earlier are carried out after it', () =>
    formed('drivers', async (group) => {
      const earlier = group.token();
      await make(group);
      await group.instruct('I', { verb: 'split', pair: 'I-R', token: earlier });
      await group.reaches('I', 'R', 'suspend');
      await discard(group);
    }));

  it('stays the image it is while a copy overwrites R', () =>
    formed('resync', async (group) => {
      await group.split('I', 'I', 'R');
      const image = group.contents('R');
      await make(group);
      await underLoad(group, 150);
      await group.resync('I', 'I', 'R');
      expect(group.contents('R').equals(image)).toBe(false);
      expect((await contentsOfClone(group))?.equals(image)).toBe(true);
    }));
});

describe('a clone on a disk of its own', () => {
  /** A volume of four tracks, painted with their numbers, and a clone of it. */
  function small() {
    const world = new World('clone', { losesPower: true, onKilled() {}, onCrash() {}, onLog() {} });
    const machine = world.addMachine('R', 1);
    const { disk, clock } = machine.start();
    const volumes = new Volumes(disk, clock, 1, 4 * TRACK, TRACK);
    for (let track = 0; track < 4; track += 1) volumes.write(0, track * TRACK, new Uint8Array(TRACK).fill(track));
    const head = { name: 'test', run: 'run-1', number: 4, lineage: [], at: 0, roomTracks: 16 };
    const clone = new Clone(disk, volumes, head);
    volumes.beforeChange = (...range) => clone.keep(...range);
    return { disk, image: machine.image, volumes, clone };
  }

  it.each(['disk-full', 'write-error', 'io-error'] as const)(
    'breaks where that says %s, and throws nothing',
    (trouble) => {
      const { image, clone, volumes } = small();
      image.trouble = trouble;
      clone.keep(0, 0, 10);
      image.trouble = null;
      expect(clone.damaged).toMatch(/EIO|ENOSPC/);
      expect(clone.read(0, 0, new Uint8Array(10))).toBe(false);
      expect(clone.write(0, 0, new Uint8Array(10))).toBe(false);
      volumes.write(0, 0, new Uint8Array(10).fill(99));
    },
  );

  it.each(['clone-kept', 'clone-written'])(
    'breaks where a byte of %s was flipped, and gives none of it away',
    (name) => {
      const { disk, clone, volumes } = small();
      volumes.write(0, TRACK, new Uint8Array(1).fill(99));
      expect(clone.write(0, 0, new Uint8Array(1).fill(98))).toBe(true);
      const file = disk.open(name);
      const byte = new Uint8Array(1);
      file.read(1000, byte);
      file.write(1000, new Uint8Array([(byte[0] ?? 0) ^ 1]));
      expect(clone.read(0, name === 'clone-kept' ? TRACK : 0, new Uint8Array(1))).toBe(false);
      expect(clone.damaged).toMatch('checksum');
    },
  );
});
