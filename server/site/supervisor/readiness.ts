import { get } from 'node:http';
import { z } from 'zod';

const ASK_EVERY_MS = 250;
/** A server that took the connection and says nothing is asked anew after this. */
const ANSWER_WITHIN_MS = 5000;

/** What `/readyz` says while something is missing: an error as every part of the API words it. */
const notReadySchema = z.object({ error: z.object({ message: z.string() }) });

/**
 * Asks `<baseUrl>/readyz` until it answers 200 and resolves true; resolves false when `stop` is aborted first. What is
 * still missing, in the server's own words, goes to `onWaiting` each time it changes.
 */
export async function waitUntilReady(
  baseUrl: string,
  stop: AbortSignal,
  onWaiting: (message: string) => void,
): Promise<boolean> {
  let told: string | null = null;
  while (!stop.aborted) {
    const { status, body } = await ask(`${baseUrl}/readyz`);
    if (status === 200) return true;
    const missing: string | null = status === 0 ? told : (missingOf(body) ?? `GET /readyz answers ${status}`);
    if (missing !== null && missing !== told) onWaiting(missing);
    told = missing;
    await pause(ASK_EVERY_MS, stop);
  }
  return false;
}

function missingOf(body: string): string | null {
  try {
    const parsed = notReadySchema.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data.error.message : null;
  } catch {
    return null;
  }
}

/** One question. A server that is not there yet, or breaks off, counts as status 0. */
function ask(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const failed = () => resolve({ status: 0, body: '' });
    const request = get(url, { agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('error', failed);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', failed);
  });
}

function pause(delayMs: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    stop.addEventListener('abort', done);
  });
}
