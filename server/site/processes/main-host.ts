/** A host computer's process: heartbeats, copy control and the ledger (003 §[0059]–[0060]). */
import { WITNESS } from '../../domain/names.ts';
import { DEFAULT_HOST_TIMING, DEFAULT_IN_FLIGHT, Host } from '../../hosts/host.ts';
import { attachNbdVolume } from '../../hosts/ledger/nbd-volume.ts';
import type { LedgerVolume } from '../../hosts/ledger/volume.ts';
import { runChild } from './child-process.ts';
import { cloneVolumeName, volumeName } from './volume-name.ts';

runChild('host', async ({ config, arrangement, ports, neighbours, reporter }) => {
  const { group, process: name } = config;
  const placed = arrangement.hosts.find((host) => host.name === name);
  if (!placed) throw new Error(`arrangement ${arrangement.id} has no host ${name}`);
  const { system } = placed;
  let { settings } = config;
  const attach = async (exportName: string): Promise<LedgerVolume> => {
    const address = settings.addresses[system]?.nbd;
    if (!address) throw new Error(`it is not known yet where ${system} serves its volumes`);
    return attachNbdVolume(ports, address, exportName);
  };
  const host = new Host(
    ports,
    {
      group,
      host: name,
      system,
      peers: arrangement.hosts.map((other) => other.name).filter((other) => other !== name),
      firstHolder: arrangement.normal.holder,
      ledger: { ...settings.definition.ledger, maxInFlight: DEFAULT_IN_FLIGHT },
      timing: DEFAULT_HOST_TIMING,
    },
    {
      storage: () => neighbours.link(system),
      host: (other) => neighbours.link(other),
      witness: () => neighbours.link(WITNESS),
      openVolume: () => attach(volumeName(group, system, 0)),
      openClone: (clone) => attach(cloneVolumeName(group, system, 0, clone)),
    },
  );
  return {
    facts: () => ({ host: host.facts() }),
    // What another host says is shown with the next regular facts.
    handle: host.handle,
    perform: async (instruction) => {
      try {
        return await host.perform(instruction);
      } finally {
        reporter.changed();
      }
    },
    configure: (changed) => {
      settings = changed;
    },
    serve: async () => {
      host.start();
      return null;
    },
    stop: () => host.close(),
  };
});
