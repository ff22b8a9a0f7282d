import { existsSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { type BundleReport, verifyBundle } from '../../control/evidence/verify-bundle.ts';
import type { DrillReport, DrillView } from '../../control/views.ts';
import { judgeChain } from '../../domain/evidence/judge.ts';
import { RefusedError } from '../../domain/refusal.ts';
import type { Client } from '../client.ts';
import { type CliContext, type Enqueue, result, table } from '../context.ts';
import { type CliResult, EXIT_USAGE, isConnectionError } from '../output.ts';
import { addSchedules } from './schedules.ts';

const LOOK_EVERY_MS = 500;
/** A server that is being restarted is back within this. */
const AWAY_BOUND_MS = 120_000;
/** What a shell says of a command that was interrupted. */
const EXIT_INTERRUPTED = 130;

export function addRunbook(program: Command, enqueue: Enqueue): void {
  const runbook = program.command('runbook').description('drills that record themselves, as sealed evidence');
  addSchedules(runbook, enqueue);
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
        const rows = drills.map((drill) => [
          drill.bundle,
          drill.status === 'sealed' ? (drill.outcome ?? '') : drill.status,
          sizeWords(drill.progress.bytes),
          drill.title,
          drill.stale.length > 0 ? `stale: ${drill.stale.map(({ text }) => text).join('; ')}` : '',
        ]);
        return result(drills, rows.length === 0 ? 'no drill was recorded yet' : table(rows));
      }),
    );
  runbook
    .command('record <name>')
    .description('run a runbook on a group, film it and seal what comes of it')
    .requiredOption('--group <name>', 'group')
    .option('--approved-by <name>', 'who approved it; kept and sealed as you state it')
    .option('--no-wait', 'answer once it has begun')
    .action((name: string, options: RecordOptions, command: Command) =>
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
    .command('verify <bundles...>')
    .description(
      'is it what was sealed? Folders, archives, or names of bundles kept here; several that lie on this machine also as a chain, in the order given. Exit codes: 0 intact, 1 changed, 2 no bundle that could be judged',
    )
    .option('--key <key>', 'a public key that is known to be of the control plane; repeatable', collectKeys)
    .action((bundles: string[], options: { key?: string[] }, command: Command) =>
      enqueue(command, async ({ client }) => verdictOf(await verifyAll(client, bundles, options.key ?? null))),
    );
}

const collectKeys = (key: string, before: string[] = []) => [...before, key];

