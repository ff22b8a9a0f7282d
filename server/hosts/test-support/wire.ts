/** Calls between processes of a test, through JSON as on the real wire, with delay and loss in each direction. */
import type { Clock } from '../../domain/ports.ts';
import { RefusedError, refusalOf, refuse } from '../../domain/refusal.ts';
import type { CallHandler, Channel, Identity } from '../../network/channel-types.ts';
import type { Caller } from '../connections.ts';

export class Wire implements Caller {
  up = true;
  /** Calls vanish on their way there; answers vanish on their way back. */
  losesCalls = false;
  losesAnswers = false;
  /** One-way delay of a call, ms. */
  callDelayMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly handle: CallHandler,
    private readonly from: Identity,
  ) {}

  call(method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    if (!this.up) return Promise.reject(refuse('unreachable', 'The wire is down.', 'Restore it.'));
    const sent: unknown = JSON.parse(JSON.stringify(params));
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(timeoutMs, () => reject(refuse('timeout', 'No answer came.', 'Ask again.')));
      const settled = (act: () => void): void => {
        if (this.losesAnswers) return;
        timer.cancel();
        act();
      };
      const deliver = (): void => {
        this.handle(method, sent, channelFrom(this.from)).then(
          (value) => settled(() => resolve(JSON.parse(JSON.stringify(value)))),
          (error: unknown) => settled(() => reject(new RefusedError(refusalOf(error)))),
        );
      };
      if (this.losesCalls) return;
      if (this.callDelayMs > 0) this.clock.after(this.callDelayMs, deliver);
      else deliver();
    });
  }
}

/** The receiver's view of a caller: handlers look at nothing but who it is. */
export function channelFrom(peer: Identity): Channel {
  const unused = (): never => {
    throw new Error('the handler used the channel');
  };
  return {
    peer,
    path: 0,
    open: true,
    queuedBytes: 0,
    call: unused,
    notify: unused,
    sendFrame: unused,
    close: unused,
    onNotice: null,
    onFrame: null,
    onDrain: null,
    onClose: null,
  };
}
