import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Command, Option } from 'commander';
import { ALL_ARRANGEMENTS } from '../../domain/arrangement.ts';
import { TRANSPORTS, type Transport } from '../../domain/storage-controller.ts';
import type { Rehearsal } from '../../simulation/rehearse.ts';
import { type CliContext, type Enqueue, result } from '../context.ts';
import type { CliResult } from '../output.ts';
import { parseCount } from '../units.ts';

interface RehearseOptions {
  arrangement: string;
  seed: number;
  runs: number;
  mutant?: string;
  transport: Transport;
}

/** In place of an arrangement: each in turn. */
const EVERY = 'all';
/** Schedules tried at most to shorten one that fails. */
const SHRINK_BUDGET = 60;
/** Of many runs only those that failed are kept whole. */
const WHOLE_UP_TO = 20;

/** A seed reproduces a run only together with the code it was played with. */
async function commitOf(): Promise<string | null> {
  try {
    return (await promisify(execFile)('git', ['rev-parse', '--short=12', 'HEAD'])).stdout.trim();
  } catch {
    return null;
  }
}

async function rehearseNow({ streams }: CliContext, options: RehearseOptions): Promise<CliResult> {
  // Loaded here: no other command should wait for the simulator to load.
  const { rehearse, renderRehearsal } = await import('../../simulation/rehearse.ts');
  const commit = await commitOf();
  const kept: Rehearsal[] = [];
  let failed = 0;
  const arrangements = options.arrangement === EVERY ? ALL_ARRANGEMENTS.map(({ id }) => id) : [options.arrangement];
  const runs = options.runs * arrangements.length;
  const request = {
    transport: options.transport,
    seed: options.seed,
    runs: options.runs,
    mutant: options.mutant ?? null,
    shrinkBudget: options.mutant ? 0 : SHRINK_BUDGET,
  };
  for (const arrangement of arrangements)
    await rehearse({ arrangement, ...request }, (rehearsal) => {
      if (!rehearsal.passed) failed += 1;
      if (!rehearsal.passed || runs <= WHOLE_UP_TO) kept.push(rehearsal);
      streams.err(
        `${arrangement} ${rehearsal.transport} seed ${rehearsal.seed}: ${rehearsal.passed ? 'every checker holds' : 'FAILED'}\n`,
      );
    });
  const summary = `${runs - failed} of ${runs} seeds: every checker holds`;
  const json = {
    commit,
    arrangement: options.arrangement,
    transport: options.transport,
    seed: options.seed,
    runs,
    mutant: request.mutant,
    passed: runs - failed,
    failed,
    rehearsals: kept,
  };
  const found = result(json, ...kept.map((rehearsal) => renderRehearsal(rehearsal, commit)), summary);
  const error = verdictOn({ ...options, runs }, failed);
  return error ? { ...found, error } : found;
}

/** A seeded defect is there to be caught; without one nothing may fail. */
function verdictOn({ mutant, runs, seed }: RehearseOptions, failed: number): CliResult['error'] | null {
  if (mutant === undefined && failed > 0) {
    return {
      code: 'rehearsal-failed',
      message: `${failed} of ${runs} seeds failed`,
      cure: 'The shortest schedule that fails is printed; keep it as a regression.',
    };
  }
  if (mutant !== undefined && failed === 0) {
    return {
      code: 'mutant-survived',
      message: `no checker caught ${mutant} in ${runs} seeds from ${seed}`,
      cure: 'Try more seeds (--runs).',
    };
  }
  return null;
}

export function addRehearse(program: Command, enqueue: Enqueue): void {
  program
    .command('rehearse')
    .description('the simulator; works with no server running')
    .requiredOption('--arrangement <id>', `such as chain-3; ${EVERY}: each in turn`)
    .requiredOption('--seed <n>', 'first seed', parseCount)
    .option('--runs <n>', 'how many seeds of each arrangement', parseCount, 1)
    .addOption(
      new Option('--transport <kind>', 'of the asynchronous pairs').choices([...TRANSPORTS]).default('journal'),
    )
    .option('--mutant <name>', 'with a seeded defect, which a checker has to catch')
    .action((options: RehearseOptions, command: Command) =>
      enqueue(command, (context) => rehearseNow(context, options)),
    );
}
