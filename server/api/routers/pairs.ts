import { differencesRead, journalRead, pairInstruct, pairWait } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

export const pairsRouter = router({
  instruct: procedure('operator', 'Give a pair an instruction')
    .input(pairInstruct)
    .mutation(({ ctx, input }) => ctx.services.change.command('pair.instruct', input, ctx.actor)),

  wait: procedure('viewer', 'Wait until a pair is in a state')
    .input(pairWait)
    .query(({ ctx, input, signal }) =>
      ctx.services.change.waitPair(input.group, input.pair, input.state, input.timeoutMs, signal),
    ),

  journal: procedure('viewer', 'Entries of a system’s journal')
    .input(journalRead)
    .query(({ ctx, input }) => ctx.services.change.command('journal.read', input, ctx.actor)),

  differences: procedure('viewer', 'A pair’s difference bitmap as one end has it, counted in buckets of tracks')
    .input(differencesRead)
    .query(({ ctx, input: { group, system, ...query } }) =>
      ctx.services.change.command('differences.read', { group, system, query }, ctx.actor),
    ),
});
