/** The same bytes at the same places, however often it is run: a host on the network that writes over NBD. */
import { NbdClient } from '../../nbd/client.ts';
import { RealClock } from '../../site/ports/real-clock.ts';
import { RealNetwork } from '../../site/ports/real-network.ts';
import type { Client } from '../client.ts';

const BLOCK_BYTES = 64 * 1024;
const IN_FLIGHT = 16;

/** Writes `count` blocks from block `first` on, each filled from `seed` and its place. Rejects at the first write that fails. */
export async function writeBlocks(
  api: Client,
  place: { group: string; system: string },
  { first, count, seed }: { first: number; count: number; seed: number },
): Promise<void> {
  const { uri } = await api.groups.nbd.query({ ...place, volume: 0 });
  const { host, pathname } = new URL(uri.replace(/^nbd:/, 'http:'));
  const volume = await NbdClient.connect(
    { clock: new RealClock(), network: new RealNetwork() },
    host,
    pathname.slice(1),
  );
  let next = first;
  const work = async () => {
    while (next < first + count) {
      const block = next;
      next += 1;
      await new Promise<void>((resolve, reject) =>
        volume.write(block * BLOCK_BYTES, contentOf(block, seed), false, (error) =>
          error ? reject(error) : resolve(),
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  await new Promise<void>((resolve) => volume.disconnect(resolve));
}

function contentOf(block: number, seed: number): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  let state = (seed * 2_654_435_761 + block) >>> 0;
  for (let at = 0; at < BLOCK_BYTES; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}
