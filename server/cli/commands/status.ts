import type { Command } from 'commander';
import type { GroupStatus, PairStatus } from '../../domain/group-status.ts';
import { type Enqueue, result, table } from '../context.ts';
import { bytesText } from '../units.ts';

const upText = (up: boolean | null) => (up === null ? 'unknown' : up ? 'up' : 'DOWN');

function ageText(at: number | null, now: number): string {
  return at === null ? 'never seen' : `${(Math.max(0, now - at) / 1000).toFixed(1)} s ago`;
}

function stateText({ name, state, stateAtSource, stateAtDestination }: PairStatus): string {
  if (stateAtSource === stateAtDestination) return state;
  const [source, destination] = name.split('-');
  const says = `${source} says ${stateAtSource}, ${destination} says ${stateAtDestination}`;
  return says.includes('unknown')
    ? `${state} (${says.replace('says unknown', 'is silent')})`
    : `${state} (ends disagree: ${says})`;
}

function lines(status: GroupStatus, now: number): string {
  const systems = status.systems.map((system) => [
    `  ${system.name}`,
    system.site,
    system.role,
    upText(system.up),
    system.pid === null ? '' : `pid ${system.pid}`,
    system.port === null ? '' : `nbd ${system.port}`,
    system.hostWrites?.accepted ? 'takes host writes' : '',
    `${system.observer}, ${ageText(system.observedAt, now)}`,
  ]);
  const pairs = status.pairs.map((pair) => [
    `  ${pair.name}`,
    pair.kind,
    stateText(pair),
    pair.lag ? `${pair.lag.updates} updates, ${bytesText(pair.lag.bytes)} behind` : '',
    pair.dirtyTracks === null ? '' : `${pair.dirtyTracks} dirty tracks`,
    `${pair.observer}, ${ageText(pair.observedAt, now)}`,
  ]);
  const hosts = status.hosts.map((host) => [
    `  ${host.name}`,
    host.site,
    upText(host.up),
    host.work?.running
      ? `ledger runs, ${host.work.ratePerSecond.toFixed(0)}/s`
      : (host.work?.stoppedReason ?? 'ledger stopped'),
    `${host.observer}, ${ageText(host.observedAt, now)}`,
  ]);
  const forecasts = status.forecasts.map((forecast) => `  ${forecast.system}: ${forecast.text}`);
  const alarms = status.alarms.map((alarm) => `  ! ${alarm.severity}: ${alarm.text} ${alarm.response}`);
  return [
    `${status.name}  ${status.arrangement}  ${status.operation}  generation ${status.generation ?? 'unknown'}`,
    `  ${status.summary}`,
    `  ${proofLine(status.lastDrill)}`,
    table(systems),
    table(pairs),
    table(hosts),
    ...forecasts,
    ...alarms,
  ]
    .filter(Boolean)
    .join('\n');
}

export function addStatus(program: Command, enqueue: Enqueue): void {
  program
    .command('status')
    .description('groups, systems, pairs and hosts with state, observer and age')
    .option('--group <name>', 'one group only')
    .action((options: { group?: string }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const now = Date.now();
        if (options.group !== undefined) {
          const status = await client.groups.status.query({ group: options.group });
          // The group's own fields, and the list every reader of `status` knows.
          return result({ ...status, groups: [status] }, lines(status, now));
        }
        const groups = await client.groups.statuses.query();
        const text = groups.map((status) => lines(status, now)).join('\n\n');
        return result(
          { groups },
          text || 'No groups yet. Create one: switchback group create NAME --arrangement chain-3',
        );
      }),
    );
}

function proofLine(drill: GroupStatus['lastDrill']): string {
  if (!drill) return 'no drill was walked to its end yet';
  const proven = `proven by ${drill.bundle}, ${new Date(drill.endedAt).toISOString().slice(0, 10)}`;
  return drill.stale.length > 0 ? `${proven}; stale: ${drill.stale.join('; ')}` : proven;
}
