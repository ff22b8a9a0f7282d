/** The HTTP API described for machines, from the procedures themselves: names, roles, input schemas. */
import { z } from 'zod';
import { appRouter } from './router.ts';
import type { ProcedureMeta } from './trpc.ts';

const REFUSAL_SCHEMA = {
  type: 'object',
  required: ['code', 'message', 'cure'],
  properties: { code: { type: 'string' }, message: { type: 'string' }, cure: { type: 'string' } },
};

const ERROR_RESPONSE = {
  description: 'Refused or failed; nothing was changed unless the code is `timeout`.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          error: {
            type: 'object',
            properties: {
              message: { type: 'string' },
              data: { type: 'object', properties: { refusal: REFUSAL_SCHEMA } },
            },
          },
        },
      },
    },
  },
};

export interface DescribedProcedure {
  path: string;
  type: 'query' | 'mutation' | 'subscription';
  meta: ProcedureMeta | null;
  input: z.ZodType | null;
}

/** Every procedure there is. */
export function describeProcedures(): DescribedProcedure[] {
  return Object.entries(appRouter._def.procedures).map(([path, procedure]) => {
    // tRPC types the definition of a procedure more narrowly than it is at run time; these fields are its documented inspection surface.
    const { type, meta, inputs } = (
      procedure as unknown as { _def: { type: DescribedProcedure['type']; meta?: ProcedureMeta; inputs: unknown[] } }
    )._def;
    const [input] = inputs;
    return { path, type, meta: meta ?? null, input: input instanceof z.ZodType ? input : null };
  });
}

function operationOf({ path, type, meta, input }: DescribedProcedure) {
  const schema = input && z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  const reads = type !== 'mutation';
  return {
    operationId: path,
    summary: meta?.summary ?? path,
    'x-role': meta?.role,
    ...(reads && schema
      ? {
          parameters: [
            { name: 'input', in: 'query', description: 'JSON', content: { 'application/json': { schema } } },
          ],
        }
      : {}),
    ...(!reads
      ? { requestBody: { required: schema !== null, content: { 'application/json': { schema: schema ?? {} } } } }
      : {}),
    responses: {
      200:
        type === 'subscription'
          ? {
              description: 'Server-sent events; resume with the last event’s id.',
              content: { 'text/event-stream': {} },
            }
          : {
              description: 'Done.',
              content: {
                'application/json': {
                  schema: { type: 'object', properties: { result: { type: 'object', properties: { data: {} } } } },
                },
              },
            },
      default: ERROR_RESPONSE,
    },
  };
}

/** OpenAPI 3.1. Queries and subscriptions are read with GET, changes are sent with POST. */
export function openApiDocument() {
  const paths = describeProcedures().map((described) => [
    `/api/trpc/${described.path}`,
    { [described.type === 'mutation' ? 'post' : 'get']: operationOf(described) },
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Switchback',
      version: '0.1.0',
      description: 'Every procedure of the control plane. `x-role` is the least role that may call it.',
    },
    paths: Object.fromEntries(paths),
  };
}
