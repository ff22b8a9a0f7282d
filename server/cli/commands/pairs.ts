import { type Command, Option } from 'commander';
import { tableOf, tablePages, wordText } from '../../domain/difference-table.ts';
import { parsePairName } from '../../domain/names.ts';
import { PAIR_STATES } from '../../domain/pair-states.ts';
import { type RefusedError, refuse } from '../../domain/refusal.ts';
import { type Enqueue, result } from '../context.ts';
import { cliErrorOf } from '../output.ts';
import { parseDuration } from '../units.ts';

const INSTRUCTIONS = {
  create: 'form the pair and copy everything stored',
  split: 'suspend the pair; later changes are marked',
  resync: 'copy what differs, then duplex again',
  reverse: 'exchange source and destination',
  drain: 'move everything the source still holds, then suspend',
  delete: 'drop the pair',
} as const;

/** One request waits no longer than this, so that proxies and restarts in between do no harm. */
const WAIT_SLICE_MS = 20_000;

export function addPair(program: Command, enqueue: Enqueue): void {
  const pair = program.command('pair').description('instructions to copy pairs');
  for (const [instruction, description] of Object.entries(INSTRUCTIONS) as [keyof typeof INSTRUCTIONS, string][]) {
    pair
      .command(instruction)
      .description(description)
      .requiredOption('--group <name>', 'group')
      .requiredOption('--pair <pair>', 'source first, such as P-I')
      .action((options: { group: string; pair: string }, command: Command) =>
        enqueue(command, async ({ client }) => {
          const done = await client.pairs.instruct.mutate({ ...options, instruction });
          return result(done, `${done.pair}: ${done.state}`);
        }),
      );
  }
  addTable(pair, enqueue);
  pair
    .command('wait')
    .description('wait until a pair is in a state')
    .requiredOption('--group <name>', 'group')
    .requiredOption('--pair <pair>', 'source first, such as P-I')
    .addOption(
      new Option('--state <state>', 'state to wait for').choices([...PAIR_STATES, 'absent']).makeOptionMandatory(),
    )
    .option('--timeout <time>', 'such as 60s', parseDuration, 60_000)
    .action(
      (
        options: { group: string; pair: string; state: (typeof PAIR_STATES)[number] | 'absent'; timeout: number },
        command: Command,
      ) =>
        enqueue(command, async ({ client }) => {
          const until = performance.now() + options.timeout;
          for (;;) {
            const leftMs = Math.max(0, Math.round(until - performance.now()));
            try {
              const seen = await client.pairs.wait.query({
                group: options.group,
                pair: options.pair,
                state: options.state,
                timeoutMs: Math.min(leftMs, WAIT_SLICE_MS),
              });
              return result(seen, `${seen.pair}: ${seen.state}`);
            } catch (error) {
              const failure = cliErrorOf(error, '');
              if (failure.code !== 'timeout') throw error;
              if (leftMs <= WAIT_SLICE_MS) throw overdue(failure.message, options.timeout);
            }
          }
        }),
    );
}

/** The difference-management table of one end: every cylinder with a marked track, as JSON or as lines. */
function addTable(pair: Command, enqueue: Enqueue): void {
  pair
    .command('table')
    .description('the difference table of a pair: device, cylinder, track')
    .requiredOption('--group <name>', 'group')
    .requiredOption('--pair <pair>', 'source first, such as M-B1')
    .option('--on <system>', 'end whose table is read; the source where nothing is said')
    .action((options: { group: string; pair: string; on?: string }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const ends = parsePairName(options.pair);
        if (!ends) throw refuse('bad-request', `${options.pair} is no pair name`, 'Name it source first, like M-B1.');
        const of = { group: options.group, system: options.on ?? ends.source };
        const { tracksPerVolume } = await client.pairs.differences.query({ ...of, pair: options.pair, buckets: 1 });
        const pages = [];
        for (const page of tablePages(options.pair, tracksPerVolume))
          pages.push(await client.pairs.differences.query({ ...of, ...page }));
        const table = tableOf(pages);
        const rows = (table?.devices ?? []).flatMap(({ device, cylinders }) =>
          cylinders.map(({ cylinder, word, tracks, leftTracks, unconfirmedTracks }) =>
            [
              `device ${device} cylinder ${cylinder} ${wordText(word)} tracks ${tracks.join(' ')}`.trimEnd(),
              ...(leftTracks ? [`left as written here ${leftTracks.join(' ')}`] : []),
              ...(unconfirmedTracks ? [`not confirmed ${unconfirmedTracks.join(' ')}`] : []),
            ].join('; '),
          ),
        );
        if (table?.unconfirmed)
          rows.push(
            `${table.unconfirmed.updates} updates not confirmed by the other end${table.unconfirmed.isListed ? '' : ', too many to name their tracks'}`,
          );
        return result(
          table,
          ...(table?.devices.some(({ cylinders }) => cylinders.length > 0)
            ? rows
            : [`no track is marked at ${of.system}`, ...rows]),
        );
      }),
    );
}

/** The last slice's own message names its own bound; the operator's was longer. */
function overdue(message: string, timeoutMs: number): RefusedError {
  return refuse(
    'timeout',
    message.replace(/after [\d.]+ s$/, `after ${timeoutMs / 1000} s`),
    'Look at what holds it up (status), then wait again.',
  );
}
