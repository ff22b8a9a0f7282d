import type { Command } from 'commander';
import type { FiringView, ScheduleView } from '../../control/views.ts';
import { type Enqueue, result, table } from '../context.ts';

interface ScheduleOptions {
  group: string;
  cron: string;
  zone: string;
  approvedBy?: string;
  disabled?: boolean;
}

/** `runbook schedule | unschedule | schedules`: drills that begin by themselves. */
export function addSchedules(runbook: Command, enqueue: Enqueue): void {
  runbook
    .command('schedule <name>')
    .description('record a runbook on a group by itself; a time at which the group is unhealthy is skipped')
    .requiredOption('--group <name>', 'group')
    .requiredOption('--cron <expression>', 'minute hour day-of-month month day-of-week, such as "0 3 * * 1"')
    .option(
      '--zone <name>',
      'time zone that it counts in, such as Europe/Berlin',
      Intl.DateTimeFormat().resolvedOptions().timeZone,
    )
    .option('--approved-by <name>', 'who approved it; kept with every drill as you state it')
    .option('--disabled', 'keep it, and begin nothing')
    .action((name: string, options: ScheduleOptions, command: Command) =>
      enqueue(command, async ({ client }) => {
        const { group, cron, zone } = options;
        const view = await client.drills.schedule.mutate({
          ...{ runbook: name, group, cron, zone },
          enabled: options.disabled !== true,
          approvedBy: options.approvedBy ?? null,
        });
        return result(view, ...linesOf(view));
      }),
    );
  runbook
    .command('unschedule <name>')
    .description('record it by itself no more')
    .requiredOption('--group <name>', 'group')
    .action((name: string, { group }: { group: string }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const removed = await client.drills.unschedule.mutate({ runbook: name, group });
        return result(removed, `${name} is no longer scheduled on group ${group}`);
      }),
    );
  runbook
    .command('schedules')
    .description('when which runbook is recorded by itself, and what became of the last times')
    .option('--group <name>', 'of this group only')
    .action(({ group }: { group?: string }, command: Command) =>
      enqueue(command, async ({ client }) => {
        const views = await client.drills.schedules.query({ group: group ?? null });
        return result(views, views.length === 0 ? 'nothing is scheduled' : views.flatMap(linesOf).join('\n'));
      }),
    );
}

function linesOf(view: ScheduleView): string[] {
  const { group, runbook, cron, words, zone, enabled, disabledBecause, next, hindrance, firings } = view;
  const state = enabled ? '' : `, disabled${disabledBecause ? `: ${disabledBecause}` : ''}`;
  return [
    `${group}  ${runbook}  ${cron}  ${words} (${zone})${state}`,
    ...next.map((at) => `  next ${momentIn(zone, at)}`),
    ...(hindrance && enabled ? [`  would be skipped now: ${hindrance}`] : []),
    ...(firings.length > 0 ? [table(firings.map((firing) => firingRow(zone, firing)))] : []),
  ];
}

function firingRow(zone: string, { dueAt, count, status, reason, bundle }: FiringView): string[] {
  return ['', momentIn(zone, dueAt), count > 1 ? `${status} ${count} times` : status, reason ?? bundle ?? ''];
}

function momentIn(zone: string, at: number): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' });
  return `${format.format(at)} ${zone}`;
}
