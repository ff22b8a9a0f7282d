import { type Command, InvalidArgumentError, Option } from 'commander';
import { ARRANGEMENTS, choicesOf, TWIN_MODES, type TwinMode } from '../../domain/arrangement.ts';
import { wordsOfOperation } from '../../domain/arrangements/words.ts';
import { refuse } from '../../domain/refusal.ts';
import { TRANSPORTS, type Transport } from '../../domain/storage-controller.ts';
import { type Enqueue, result } from '../context.ts';
import { collectNamed, collectNumbers, parseBytes, parseCount } from '../units.ts';

interface CreateOptions {
  arrangement: string;
  volumes?: number;
  volumeSize?: number;
  transport?: Record<string, Transport>;
  mode?: TwinMode;
  km?: Record<string, number>;
  backups?: number;
  fence?: 'status' | 'data' | 'never';
  ledger: boolean;
}

/** A word that names no transport is bad usage. */
function collectTransports(
  text: string,
  before: Record<string, Transport> | undefined,
): Record<string, Transport> | undefined {
  const [[pair = '', word = ''] = []] = Object.entries(collectNamed(text, undefined));
  const transport = TRANSPORTS.find((name) => name === word);
  if (!transport) throw new InvalidArgumentError(`There is no transport ${word}; use ${TRANSPORTS.join(' or ')}.`);
  return { ...before, [pair]: transport };
}

/** Choices that the arrangement does not have are refused by name, not ignored. */
function refuseForeign({ arrangement, mode, backups }: CreateOptions): void {
  if (choicesOf(arrangement) || (mode === undefined && backups === undefined)) return;
  const given = backups === undefined ? '--mode' : '--backups';
  const having = ARRANGEMENTS.filter(({ id }) => choicesOf(id)).map(({ id }) => id);
  throw refuse(
    'bad-request',
    `${given} is no choice of ${arrangement}`,
    `It belongs to ${having.join(', ')}; leave it out.`,
  );
}

/** What else can be chosen of an arrangement. */
function choiceLines(id: string): string[] {
  const choices = choicesOf(id);
  return choices ? [`  --backups ${choices.backups.join('|')}  --mode ${choices.modes.join('|')}`] : [];
}

export function addGroup(program: Command, enqueue: Enqueue): void {
  const group = program.command('group').description('define, show and delete groups');
  group
    .command('create <name>')
    .description('define a group and start its processes')
    .addOption(
      new Option('--arrangement <id>', 'what it is made of (group arrangements)')
        .choices(ARRANGEMENTS.map((each) => each.id))
        .makeOptionMandatory(),
    )
    .option('--volumes <n>', 'how many volumes', parseCount)
    .option('--volume-size <size>', 'such as 64MiB', parseBytes)
    .option('--transport <[pair=]kind>', `${TRANSPORTS.join(' or ')}; repeatable`, collectTransports)
    .addOption(new Option('--mode <mode>', 'twin only').choices(TWIN_MODES))
    .option('--km <line=km>', 'length of a line, such as P-I=100; repeatable', collectNumbers)
    .option('--backups <n>', 'twin only', parseCount)
    .addOption(
      new Option('--fence <level>', 'what a host write gets while the sync pair is split').choices([
        'status',
        'data',
        'never',
      ]),
    )
    .option('--no-ledger', 'leave every volume to outside hosts')
    .action((name: string, options: CreateOptions, command: Command) =>
      enqueue(command, async ({ client }) => {
        refuseForeign(options);
        const created = await client.groups.create.mutate({
          name,
          arrangement: options.arrangement,
          ...(options.backups === undefined ? {} : { backups: options.backups }),
          ...(options.mode === undefined ? {} : { mode: options.mode }),
          ...(options.volumes === undefined ? {} : { volumeCount: options.volumes }),
          ...(options.volumeSize === undefined ? {} : { volumeBytes: options.volumeSize }),
          ...(options.transport ? { transport: options.transport } : {}),
          ...(options.km ? { km: options.km } : {}),
          ...(options.fence ? { fence: options.fence } : {}),
          ledger: options.ledger,
        });
        return result(created, `group ${created.group} created`);
      }),
    );
  group
    .command('arrangements')
    .description('what a group can be made of, in normal and in reverse operation')
    .action((_options: object, command: Command) =>
      enqueue(command, async () => {
        const rows = ARRANGEMENTS.flatMap((each) => [
          each.id,
          `  ${each.title}`,
          `  normal   ${wordsOfOperation(each, each.normal)}`,
          `  reverse  ${wordsOfOperation(each, each.reverse)}`,
          ...choiceLines(each.id),
        ]);
        return result(ARRANGEMENTS, ...rows);
      }),
    );
  group
    .command('show <name>')
    .description('the group as it was defined')
    .action((name: string, _options: object, command: Command) =>
      enqueue(command, async ({ client }) => {
        const definition = await client.groups.definition.query({ group: name });
        return result(definition, JSON.stringify(definition, null, 2));
      }),
    );
  group
    .command('delete <name>')
    .description('stop its processes and remove its data')
    .action((name: string, _options: object, command: Command) =>
      enqueue(command, async ({ client }) => {
        const deleted = await client.groups.delete.mutate({ group: name, typedName: name });
        return result(deleted, `group ${deleted.group} deleted`);
      }),
    );
}
