import type { NbdLimits } from '../connection.ts';
import type { NbdExports } from '../export.ts';
import { NbdServer } from '../server.ts';
import { ManualClock, MemoryLog, PairedNetwork } from './paired-network.ts';

export const ADDRESS = 'system-p:10809';

/** A server on a network in memory. */
export interface Serving {
  server: NbdServer;
  network: PairedNetwork;
  clock: ManualClock;
  log: MemoryLog;
}

export async function serve(exports: NbdExports, seed = 1, limits: Partial<NbdLimits> = {}): Promise<Serving> {
  const network = new PairedNetwork(seed);
  const clock = new ManualClock();
  const log = new MemoryLog();
  const server = await NbdServer.start({ network, clock, log }, ADDRESS, exports, limits);
  return { server, network, clock, log };
}
