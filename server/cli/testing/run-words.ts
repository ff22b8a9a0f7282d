import { runCli } from '../program.ts';

export interface CliOutcome {
  code: number;
  out: string;
  err: string;
  /** What --json printed, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever a script would get.
  json: () => any;
}

/** Calls the command with these words, as a script would. */
export function runWords(url: string, ...words: string[]): Promise<CliOutcome> {
  return runIn({ NODE_ENV: 'test', SWITCHBACK_URL: url }, ...words);
}

/** … with these variables set and no others. */
export async function runIn(environment: NodeJS.ProcessEnv, ...words: string[]): Promise<CliOutcome> {
  let out = '';
  let err = '';
  const code = await runCli(words, {
    environment,
    workingFolder: '/',
    streams: {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
    },
    ask: null,
  });
  return { code, out, err, json: () => JSON.parse(out) };
}
