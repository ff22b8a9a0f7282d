/**
 * What each mode of twin sites moves on the same data, measured on real processes of the running instance: the master writes on
 * while it is cut off, is lost, returns, follows, and the work goes back. `node scripts/measure-twin.mjs [--json]`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { TWIN_MODES, type TwinMode } from '../../domain/arrangement.ts';
import type { GroupStatus } from '../../domain/group-status.ts';
import { type Client, makeClient, serverUrl } from '../client.ts';
import { writeBlocks } from './volume-writer.ts';

const MIB = 1024 * 1024;
const BLOCKS_PER_MIB = 16;
const VOLUME_MIB = 64;
/** Written on M while nothing reaches B1. */
const UNSENT_MIB = 12;
/** Written on B1 after the takeover: the last part of what M had written, and more. */
const TAKEN_OVER = { firstMib: 8, mib: 20 };
const LINE_RATE = 32 * MIB;
const LOOK_MS = 100;

interface Figures {
  mode: TwinMode;
  /** Tracks marked at either end when the resync began. */
  tableOfM: number;
  tableOfB1: number;
  resyncBytes: number;
  resyncMs: number;
  leftTracks: number;
  recoveryBytes: number;
  verdict: string | null;
}

const api: Client = makeClient(serverUrl(process.env, process.cwd()), process.env.SWITCHBACK_TOKEN);

async function until(group: string, what: string, holds: (status: GroupStatus) => boolean): Promise<GroupStatus> {
  for (let tries = 0; tries < 600; tries += 1) {
    const status = await api.groups.status.query({ group });
    if (holds(status)) return status;
    await pause(LOOK_MS);
  }
  throw new Error(`${group}: ${what} did not come about`);
}

async function run(group: string, routine: string, decisions: Record<string, string> = {}) {
  const started = await api.runs.start.mutate({ group, routine, mode: 'through', acceptDefaults: true, decisions });
  for (;;) {
    const view = await api.runs.get.query({ run: started.run });
    if (view.status === 'ended' && view.ending === 'done') return view;
    if (view.status !== 'running')
      throw new Error(`${routine} of ${group}: ${view.ending ?? view.status}, ${view.endingText}`);
    await pause(LOOK_MS);
  }
}

async function copied(group: string, pair: string): Promise<number> {
  const isEnded = ({ name, lastCopyBytes }: GroupStatus['pairs'][number]) => name === pair && lastCopyBytes !== null;
  const { pairs } = await until(group, `a copy of ${pair}`, (status) => status.pairs.some(isEnded));
  return pairs.find(isEnded)?.lastCopyBytes ?? 0;
}

const write = (group: string, system: string, firstMib: number, mib: number, seed: number) =>
  writeBlocks(api, { group, system }, { first: firstMib * BLOCKS_PER_MIB, count: mib * BLOCKS_PER_MIB, seed });

async function marked(group: string, system: string) {
  const { setTracks, volumes } = await api.pairs.differences.query({ group, system, pair: 'B1-M', buckets: 1 });
  return { setTracks, left: (volumes[0]?.leftBuckets ?? []).reduce((sum, count) => sum + count, 0) };
}

async function measure(mode: TwinMode): Promise<Figures> {
  const group = `measure-twin-${mode}`;
  await api.groups.create.mutate({
    name: group,
    arrangement: 'twin',
    mode,
    volumeCount: 1,
    volumeBytes: VOLUME_MIB * MIB,
    ledger: false,
    rateBytesPerSecond: { 'M-B1': LINE_RATE },
  });
  try {
    return await cycle(group, mode);
  } finally {
    await api.groups.delete.mutate({ group, typedName: group });
  }
}

async function cycle(group: string, mode: TwinMode): Promise<Figures> {
  await write(group, 'M', 0, VOLUME_MIB, 1);
  await run(group, 'pair-recovery');
  await api.faults.inject.mutate({ kind: 'cut', group, target: 'M-B1' });
  await write(group, 'M', 0, UNSENT_MIB, 2);
  await api.faults.inject.mutate({ kind: 'site-loss', group, target: 'production' });
  await until(group, 'the loss of host M', ({ hosts }) =>
    hosts.some(
      ({ name, heartbeats }) => name === 'host-B1' && heartbeats.some(({ of, lost }) => of === 'host-M' && lost),
    ),
  );
  const { verdict } = await run(group, 'takeover', { B1114: 'restart', B1115: 'restart' });
  await write(group, 'B1', TAKEN_OVER.firstMib, TAKEN_OVER.mib, 3);
  await api.faults.inject.mutate({ kind: 'restore', group, target: 'M-B1' });
  await api.faults.inject.mutate({ kind: 'site-return', group, target: 'production' });
  await until(
    group,
    'everything up',
    ({ systems, hosts, lines }) =>
      [...systems, ...hosts].every(({ up }) => up === true) && lines.every(({ connected }) => connected === true),
  );
  await until(group, 'both ends of the pair turned', ({ pairs }) =>
    pairs.some(
      ({ name, stateAtSource, stateAtDestination }) => name === 'B1-M' && stateAtSource === stateAtDestination,
    ),
  );
  const [tableOfM, tableOfB1] = [await marked(group, 'M'), await marked(group, 'B1')];
  const resync = await run(group, 'resync');
  const resyncBytes = await copied(group, 'B1-M');
  const { left } = await marked(group, 'M');
  await run(group, 'switch-back');
  await run(group, 'pair-recovery');
  return {
    mode,
    tableOfM: tableOfM.setTracks,
    tableOfB1: tableOfB1.setTracks,
    resyncBytes,
    resyncMs: (resync.endedAt ?? resync.startedAt) - resync.startedAt,
    leftTracks: left,
    recoveryBytes: await copied(group, 'M-B1'),
    verdict: verdict?.kind ?? null,
  };
}

const json = process.argv.includes('--json');
for (const mode of TWIN_MODES) {
  const figures = await measure(mode);
  const { tableOfM, tableOfB1, resyncBytes, resyncMs, leftTracks, recoveryBytes, verdict } = figures;
  process.stdout.write(
    json
      ? `${JSON.stringify(figures)}\n`
      : `${mode}: takeover ${verdict}; tables ${tableOfM} + ${tableOfB1} tracks; resync ${resyncBytes / MIB} MiB in ${(resyncMs / 1000).toFixed(2)} s, ${leftTracks} tracks left; pair recovery ${recoveryBytes / MIB} MiB\n`,
  );
}
