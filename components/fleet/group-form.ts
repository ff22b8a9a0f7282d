/** What is asked for to make a group, how it is checked, and what becomes of it. Pure. */
import { z } from 'zod';
import type { GroupCreateInput } from '../../server/api/inputs.ts';
import {
  ARRANGEMENTS,
  type Arrangement,
  choicesOf,
  type GroupDefinition,
  LIMITS,
  TWIN_MODES,
  transportOfAll,
  variationOf,
} from '../../server/domain/arrangement.ts';
import { type Expectation, expectationOf } from '../../server/domain/expectation.ts';
import { TRANSPORTS } from '../../server/domain/storage-controller.ts';
import { DEFAULT_SETTINGS } from '../../server/routines/step-graph.ts';
import { messages } from '../messages/messages.ts';

const { fleet: text } = messages;
const MIB = 1024 * 1024;
/** What the ledger writes at a time, and what a host is taken to write. */
const WRITE_BYTES = 4096;

const whole = (low: number, high: number) =>
  z
    .number({ error: text.invalidNumber(low, high) })
    .int(text.invalidNumber(low, high))
    .min(low, text.invalidNumber(low, high))
    .max(high, text.invalidNumber(low, high));

const lineSchema = z.object({
  km: whole(LIMITS.km.min, LIMITS.km.max),
  paths: whole(LIMITS.paths.min, LIMITS.paths.max),
  /** As typed: empty means that nothing limits the line. */
  rateMib: z.string().regex(/^(\d{1,6}(\.\d+)?)?$/, text.invalidRate),
});

export const groupSchema = z.object({
  name: z.string().min(1, text.nameNeeded).regex(LIMITS.groupName, text.nameHint),
  arrangement: z.string(),
  /** Used where the arrangement has choices. */
  backups: z.number().int(),
  mode: z.enum(TWIN_MODES),
  fence: z.enum(['status', 'data', 'never']),
  transport: z.enum(TRANSPORTS),
  volumes: whole(LIMITS.volumeCount.min, LIMITS.volumeCount.max),
  volumeMib: whole(LIMITS.volumeBytes.min / MIB, LIMITS.volumeBytes.max / MIB),
  lines: z.record(z.string(), lineSchema),
  /** What the work is expected to write: only the forecast uses it. */
  writeMib: z.number({ error: text.invalidLoad }).min(0, text.invalidLoad).max(100_000, text.invalidLoad),
  ledger: z.boolean(),
});
export type GroupValues = z.infer<typeof groupSchema>;
export type LineValues = GroupValues['lines'];

/** Settings of exactly the lines `arrangement` has: what was given for them, else what is usual. */
export function linesFor(
  arrangement: Pick<Arrangement, 'lines'> | null | undefined,
  given: Readonly<LineValues>,
): LineValues {
  return Object.fromEntries(
    (arrangement?.lines ?? []).map(({ name, defaultKm, defaultPaths }) => [
      name,
      given[name] ?? { km: defaultKm, paths: defaultPaths, rateMib: '' },
    ]),
  );
}

/** The arrangement with what was chosen of it, or null. */
export function chosenArrangement({
  arrangement,
  backups,
  mode,
}: Pick<GroupValues, 'arrangement' | 'backups' | 'mode'>): Arrangement | null {
  return variationOf(arrangement, choicesOf(arrangement) ? { backups, mode } : {});
}

const FIRST = ARRANGEMENTS[0];
export const DEFAULT_VALUES: GroupValues = {
  name: '',
  arrangement: FIRST?.id ?? '',
  backups: 1,
  mode: 'merge',
  fence: 'status',
  transport: TRANSPORTS[0],
  volumes: 2,
  volumeMib: 64,
  lines: linesFor(FIRST, {}),
  writeMib: 1,
  ledger: true,
};

function rateOf({ rateMib }: LineValues[string]): number | null {
  const rate = Number(rateMib) * MIB;
  return rateMib === '' || rate === 0 ? null : Math.round(rate);
}

/** What the form asks the server for. */
export function inputOf(values: GroupValues): GroupCreateInput {
  const lines = Object.entries(linesFor(chosenArrangement(values), values.lines));
  return {
    name: values.name,
    arrangement: values.arrangement,
    ...(choicesOf(values.arrangement) ? { backups: values.backups, mode: values.mode } : {}),
    fence: values.fence,
    transport: { '*': values.transport },
    volumeCount: values.volumes,
    volumeBytes: values.volumeMib * MIB,
    km: Object.fromEntries(lines.map(([name, line]) => [name, line.km])),
    paths: Object.fromEntries(lines.map(([name, line]) => [name, line.paths])),
    rateBytesPerSecond: Object.fromEntries(lines.map(([name, line]) => [name, rateOf(line)])),
    ledger: values.ledger,
  };
}

/** What a group of these values can be expected to do; null while they make none. */
export function forecastOf(
  values: GroupValues,
  { pullIntervalMs, journalBytes, trackBytes }: GroupDefinition,
): Expectation | null {
  const arrangement = chosenArrangement(values);
  const parts = groupSchema.pick({ lines: true, writeMib: true, volumes: true, volumeMib: true }).safeParse(values);
  if (!arrangement || !parts.success) return null;
  const lines = Object.entries(linesFor(arrangement, parts.data.lines));
  return expectationOf(
    arrangement,
    {
      pullIntervalMs,
      journalBytes,
      trackBytes,
      transport: transportOfAll(arrangement, values.transport),
      volumeCount: parts.data.volumes,
      volumeBytes: parts.data.volumeMib * MIB,
      lines: Object.fromEntries(
        lines.map(([name, line]) => [name, { km: line.km, paths: line.paths, rateBytesPerSecond: rateOf(line) }]),
      ),
    },
    { bytesPerSecond: parts.data.writeMib * MIB, writeBytes: WRITE_BYTES },
    DEFAULT_SETTINGS.fenceTimeoutMs,
  );
}
