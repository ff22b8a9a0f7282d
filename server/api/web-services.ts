/** Everything the API stands on in one process: the database, what follows it, and the services made of both. */
import { CommandClient } from '../control/command-queue.ts';
import { openControlDatabase } from '../control/database.ts';
import { readLibrary } from '../control/drills/runbook-library.ts';
import { NoticeListener } from '../control/notices.ts';
import { StatusBoard } from '../control/status-board.ts';
import type { Software } from '../domain/evidence/staleness.ts';
import type { Log } from '../domain/ports.ts';
import { makeChangeServices } from './change-services.ts';
import type { ApiHandlerParts } from './http/api-handler.ts';
import { evidenceFiles } from './http/evidence-files.ts';
import type { SecuritySettings } from './http/security.ts';
import { LiveHub } from './live-hub.ts';
import { prometheusText } from './metrics.ts';
import { demoReadiness, makeReadServices } from './read-services.ts';

/** Between a fact and a screen lie milliseconds. */
const GATHER_MS = 15;

export interface WebServices {
  parts: ApiHandlerParts;
  board: StatusBoard;
  /** Ends every stream and lets go of the database. */
  stop(): Promise<void>;
}

/** What is served, and by what. */
export interface InstallationFacts {
  /** Folder of the runbooks. */
  runbooks: string;
  /** Folder of the bundles. */
  evidence: string;
  software: Software;
}

/** Resolves once everything was read for the first time. Rejects where the database does not answer. */
export async function startWebServices(
  databaseUrl: string,
  security: SecuritySettings,
  { software, ...folders }: InstallationFacts,
  log: Log,
): Promise<WebServices> {
  const database = openControlDatabase(databaseUrl, log);
  const notices = new NoticeListener(databaseUrl, log);
  const board = new StatusBoard(database, log, notices, GATHER_MS, {
    software,
    library: () => readLibrary(folders.runbooks),
  });
  const hub = new LiveHub(database, board, log, notices);
  const commands = new CommandClient(database, notices);
  await notices.start();
  await board.start();
  await hub.start();
  const services = {
    read: makeReadServices(database, board, hub, Date.now(), { software, ...folders }),
    change: makeChangeServices(database, commands, board),
    live: hub,
  };
  return {
    parts: {
      // Until users and sessions come, whoever reaches this machine's loopback is its administrator.
      context: { actor: { name: 'local', role: 'administrator' }, services },
      security,
      log,
      metrics: async () => prometheusText(board.all(), hub.size),
      readiness: () => demoReadiness(database, board),
      evidence: evidenceFiles(folders.evidence),
    },
    board,
    stop: async () => {
      hub.stop();
      board.stop();
      await notices.stop();
      await database.close();
    },
  };
}