function sizeWords(bytes: number | null): string {
  return bytes === null ? '' : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

interface RecordOptions {
  group: string;
  wait: boolean;
  approvedBy?: string;
}

async function record(
  { client, streams }: CliContext,
  runbook: string,
  { group, wait, approvedBy }: RecordOptions,
): Promise<CliResult> {
  const begun = await client.drills.start.mutate({ runbook, group, approvedBy: approvedBy ?? null });
  if (!wait) return result(begun, `${begun.bundle} is being recorded`);
  let told = '';
  const leave = () => {
    streams.err(
      `\n${begun.bundle} goes on being recorded, and is sealed when it has ended (npx switchback runbook list).\nTo stop it: npx switchback runbook abort ${begun.bundle}\n`,
    );
    process.exit(EXIT_INTERRUPTED);
  };
  process.once('SIGINT', leave);
  const drill = await sealed(client, begun.id, ({ progress }) => {
    const words = progress.last ?? progress.chapter ?? '';
    if (words !== told && words !== '') streams.err(`${words}\n`);
    told = words;
  }).finally(() => process.off('SIGINT', leave));
  const { ended, trouble, goOn } = drill.progress;
  const ways = goOn.map(({ text, command }) => `- ${text}${command ? ` ${command}` : ''}`);
  const unsealed = drill.manifestHash === null;
  const kept = unsealed ? `not sealed: ${drill.bundle} is no evidence` : `sealed as ${drill.bundle}`;
  const lines = result(drill, `${drill.outcome}: ${drill.title}, ${kept}`, ...ways);
  if (drill.outcome === 'passed') return lines;
  const where = ended?.stoppedAt ?? drill.progress.last ?? 'before its first line';
  const why = trouble ?? ended?.reason;
  return {
    ...lines,
    error: {
      code: `drill-${drill.outcome}`,
      message: `the drill stopped at: ${where}${why ? `: ${why}` : ''}`,
      cure: unsealed
        ? 'See to the place where bundles are kept, look at the status of the group, and record it again.'
        : `Read the report of ${drill.bundle}: it says how the group was left and how to go on.`,
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

interface Verified extends DrillReport {
  /** That it was sealed with; null where there is none to read. */
  publicKey: string | null;
  /** Is the key known to be of the control plane? */
  keyIsKnown: boolean;
  manifest: BundleReport['manifest'];
}

/** What lies on this machine needs no server; of what the server keeps it also judges origin and chain. */
async function verify(client: Client, bundle: string, keys: string[] | null): Promise<Verified> {
  if (!existsSync(bundle)) {
    const report = await client.drills.verify.query({ drill: bundle });
    return { ...report, keyIsKnown: true, manifest: null };
  }
  const { manifest, sha256, intact, findings } = unlessNoBundle(() => verifyBundle(bundle, keys));
  const publicKey = manifest?.publicKey ?? null;
  const name = manifest?.bundle ?? bundle;
  return { bundle: name, intact, findings, chain: [], sha256, publicKey, keyIsKnown: keys !== null, manifest };
}

/** What cannot be judged at all is bad usage, told apart from what was judged and found changed. */
function unlessNoBundle<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new CommanderError(EXIT_USAGE, 'bundle.unreadable', `${error.message} ${error.refusal.cure}`);
  }
}

async function verifyAll(client: Client, bundles: readonly string[], keys: string[] | null): Promise<Verified[]> {
  const reports: Verified[] = [];
  for (const bundle of bundles) reports.push(await verify(client, bundle, keys));
  for (const group of new Set(reports.map(({ manifest }) => manifest?.group)))
    judgeOwnChain(reports.filter(({ manifest }) => manifest?.group === group));
  return reports.map((report) => ({ ...report, intact: report.intact && report.chain.length === 0 }));
}

/** Of bundles of one group that lie here, each has to follow the one before it; what came before the first is elsewhere. */
function judgeOwnChain(reports: readonly Verified[]): void {
  const own = reports.flatMap(({ manifest }) => (manifest ? [{ manifest }] : []));
  const findings = judgeChain(own, null);
  const ofLater = own[0]?.manifest.previous ? findings.slice(1) : findings;
  reports.at(-1)?.chain.push(...ofLater);
}

function verdictOf(reports: readonly Verified[]): CliResult {
  const lines = reports.flatMap(({ bundle, intact, findings, chain, publicKey, keyIsKnown }) => [
    ...(intact ? [`${bundle}: every byte is what was sealed`] : []),
    ...[...findings, ...chain].map((finding) => `${finding.bundle}: ${finding.kind}: ${finding.text}`),
    ...(publicKey === null
      ? []
      : [
          `sealed with the key ${publicKey}${keyIsKnown ? '' : ', which may be anybody’s: compare it with what the control plane says (runbook verify of a bundle kept there), or give it with --key'}`,
        ]),
  ]);
  const told = reports.map(({ manifest: _manifest, ...report }) => report);
  const json = told.length === 1 ? told[0] : { bundles: told, intact: told.every(({ intact }) => intact) };
  const changed = reports.find(({ intact }) => !intact);
  if (!changed) return result(json, ...lines);
  const first = [...changed.findings, ...changed.chain][0];
  return {
    ...result(json, ...lines),
    error: {
      code: 'evidence-changed',
      message: `${changed.bundle} is not what was sealed: ${first?.text ?? ''}`,
      cure: 'Do not rely on it. Take the bundle, or its archive, from the place where it was sealed.',
    },
  };
}
