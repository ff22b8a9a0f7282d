import type { RunOrder } from '../../routines/step-graph.ts';
import { byGroup, byRun, preflightInput, runList, runOrder, runStart } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

export const runsRouter = router({
  routines: procedure('viewer', 'Step graphs of the routines a group has')
    .input(byGroup)
    .query(({ ctx, input }) => ctx.services.read.routines(input.group)),

  preflight: procedure('viewer', 'What starting a routine now would meet')
    .input(preflightInput)
    .query(({ ctx, input }) => ctx.services.read.preflight(input.group, input.routine)),

  list: procedure('viewer', 'Runs, newest first')
    .input(runList)
    .query(({ ctx, input }) => ctx.services.read.runs(input)),

  get: procedure('viewer', 'One run as it stands')
    .input(byRun)
    .query(({ ctx, input }) => ctx.services.read.run(input.run)),

  start: procedure('operator', 'Start a routine')
    .input(runStart)
    .mutation(({ ctx, input }) => ctx.services.change.command('run.start', input, ctx.actor)),

  order: procedure('operator', 'Decide, continue, pause, retry, abort or end a run')
    .input(runOrder)
    .mutation(({ ctx, input }) => {
      const order: RunOrder = { ...input.order, by: ctx.actor.name };
      return ctx.services.change.order(input.run, order, input.key, ctx.actor);
    }),
});
