import { ARRANGEMENTS } from '../../domain/arrangement.ts';
import { refuse } from '../../domain/refusal.ts';
import { definitionOf } from '../group-definition.ts';
import { byGroup, groupCreate, groupDelete, groupPower, nbdInput, rollupsInput } from '../inputs.ts';
import { procedure, router } from '../trpc.ts';

export const groupsRouter = router({
  fleet: procedure('viewer', 'One line for every consistency group').query(({ ctx }) => ctx.services.read.fleet()),

  statuses: procedure('viewer', 'Full status of every group').query(({ ctx }) => ctx.services.read.statuses()),

  status: procedure('viewer', 'Full status of one group')
    .input(byGroup)
    .query(({ ctx, input }) => ctx.services.read.status(input.group)),

  definition: procedure('viewer', 'The group as it was defined')
    .input(byGroup)
    .query(({ ctx, input }) => ctx.services.read.definition(input.group)),

  arrangements: procedure('viewer', 'The arrangements a group can be made of').query(() => [...ARRANGEMENTS]),

  rollups: procedure('viewer', 'One-second gauges of a group, for charts')
    .input(rollupsInput)
    .query(({ ctx, input }) => ctx.services.read.rollups(input.group, input.from, input.to)),

  nbd: procedure('viewer', 'Where a volume is exported over NBD')
    .input(nbdInput)
    .query(async ({ ctx, input }) => {
      const status = await ctx.services.read.status(input.group);
      const system = status.systems.find((candidate) => candidate.name === input.system);
      if (!system)
        throw refuse(
          'unknown-system',
          `group ${input.group} has no system ${input.system}`,
          `Systems: ${status.systems.map((one) => one.name).join(' ')}.`,
        );
      const { volumeCount } = await ctx.services.read.definition(input.group);
      if (input.volume >= volumeCount)
        throw refuse('unknown-volume', `group ${input.group} has volumes 0 to ${volumeCount - 1}`, 'Name one of them.');
      if (system.port === null)
        throw refuse(
          'unreachable',
          `${input.system} does not listen for NBD now`,
          'Restart it (fault restart), then ask again.',
        );
      return { uri: `nbd://127.0.0.1:${system.port}/${input.group}/${input.system}/${input.volume}` };
    }),

  create: procedure('administrator', 'Define a group and start its processes')
    .input(groupCreate)
    .mutation(({ ctx, input }) =>
      ctx.services.change.command('group.create', { definition: definitionOf(input) }, ctx.actor),
    ),

  delete: procedure('administrator', 'Stop a group’s processes and remove its data')
    .input(groupDelete)
    .mutation(({ ctx, input }) => {
      if (input.typedName !== input.group)
        throw refuse('bad-request', 'the name typed is not the group’s', `Type ${input.group} to confirm.`);
      return ctx.services.change.command('group.delete', { group: input.group }, ctx.actor);
    }),

  power: procedure('operator', 'Start or stop all processes of a group')
    .input(groupPower)
    .mutation(({ ctx, input }) => ctx.services.change.command('group.power', input, ctx.actor)),
});
