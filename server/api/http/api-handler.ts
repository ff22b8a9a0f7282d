/** Everything under /api, and what machines ask: health, readiness, metrics. Screens are Next's. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { databaseAway, isDatabaseAway } from '../../control/database.ts';
import type { Log } from '../../domain/ports.ts';
import { refusalOf } from '../../domain/refusal.ts';
import { openApiDocument } from '../openapi.ts';
import { appRouter } from '../router.ts';
import type { ApiContext } from '../trpc.ts';
import { EVIDENCE_PATH, type EvidenceFiles } from './evidence-files.ts';
import { sendJson, sendRefusal, sendText } from './respond.ts';
import { denialOf, type SecuritySettings, setSecurityHeaders } from './security.ts';

export const MAX_BODY_BYTES = 256 * 1024;
const TRPC = '/api/trpc/';
/** Asked by the supervisor and by monitors, which have no password and learn nothing but yes or no. */
const OPEN_PATHS = new Set(['/healthz', '/readyz']);

export interface ApiHandlerParts {
  context: ApiContext;
  security: SecuritySettings;
  log: Log;
  /** Text for Prometheus. */
  metrics: () => Promise<string>;
  readiness: () => Promise<{ ready: boolean; text: string }>;
  evidence: EvidenceFiles;
}

/**
 * Answers a request, or resolves false where it is for the screens; the security headers are set by then. Never rejects.
 */
export async function handleApi(
  request: IncomingMessage,
  response: ServerResponse,
  parts: ApiHandlerParts,
): Promise<boolean> {
  setSecurityHeaders(request, response);
  const changing = request.method !== 'GET' && request.method !== 'HEAD';
  const path = pathOf(request.url ?? '/');
  if (path === null) {
    sendRefusal(response, 400, { code: 'bad-request', message: 'the address is malformed', cure: 'Correct it.' });
    return true;
  }
  const security = OPEN_PATHS.has(path) ? { ...parts.security, adminPassword: null } : parts.security;
  const denial = OPEN_PATHS.has(path) ? null : denialOf(request, security, changing);
  if (denial) {
    // What is still to come of the body is of no interest.
    request.resume();
    sendRefusal(response, denial.status, denial.refusal);
    return true;
  }
  if (path.startsWith(TRPC)) {
    await handleTrpc(request, response, path.slice(TRPC.length), parts);
    return true;
  }
  if (!path.startsWith('/api/') && !MACHINE_PATHS.has(path)) return false;
  await handlePlain(request, response, path, parts);
  return true;
}

const MACHINE_PATHS = new Set(['/api', '/healthz', '/readyz', '/metrics']);

function pathOf(url: string): string | null {
  try {
    return decodeURI(new URL(url, 'http://localhost').pathname);
  } catch {
    return null;
  }
}

async function handleTrpc(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { context, log }: ApiHandlerParts,
): Promise<void> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > MAX_BODY_BYTES) {
    request.resume();
    return sendRefusal(response, 413, {
      code: 'too-large',
      message: `the body is ${announced} bytes; ${MAX_BODY_BYTES} are allowed`,
      cure: 'Send less.',
    });
  }
  await nodeHTTPRequestHandler({
    req: request,
    res: response,
    path,
    router: appRouter,
    maxBodySize: MAX_BODY_BYTES,
    createContext: () => context,
    onError: ({ error, path: procedure }) => {
      if (error.code !== 'INTERNAL_SERVER_ERROR') return;
      log.write('error', 'a procedure failed', { procedure, reason: error.cause?.stack ?? error.stack });
    },
  });
}

async function handlePlain(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  parts: ApiHandlerParts,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    request.resume();
    return sendRefusal(response, 405, {
      code: 'bad-request',
      message: `${path} can only be read`,
      cure: 'Use GET; changes are procedures under /api/trpc.',
    });
  }
  if (path.startsWith(EVIDENCE_PATH)) return parts.evidence(request, response, path);
  try {
    if (path === '/healthz') sendText(response, 200, 'text/plain; charset=utf-8', 'ok\n');
    else if (path === '/readyz') await sendReadiness(response, parts);
    else if (path === '/metrics')
      sendText(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await parts.metrics());
    else if (path === '/api/openapi.json') sendJson(response, 200, openApiDocument());
    else
      sendRefusal(response, 404, {
        code: 'bad-request',
        message: `there is nothing at ${path}`,
        cure: 'See /api/openapi.json for what there is.',
      });
  } catch (error) {
    parts.log.write('error', 'a request failed', {
      path,
      reason: error instanceof Error ? error.stack : String(error),
    });
    if (!response.headersSent)
      sendRefusal(response, 503, isDatabaseAway(error) ? databaseAway().refusal : refusalOf(error));
  }
}

async function sendReadiness(response: ServerResponse, { readiness }: ApiHandlerParts): Promise<void> {
  const { ready, text } = await readiness();
  if (ready) sendJson(response, 200, { ready, text });
  else sendRefusal(response, 503, { code: 'busy', message: text, cure: 'Wait; look at the dashboard if it stays so.' });
}
