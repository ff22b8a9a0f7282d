/** Whole volumes read over NBD, as any host would read them. */
import { createHash } from 'node:crypto';
import { expect } from '@playwright/test';
import { NbdClient } from '../../server/nbd/client.ts';
import { RealClock } from '../../server/site/ports/real-clock.ts';
import { RealNetwork } from '../../server/site/ports/real-network.ts';
import { api } from './instance.ts';

const ports = { clock: new RealClock(), network: new RealNetwork() };
const READ_BYTES = 1024 * 1024;

/** Connects to a volume at the address the API names for it. */
export async function connectVolume(group: string, system: string, volume = 0): Promise<NbdClient> {
  const { uri } = await api.groups.nbd.query({ group, system, volume });
  const { host, pathname } = new URL(uri.replace(/^nbd:/, 'http:'));
  return NbdClient.connect(ports, host, pathname.slice(1));
}

/** Every byte of a volume. */
export async function readVolume(group: string, system: string, volume = 0): Promise<Buffer> {
  const client = await connectVolume(group, system, volume);
  const bytes = Buffer.alloc(client.sizeBytes);
  for (let offset = 0; offset < bytes.length; offset += READ_BYTES) {
    const into = bytes.subarray(offset, Math.min(bytes.length, offset + READ_BYTES));
    await new Promise<void>((resolve, reject) =>
      client.read(offset, into, (error) => (error ? reject(error) : resolve())),
    );
  }
  await new Promise<void>((resolve) => client.disconnect(resolve));
  return bytes;
}

/** Asserts that all volumes of all `systems` are byte for byte the same. Nothing may be writing meanwhile. */
export async function expectIdenticalVolumes(
  group: string,
  systems: readonly string[],
  volumeCount: number,
): Promise<void> {
  for (let volume = 0; volume < volumeCount; volume += 1) {
    const digests: Record<string, string> = {};
    for (const system of systems) {
      digests[system] = createHash('sha256')
        .update(await readVolume(group, system, volume))
        .digest('hex');
    }
    expect(new Set(Object.values(digests)).size, `volume ${volume}: ${JSON.stringify(digests)}`).toBe(1);
  }
}
