/**
 * A refused instruction. Nothing was changed. Every refusal names the thing, the reason and the cure, and is what the
 * CLI prints, the API returns and a disabled button shows.
 */
export interface Refusal {
  code: RefusalCode;
  message: string;
  cure: string;
}

export type RefusalCode =
  | 'bad-request'
  | 'unauthorised'
  | 'forbidden'
  | 'unknown-group'
  | 'unknown-system'
  | 'unknown-pair'
  | 'unknown-line'
  | 'unknown-routine'
  | 'unknown-run'
  | 'unknown-volume'
  | 'wrong-state'
  | 'wrong-role'
  | 'stale-generation'
  | 'stale-driver'
  | 'version-changed'
  | 'other-copier'
  | 'not-confirmed'
  | 'not-consistent'
  | 'not-equal'
  | 'busy'
  | 'unreachable'
  | 'timeout'
  | 'too-large'
  | 'disk-full'
  | 'disk-fault'
  | 'already-exists'
  | 'decision-needed'
  | 'internal';

export class RefusedError extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
    this.name = 'RefusedError';
  }
}

/** Shorthand for throwing sites. */
export function refuse(code: RefusalCode, message: string, cure: string): RefusedError {
  return new RefusedError({ code, message, cure });
}

/** The refusal carried by `error`, or an `internal` one that keeps its message. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof RefusedError) return error.refusal;
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, cure: 'Look into the log of the process named; report it if it persists.' };
}
