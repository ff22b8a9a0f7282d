/** Both ends of the table of commands: who asks and waits, and who takes and answers. */
import { randomUUID } from 'node:crypto';
import { type Refusal, RefusedError, refusalOf, refuse } from '../domain/refusal.ts';
import type { CommandKind, CommandParams, CommandResult } from './commands.ts';
import { type Database, databaseAway, isDatabaseAway } from './database.ts';
import type { NoticeListener } from './notices.ts';

/** A command nobody took by then is withdrawn: it must not be carried out long after its asker went away. */
const TAKEN_WITHIN_MS = 8_000;
const LOOK_EVERY_MS = 1_000;

interface CommandRow {
  id: string;
  kind: CommandKind;
  params: unknown;
  actor: string;
  status: 'queued' | 'taken' | 'done' | 'refused' | 'withdrawn' | 'lost';
  result: unknown;
  refusal: Refusal | null;
}

/** The asking end, in the web process. */
export class CommandClient {
  private readonly waiting = new Map<string, () => void>();

  constructor(
    private readonly database: Database,
    notices: NoticeListener,
  ) {
    notices.on('switchback_results', (id) => {
      if (id !== null) return this.waiting.get(id)?.();
      for (const look of this.waiting.values()) look();
    });
  }

  /**
   * Asks and waits. Rejects with the worker's refusal; with `unreachable` where no worker took it (nothing was done); with
   * `timeout` where the worker died or took longer than `timeoutMs` (it may have been done).
   */
  async ask<K extends CommandKind>(
    kind: K,
    params: CommandParams<K>,
    actor: string,
    timeoutMs: number,
  ): Promise<CommandResult<K>> {
    const id = randomUUID();
    try {
      await this.database.pool.query('INSERT INTO commands (id, kind, params, actor) VALUES ($1, $2, $3, $4)', [
        id,
        kind,
        JSON.stringify(params),
        actor,
      ]);
      const row = await this.answerOf(id, timeoutMs);
      if (row.status === 'refused' && row.refusal) throw new RefusedError(row.refusal);
      if (row.status === 'withdrawn') {
        throw refuse(
          'unreachable',
          'No control worker is running; nothing was done.',
          'It is restarted by itself within seconds: try again.',
        );
      }
      if (row.status !== 'done') {
        throw refuse(
          'timeout',
          `The outcome of ${kind} is unknown: ${row.status === 'lost' ? 'the control worker died over it' : `no answer within ${timeoutMs / 1000} s`}.`,
          'Look at the status before you try again.',
        );
      }
      // Only the worker's handler for `kind` fills this column.
      return row.result as CommandResult<K>;
    } catch (error) {
      throw isDatabaseAway(error) ? databaseAway() : error;
    }
  }

  private async answerOf(id: string, timeoutMs: number): Promise<CommandRow> {
    const started = performance.now();
    for (;;) {
      const woken = this.wake(id);
      try {
        const { rows } = await this.database.pool.query<CommandRow>('SELECT * FROM commands WHERE id = $1', [id]);
        const row = rows[0];
        if (!row)
          throw refuse(
            'internal',
            'the command vanished from the database',
            'Look at the status before you try again.',
          );
        const elapsedMs = performance.now() - started;
        if (row.status !== 'queued' && row.status !== 'taken') return row;
        if (row.status === 'queued' && elapsedMs >= Math.min(TAKEN_WITHIN_MS, timeoutMs)) {
          const { rowCount } = await this.database.pool.query(
            `UPDATE commands SET status = 'withdrawn', ended_at = now() WHERE id = $1 AND status = 'queued'`,
            [id],
          );
          if (rowCount) return { ...row, status: 'withdrawn' };
          continue;
        }
        if (elapsedMs >= timeoutMs) return row;
        await woken.promise;
      } finally {
        woken.cancel();
      }
    }
  }

  /** Registered before the row is read, so that an answer in between is not slept through. */
  private wake(id: string): { promise: Promise<void>; cancel: () => void } {
    let timer: NodeJS.Timeout | undefined;
    const promise = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LOOK_EVERY_MS);
      this.waiting.set(id, resolve);
    });
    return {
      promise,
      cancel: () => {
        clearTimeout(timer);
        this.waiting.delete(id);
      },
    };
  }
}

export type CommandHandlers = {
  [K in CommandKind]: (params: CommandParams<K>, actor: string, id: string) => Promise<CommandResult<K>>;
};

/** The answering end, in each control worker. Commands run beside each other; what must not is refused further down. */
export class CommandServer {
  private busy = false;
  private again = false;
  private opened = false;

  constructor(
    private readonly database: Database,
    private readonly worker: string,
    private readonly handlers: CommandHandlers,
    private readonly onError: (error: unknown) => void,
  ) {}

  listen(notices: NoticeListener): void {
    notices.on('switchback_commands', () => this.look());
  }

  /** From now on commands are taken. */
  open(): void {
    this.opened = true;
    this.look();
  }

  look(): void {
    this.again = true;
    if (this.busy || !this.opened) return;
    this.busy = true;
    this.takeAll()
      .catch(this.onError)
      .finally(() => {
        this.busy = false;
      });
  }

  /** What a dead worker had taken has an unknown outcome; whoever waits for it is told so. */
  static async markLost(database: Database, worker: string): Promise<void> {
    await database.pool.query(
      `UPDATE commands SET status = 'lost', ended_at = now() WHERE worker = $1 AND status = 'taken'`,
      [worker],
    );
  }

  /** Answers of long ago are of no use to anybody. */
  static async removeOld(database: Database): Promise<void> {
    await database.pool.query(
      `DELETE FROM commands WHERE created_at < now() - interval '1 hour' AND status NOT IN ('queued', 'taken')`,
    );
  }

  /** Writes the result of a command before its handler returns, for a handler that will not return (a kill of this very process). */
  async answerEarly(id: string, result: unknown): Promise<void> {
    await this.end(id, 'done', result, null);
  }

  private async takeAll(): Promise<void> {
    while (this.again) {
      this.again = false;
      for (;;) {
        const { rows } = await this.database.pool.query<CommandRow>(
          `UPDATE commands SET status = 'taken', worker = $1 WHERE id =
             (SELECT id FROM commands WHERE status = 'queued' ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *`,
          [this.worker],
        );
        const row = rows[0];
        if (!row) break;
        void this.carryOut(row).catch(this.onError);
      }
    }
  }

  private async carryOut(row: CommandRow): Promise<void> {
    // Written by `CommandClient.ask`, which types params by kind.
    const handler = this.handlers[row.kind] as
      | ((params: unknown, actor: string, id: string) => Promise<unknown>)
      | undefined;
    try {
      if (!handler)
        throw refuse(
          'bad-request',
          `this worker knows no command ${row.kind}`,
          'Update all workers to the same version.',
        );
      await this.end(row.id, 'done', await handler(row.params, row.actor, row.id), null);
    } catch (error) {
      if (!(error instanceof RefusedError)) this.onError(error);
      await this.end(row.id, 'refused', null, refusalOf(error));
    }
  }

  private async end(id: string, status: 'done' | 'refused', result: unknown, refusal: Refusal | null): Promise<void> {
    await this.database.pool.query(
      `UPDATE commands SET status = $2, result = $3, refusal = $4, ended_at = now() WHERE id = $1 AND status = 'taken'`,
      [id, status, JSON.stringify(result), refusal && JSON.stringify(refusal)],
    );
  }
}
