import { byDrill, drillList, drillStart } from '../inputs.ts';
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

  start: procedure('operator', 'Record a runbook on a group')
    .input(drillStart)
    .mutation(({ ctx, input }) => ctx.services.change.command('drill.start', input, ctx.actor)),

  abort: procedure('operator', 'End a recording; it is sealed as aborted')
    .input(byDrill)
    .mutation(({ ctx, input }) => ctx.services.change.command('drill.abort', input, ctx.actor)),
});
