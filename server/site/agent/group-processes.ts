/** Which processes a group has at a site. Read from the arrangement, so that a new arrangement needs nothing here. */
import type { Arrangement } from '../../domain/arrangement.ts';
import { WITNESS } from '../../domain/names.ts';
import type { ProcessView } from '../agent-protocol.ts';

export interface ProcessRole {
  name: string;
  kind: ProcessView['kind'];
}

/** Storage systems, switching devices and hosts placed at `site`, in topology order; the witness site runs one witness per group. */
export function processesAt(arrangement: Arrangement, site: string): ProcessRole[] {
  if (site === 'witness') return [{ name: WITNESS, kind: 'witness' }];
  return [
    ...arrangement.systems
      .filter((system) => system.site === site)
      .map(({ name }): ProcessRole => ({ name, kind: 'storage' })),
    ...(arrangement.switches ?? [])
      .filter((device) => device.site === site)
      .map(({ name }): ProcessRole => ({ name, kind: 'switch' })),
    ...arrangement.hosts.filter((host) => host.site === site).map(({ name }): ProcessRole => ({ name, kind: 'host' })),
  ];
}
