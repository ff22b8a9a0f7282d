import { type DestinationStream, type Logger, pino } from 'pino';
import type { Log, LogLevel } from '../../domain/ports.ts';

/** Facts that must never reach a log, should one be passed by mistake. */
const SECRET_KEYS = ['secret', 'token', 'password', 'authorization', 'cookie'];

/**
 * Log lines as JSON, one each, on standard error. Written at once rather than later: the last words before a crash or a
 * kill are the ones that matter.
 */
export class RealLog implements Log {
  readonly #logger: Logger;

  /**
   * `process` names the writer on every line (`{ system: 'P', group: 'demo' }`). `level` is the lowest that is written.
   * `destination` takes the lines instead of standard error.
   */
  constructor(process: Record<string, unknown>, level: LogLevel = 'info', destination?: DestinationStream) {
    this.#logger = pino(
      {
        level,
        base: process,
        messageKey: 'message',
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[secret]' },
      },
      destination ?? pino.destination({ dest: 2, sync: true }),
    );
  }

  write(level: LogLevel, message: string, facts?: Record<string, unknown>): void {
    if (facts === undefined) this.#logger[level](message);
    else this.#logger[level](facts, message);
  }
}
