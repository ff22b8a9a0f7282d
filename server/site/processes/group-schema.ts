/** What a group definition, an address book and a line's conditions must look like when they come over a wire or from a file. */
import { z } from 'zod';
import { type GroupDefinition, LIMITS } from '../../domain/arrangement.ts';
import { TRANSPORTS } from '../../domain/storage-controller.ts';
import type { LineConditions } from '../../network/channel-types.ts';
import type { AddressBook, ProcessAddress } from '../agent-protocol.ts';

/** `host:port` with a port that can be dialled. */
export const addressSchema = z
  .string()
  .max(260)
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^:\s[\]]+):\d{1,5}$/, 'must be host:port')
  .refine((address) => Number(address.slice(address.lastIndexOf(':') + 1)) <= 65_535, 'the port must be at most 65535');

export const groupNameSchema = z
  .string()
  .regex(LIMITS.groupName, 'must begin with a letter and have at most 31 of a-z, 0-9 and hyphen');

/** Names of processes become folder names, so nothing but letters, digits and single hyphens gets through. */
export const processNameSchema = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/, 'must be letters, digits and single hyphens');

const bytes = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const rate = bytes.nullable();

const lineSettingsSchema = z.object({
  km: z.number().min(LIMITS.km.min).max(LIMITS.km.max),
  paths: z.number().int().min(LIMITS.paths.min).max(LIMITS.paths.max),
  rateBytesPerSecond: rate,
});

export const groupDefinitionSchema: z.ZodType<GroupDefinition> = z.object({
  name: groupNameSchema,
  arrangement: z.string().max(64),
  volumeCount: z.number().int().min(LIMITS.volumeCount.min).max(LIMITS.volumeCount.max),
  volumeBytes: z.number().int().min(LIMITS.volumeBytes.min).max(LIMITS.volumeBytes.max),
  trackBytes: bytes,
  journalBytes: bytes,
  fence: z.enum(['never', 'data', 'status']),
  transport: z.record(z.string(), z.enum(TRANSPORTS)),
  lines: z.record(z.string(), lineSettingsSchema),
  pullIntervalMs: z.number().positive().max(3_600_000),
  ledger: z.object({ enabled: z.boolean(), transactionsPerSecond: z.number().min(0).max(100_000) }),
});

const processAddressSchema: z.ZodType<ProcessAddress> = z.object({
  channel: addressSchema,
  nbd: addressSchema.nullable(),
});

export const addressBookSchema: z.ZodType<AddressBook> = z.record(processNameSchema, processAddressSchema);

export const conditionsSchema: z.ZodType<Partial<LineConditions>> = z
  .object({
    delayMs: z.number().min(0).max(60_000),
    jitterMs: z.number().min(0).max(60_000),
    rateBytesPerSecond: rate,
    loss: z.number().min(0).max(1),
    cut: z.boolean(),
  })
  .partial();

export const diskFaultKindSchema = z.enum(['write-error', 'disk-full']);
