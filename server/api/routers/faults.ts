import { byFault, byGroup, faultClearAll, faultInject, faultList } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';
import type { FaultView } from '../views.ts';

export const faultsRouter = router({
  list: procedure('viewer', 'Faults injected, newest first')
    .input(faultList)
    .query(({ ctx, input }) => ctx.services.read.faults(input)),

  options: procedure('viewer', 'Every fault that can be injected into a group now')
    .input(byGroup)
    .query(({ ctx, input }) => ctx.services.read.faultOptions(input.group)),

  inject: procedure('operator', 'Inject a fault')
    .input(faultInject)
    .mutation(({ ctx, input }) => ctx.services.change.command('fault.inject', input, ctx.actor)),

  clear: procedure('operator', 'Clear one fault')
    .input(byFault)
    .mutation(({ ctx, input }) => ctx.services.change.command('fault.clear', input, ctx.actor)),

  clearAll: procedure('operator', 'Clear every active fault')
    .input(faultClearAll)
    .mutation(async ({ ctx, input }) => {
      const active = await ctx.services.read.faults({ group: input.group, active: true });
      const cleared: FaultView[] = [];
      // Newest first, one after the other: a later fault may lie on top of an earlier one.
      for (const fault of active)
        cleared.push(await ctx.services.change.command('fault.clear', { fault: fault.id }, ctx.actor));
      return cleared;
    }),
});
