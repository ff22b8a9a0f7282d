/** Bundles of evidence over HTTP: the report with its film and pictures, and the archive. Parts of a film may be asked for. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import sirv from 'sirv';
import { REPORT_SCRIPT } from '../../control/drills/report-style.ts';
import { sendRefusal } from './respond.ts';

export const EVIDENCE_PATH = '/api/evidence/';

const SCRIPT_HASH = createHash('sha256').update(REPORT_SCRIPT).digest('base64');
/** What a bundle holds may show itself and do no more: nothing of it runs but the report's own script. */
const POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  "media-src 'self'",
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${SCRIPT_HASH}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export type EvidenceFiles = (request: IncomingMessage, response: ServerResponse, path: string) => void;

/** Serves what lies in `folder`. `path`: as asked for, decoded. Answers a refusal where there is nothing. */
export function evidenceFiles(folder: string): EvidenceFiles {
  // Looked for at each request: bundles come while we run.
  const serve = sirv(folder, { dev: true, etag: true });
  return (request, response, path) => {
    response.setHeader('Content-Security-Policy', POLICY);
    request.url = encodeURI(`/${path.slice(EVIDENCE_PATH.length)}`);
    serve(request, response, () =>
      sendRefusal(response, 404, {
        code: 'bad-request',
        message: `there is no evidence at ${path}`,
        cure: 'Open it from the Runbooks screen of its group.',
      }),
    );
  };
}
