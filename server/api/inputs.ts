/** Every shape that may come in from outside, checked here once; behind this line types are trusted. */
import { z } from 'zod';
import { LIMITS, TWIN_MODES } from '../domain/arrangement.ts';
import { DEFAULT_MAP_BUCKETS, MAX_MAP_BUCKETS } from '../domain/difference-map.ts';
import { PAIR_STATES } from '../domain/pair-states.ts';
import { TRANSPORTS } from '../domain/storage-controller.ts';

const count = z.number().int().nonnegative();
const millis = z.number().int().nonnegative();

export const groupName = z
  .string()
  .regex(LIMITS.groupName, 'a lower-case letter, then letters, digits and hyphens, at most 31');
const shortName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,40}$/, 'letters, digits and hyphens, at most 41');
const runId = z.string().min(1).max(64);

export const byGroup = z.strictObject({ group: groupName });

export const groupCreate = z.strictObject({
  name: groupName,
  arrangement: shortName,
  /** What can be chosen of some arrangements (`choicesOf`); refused for all others. */
  backups: z.number().int().min(1).max(16).optional(),
  mode: z.enum(TWIN_MODES).optional(),
  volumeCount: z.number().int().min(LIMITS.volumeCount.min).max(LIMITS.volumeCount.max).optional(),
  volumeBytes: z.number().int().min(LIMITS.volumeBytes.min).max(LIMITS.volumeBytes.max).optional(),
  journalBytes: z
    .number()
    .int()
    .min(1024 * 1024)
    .max(LIMITS.volumeBytes.max)
    .optional(),
  fence: z.enum(['never', 'data', 'status']).optional(),
  /** By pair (`I-R`), or `*` for every pair that may use it. */
  transport: z.record(z.string().max(20), z.enum(TRANSPORTS)).optional(),
  /** By line (`P-I`). */
  km: z.record(z.string().max(40), z.number().min(LIMITS.km.min).max(LIMITS.km.max)).optional(),
  paths: z.record(z.string().max(40), z.number().int().min(LIMITS.paths.min).max(LIMITS.paths.max)).optional(),
  rateBytesPerSecond: z.record(z.string().max(40), z.number().int().positive().nullable()).optional(),
  pullIntervalMs: z.number().int().min(1).max(3_600_000).optional(),
  ledger: z.boolean().optional(),
  transactionsPerSecond: z.number().min(0).max(5_000).optional(),
});
export type GroupCreateInput = z.infer<typeof groupCreate>;

export const groupDelete = z.strictObject({ group: groupName, typedName: z.string().max(40) });
export const groupPower = z.strictObject({ group: groupName, powered: z.boolean() });
export const nbdInput = z.strictObject({ group: groupName, system: shortName, volume: count.default(0) });
export const rollupsInput = z.strictObject({ group: groupName, from: millis, to: millis });

export const pairInstruct = z.strictObject({
  group: groupName,
  pair: shortName,
  instruction: z.enum(['create', 'split', 'drain', 'resync', 'reverse', 'delete', 'rollback']),
});
export const pairWait = z.strictObject({
  group: groupName,
  pair: shortName,
  state: z.enum([...PAIR_STATES, 'absent']),
  timeoutMs: z.number().int().min(0).max(3_600_000).default(60_000),
});
export const journalRead = z.strictObject({
  group: groupName,
  system: shortName,
  after: count.default(0),
  limit: z.number().int().min(1).max(500).default(50),
});

export const differencesRead = z.strictObject({
  group: groupName,
  /** The end whose bitmap is read. */
  system: shortName,
  pair: shortName,
  /** Null for all. */
  volume: count.nullable().default(null),
  firstTrack: count.default(0),
  /** Null for all up to the end of the volume. */
  trackCount: count.min(1).nullable().default(null),
  /** Per volume. */
  buckets: z.number().int().min(1).max(MAX_MAP_BUCKETS).default(DEFAULT_MAP_BUCKETS),
});

const attestation = z.strictObject({ text: z.string().min(1).max(500), destroyedAt: millis });

export const runStart = z.strictObject({
  group: groupName,
  routine: shortName,
  mode: z.enum(['step', 'through']).default('through'),
  acceptDefaults: z.boolean().default(false),
  decisions: z.record(z.string().max(20), z.string().max(60)).default({}),
  attestation: attestation.nullable().default(null),
});
export const preflightInput = z.strictObject({ group: groupName, routine: shortName });
export const byRun = z.strictObject({ run: runId });
export const runList = z.strictObject({
  group: groupName.nullable().default(null),
  active: z.boolean().nullable().default(null),
  /** Only runs started before this time, ms. */
  before: millis.nullable().default(null),
  limit: z.number().int().min(1).max(200).default(50),
});

