import type { Command } from 'commander';
import { refuse } from '../../domain/refusal.ts';
import type { Enqueue } from '../context.ts';
import { parseCount } from '../units.ts';

export function addRehearse(program: Command, enqueue: Enqueue): void {
  program
    .command('rehearse')
    .description('the simulator; works with no server running')
    .requiredOption('--arrangement <id>', 'such as chain-3')
    .requiredOption('--seed <n>', 'first seed', parseCount)
    .option('--runs <n>', 'how many seeds', parseCount, 1)
    .option('--mutant <name>', 'with a seeded defect')
    .action((_options: object, command: Command) =>
      enqueue(command, async () => {
        throw refuse('wrong-state', 'the simulator is not part of this build', 'Build Switchback with it.');
      }),
    );
}
