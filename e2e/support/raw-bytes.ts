/** Ports of the running instance, and bytes that no honest peer would send there. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { dataFolder } from './instance.ts';

function readJson(...parts: string[]): Record<string, unknown> {
  return JSON.parse(readFileSync(path.join(dataFolder, ...parts), 'utf8'));
}

function portIn(value: unknown): number {
  const port = typeof value === 'string' ? Number(value.split(':').pop()) : value;
  if (typeof port !== 'number' || !Number.isInteger(port)) throw new Error(`no port: ${JSON.stringify(value)}`);
  return port;
}

/** Port on which a site's agent hears the control plane. */
export function agentPort(site: string): number {
  const { ports } = readJson('supervisor.json') as { ports?: Record<string, unknown> };
  return portIn(ports?.[`agent-${site}`]);
}

/** Port of a process's lines, as it wrote it down for its agent. */
export function channelPort(site: string, group: string, process: string): number {
  return portIn(readJson('sites', site, group, process, 'run.json').channel);
}

/** Bytes from a seed: the same at every run. */
export function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** A frame of the lines: length, kind, body. */
export function lineFrame(kind: number, body: string | Uint8Array, length?: number): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(5);
  header.writeUInt32LE(length ?? bytes.length + 1, 0);
  header[4] = kind;
  return Buffer.concat([header, bytes]);
}

/** Sends `pieces` one after the other and resolves with what came back, once the other end has hung up. */
export function sendAndBeHungUpOn(port: number, pieces: readonly Uint8Array[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const answers: Buffer[] = [];
    const socket = net.connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece);
      socket.end();
    });
    // Being reset is one way of being hung up on.
    socket.on('error', () => {});
    socket.on('data', (chunk) => answers.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(answers)));
  });
}
