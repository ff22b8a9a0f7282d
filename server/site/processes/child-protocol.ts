/**
 * What a site agent and the processes of its site say to each other over a channel, and the two files that outlive
 * either of them: the configuration handed over, and the record a process leaves of where it listens.
 */
import { z } from 'zod';
import type { GroupDefinition } from '../../domain/arrangement.ts';
import { type DifferenceMap, type DifferenceMapQuery, MAX_MAP_BUCKETS } from '../../domain/difference-map.ts';
import type { HostInstruction, HostReply } from '../../domain/host.ts';
import type { SystemFacts } from '../../domain/storage-controller.ts';
import type { LineConditions } from '../../network/channel-types.ts';
import type { AddressBook, AgentNotices, DiskFault, ProcessView } from '../agent-protocol.ts';
import {
  addressBookSchema,
  addressSchema,
  conditionsSchema,
  diskFaultKindSchema,
  groupDefinitionSchema,
  groupNameSchema,
  processNameSchema,
} from './group-schema.ts';

/** Everything about a process that may change while it runs. Handed over whole, so that repeating it is harmless. */
export interface ProcessSettings {
  definition: GroupDefinition;
  addresses: AddressBook;
  lineFaults: { peer: string; conditions: Partial<LineConditions> }[];
  diskFault: DiskFault['kind'] | null;
}

export const settingsSchema: z.ZodType<ProcessSettings> = z.object({
  definition: groupDefinitionSchema,
  addresses: addressBookSchema,
  lineFaults: z.array(z.object({ peer: processNameSchema, conditions: conditionsSchema })).max(64),
  diskFault: diskFaultKindSchema.nullable(),
});

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

export const differenceMapQuerySchema: z.ZodType<DifferenceMapQuery> = z.object({
  pair: processNameSchema,
  volume: count.nullable(),
  firstTrack: count,
  trackCount: count.min(1).nullable(),
  buckets: count.min(1).max(MAX_MAP_BUCKETS),
});

/** `config.json` in the process's folder. */
export interface ProcessConfig {
  site: string;
  group: string;
  process: string;
  kind: ProcessView['kind'];
  /** Host part of the addresses it listens on. */
  listenHost: string;
  secretFile: string;
  settings: ProcessSettings;
}

export const configSchema: z.ZodType<ProcessConfig> = z.object({
  site: z.string().min(1),
  group: groupNameSchema,
  process: processNameSchema,
  kind: z.enum(['storage', 'host', 'witness', 'switch']),
  listenHost: z.string().min(1),
  secretFile: z.string().min(1),
  settings: settingsSchema,
});

/** `run.json`: which process this is and where it answers, so that a restarted agent finds it again. */
export interface RunRecord {
  pid: number;
  lifeMark: string;
  /** Made anew at each start. */
  incarnation: string;
  startedAt: number;
  channel: string;
  nbd: string | null;
}

export const runRecordSchema: z.ZodType<RunRecord> = z.object({
  pid: z.number().int().positive(),
  lifeMark: z.string().min(1),
  incarnation: z.string().min(1),
  startedAt: z.number(),
  channel: addressSchema,
  nbd: addressSchema.nullable(),
});

export type ProcessFacts = NonNullable<ProcessView['facts']>;

/** Exit code of a process that found its folder taken by another. */
export const EXIT_FOLDER_TAKEN = 75;

/** Methods a process answers to the agent of its site, and to nobody else. */
export interface ChildMethods {
  'child.hello': { params: Record<string, never>; result: RunRecord };
  'child.configure': { params: ProcessSettings; result: { ok: true } };
  'child.facts': { params: Record<string, never>; result: ProcessFacts };
  /** Storage processes only. */
  'storage.facts': { params: Record<string, never>; result: SystemFacts };
  'storage.differences': { params: DifferenceMapQuery; result: DifferenceMap };
  /** Host processes only. */
  'host.perform': { params: { instruction: HostInstruction }; result: HostReply };
}

/** Notices a process sends to the agent of its site. `facts` comes when something changed, and at least every second. */
export interface ChildNotices {
  facts: { facts: ProcessFacts; at: number };
  transition: Omit<AgentNotices['pair.transition'], 'group' | 'system'>;
  event: Omit<AgentNotices['process.event'], 'group' | 'process'>;
}
