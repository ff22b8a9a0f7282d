import { tracked } from '@trpc/server';
import { liveInput } from '../inputs.ts';
import { procedure, trpcErrorOf } from '../trpc.ts';

/**
 * Everything a tab needs in one stream, since a browser allows few connections to one host. Each message carries the
 * number of the last event sent; a stream resumed with it goes on right after.
 */
export const liveProcedure = procedure('viewer', 'Status, runs, faults and events as they change')
  .input(liveInput)
  .subscription(async function* ({ ctx, input, signal }) {
    const after = input.lastEventId ? Number(input.lastEventId) : null;
    const aborted = signal ?? new AbortController().signal;
    try {
      for await (const { seq, message } of ctx.services.live.subscribe(input.group, after, aborted)) {
        yield tracked(String(seq), message);
      }
    } catch (error) {
      // What a stream throws passes by the place where other procedures' refusals get their class.
      throw trpcErrorOf(error);
    }
  });
