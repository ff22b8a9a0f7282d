import type { Command } from 'commander';
import { type Enqueue, result } from '../context.ts';
import { parseCount, parseNumber } from '../units.ts';

export function addLedger(program: Command, enqueue: Enqueue): void {
  const ledger = program.command('ledger').description('the work application');
  for (const word of ['start', 'stop'] as const) {
    ledger
      .command(word)
      .description(`${word} the work on the host of the system that holds the role`)
      .requiredOption('--group <name>', 'group')
      .action((options: { group: string }, command: Command) =>
        enqueue(command, async ({ client }) => {
          const work = await client.ledger[word].mutate(options);
          return result(work, work.running ? 'the ledger runs' : `the ledger is stopped: ${work.stoppedReason ?? ''}`);
        }),
      );
  }
  ledger
    .command('rate')
    .description('transactions per second; 0 pauses')
    .requiredOption('--group <name>', 'group')
    .requiredOption('--per-second <n>', 'rate', parseNumber)
    .action((options: { group: string; perSecond: number }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const work = await client.ledger.rate.mutate({
          group: options.group,
          transactionsPerSecond: options.perSecond,
        });
        return result(work, `${work.ratePerSecond} transactions per second`);
      }),
    );
  addVerify(ledger, enqueue);
}

function addVerify(ledger: Command, enqueue: Enqueue): void {
  ledger
    .command('verify')
    .description('completed against present, and the balance')
    .requiredOption('--group <name>', 'group')
    .option('--on <system>', 'on the host of this system instead of the holder')
    .action((options: { group: string; on?: string }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const report = await client.ledger.verify.mutate({ group: options.group, on: options.on ?? null });
        const words = [
          `verified on ${report.verifiedOn}: completed through ${report.completedThrough} (${report.source}), present through ${report.presentThrough}`,
          `${report.missingCount} missing, ${report.uncompletedPresent} present but never told complete, ${report.corrupt} corrupt`,
          `balance ${report.balance.total} of ${report.balance.expected} over ${report.balance.accounts} accounts: ${report.balance.adds ? 'adds up' : 'DOES NOT ADD UP'}`,
        ];
        const sound = report.corrupt === 0 && report.balance.adds;
        // Missing transactions are a finding, counted in the report; a damaged ledger is a failure.
        if (sound) return result(report, ...words);
        const error = {
          code: 'ledger-damaged',
          message: `the ledger on ${report.verifiedOn} is damaged`,
          cure: 'Do not work on it; verify the other systems (--on).',
        };
        return { ...result(report, ...words), error };
      }),
    );
}

export function addNbd(program: Command, enqueue: Enqueue): void {
  program
    .command('nbd')
    .description('print the nbd:// URI of a volume')
    .requiredOption('--group <name>', 'group')
    .requiredOption('--on <system>', 'P, I, R, …')
    .option('--volume <n>', 'volume', parseCount, 0)
    .action((options: { group: string; on: string; volume: number }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const { uri } = await client.groups.nbd.query({
          group: options.group,
          system: options.on,
          volume: options.volume,
        });
        return result({ uri }, uri);
      }),
    );
}

export function addAudit(program: Command, enqueue: Enqueue): void {
  const audit = program.command('audit').description('the hash-chained log of who did what');
  audit
    .command('verify')
    .description('check every link')
    .action((_options: object, command: Command) =>
      enqueue(command, async ({ client }) => {
        const report = await client.events.verifyAudit.query();
        if (report.intact) return result(report, report.text);
        return {
          ...result(report, report.text),
          error: {
            code: 'audit-broken',
            message: report.text,
            cure: 'Compare with a copy kept elsewhere; find out who can write to the database.',
          },
        };
      }),
    );
}

/** Recorded drills come with a later version; until then the commands say so instead of doing half of it. */
