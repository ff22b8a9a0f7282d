/**
 * The agent's process: one per site. Ends its processes in an orderly way on SIGTERM, Ctrl-C, or when whoever started it
 * has died; killed itself, it leaves them running for the next agent to take over.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { refusalOf, refuse } from '../../domain/refusal.ts';
import type { ChannelTiming } from '../../network/channel.ts';
import { RealClock } from '../ports/real-clock.ts';
import { RealDisk } from '../ports/real-disk.ts';
import { RealEntropy } from '../ports/real-entropy.ts';
import { RealLog } from '../ports/real-log.ts';
import { RealNetwork } from '../ports/real-network.ts';
import { lockFolder } from '../processes/folder-lock.ts';
import { siteFolder } from '../processes/layout.ts';
import { readSecret } from '../processes/secret.ts';
import { watchParent } from '../supervisor/parent-watch.ts';
import { readAgentSettings } from './agent-settings.ts';
import { SiteAgent } from './site-agent.ts';

/** An agent exchanges messages only; large buffers per channel would be waste. */
const RECEIVE_BUFFER_BYTES = 64 * 1024;

/** On one machine a dead process closes its channels by itself; silence shows only one that hangs. */
const CHILD_TIMING: ChannelTiming = { keepaliveMs: 5000, silenceMs: 15_000, handshakeMs: 5000 };

async function main(): Promise<void> {
  const settings = readAgentSettings(process.env);
  const { site, listenHost, secretFile } = settings;
  const folder = siteFolder(settings.dataFolder, site);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(folder);
  if (!lock.held)
    throw refuse(
      'busy',
      `Process ${lock.holderPid} is the agent of site ${site} on ${folder} already.`,
      'Use that one, or stop it first.',
    );
  const log = new RealLog({ agent: site });
  const clock = new RealClock();
  const ports = {
    clock,
    disk: new RealDisk(folder),
    network: new RealNetwork({ receiveBufferBytes: RECEIVE_BUFFER_BYTES }),
    entropy: new RealEntropy(),
    log,
  };
  const agent = new SiteAgent({
    site,
    siteFolder: folder,
    secretFile,
    listenHost,
    ports,
    channelOptions: {
      timing: CHILD_TIMING,
      ports,
      secret: readSecret(secretFile),
      self: { group: '', name: `agent:${site}` },
      handle: refuseCall,
    },
    program: (kind) => fileURLToPath(new URL(`./${kind}.js`, import.meta.url)),
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    log.write('info', 'stopping');
    void agent.stop().finally(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  watchParent(stop);
  const address = await agent.start(settings.address);
  log.write('info', 'listening', { address });
}

/** Processes answer their agent and ask it nothing. */
async function refuseCall(method: string): Promise<never> {
  throw refuse('forbidden', `A site agent answers no ${method} of a process.`, 'Ask the control plane.');
}

main().catch((error: unknown) => {
  const { code, message, cure } = refusalOf(error);
  new RealLog({ process: 'agent' }).write('error', message, { code, cure });
  process.exit(1);
});
