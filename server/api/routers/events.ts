import { auditList, eventList, standingInput } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

export const eventsRouter = router({
  list: procedure('viewer', 'History: newest first, or onwards from a number')
    .input(eventList)
    .query(({ ctx, input }) => ctx.services.read.events(input)),

  standing: procedure('viewer', 'How a group stood at an event of the history, as the history itself tells it')
    .input(standingInput)
    .query(({ ctx, input }) => ctx.services.read.standing(input.group, input.seq)),

  audit: procedure('viewer', 'The audit log, newest first')
    .input(auditList)
    .query(({ ctx, input }) => ctx.services.read.audit(input)),

  verifyAudit: procedure('viewer', 'Check every link of the audit log').query(({ ctx }) =>
    ctx.services.read.verifyAudit(),
  ),
});
