import { byGroup, ledgerRate, ledgerVerify } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

export const ledgerRouter = router({
  start: procedure('operator', 'Start the work on the host that holds the role')
    .input(byGroup)
    .mutation(({ ctx, input }) => ctx.services.change.command('ledger.start', input, ctx.actor)),

  stop: procedure('operator', 'Stop the work')
    .input(byGroup)
    .mutation(({ ctx, input }) => ctx.services.change.command('ledger.stop', input, ctx.actor)),

  rate: procedure('operator', 'Set the rate of the work')
    .input(ledgerRate)
    .mutation(({ ctx, input }) => ctx.services.change.command('ledger.rate', input, ctx.actor)),

  verify: procedure('viewer', 'Compare what was completed with what is present')
    .input(ledgerVerify)
    .mutation(({ ctx, input }) => ctx.services.change.command('ledger.verify', input, ctx.actor)),
});
