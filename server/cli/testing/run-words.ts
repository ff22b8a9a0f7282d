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
export async function runWords(url: string, ...words: string[]): Promise<CliOutcome> {
  let out = '';
  let err = '';
  const code = await runCli(words, {
    environment: { NODE_ENV: 'test', SWITCHBACK_URL: url },
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
