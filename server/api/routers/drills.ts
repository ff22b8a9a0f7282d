import { byDrill, bySchedule, cronRead, drillList, drillStart, scheduleList, schedulePut } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

export const drillsRouter = router({
  runbooks: procedure('viewer', 'Runbooks there are').query(({ ctx }) => ctx.services.read.runbooks()),

  list: procedure('viewer', 'Recorded drills, newest first')
    .input(drillList)
    .query(({ ctx, input }) => ctx.services.read.drills(input)),

  get: procedure('viewer', 'One drill as it stands')
    .input(byDrill)
    .query(({ ctx, input }) => ctx.services.read.drill(input.drill)),

  verify: procedure('viewer', 'Is the bundle of a drill, and the chain before it, what was sealed?')
    .input(byDrill)
    .query(({ ctx, input }) => ctx.services.read.verifyDrill(input.drill)),

  replay: procedure('viewer', 'What a bundle holds of its drill, for the player')
    .input(byDrill)
    .query(({ ctx, input }) => ctx.services.read.replayDrill(input.drill)),

  start: procedure('operator', 'Record a runbook on a group')
    .input(drillStart)
    .mutation(({ ctx, input }) => ctx.services.change.command('drill.start', input, ctx.actor)),

  schedules: procedure('viewer', 'When which runbook is recorded by itself, and what became of the last times')
    .input(scheduleList)
    .query(({ ctx, input }) => ctx.services.read.schedules(input.group)),

  readCron: procedure('viewer', 'A cron expression in words, with the next three times it comes')
    .input(cronRead)
    .query(({ ctx, input }) => ctx.services.read.readCron(input.cron, input.zone)),

  schedule: procedure('operator', 'Record a runbook on a group by itself, by a cron expression')
    .input(schedulePut)
    .mutation(({ ctx, input }) => ctx.services.change.command('schedule.put', input, ctx.actor)),

  unschedule: procedure('operator', 'Record it by itself no more')
    .input(bySchedule)
    .mutation(({ ctx, input }) => ctx.services.change.command('schedule.remove', input, ctx.actor)),

  abort: procedure('operator', 'End a recording; it is sealed as aborted')
    .input(byDrill)
    .mutation(({ ctx, input }) => ctx.services.change.command('drill.abort', input, ctx.actor)),
});
