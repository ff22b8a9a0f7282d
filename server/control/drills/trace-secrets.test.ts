import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { expect, it } from 'vitest';
import { takeSecretsOut } from './trace-secrets.ts';

const PASSWORD = 'correct horse';
const TOKEN = Buffer.from(`admin:${PASSWORD}`).toString('base64');
const LINES = [
  { type: 'context-options', options: { httpCredentials: { username: 'admin', password: PASSWORD }, locale: 'en' } },
  {
    snapshot: {
      request: {
        headers: [
          { name: 'Authorization', value: `Basic ${TOKEN}` },
          { name: 'Host', value: 'h' },
        ],
      },
    },
  },
  { request: { headers: { authorization: `Basic ${TOKEN}`, accept: '*/*' } }, note: `seen ${TOKEN}` },
];

it('a trace loses every credential and keeps all else', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchback-test-'));
  const [file, told] = [path.join(folder, 'trace.zip'), path.join(folder, 'told.zip')];
  const text = LINES.map((line) => JSON.stringify(line)).join('\n');
  const image = Uint8Array.from([0xff, 0xd8, 1, 2, 3]);
  writeFileSync(
    file,
    zipSync({ 'a.trace': strToU8(text), 'a.network': strToU8(`${text}\n`), 'resources/b.jpeg': image }),
  );
  takeSecretsOut(file, told, PASSWORD);
  const entries = unzipSync(readFileSync(told));
  rmSync(folder, { recursive: true });
  for (const name of ['a.trace', 'a.network']) {
    const found = strFromU8(entries[name] ?? new Uint8Array());
    expect(found).not.toContain(PASSWORD);
    expect(found).not.toContain(TOKEN);
    const [first, second, third] = found
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(first).toEqual({ type: 'context-options', options: { locale: 'en' } });
    expect(second.snapshot.request.headers).toContainEqual({ name: 'Host', value: 'h' });
    expect(third.request.headers.accept).toBe('*/*');
  }
  expect(entries['resources/b.jpeg']).toEqual(image);
});
