/** All procedures. `AppRouter` is what the screens are typed by. */
import { drillsRouter } from './routers/drills.ts';
import { eventsRouter } from './routers/events.ts';
import { faultsRouter } from './routers/faults.ts';
import { groupsRouter } from './routers/groups.ts';
import { ledgerRouter } from './routers/ledger.ts';
import { liveProcedure } from './routers/live.ts';
import { pairsRouter } from './routers/pairs.ts';
import { runsRouter } from './routers/runs.ts';
import { procedure, router } from './trpc.ts';

export const appRouter = router({
  groups: groupsRouter,
  pairs: pairsRouter,
  runs: runsRouter,
  drills: drillsRouter,
  faults: faultsRouter,
  ledger: ledgerRouter,
  events: eventsRouter,
  system: procedure('viewer', 'Version, workers, agents, readiness and who is asking').query(({ ctx }) =>
    ctx.services.read.system(ctx.actor),
  ),
  live: liveProcedure,
});

export type AppRouter = typeof appRouter;
