/** From what an operator asks for to a whole definition: defaults filled in, names checked against the arrangement. */
import {
  ARRANGEMENTS,
  type Arrangement,
  choicesOf,
  defaultGroup,
  findArrangement,
  type GroupDefinition,
  variationOf,
} from '../domain/arrangement.ts';
import { pairKey, pairName, parsePairName } from '../domain/names.ts';
import { refuse } from '../domain/refusal.ts';
import type { Transport } from '../domain/storage-controller.ts';
import { clashOfTransports } from '../domain/transports.ts';
import type { GroupCreateInput } from './inputs.ts';

/** Bounds of the journal where its size is left to us. */
const LEAST_JOURNAL_BYTES = 64 * 1024 * 1024;
const MOST_JOURNAL_BYTES = 1024 * 1024 * 1024;

/** Async pairs of either direction: the only ones that have a choice of transport. */
function asyncPairKeys(arrangement: Arrangement): string[] {
  const pairs = [...arrangement.normal.pairs, ...arrangement.reverse.pairs].filter((pair) => pair.kind === 'async');
  return [...new Set(pairs.map((pair) => pairKey(pair.source, pair.destination)))];
}

function transportOf(arrangement: Arrangement, wanted: Record<string, Transport>): Record<string, Transport> {
  const keys = asyncPairKeys(arrangement);
  const transport: Record<string, Transport> = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (name === '*') {
      for (const key of keys) transport[key] = value;
      continue;
    }
    const ends = parsePairName(name);
    const key = ends && pairKey(ends.source, ends.destination);
    if (!key || !keys.includes(key)) {
      throw refuse(
        'unknown-pair',
        `${arrangement.id} has no asynchronous pair ${name}`,
        `Name one of: ${keys.map((one) => one.replace('~', '-')).join(' ')}.`,
      );
    }
    transport[key] = value;
  }
  refuseClash(arrangement, transport);
  return transport;
}

function refuseClash(arrangement: Arrangement, transport: Record<string, Transport>): void {
  const clash = clashOfTransports(arrangement, transport);
  if (!clash) return;
  const { feeding, leading } = clash;
  const [from, on] = [feeding, leading].map(({ source, destination }) => pairName(source, destination));
  throw refuse(
    'bad-request',
    `${leading.source} gets difference snapshots over ${from} and cannot hand them on over ${on} by journal: behind a set there are no single updates`,
    `Give ${on} difference-snapshot too, or ${from} journal.`,
  );
}

/** Refuses with `bad-request`, `unknown-pair` or `unknown-line`; nothing is changed. */
export function definitionOf(input: GroupCreateInput): GroupDefinition {
  const arrangement = chosenArrangement(input);
  const definition = defaultGroup(input.name, arrangement);
  if (input.volumeCount !== undefined) definition.volumeCount = input.volumeCount;
  if (input.volumeBytes !== undefined) definition.volumeBytes = roundToTracks(input.volumeBytes, definition.trackBytes);
  // A journal as large as small volumes are takes in a whole formation copy's worth of writes before it overflows.
  definition.journalBytes =
    input.journalBytes ??
    Math.min(MOST_JOURNAL_BYTES, Math.max(LEAST_JOURNAL_BYTES, definition.volumeCount * definition.volumeBytes));
  if (input.fence) definition.fence = input.fence;
  if (input.transport) definition.transport = transportOf(arrangement, input.transport);
  if (input.pullIntervalMs !== undefined) definition.pullIntervalMs = input.pullIntervalMs;
  if (input.ledger !== undefined) definition.ledger.enabled = input.ledger;
  if (input.transactionsPerSecond !== undefined) definition.ledger.transactionsPerSecond = input.transactionsPerSecond;
  for (const [name, km] of Object.entries(input.km ?? {})) line(definition, name).km = km;
  for (const [name, paths] of Object.entries(input.paths ?? {})) line(definition, name).paths = paths;
  for (const [name, rate] of Object.entries(input.rateBytesPerSecond ?? {}))
    line(definition, name).rateBytesPerSecond = rate;
  return definition;
}

/** Refuses what does not exist, and choices that the arrangement does not have. */
function chosenArrangement({ arrangement: id, backups, mode }: GroupCreateInput): Arrangement {
  if (!findArrangement(id))
    throw refuse(
      'bad-request',
      `there is no arrangement ${id}`,
      `Choose one of: ${ARRANGEMENTS.map((one) => one.id).join(' ')}.`,
    );
  const chosen = variationOf(id, {
    ...(backups === undefined ? {} : { backups }),
    ...(mode === undefined ? {} : { mode }),
  });
  if (chosen) return chosen;
  const choices = choicesOf(id);
  throw refuse(
    'bad-request',
    choices ? `${id} has no variation with ${backups} backups` : `${id} has no backups or modes to choose from`,
    choices ? `Backups: ${choices.backups.join(', ')}; modes: ${choices.modes.join(', ')}.` : 'Leave them out.',
  );
}

/** Difference bits stand for whole tracks, so a volume is a whole number of them. */
function roundToTracks(bytes: number, trackBytes: number): number {
  return Math.ceil(bytes / trackBytes) * trackBytes;
}

function line(definition: GroupDefinition, name: string) {
  const settings = definition.lines[name];
  if (!settings) {
    throw refuse(
      'unknown-line',
      `${definition.arrangement} has no line ${name}`,
      `Lines: ${Object.keys(definition.lines).join(' ')}.`,
    );
  }
  return settings;
}
