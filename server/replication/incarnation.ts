/**
 * One life of a controller, from its recovery to its halt. A disk that fails where nobody is prepared for it ends the life
 * at once, as SIGKILL would: nothing of it runs any more, and the next one is rebuilt from what is on the disk.
 */
import { type Clock, DiskError, type Timer } from '../domain/ports.ts';

/** Unwinds the stack of a controller that has just halted. */
export class HaltedError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'HaltedError';
  }
}

export class Incarnation {
  alive = true;

  constructor(
    private readonly clock: Clock,
    /** Called once, when a disk failure ends this life. */
    private readonly onHalt: (error: DiskError) => void,
  ) {}

  /** As `Clock.after`, for as long as this life lasts. */
  after(delayMs: number, run: () => void): Timer {
    return this.clock.after(delayMs, () => this.enter(run));
  }

  /** Runs `run` when the present turn is over. */
  soon(run: () => void): void {
    Promise.resolve().then(() => this.enter(run));
  }

  /** Goes on when `promise` settles. Without `failed`, a rejection other than by the disk is a defect and is thrown. */
  when<T>(promise: Promise<T>, run: (value: T) => void, failed?: (error: unknown) => void): void {
    promise.then(
      (value) => this.enter(() => run(value)),
      (error: unknown) =>
        this.enter(() => {
          if (error instanceof DiskError || error instanceof HaltedError || !failed) throw error;
          failed(error);
        }),
    );
  }

  /** Everything that comes in from outside comes in here. */
  enter(run: () => void): void {
    if (!this.alive) return;
    try {
      run();
    } catch (error) {
      if (error instanceof HaltedError) return;
      if (!(error instanceof DiskError)) throw error;
      this.fail(error);
    }
  }

  /** Ends this life because of `error`. */
  fail(error: DiskError): void {
    if (!this.alive) return;
    this.alive = false;
    this.onHalt(error);
  }

  /** As `fail`, from inside: nothing behind the call is carried out. */
  halt(error: DiskError): never {
    this.fail(error);
    throw new HaltedError(error.message);
  }

  /** Where a call goes on after it had to wait: throws `HaltedError` if this life has ended meanwhile. */
  mustLive(): void {
    if (!this.alive) throw new HaltedError('this incarnation has ended');
  }

  end(): void {
    this.alive = false;
  }
}
