/** What the parameters of each agent method must look like. They come over a wire, so each is checked before it is used. */
import { z } from 'zod';
import type { HostInstruction } from '../../domain/host.ts';
import { refuse } from '../../domain/refusal.ts';
import type { AgentMethods } from '../agent-protocol.ts';
import { differenceMapQuerySchema } from '../processes/child-protocol.ts';
import {
  addressBookSchema,
  conditionsSchema,
  diskFaultKindSchema,
  groupDefinitionSchema,
  groupNameSchema,
  processNameSchema,
} from '../processes/group-schema.ts';

/** The host process checks the rest of an instruction: it alone knows what each verb needs. */
const instructionSchema = z.custom<HostInstruction>(
  (value) => typeof value === 'object' && value !== null && 'verb' in value && typeof value.verb === 'string',
  'must be an instruction with a verb',
);

const group = groupNameSchema;
const process = processNameSchema;

export const PARAMS: { [M in keyof AgentMethods]: z.ZodType<AgentMethods[M]['params']> } = {
  'agent.hello': z.object({ control: z.string().max(128) }),
  'group.put': z.object({ definition: groupDefinitionSchema, addresses: addressBookSchema, powered: z.boolean() }),
  'group.delete': z.object({ group }),
  'addresses.put': z.object({ group, addresses: addressBookSchema }),
  'process.kill': z.object({ group, process, hold: z.boolean() }),
  'process.restart': z.object({ group, process }),
  'fault.line': z.object({ group, process, peer: processNameSchema, conditions: conditionsSchema }),
  'fault.disk': z.object({ group, process, kind: diskFaultKindSchema }),
  'fault.clear': z.object({ group, process: process.nullable() }),
  'host.perform': z.object({
    group,
    host: process,
    instruction: instructionSchema,
    timeoutMs: z.number().min(1).max(86_400_000),
  }),
  'storage.facts': z.object({ group, process }),
  'storage.differences': z.object({ group, process, query: differenceMapQuerySchema }),
  'ledger.record': z.object({ group, host: process }),
};

/** The method's parameters, or a refusal that names what is wrong with them. */
export function parseParams<M extends keyof AgentMethods>(method: M, params: unknown): AgentMethods[M]['params'] {
  const parsed = PARAMS[method].safeParse(params);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'parameters';
  throw refuse(
    'bad-request',
    `${method}: ${where}: ${issue?.message ?? 'not understood'}.`,
    'Correct the parameters and send them again.',
  );
}

/** Is there such a method? */
export function isAgentMethod(method: string): method is keyof AgentMethods {
  return Object.hasOwn(PARAMS, method);
}