/** `by` is filled in from who calls, never from what is sent. */
export const runOrder = z.strictObject({
  run: runId,
  /** Giving the same key twice gives one order. */
  key: z.string().min(1).max(80),
  order: z.discriminatedUnion('order', [
    z.strictObject({
      order: z.literal('decide'),
      step: z.string().min(1).max(20),
      choice: z.string().min(1).max(60),
      typedName: z.string().max(40).nullable().default(null),
      attestation: attestation.nullable().default(null),
    }),
    z.strictObject({ order: z.literal('continue') }),
    z.strictObject({ order: z.literal('run-through') }),
    z.strictObject({ order: z.literal('pause') }),
    z.strictObject({ order: z.literal('retry') }),
    z.strictObject({ order: z.literal('abort') }),
    z.strictObject({ order: z.literal('end') }),
  ]),
});

export const faultInject = z.strictObject({
  kind: z.enum([
    'kill',
    'restart',
    'cut',
    'degrade',
    'restore',
    'disk-full',
    'write-error',
    'site-loss',
    'site-return',
    'isolate',
  ]),
  group: groupName.optional(),
  target: shortName,
  from: shortName.optional(),
  conditions: z
    .strictObject({
      delayMs: z.number().min(0).max(60_000).optional(),
      loss: z.number().min(0).max(1).optional(),
      rateBytesPerSecond: z.number().int().positive().optional(),
      jitterMs: z.number().min(0).max(60_000).optional(),
    })
    .optional(),
});
export const byFault = z.strictObject({ fault: z.string().min(1).max(64) });
export const faultList = z.strictObject({
  group: groupName.nullable().default(null),
  active: z.boolean().default(true),
});
export const faultClearAll = z.strictObject({ group: groupName.nullable().default(null) });

export const ledgerRate = z.strictObject({ group: groupName, transactionsPerSecond: z.number().min(0).max(5_000) });
export const ledgerVerify = z.strictObject({ group: groupName, on: shortName.nullable().default(null) });

export const eventList = z.strictObject({
  group: groupName.nullable().default(null),
  run: runId.nullable().default(null),
  kinds: z
    .array(
      z.enum([
        'pair-transition',
        'process-started',
        'process-exited',
        'process-event',
        'heartbeat-lost',
        'heartbeat-found',
        'agent-lost',
        'agent-found',
        'run-started',
        'run-step',
        'run-order',
        'run-taken-over',
        'run-ended',
        'verdict',
        'fault-injected',
        'fault-cleared',
        'group-created',
        'group-changed',
        'group-deleted',
        'instruction',
        'drill-started',
        'drill-sealed',
        'drill-skipped',
        'drill-missed',
        'worker-started',
        'worker-lost',
      ]),
    )
    .max(30)
    .nullable()
    .default(null),
  before: count.nullable().default(null),
  after: count.nullable().default(null),
  limit: z.number().int().min(1).max(1_000).default(100),
});
export const standingInput = z.strictObject({ group: groupName, seq: count });
export const auditList = z.strictObject({
  group: groupName.nullable().default(null),
  before: count.nullable().default(null),
  limit: z.number().int().min(1).max(500).default(100),
});

export const liveInput = z.strictObject({
  /** The group whose full status is wanted; null on pages that show none. */
  group: groupName.nullable().default(null),
  /** Set by the client library when it resumes; the number of the last event it has. */
  lastEventId: z
    .string()
    .regex(/^\d{1,16}$/)
    .nullish(),
});

const runbookName = z.string().regex(/^[a-z0-9-]{1,80}$/);
/** A name as it is stated; nobody checks it. */
const approvedBy = z.string().trim().min(1).max(80).nullable().default(null);
const cron = { cron: z.string().trim().min(1).max(100), zone: z.string().trim().min(1).max(60) };
/** A cron expression of five fields, and the time zone that it counts in. */
export const cronRead = z.strictObject(cron);
export const bySchedule = z.strictObject({ group: groupName, runbook: runbookName });
export const schedulePut = z.strictObject({
  group: groupName,
  runbook: runbookName,
  ...cron,
  enabled: z.boolean().default(true),
  approvedBy,
});
export const scheduleList = z.strictObject({ group: groupName.nullable().default(null) });
export const drillStart = z.strictObject({ runbook: runbookName, group: groupName, approvedBy });
/** Its id, or the name of its bundle. */
export const byDrill = z.strictObject({ drill: z.string().regex(/^[a-z0-9-]{1,120}$/) });
export const drillList = z.strictObject({
  group: groupName.nullable().default(null),
  limit: z.number().int().min(1).max(500).default(100),
});
