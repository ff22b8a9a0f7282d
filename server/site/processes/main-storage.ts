/** A storage system's process: its volumes, its journal, its pairs, and its volumes' exports to hosts. */
import { WITNESS } from '../../domain/names.ts';
import { nextHops } from '../../domain/ways.ts';
import { NbdServer } from '../../nbd/server.ts';
import { DEFAULT_STORAGE_TIMING } from '../../replication/config.ts';
import { StorageSystem } from '../../replication/storage-system.ts';
import { runChild } from './child-process.ts';
import { listenWhereBefore } from './listen.ts';

const JOURNAL_SEGMENTS = 8;
/** Copied tracks and entries on their way to one destination at most. */
const WINDOW_BYTES = 4 * 1024 * 1024;

runChild('storage', async ({ config, arrangement, ports, neighbours, reporter }) => {
  const { definition } = config.settings;
  const storage = new StorageSystem(
    ports,
    {
      system: config.process,
      definition,
      arrangement,
      timing: { ...DEFAULT_STORAGE_TIMING, pullIntervalMs: definition.pullIntervalMs },
      journalSegments: JOURNAL_SEGMENTS,
      windowBytes: WINDOW_BYTES,
      mutants: new Set(),
    },
    {
      links: neighbours.lines(),
      witness: neighbours.link(WITNESS),
      routes: nextHops(arrangement, config.process),
    },
    reporter,
  );
  let nbd: NbdServer | null = null;
  storage.clients = () => nbd?.clientCount() ?? 0;
  // A client learns at attachment whether it may write, so one whose export has changed must attach anew.
  storage.onExportsChanged = () => {
    for (const { name } of storage.exports.list()) nbd?.dropClients(name, 'what hosts may do here has changed');
  };
  await storage.start();
  return {
    facts: () => ({ storage: storage.facts() }),
    handle: (method, params, from) => storage.handle(method, params, from),
    differences: (query) => storage.differences(query),
    configure: () => {},
    serve: async (before) => {
      const listen = (address: string): Promise<NbdServer> => NbdServer.start(ports, address, storage.exports);
      nbd = await listenWhereBefore(listen, config.listenHost, before);
      return nbd.address;
    },
    stop: async () => {
      nbd?.close();
      storage.stop();
    },
  };
});
