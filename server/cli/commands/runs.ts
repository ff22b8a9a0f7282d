import { type Command, InvalidArgumentError } from 'commander';
import type { CliContext, Enqueue } from '../context.ts';
import { result, table } from '../context.ts';
import type { CliResult } from '../output.ts';
import { collectPairs } from '../units.ts';
import { followRun, runJson, runResult } from './run-follow.ts';

interface StartOptions {
  group?: string;
  yes?: boolean;
  decide?: Record<string, string>;
  step?: boolean;
  attest?: string;
  destroyedAt?: number;
  detach?: boolean;
}

function parseTime(text: string): number {
  const at = Date.parse(text);
  if (!Number.isFinite(at)) throw new InvalidArgumentError('Not a time; write it like 2026-01-31T03:12:00Z.');
  return at;
}

async function start(context: CliContext, routine: string, group: string, options: StartOptions): Promise<CliResult> {
  const { run } = await context.client.runs.start.mutate({
    group,
    routine,
    mode: options.step ? 'step' : 'through',
    acceptDefaults: options.yes ?? false,
    decisions: options.decide ?? {},
    attestation:
      options.attest === undefined ? null : { text: options.attest, destroyedAt: options.destroyedAt ?? Date.now() },
  });
  if (options.detach) return result(runJson(await context.client.runs.get.query({ run })), `run ${run} started`);
  context.streams.err(`run ${run}\n`);
  // With --yes nobody is asked: what has no harmless default is left waiting, and said.
  return runResult(await followRun(options.yes ? { ...context, ask: null } : context, run));
}

async function order(
  context: CliContext,
  run: string,
  word: 'continue' | 'abort' | 'retry' | 'pause' | 'end',
): Promise<CliResult> {
  await context.client.runs.order.mutate({ run, key: crypto.randomUUID(), order: { order: word } });
  if (word === 'pause' || word === 'end')
    return result(runJson(await context.client.runs.get.query({ run })), `${word}: told run ${run}`);
  const view = await followRun(context, run);
  // An abort that was asked for and happened is what the operator wanted.
  return word === 'abort' && view.ending === 'aborted'
    ? result(runJson(view), `run ${run} aborted: ${view.endingText ?? ''}`)
    : runResult(view);
}

export function addRun(program: Command, enqueue: Enqueue): void {
  const run = program
    .command('run')
    .description('start a routine and follow it to its end; or look after runs')
    .argument('<routine>', 'such as failover')
    .option('--group <name>', 'group')
    .option('--yes', 'take the harmless default at every decision that has one')
    .option('--decide <step=choice>', 'choose beforehand, dangerous choices too; repeatable', collectPairs)
    .option('--step', 'wait before every step')
    .option('--attest <text>', 'state that the site was destroyed, for a choice that needs it')
    .option('--destroyed-at <time>', 'when it was destroyed', parseTime)
    .option('--detach', 'start it and do not follow')
    .action((routine: string, options: StartOptions, command: Command) => {
      const { group } = options;
      if (group === undefined) command.error("error: required option '--group <name>' not specified");
      else enqueue(command, (context) => start(context, routine, group, options));
    });
  run
    .command('list')
    .description('runs, newest first')
    .option('--group <name>', 'of one group')
    .action((_options: object, command: Command) =>
      enqueue(command, async ({ client }) => {
        // `run` itself has an option of this name, and takes it wherever it stands.
        const { group } = command.optsWithGlobals<{ group?: string }>();
        const runs = await client.runs.list.query({ group: group ?? null });
        const rows = runs.map((view) => [
          view.run,
          view.group,
          view.routine,
          view.status === 'ended' ? (view.ending ?? '') : view.status,
          new Date(view.startedAt).toISOString(),
        ]);
        return result({ runs: runs.map(runJson) }, runs.length === 0 ? 'No runs yet.' : table(rows));
      }),
    );
  run
    .command('show <id>')
    .description('one run as it stands')
    .action((id: string, _options: object, command: Command) =>
      enqueue(command, async ({ client }) => {
        const { json, text } = runResult(await client.runs.get.query({ run: id }));
        return { json, text };
      }),
    );
  const orders = {
    resume: ['continue', 'go on from a pause, or at the step that was refused'],
    abort: ['abort', 'give it up, to the named state of its step'],
    retry: ['retry', 'try the step again that was refused, under a new claim'],
    pause: ['pause', 'wait after the step under way'],
    end: ['end', 'end a resident routine after its cycle'],
  } as const;
  for (const [name, [word, description]] of Object.entries(orders)) {
    run
      .command(`${name} <id>`)
      .description(description)
      .action((id: string, _options: object, command: Command) =>
        enqueue(command, (context) => order(context, id, word)),
      );
  }
  addDecide(run, enqueue);
}

function addDecide(run: Command, enqueue: Enqueue): void {
  run
    .command('decide')
    .description('answer what a run asks, and follow it on')
    .argument('<id>', 'of the run')
    .argument('<step=choice>', 'such as S201=stop', (text) => collectPairs(text, undefined))
    .option('--confirm <group>', "the group's name, typed, for a dangerous choice")
    .action((id: string, words: Record<string, string>, options: { confirm?: string }, command: Command) =>
      enqueue(command, async (context) => {
        const { attest, destroyedAt } = command.optsWithGlobals<StartOptions>();
        const [[step = '', choice = ''] = []] = Object.entries(words);
        const attestation = attest === undefined ? null : { text: attest, destroyedAt: destroyedAt ?? Date.now() };
        await context.client.runs.order.mutate({
          run: id,
          key: crypto.randomUUID(),
          order: { order: 'decide', step, choice, typedName: options.confirm ?? null, attestation },
        });
        return runResult(await followRun(context, id));
      }),
    );
}
