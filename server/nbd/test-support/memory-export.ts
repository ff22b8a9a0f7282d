import type { NbdExport } from '../export.ts';
import type { NbdErrno } from '../protocol.ts';

type Done = (errno: NbdErrno | 0) => void;

/** A volume in memory whose changes complete when the test says so, in whichever order it says. */
export class MemoryExport implements NbdExport {
  readonly description = 'a volume in memory';
  readonly content: Uint8Array;
  readOnly = false;
  /** What every call answers; 0 for success. */
  errno: NbdErrno | 0 = 0;
  /** Completes changes during the call. */
  immediate = true;
  readonly waiting: (() => void)[] = [];
  readonly calls: string[] = [];
  outstandingBytes = 0;
  mostOutstandingBytes = 0;

  constructor(
    readonly name: string,
    sizeBytes: number,
  ) {
    this.content = new Uint8Array(sizeBytes);
  }

  get sizeBytes(): number {
    return this.content.length;
  }

  read(offsetBytes: number, into: Uint8Array): NbdErrno | 0 {
    this.#check(offsetBytes, into.length);
    into.set(this.content.subarray(offsetBytes, offsetBytes + into.length));
    return this.errno;
  }

  write(offsetBytes: number, data: Uint8Array, fua: boolean, done: Done): void {
    this.#check(offsetBytes, data.length);
    this.calls.push(`write ${offsetBytes}+${data.length}${fua ? ' fua' : ''}`);
    this.outstandingBytes += data.length;
    this.mostOutstandingBytes = Math.max(this.mostOutstandingBytes, this.outstandingBytes);
    this.#complete(() => {
      this.outstandingBytes -= data.length;
      if (this.errno === 0) this.content.set(data, offsetBytes);
      done(this.errno);
    });
  }

  zero(offsetBytes: number, lengthBytes: number, fua: boolean, done: Done): void {
    this.#check(offsetBytes, lengthBytes);
    this.calls.push(`zero ${offsetBytes}+${lengthBytes}${fua ? ' fua' : ''}`);
    this.#complete(() => {
      if (this.errno === 0) this.content.fill(0, offsetBytes, offsetBytes + lengthBytes);
      done(this.errno);
    });
  }

  flush(done: Done): void {
    this.calls.push('flush');
    this.#complete(() => done(this.errno));
  }

  /** Completes one waiting change, picked at random; false where none waits. */
  completeOne(random: () => number): boolean {
    const [complete] = this.waiting.splice(Math.floor(random() * this.waiting.length), 1);
    complete?.();
    return complete !== undefined;
  }

  #complete(action: () => void): void {
    if (this.immediate) action();
    else this.waiting.push(action);
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    const inside = offsetBytes >= 0 && lengthBytes > 0 && offsetBytes + lengthBytes <= this.sizeBytes;
    if (!inside) throw new Error(`the server let ${lengthBytes} bytes at ${offsetBytes} through`);
  }
}
