/** The procedures' common ground: who calls, with which role, and how a refusal travels. */
import { initTRPC, TRPCError } from '@trpc/server';
import { ZodError } from 'zod';
import { type Refusal, type RefusalCode, RefusedError, refusalOf } from '../domain/refusal.ts';
import type { Actor, ApiServices } from './services.ts';
import { ROLES, type Role } from './views.ts';

export interface ApiContext {
  actor: Actor;
  services: ApiServices;
}

/** Declared by every procedure; the test of roles enumerates them and OpenAPI prints them. */
export interface ProcedureMeta {
  role: Role;
  summary: string;
}

type ErrorCode = ConstructorParameters<typeof TRPCError>[0]['code'];

const STATUS_OF_REFUSAL: Partial<Record<RefusalCode, ErrorCode>> = {
  'bad-request': 'BAD_REQUEST',
  unauthorised: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  'unknown-group': 'NOT_FOUND',
  'unknown-system': 'NOT_FOUND',
  'unknown-pair': 'NOT_FOUND',
  'unknown-line': 'NOT_FOUND',
  'unknown-routine': 'NOT_FOUND',
  'unknown-run': 'NOT_FOUND',
  'unknown-volume': 'NOT_FOUND',
  'too-large': 'PAYLOAD_TOO_LARGE',
  'already-exists': 'CONFLICT',
  busy: 'CONFLICT',
  'version-changed': 'CONFLICT',
  timeout: 'TIMEOUT',
  unreachable: 'SERVICE_UNAVAILABLE',
  internal: 'INTERNAL_SERVER_ERROR',
};

/** The HTTP-level class of a refusal; where none fits better, the state of the system forbids it. */
export function trpcErrorOf(error: unknown): TRPCError {
  if (error instanceof TRPCError) return error;
  const refusal = refusalOf(error);
  return new TRPCError({
    code: STATUS_OF_REFUSAL[refusal.code] ?? 'PRECONDITION_FAILED',
    message: refusal.message,
    cause: new RefusedError(refusal),
  });
}

function describeInput(error: ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`).join('; ');
}

/** What a caller is shown for any error: refusals as they are, malformed input by its fields, all else as `internal`. */
export function refusalOfTrpcError(error: TRPCError): Refusal {
  const { cause } = error;
  if (cause instanceof RefusedError) return cause.refusal;
  if (cause instanceof ZodError) {
    return {
      code: 'bad-request',
      message: describeInput(cause),
      cure: 'Correct the fields named; /api/openapi.json describes them.',
    };
  }
  if (error.code === 'NOT_FOUND') {
    return { code: 'bad-request', message: error.message, cure: 'See /api/openapi.json for the procedures there are.' };
  }
  if (error.code === 'PARSE_ERROR' || error.code === 'BAD_REQUEST' || error.code === 'UNSUPPORTED_MEDIA_TYPE') {
    return { code: 'bad-request', message: error.message, cure: 'Send JSON as /api/openapi.json describes it.' };
  }
  if (error.code === 'METHOD_NOT_SUPPORTED') {
    return {
      code: 'bad-request',
      message: error.message,
      cure: 'Queries are read with GET, changes are sent with POST.',
    };
  }
  if (error.code === 'PAYLOAD_TOO_LARGE') {
    return { code: 'too-large', message: error.message, cure: 'Send less than 256 KiB.' };
  }
  return refusalOf(cause ?? error);
}

const t = initTRPC
  .context<ApiContext>()
  .meta<ProcedureMeta>()
  .create({
    // The stack of a server is nobody's business but the log's.
    isDev: false,
    errorFormatter: ({ shape, error }) => {
      const refusal = refusalOfTrpcError(error);
      return { ...shape, message: refusal.message, data: { ...shape.data, refusal } };
    },
    sse: {
      // A reader that hears nothing for this long reconnects with its last event's number.
      ping: { enabled: true, intervalMs: 1_000 },
      client: { reconnectAfterInactivityMs: 5_000 },
    },
  });

export const router = t.router;
export const callerFactory = t.createCallerFactory;

const guarded = t.procedure.use(async ({ ctx, meta, next }) => {
  if (!meta)
    throw new TRPCError({ code: 'FORBIDDEN', message: 'This procedure declares no role, so nobody may call it.' });
  if (ROLES.indexOf(ctx.actor.role) < ROLES.indexOf(meta.role)) {
    throw trpcErrorOf(
      new RefusedError({
        code: 'forbidden',
        message: `${ctx.actor.name} is ${ctx.actor.role}; this needs ${meta.role}`,
        cure: `Ask an administrator for the role ${meta.role}.`,
      }),
    );
  }
  const result = await next();
  if (result.ok) return result;
  // Refusals thrown by services arrive wrapped as internal errors; give them the class they belong to.
  const { cause } = result.error;
  if (cause instanceof RefusedError) throw trpcErrorOf(cause);
  return result;
});

/** A procedure that `role` and those above it may call. */
export function procedure(role: Role, summary: string) {
  return guarded.meta({ role, summary });
}
