/**
 * What the way back costs in each arrangement, measured on real processes of the running instance: the same data, the same
 * lines, the same writes; time and bytes of every phase. `node scripts/measure-returns.mjs [--json] [arrangement …]`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Arrangement, type ArrangementPair, findArrangement, guardedPairOf } from '../../domain/arrangement.ts';
import { pairName } from '../../domain/names.ts';
import type { RunView } from '../../routines/step-graph.ts';
import { type Client, makeClient, serverUrl } from '../client.ts';
import { BytesMoved } from './bytes-moved.ts';
import { writeBlocks } from './volume-writer.ts';

const MIB = 1024 * 1024;
const BLOCKS_PER_MIB = 16;
const VOLUME_MIB = 64;
/** Written on R before reverse operation begins, and once more, elsewhere, while it lasts. */
const WRITTEN_MIB = 16;
const ROUNDS = 2;
const LINE_RATE = 32 * MIB;
const DEFAULT_ARRANGEMENTS = ['chain-3', 'chain-3-direct', 'chain-4-bypass', 'chain-4-bypass-backup', 'chain-4'];

interface Phase {
  phase: string;
  /** Duration of the routine; null where hosts wrote and no routine ran. */
  ms: number | null;
  /** Until writes on the other side were answered by two systems, where reverse operation has that. */
  protectedMs: number | null;
  bytes: Record<string, number>;
}

const api: Client = makeClient(serverUrl(process.env, process.cwd()), process.env.SWITCHBACK_TOKEN);

async function runToEnd(group: string, routine: string): Promise<RunView> {
  const { run } = await api.runs.start.mutate({ group, routine, mode: 'through', acceptDefaults: true });
  for (;;) {
    const view = await api.runs.get.query({ run });
    if (view.status === 'ended' && view.ending === 'done') return view;
    if (view.status !== 'running')
      throw new Error(`${routine} of ${group}: ${view.ending ?? view.status}, ${view.endingText}`);
    await pause(50);
  }
}

async function measure(arrangement: string): Promise<Phase[]> {
  const group = `measure-${arrangement}`;
  const known = findArrangement(arrangement);
  if (!known) throw new Error(`there is no arrangement ${arrangement}`);
  await api.groups.create.mutate({
    name: group,
    arrangement,
    volumeCount: 1,
    volumeBytes: VOLUME_MIB * MIB,
    ledger: false,
    rateBytesPerSecond: Object.fromEntries(known.lines.map(({ name }) => [name, LINE_RATE])),
  });
  try {
    return await phasesOf(group, known);
  } finally {
    await api.groups.delete.mutate({ group, typedName: group });
  }
}

async function phasesOf(group: string, arrangement: Arrangement): Promise<Phase[]> {
  const { normal, reverse, moves } = arrangement;
  const moved = new BytesMoved(api, group);
  const phases: Phase[] = [];
  const routine = async (id: string) => {
    const view = await runToEnd(group, id);
    phases.push({
      phase: id,
      ms: (view.endedAt ?? view.startedAt) - view.startedAt,
      protectedMs: id === moves.protect ? protectedAfter(view, guardedPairOf(arrangement, reverse.holder)) : null,
      bytes: await moved.since(),
    });
  };
  const write = async (system: string, firstMib: number, mib: number, seed: number) => {
    await writeBlocks(api, { group, system }, { first: firstMib * BLOCKS_PER_MIB, count: mib * BLOCKS_PER_MIB, seed });
    phases.push({ phase: `${mib} MiB written on ${system}`, ms: null, protectedMs: null, bytes: await moved.since() });
  };
  await write(normal.holder, 0, VOLUME_MIB, 1);
  await routine(moves.form);
  // The second time the pairs of reverse operation rest from the first, with the bits of what was written since.
  for (let round = 0; round < ROUNDS; round += 1) {
    await routine(moves.planned ?? moves.takeover);
    await write(reverse.holder, 0, WRITTEN_MIB, 2 + 2 * round);
    await routine(moves.protect);
    await write(reverse.holder, WRITTEN_MIB, WRITTEN_MIB, 3 + 2 * round);
    await routine(moves.back);
    await routine(moves.form);
  }
  return phases;
}

function protectedAfter(view: RunView, guard: ArrangementPair | null): number | null {
  const name = guard && pairName(guard.source, guard.destination);
  const formed = view.steps.find((step) => step.transitions.some(({ pair, to }) => to === 'duplex' && pair === name));
  return formed?.endedAt ? formed.endedAt - view.startedAt : null;
}

function total(bytes: Record<string, number>): number {
  return Object.values(bytes).reduce((sum, more) => sum + more, 0);
}

const seconds = (ms: number | null) => (ms === null ? '' : `${(ms / 1000).toFixed(2)} s`);

function lineOf({ phase, ms, protectedMs, bytes }: Phase): string {
  const parts = Object.entries(bytes).map(([pair, more]) => `${pair} ${(more / MIB).toFixed(1)}`);
  const formed = protectedMs === null ? '' : `, sync pair after ${seconds(protectedMs)}`;
  return `  ${phase.padEnd(24)}${seconds(ms).padStart(9)}${(total(bytes) / MIB).toFixed(1).padStart(9)} MiB  ${parts.join(', ')}${formed}`;
}

const words = process.argv.slice(2);
const json = words.includes('--json');
const wanted = words.filter((word) => !word.startsWith('--'));
const measured: Record<string, Phase[]> = {};
for (const arrangement of wanted.length > 0 ? wanted : DEFAULT_ARRANGEMENTS) {
  const phases = await measure(arrangement);
  measured[arrangement] = phases;
  if (!json) process.stdout.write(`${[arrangement, ...phases.map(lineOf)].join('\n')}\n`);
}
if (json) process.stdout.write(`${JSON.stringify({ volumeMib: VOLUME_MIB, writtenMib: WRITTEN_MIB, measured })}\n`);
