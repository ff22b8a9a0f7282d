/** Playwright writes everything into its trace that a browser sends, the administrator’s password too. A bundle is handed round. */
import { readFileSync, writeFileSync } from 'node:fs';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';

const INSTEAD = 'not kept';
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'set-cookie']);

/** Writes the trace `from` to `to` without credentials. `password`: looked for once more in what is left. */
export function takeSecretsOut(from: string, to: string, password: string): void {
  const entries = unzipSync(readFileSync(from));
  for (const [name, content] of Object.entries(entries))
    if (/\.(trace|network|stacks)$/.test(name))
      entries[name] = strToU8(textWithoutSecrets(strFromU8(content), password));
  writeFileSync(to, zipSync(entries));
}

/** `text`: one JSON value a line. */
export function textWithoutSecrets(text: string, password: string): string {
  const token = Buffer.from(`admin:${password}`).toString('base64');
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : JSON.stringify(withoutSecrets(JSON.parse(line)))))
    .join('\n')
    .replaceAll(token, INSTEAD);
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  const { name } = value as { name?: unknown };
  const isSecret = typeof name === 'string' && SECRET_HEADERS.has(name.toLowerCase()) && 'value' in value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inside]) => {
      if (key === 'httpCredentials') return [];
      const secret =
        (isSecret && key === 'value') || (SECRET_HEADERS.has(key.toLowerCase()) && typeof inside === 'string');
      return [[key, secret ? INSTEAD : withoutSecrets(inside)]];
    }),
  );
}
