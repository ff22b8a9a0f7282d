/**
 * What a command leaves behind: exactly one JSON value on standard output with --json, words otherwise; a refusal in the
 * one form; an exit code. Nothing else is ever printed to standard output.
 */
import { TRPCClientError } from '@trpc/client';
import { type Refusal, RefusedError } from '../domain/refusal.ts';

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** The refusal's code may be one of this command's own, such as `bad-usage`. */
export type CliError = Omit<Refusal, 'code'> & { code: string };

export interface CliResult {
  /** Printed with --json. */
  json: unknown;
  /** Printed without. */
  text: string;
  /** Something was found wrong or ended badly: exit 1, with this beside the value. */
  error?: CliError;
}

/** Where a command writes. Handed in so that tests see what scripts would. */
export interface CliStreams {
  out: (text: string) => void;
  err: (text: string) => void;
}

/** Prints a command's result. Answers its exit code. */
export function printResult(result: CliResult, json: boolean, { out, err }: CliStreams): number {
  if (json) {
    const value =
      result.error && typeof result.json === 'object' ? { ...result.json, error: result.error } : result.json;
    out(`${JSON.stringify(value)}\n`);
  } else {
    if (result.text) out(`${result.text}\n`);
    if (result.error) err(`switchback: ${result.error.message}\n${result.error.cure}\n`);
  }
  return result.error ? EXIT_FAILED : EXIT_DONE;
}

/** Prints why a command did nothing, or failed. */
export function printError(error: CliError, json: boolean, { out, err }: CliStreams): void {
  if (json) out(`${JSON.stringify({ error: { code: error.code, message: error.message, cure: error.cure } })}\n`);
  else err(`switchback: ${error.message}\n${error.cure}\n`);
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value && 'cure' in value;
}

/** Why talking to the server failed, in the form every command prints. */
export function cliErrorOf(error: unknown, url: string): CliError {
  if (error instanceof RefusedError) return error.refusal;
  if (error instanceof TRPCClientError) {
    const refusal: unknown = error.data?.refusal ?? refusalOfBody(error);
    if (isRefusal(refusal)) return refusal;
    if (isConnectionError(error)) {
      return {
        code: 'unreachable',
        message: `nothing answers at ${url}`,
        cure: 'Start Switchback (npm start), or set SWITCHBACK_URL to where it runs.',
      };
    }
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, cure: 'Look into the log of the web process; report it if it persists.' };
}

/** A refusal by the checks in front of the procedures has no envelope. */
function refusalOfBody(error: TRPCClientError<never>): unknown {
  const json = error.meta?.responseJSON;
  return typeof json === 'object' && json !== null && 'error' in json ? json.error : undefined;
}

/** Nobody listens, or the connection broke before an answer. */
export function isConnectionError(error: unknown): boolean {
  return error instanceof TRPCClientError && error.data === undefined && error.meta?.responseJSON === undefined;
}
