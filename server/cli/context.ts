import type { Command } from 'commander';
import type { Client } from './client.ts';
import type { CliResult, CliStreams } from './output.ts';

export interface CliContext {
  client: Client;
  streams: CliStreams;
  /** Asks the operator at the terminal; null where nobody sits there. */
  ask: ((question: string) => Promise<string>) | null;
}

export type Perform = (context: CliContext) => Promise<CliResult>;

/** Hands over what a command is to do once its words are parsed. */
export type Enqueue = (command: Command, perform: Perform) => void;

/** A result whose words are the given lines. */
export function result(json: unknown, ...lines: string[]): CliResult {
  return { json, text: lines.join('\n') };
}

/** Columns side by side, as wide as they need to be. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
