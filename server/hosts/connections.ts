/** What a host is connected to. Whoever wires the process keeps these connections up; each may be away at any time. */
import type { HostName } from '../domain/names.ts';
import type { Channel } from '../network/channel-types.ts';
import type { LedgerVolume } from './ledger/volume.ts';

/** A channel, or a link that comes back by itself. Rejects with `unreachable` while it is down. */
export type Caller = Pick<Channel, 'call'>;

export interface HostConnections {
  /** Its own storage system; null while there is no connection. */
  storage(): Caller | null;
  /** Another host of the group, over the host line. */
  host(name: HostName): Caller | null;
  witness(): Caller | null;
  /** Attaches volume 0 of its storage system. Rejects with an `Error` that says why not. */
  openVolume(): Promise<LedgerVolume>;
  /** Attaches volume 0 of the clone of that name at its storage system. Rejects with an `Error` that says why not. */
  openClone(clone: string): Promise<LedgerVolume>;
}
