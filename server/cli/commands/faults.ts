import type { Command } from 'commander';
import type { FaultInput, FaultKind, FaultView } from '../../api/views.ts';
import { type CliContext, type Enqueue, result, table } from '../context.ts';
import type { CliResult } from '../output.ts';
import { parseBytes, parseNumber } from '../units.ts';

function lineOf(fault: FaultView): string[] {
  return [
    fault.id,
    fault.group ?? '',
    fault.kind,
    fault.target,
    fault.clearedAt === null ? 'stands' : 'cleared',
    fault.text,
  ];
}

async function inject({ client }: CliContext, input: FaultInput): Promise<CliResult> {
  const fault = await client.faults.inject.mutate(input);
  return result(fault, fault.text);
}

interface LineOptions {
  group: string;
  line: string;
  from?: string;
  delayMs?: number;
  loss?: number;
  rate?: number;
}

export function addFault(program: Command, enqueue: Enqueue): void {
  const fault = program.command('fault').description('real faults: signals to real processes, lines really cut');
  for (const kind of ['kill', 'restart'] as const) {
    fault
      .command(kind)
      .description(kind === 'kill' ? 'SIGKILL a process and hold it down' : 'let a process run again')
      .option('--group <name>', 'group; not needed for control')
      .requiredOption('--on <process>', 'P, I, R, host-P, host-R, witness, control, …')
      .action((options: { group?: string; on: string }, command: Command) =>
        enqueue(command, (context) =>
          inject(context, {
            kind,
            target: options.on,
            ...(options.group === undefined ? {} : { group: options.group }),
          }),
        ),
      );
  }
  for (const kind of ['cut', 'restore', 'degrade'] as const) {
    const line = fault
      .command(kind)
      .description(
        {
          cut: 'make all bytes of a line vanish',
          restore: 'return a line to its definition',
          degrade: 'make a line slow, lossy or narrow',
        }[kind],
      )
      .requiredOption('--group <name>', 'group')
      .requiredOption('--line <line>', 'such as P-I or host-P-host-R');
    if (kind !== 'restore') line.option('--from <end>', 'only the direction that leaves this end');
    if (kind === 'degrade') {
      line
        .option('--delay-ms <ms>', 'added one-way delay', parseNumber)
        .option('--loss <share>', 'share of chunks lost, 0 to 1', parseNumber)
        .option('--rate <bytes>', 'bytes per second, such as 1MiB', parseBytes);
    }
    line.action((options: LineOptions, command: Command) =>
      enqueue(command, (context) => {
        const conditions = {
          ...(options.delayMs === undefined ? {} : { delayMs: options.delayMs }),
          ...(options.loss === undefined ? {} : { loss: options.loss }),
          ...(options.rate === undefined ? {} : { rateBytesPerSecond: options.rate }),
        };
        return inject(context, {
          kind,
          group: options.group,
          target: options.line,
          ...(options.from === undefined ? {} : { from: options.from }),
          ...(kind === 'degrade' ? { conditions } : {}),
        });
      }),
    );
  }
  for (const kind of ['site-loss', 'site-return'] as const) {
    fault
      .command(kind)
      .description(
        kind === 'site-loss'
          ? 'SIGKILL every process of a site and hold them down'
          : 'let every process of a site run again',
      )
      .requiredOption('--group <name>', 'group')
      .requiredOption('--site <site>', 'production, intermediate, remote, witness')
      .action((options: { group: string; site: string }, command: Command) =>
        enqueue(command, (context) => inject(context, { kind, group: options.group, target: options.site })),
      );
  }
  addMachineFaults(fault, enqueue);
  addList(fault, enqueue);
}

function addMachineFaults(fault: Command, enqueue: Enqueue): void {
  const kinds: Partial<Record<FaultKind, string>> = {
    'disk-full': 'make every write of a storage system fail for want of space',
    'write-error': 'make every write of a storage system fail',
    isolate: 'cut every line of a process',
  };
  for (const [kind, description] of Object.entries(kinds) as [FaultKind, string][]) {
    fault
      .command(kind)
      .description(description)
      .requiredOption('--group <name>', 'group')
      .requiredOption('--on <process>', 'P, I, R, host-P, …')
      .action((options: { group: string; on: string }, command: Command) =>
        enqueue(command, (context) => inject(context, { kind, group: options.group, target: options.on })),
      );
  }
}

function addList(fault: Command, enqueue: Enqueue): void {
  fault
    .command('list')
    .description('faults that stand')
    .option('--group <name>', 'of one group')
    .option('--all', 'cleared ones too')
    .action((options: { group?: string; all?: boolean }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const faults = await client.faults.list.query({ group: options.group ?? null, active: !options.all });
        return result({ faults }, faults.length === 0 ? 'No faults.' : table(faults.map(lineOf)));
      }),
    );
  fault
    .command('clear [id]')
    .description('clear one fault, or all')
    .option('--group <name>', 'all of one group')
    .action((id: string | undefined, options: { group?: string }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const cleared =
          id === undefined
            ? await client.faults.clearAll.mutate({ group: options.group ?? null })
            : [await client.faults.clear.mutate({ fault: id })];
        return result(
          { cleared },
          cleared.length === 0 ? 'Nothing to clear.' : cleared.map((one) => `cleared: ${one.text}`).join('\n'),
        );
      }),
    );
}
