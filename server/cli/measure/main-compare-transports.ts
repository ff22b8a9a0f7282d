/**
 * Both transports of an asynchronous pair under the same load, measured on real processes of the running instance: how old R is
 * (RPO) and what goes over the line. `node scripts/compare-transports.mjs [--json]`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { TRANSPORTS, type Transport } from '../../domain/storage-controller.ts';
import { NbdClient } from '../../nbd/client.ts';
import { RealClock } from '../../site/ports/real-clock.ts';
import { RealNetwork } from '../../site/ports/real-network.ts';
import { makeClient, serverUrl } from '../client.ts';
import { Beacon, quantile } from './beacon.ts';
import { BytesMoved } from './bytes-moved.ts';

const MIB = 1024 * 1024;
const VOLUME_MIB = 64;
const LINE_RATE = 32 * MIB;
const SECONDS = 15;
/** Writes under way at most. */
const IN_FLIGHT = 16;
/** Left to the beacon. */
const FIRST_BYTE = MIB;

interface Load {
  name: string;
  blockBytes: number;
  bytesPerSecond: number;
  /** Place of the `index`-th write. */
  offsetOf: (index: number) => number;
}

/** The same MiB again and again; and the whole volume from its beginning to its end, once. */
const LOADS: readonly Load[] = [
  {
    name: 'overwrite-heavy',
    blockBytes: 16_384,
    bytesPerSecond: 8 * MIB,
    offsetOf: (index) => FIRST_BYTE + ((Math.imul(index, 2_654_435_761) >>> 8) % 64) * 16_384,
  },
  {
    name: 'sequential',
    blockBytes: 65_536,
    bytesPerSecond: 4 * MIB,
    offsetOf: (index) => FIRST_BYTE + ((index * 65_536) % (62 * MIB)),
  },
];

interface Measured {
  load: string;
  transport: Transport;
  writtenBytes: number;
  movedBytes: number;
  rpoP50Ms: number;
  rpoP99Ms: number;
}

const api = makeClient(serverUrl(process.env, process.cwd()), process.env.SWITCHBACK_TOKEN);

async function connect(group: string, system: string): Promise<NbdClient> {
  const { uri } = await api.groups.nbd.query({ group, system, volume: 0 });
  const { host, pathname } = new URL(uri.replace(/^nbd:/, 'http:'));
  return NbdClient.connect({ clock: new RealClock(), network: new RealNetwork() }, host, pathname.slice(1));
}

async function formed(group: string, transport: Transport): Promise<void> {
  await api.groups.create.mutate({
    name: group,
    arrangement: 'chain-3',
    volumeCount: 1,
    volumeBytes: VOLUME_MIB * MIB,
    ledger: false,
    transport: { '*': transport },
    rateBytesPerSecond: { 'I-R': LINE_RATE },
  });
  const { run } = await api.runs.start.mutate({
    group,
    routine: 'initial-copy',
    mode: 'through',
    acceptDefaults: true,
  });
  for (;;) {
    const view = await api.runs.get.query({ run });
    if (view.status === 'ended' && view.ending === 'done') return;
    if (view.status !== 'running') throw new Error(`initial copy of ${group}: ${view.endingText}`);
    await pause(50);
  }
}

/** Writes at a steady rate for the time set. Answers how many bytes. */
async function write(volume: NbdClient, { blockBytes, bytesPerSecond, offsetOf }: Load): Promise<number> {
  const begun = performance.now();
  let index = 0;
  const work = async () => {
    while (performance.now() - begun < SECONDS * 1000) {
      const one = index;
      index += 1;
      const due = begun + (one * blockBytes * 1000) / bytesPerSecond;
      if (due > performance.now()) await pause(due - performance.now());
      const block = Buffer.alloc(blockBytes, one % 251);
      block.writeDoubleLE(one + 1, 0);
      await new Promise<void>((resolve, reject) =>
        volume.write(offsetOf(one), block, false, (error) => (error ? reject(error) : resolve())),
      );
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return index * blockBytes;
}

async function measure(load: Load, transport: Transport): Promise<Measured> {
  const group = `compare-${transport === 'journal' ? 'journal' : 'sets'}`;
  await formed(group, transport);
  try {
    const moved = new BytesMoved(api, group);
    await moved.since();
    const [writer, stamper, reader] = [await connect(group, 'P'), await connect(group, 'P'), await connect(group, 'R')];
    const beacon = new Beacon(stamper, reader, 0);
    const writtenBytes = await write(writer, load);
    await beacon.stop();
    for (const client of [writer, stamper, reader]) await new Promise<void>((resolve) => client.disconnect(resolve));
    const { 'I-R': movedBytes = 0 } = await moved.since();
    const [rpoP50Ms, rpoP99Ms] = [quantile(beacon.agesMs, 0.5), quantile(beacon.agesMs, 0.99)];
    return { load: load.name, transport, writtenBytes, movedBytes, rpoP50Ms, rpoP99Ms };
  } finally {
    await api.groups.delete.mutate({ group, typedName: group });
  }
}

function lineOf({ load, transport, writtenBytes, movedBytes, rpoP50Ms, rpoP99Ms }: Measured): string {
  const [written, sent] = [writtenBytes, movedBytes].map((bytes) => `${(bytes / MIB).toFixed(1)} MiB`);
  const rpo = `RPO p50 ${rpoP50Ms.toFixed(0)} ms, p99 ${rpoP99Ms.toFixed(0)} ms`;
  return `${load.padEnd(16)} ${transport.padEnd(20)} written ${written}, on the line ${sent}, ${rpo}\n`;
}

const json = process.argv.includes('--json');
const measured: Measured[] = [];
for (const load of LOADS) {
  for (const transport of TRANSPORTS) {
    const one = await measure(load, transport);
    measured.push(one);
    if (!json) process.stdout.write(lineOf(one));
  }
}
if (json) process.stdout.write(`${JSON.stringify({ seconds: SECONDS, lineRate: LINE_RATE, measured })}\n`);
