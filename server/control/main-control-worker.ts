/** The control worker's process. Started by the supervisor, or by hand on any machine that reaches PostgreSQL and the agents. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { refusalOf, refuse } from '../domain/refusal.ts';
import { RealClock } from '../site/ports/real-clock.ts';
import { RealEntropy } from '../site/ports/real-entropy.ts';
import { RealLog } from '../site/ports/real-log.ts';
import { RealNetwork } from '../site/ports/real-network.ts';
import { readSecret } from '../site/processes/secret.ts';
import { watchParent } from '../site/supervisor/parent-watch.ts';
import { readSoftware } from './software.ts';
import { ControlWorker } from './worker/control-worker.ts';

/** Messages only travel here; large buffers per channel would be waste. */
const RECEIVE_BUFFER_BYTES = 64 * 1024;

const environmentSchema = z.object({
  DATABASE_URL: z.string().min(1),
  SWITCHBACK_AGENTS: z.string().min(2),
  SWITCHBACK_SECRET_FILE: z.string().min(1),
  SWITCHBACK_DATA: z.string().min(1),
  /** `no`: this installation has no demo group. */
  SWITCHBACK_DEMO: z.enum(['yes', 'no']).default('yes'),
});
const agentsSchema = z.record(z.string(), z.string());

function readEnvironment() {
  const parsed = environmentSchema.safeParse(process.env);
  if (!parsed.success)
    throw refuse('bad-request', z.prettifyError(parsed.error), 'Start with npm start, which sets these.');
  try {
    return { ...parsed.data, agents: agentsSchema.parse(JSON.parse(parsed.data.SWITCHBACK_AGENTS)) };
  } catch {
    throw refuse(
      'bad-request',
      'SWITCHBACK_AGENTS is no list of agents',
      'Set it to JSON such as {"production":"127.0.0.1:7001"}.',
    );
  }
}

const root = fileURLToPath(new URL('..', import.meta.url));

async function main(log: RealLog, id: string): Promise<void> {
  const settings = readEnvironment();
  const worker = new ControlWorker({
    id,
    databaseUrl: settings.DATABASE_URL,
    agents: settings.agents,
    secret: readSecret(settings.SWITCHBACK_SECRET_FILE),
    ports: {
      clock: new RealClock(),
      entropy: new RealEntropy(),
      network: new RealNetwork({ receiveBufferBytes: RECEIVE_BUFFER_BYTES }),
      log,
    },
    root,
    software: readSoftware(root),
    dataFolder: settings.SWITCHBACK_DATA,
    demo: settings.SWITCHBACK_DEMO === 'yes',
  });
  const stop = () => {
    worker.stop().finally(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  watchParent(stop);
  await worker.start();
}

// A worker is a new one with every start: what an earlier one left is taken over, whether it died or was stopped.
const id = `${hostname().slice(0, 24)}-${randomUUID().slice(0, 8)}`;
const log = new RealLog({ process: 'control-worker', worker: id });
try {
  await main(log, id);
} catch (error) {
  log.write('error', refusalOf(error).message, {
    cure: refusalOf(error).cure,
    stack: error instanceof Error ? error.stack : undefined,
  });
  process.exit(1);
}
