/** The `switchback` command's process (scripts/switchback.mjs loads the bundle of this file). */
import { createInterface } from 'node:readline/promises';
import { runCli } from './program.ts';

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

process.exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  workingFolder: process.cwd(),
  streams: { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) },
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : null,
});
