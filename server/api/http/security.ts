/**
 * What every request has to pass before anything looks at it. The product listens on loopback, where its enemies are web
 * pages open in the operator's browser: they are kept out by the Host check (names rebound to loopback), the Origin check
 * (forms and fetches from elsewhere) and the content policy (scripts smuggled into our own pages).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Refusal } from '../../domain/refusal.ts';
import { isLoopback } from '../../site/supervisor/settings.ts';

export interface SecuritySettings {
  /** Address the server listens on. */
  host: string;
  /** Asked of everybody where it is set; without it nothing but loopback is served. */
  adminPassword: string | null;
}

export interface Denial {
  status: 400 | 401 | 403 | 421;
  refusal: Refusal;
}

/** Hosts and IPv6 addresses as they stand in a Host header: without the port, and without brackets. */
function nameOfHost(header: string): string | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::\d{1,5})?$/.exec(header);
  return match?.[1] ?? match?.[2] ?? null;
}

/** Why a request is turned away, or null. `changing`: it may alter something, so it must not come from another site. */
export function denialOf(request: IncomingMessage, settings: SecuritySettings, changing: boolean): Denial | null {
  return wrongHost(request, settings) ?? (changing ? wrongOrigin(request) : null) ?? wrongPassword(request, settings);
}

function wrongHost(request: IncomingMessage, settings: SecuritySettings): Denial | null {
  const header = request.headers.host ?? '';
  const name = nameOfHost(header);
  // With a password set, the names this machine goes by are the administrator's affair.
  if (name !== null && (isLoopback(name) || settings.adminPassword !== null)) return null;
  return {
    status: 421,
    refusal: {
      code: 'forbidden',
      message: `this server does not answer for “${header.slice(0, 100)}”`,
      cure: 'Open it as http://127.0.0.1 or http://localhost with its port; other names need an administrator’s password (SWITCHBACK_ADMIN_PASSWORD).',
    },
  };
}

function wrongOrigin(request: IncomingMessage): Denial | null {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreign =
    origin !== undefined
      ? !isOwnOrigin(origin, host ?? '')
      : site !== undefined && site !== 'same-origin' && site !== 'none';
  if (!foreign) return null;
  return {
    status: 403,
    refusal: {
      code: 'forbidden',
      message: `a page of ${(origin ?? 'another site').slice(0, 100)} may not change anything here`,
      cure: 'Use the dashboard itself, or the switchback command.',
    },
  };
}

function isOwnOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

function wrongPassword(request: IncomingMessage, { adminPassword }: SecuritySettings): Denial | null {
  if (adminPassword === null || same(passwordOf(request.headers.authorization ?? ''), adminPassword)) return null;
  return {
    status: 401,
    refusal: {
      code: 'unauthorised',
      message: 'the administrator’s password is missing or wrong',
      cure: 'Log in as “admin”, or give the password as SWITCHBACK_TOKEN to the switchback command.',
    },
  };
}

/** From `Bearer <password>` or `Basic <user:password>`. */
function passwordOf(authorization: string): string {
  const [scheme, value] = authorization.split(' ', 2);
  if (!value) return '';
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() !== 'basic') return '';
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  return decoded.slice(decoded.indexOf(':') + 1);
}

/** Compared as hashes, so that neither length nor content shows in the time taken. */
function same(given: string, wanted: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}

/** Sets the headers every answer carries, and hands the page's nonce to Next, which reads it from the request. */
export function setSecurityHeaders(request: IncomingMessage, response: ServerResponse): void {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    // Positions and sizes in the graph are style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
  request.headers['content-security-policy'] = policy;
  const headers: OutgoingHttpHeaders = {
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  };
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
}
