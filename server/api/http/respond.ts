import type { ServerResponse } from 'node:http';
import type { Refusal } from '../../domain/refusal.ts';

/** Answers with JSON and ends. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Answers with a refusal in the one form every part of the API uses. */
export function sendRefusal(response: ServerResponse, status: number, refusal: Refusal): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="Switchback", charset="UTF-8"');
  sendJson(response, status, { error: refusal });
}

export function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(text);
}
