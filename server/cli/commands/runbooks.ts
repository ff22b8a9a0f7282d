import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { verifyBundle } from '../../control/evidence/verify-bundle.ts';
import type { DrillReport, DrillView } from '../../control/views.ts';
import type { Client } from '../client.ts';
import { type CliContext, type Enqueue, result, table } from '../context.ts';
import { type CliResult, isConnectionError } from '../output.ts';

const LOOK_EVERY_MS = 500;
/** A server that is being restarted is back within this. */
const AWAY_BOUND_MS = 120_000;

export function addRunbook(program: Command, enqueue: Enqueue): void {
  const runbook = program.command('runbook').description('drills that record themselves, as sealed evidence');
  runbook
    .command('library')
    .description('runbooks there are')
    .action((_options: object, command: Command) =>
      enqueue(command, async ({ client }) => {
        const entries = await client.drills.runbooks.query();
        return result(entries, table(entries.map(({ name, arrangement, title }) => [name, arrangement, title])));
      }),
    );
  runbook
    .command('list')
    .description('recorded drills, newest first')
    .option('--group <name>', 'of this group only')
    .action((options: { group?: string }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const drills = await client.drills.list.query({ group: options.group ?? null });
        const rows = drills.map((drill) => [drill.bundle, drill.outcome ?? drill.status, drill.title]);
        return result(drills, rows.length === 0 ? 'no drill was recorded yet' : table(rows));
      }),
    );
  runbook
    .command('record <name>')
    .description('run a runbook on a group, film it and seal what comes of it')
    .requiredOption('--group <name>', 'group')
    .option('--no-wait', 'answer once it has begun')
    .action((name: string, options: { group: string; wait: boolean }, command: Command) =>
      enqueue(command, (context) => record(context, name, options)),
    );
  runbook
    .command('abort <drill>')
    .description('end a recording; it is sealed as aborted')
    .action((drill: string, _options: object, command: Command) =>
      enqueue(command, async ({ client }) => {
        const view = await client.drills.abort.mutate({ drill });
        return result(view, `${view.bundle} is being ended and sealed`);
      }),
    );
  runbook
    .command('verify <bundle>')
    .description('is it what was sealed? A folder, an archive, or the name of a bundle kept here')
    .action((bundle: string, _options: object, command: Command) =>
      enqueue(command, async ({ client }) => verdictOf(await verify(client, bundle))),
    );
}

async function record(
  { client, streams }: CliContext,
  runbook: string,
  { group, wait }: { group: string; wait: boolean },
): Promise<CliResult> {
  const begun = await client.drills.start.mutate({ runbook, group });
  if (!wait) return result(begun, `${begun.bundle} is being recorded`);
  let told = '';
  const drill = await sealed(client, begun.id, ({ progress }) => {
    const words = progress.last ?? progress.chapter ?? '';
    if (words !== told && words !== '') streams.err(`${words}\n`);
    told = words;
  });
  const { ended } = drill.progress;
  const lines = result(drill, `${drill.outcome}: ${drill.title}, sealed as ${drill.bundle}`);
  if (drill.outcome === 'passed') return lines;
  const where = ended?.stoppedAt ?? drill.progress.last ?? 'before its first line';
  return {
    ...lines,
    error: {
      code: `drill-${drill.outcome}`,
      message: `the drill stopped at: ${where}${ended?.reason ? `: ${ended.reason}` : ''}`,
      cure: `Read the report of ${drill.bundle}: it says how the group was left and how to go on.`,
    },
  };
}

/** Asks until it is sealed, through restarts of the server in between. */
async function sealed(client: Client, id: string, tell: (drill: DrillView) => void): Promise<DrillView> {
  let lastHeardAt = Date.now();
  for (;;) {
    try {
      const drill = await client.drills.get.query({ drill: id });
      lastHeardAt = Date.now();
      tell(drill);
      if (drill.status === 'sealed') return drill;
    } catch (error) {
      if (!isConnectionError(error) || Date.now() - lastHeardAt > AWAY_BOUND_MS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What lies on this machine needs no server; of what the server keeps it also judges origin and chain. */
async function verify(client: Client, bundle: string): Promise<DrillReport> {
  if (!existsSync(bundle)) return client.drills.verify.query({ drill: bundle });
  const { manifest, sha256, intact, findings } = verifyBundle(bundle, null);
  return { bundle: manifest?.bundle ?? bundle, intact, findings, chain: [], sha256 };
}

function verdictOf(report: DrillReport): CliResult {
  if (report.intact) return result(report, `${report.bundle}: every byte is what was sealed`);
  const findings = [...report.findings, ...report.chain];
  return {
    ...result(report, ...findings.map(({ bundle, kind, text }) => `${bundle}: ${kind}: ${text}`)),
    error: {
      code: 'evidence-changed',
      message: `${report.bundle} is not what was sealed: ${findings[0]?.text ?? ''}`,
      cure: 'Do not rely on it. Take the bundle, or its archive, from the place where it was sealed.',
    },
  };
}
