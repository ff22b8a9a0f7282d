/** What an agent is told through its environment, checked. */
import path from 'node:path';
import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { addressSchema } from '../processes/group-schema.ts';
import { hostOf } from '../processes/listen.ts';
import { isLoopback } from '../supervisor/settings.ts';

export interface AgentSettings {
  site: string;
  /** Where it listens, `host:port`. */
  address: string;
  /** Host part of the address; its processes listen there too. */
  listenHost: string;
  dataFolder: string;
  secretFile: string;
}

const environmentSchema = z.object({
  SWITCHBACK_SITE: z.enum(['production', 'intermediate', 'remote-intermediate', 'remote', 'witness', 'control']),
  SWITCHBACK_AGENTS: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('must be JSON');
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string(), addressSchema)),
  SWITCHBACK_DATA: z.string().min(1),
  SWITCHBACK_SECRET_FILE: z.string().min(1),
});

/** Reads the settings; refuses with what is wrong, and an address that other machines could reach. */
export function readAgentSettings(environment: NodeJS.ProcessEnv): AgentSettings {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(
      'bad-request',
      `${issue?.path.join('.') ?? 'the environment'}: ${issue?.message ?? 'not understood'}.`,
      'Set SWITCHBACK_SITE, SWITCHBACK_AGENTS, SWITCHBACK_DATA and SWITCHBACK_SECRET_FILE, as npm start does.',
    );
  }
  const {
    SWITCHBACK_SITE: site,
    SWITCHBACK_AGENTS: agents,
    SWITCHBACK_DATA: data,
    SWITCHBACK_SECRET_FILE: secretFile,
  } = parsed.data;
  const address = agents[site];
  if (address === undefined)
    throw refuse(
      'bad-request',
      `SWITCHBACK_AGENTS has no address for site ${site}.`,
      `Add "${site}":"127.0.0.1:<port>" to it.`,
    );
  const listenHost = hostOf(address);
  if (!isLoopback(listenHost)) {
    throw refuse(
      'forbidden',
      `${address} would let other machines command this site.`,
      'Use an address of this machine only, such as 127.0.0.1.',
    );
  }
  return { site, address, listenHost, dataFolder: path.resolve(data), secretFile: path.resolve(secretFile) };
}
