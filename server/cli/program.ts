/** The words of the command, put together; and one call of it, from its words to its exit code. */
import { Command, CommanderError } from 'commander';
import { makeClient, serverUrl } from './client.ts';
import { addFault } from './commands/faults.ts';
import { addGroup } from './commands/groups.ts';
import { addAudit, addLedger, addNbd } from './commands/others.ts';
import { addPair } from './commands/pairs.ts';
import { addRehearse } from './commands/rehearse.ts';
import { addRunbook } from './commands/runbooks.ts';
import { addRun } from './commands/runs.ts';
import { addStatus } from './commands/status.ts';
import type { CliContext, Perform } from './context.ts';
import { type CliStreams, cliErrorOf, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, printError, printResult } from './output.ts';

export interface CliEnvironment {
  environment: NodeJS.ProcessEnv;
  workingFolder: string;
  streams: CliStreams;
  ask: CliContext['ask'];
}

/** `words`: without the program's own name. Answers the exit code; never rejects. */
export async function runCli(
  words: readonly string[],
  { environment, workingFolder, streams, ask }: CliEnvironment,
): Promise<number> {
  const json = words.includes('--json');
  let wanted: Perform | null = null;
  const program = buildProgram(
    (perform) => {
      wanted = perform;
    },
    json ? { out: streams.err, err: () => {} } : streams,
  );
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    return usageExit(error, json, streams);
  }
  const perform = wanted as Perform | null;
  if (!perform) return usageExit(new CommanderError(EXIT_USAGE, 'commander.help', 'no command given'), json, streams);
  let url = '';
  try {
    url = serverUrl(environment, workingFolder);
    const client = makeClient(url, environment.SWITCHBACK_TOKEN);
    return printResult(await perform({ client, streams, ask: json ? null : ask }), json, streams);
  } catch (error) {
    // A word that only the command itself could judge is bad usage like one that its options refuse.
    if (error instanceof CommanderError) {
      if (!json) streams.err(`error: ${error.message}\n`);
      return usageExit(error, json, streams);
    }
    printError(cliErrorOf(error, url), json, streams);
    return EXIT_FAILED;
  }
}

function usageExit(error: unknown, json: boolean, streams: CliStreams): number {
  if (!(error instanceof CommanderError)) {
    printError(cliErrorOf(error, ''), json, streams);
    return EXIT_FAILED;
  }
  if (error.exitCode === 0) return EXIT_DONE;
  const message = error.message === '(outputHelp)' ? 'no command given' : error.message.replace(/^error: /, '');
  if (json) printError({ code: 'bad-usage', message, cure: 'See switchback --help.' }, true, streams);
  return EXIT_USAGE;
}

function buildProgram(enqueue: (perform: Perform) => void, streams: CliStreams): Command {
  const program = new Command('switchback');
  program
    .description(
      'Disaster recovery of replicated storage, from the command line. Exit codes: 0 done, 1 refused or failed, 2 bad usage.',
    )
    .option('--json', 'one JSON value on standard output')
    .showHelpAfterError('(see switchback --help)')
    .exitOverride()
    .configureOutput({ writeOut: streams.out, writeErr: streams.err });
  const take = (_command: Command, perform: Perform) => enqueue(perform);
  for (const add of [
    addStatus,
    addGroup,
    addPair,
    addRun,
    addFault,
    addLedger,
    addNbd,
    addRehearse,
    addRunbook,
    addAudit,
  ])
    add(program, take);
  inherit(program);
  return program;
}

/** Every command takes --json, and none ends the process by itself. */
function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    if (command.commands.length === 0 || command.name() === 'run')
      command.option('--json', 'one JSON value on standard output');
    inherit(command);
  }
}
