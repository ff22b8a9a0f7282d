import type { Log } from '../../domain/ports.ts';

/** For tests in which failures are part of the story. */
export const quietLog: Log = { write: () => {} };
