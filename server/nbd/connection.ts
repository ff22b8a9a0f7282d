import type { ByteStream, Clock, Log, Timer } from '../domain/ports.ts';
import type { NbdExport, NbdExports } from './export.ts';
import { Negotiation, type NegotiationEvents } from './negotiation.ts';
import type { PayloadArena } from './payload-arena.ts';
import { ReplyBatch } from './reply-batch.ts';
import { Transmission, type TransmissionEvents } from './transmission.ts';

/** Bounds on what one client may cost. */
export interface NbdLimits {
  /** Clients connected at once; one more is closed at once. */
  readonly clients: number;
  /** Unanswered requests, with their data, at which a client is not read from until half is answered. */
  readonly outstandingBytes: number;
  /** How long a client may take to choose an export. */
  readonly negotiationMs: number;
  /** How long a client that is being let go may take to fetch its last replies. */
  readonly lingerMs: number;
}

/** What a connection needs of the server. */
export interface NbdConnectionHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: NbdLimits;
  readonly exports: NbdExports;
  readonly arena: PayloadArena;
  closed(connection: NbdConnection): void;
}

/**
 * One client, from greeting to close: passes what arrives to the negotiation and then to the transmission, hands the
 * replies of one turn to the stream together, and stops reading while the client has too much outstanding.
 */
export class NbdConnection implements NegotiationEvents, TransmissionEvents {
  readonly #stream: ByteStream;
  readonly #host: NbdConnectionHost;
  readonly #replies: ReplyBatch;
  #phase: Negotiation | Transmission;
  #transmission: Transmission | null = null;
  #deadline: Timer | null;
  /** What arrived and may not be looked at yet, because the client has enough outstanding. */
  #held: Uint8Array | null = null;
  #paused = false;
  #consuming = false;
  /** `leaving`: reads nothing more, answers what is outstanding. `ended`: all is said. */
  #state: 'open' | 'leaving' | 'ended' | 'closed' = 'open';
  #rejections = 0;

  constructor(stream: ByteStream, host: NbdConnectionHost) {
    this.#stream = stream;
    this.#host = host;
    this.#replies = new ReplyBatch(stream);
    this.#phase = new Negotiation(host.exports, this.#replies, this);
    this.#deadline = host.clock.after(host.limits.negotiationMs, () =>
      this.broke('client did not choose an export in time', { limitMs: host.limits.negotiationMs }),
    );
    stream.onData = (chunk) => this.#receive(chunk);
    stream.onDrain = () => {
      this.#replies.drained();
      this.#continue();
    };
    stream.onClose = (reason) => this.#closed(reason);
    this.#replies.flush();
  }

  /** The export this client has chosen, or null before that. */
  get volume(): NbdExport | null {
    return this.#transmission?.volume ?? null;
  }

  /** Lets the client go: what is queued is sent, what is unanswered stays so, and no more is read. */
  drop(reason: string): void {
    if (this.#state === 'closed') return;
    this.#host.log.write('info', 'nbd client dropped', { export: this.volume?.name, reason });
    this.#end();
  }

  attached(volume: NbdExport): void {
    this.#deadline?.cancel();
    this.#deadline = null;
    this.#transmission = new Transmission(volume, this.#replies, this.#host.arena, this);
    this.#phase = this.#transmission;
    this.#host.log.write('info', 'nbd client attached', { export: volume.name, readOnly: volume.readOnly });
  }

  aborted(): void {
    this.#state = 'leaving';
  }

  disconnecting(): void {
    this.#state = 'leaving';
  }

  broke(reason: string, facts: Record<string, unknown>): void {
    this.#host.log.write('warn', 'nbd client closed: it broke the protocol', {
      ...facts,
      export: this.volume?.name ?? facts.export,
      reason,
    });
    this.#end();
  }

  rejected(reason: string, facts: Record<string, unknown>): void {
    // The first says what the client does wrong; a line for each would let a client flood the log.
    if (this.#rejections === 0) {
      this.#host.log.write('warn', 'nbd request refused', { ...facts, export: this.volume?.name, reason });
    }
    this.#rejections += 1;
  }

  settledLater(): void {
    this.#replies.flush();
    this.#continue();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state !== 'open') return;
    if (this.#held !== null) {
      this.#held = joined(this.#held, chunk);
      return;
    }
    const at = this.#consume(chunk);
    if (at < chunk.length && this.#state === 'open') this.#held = chunk.slice(at);
  }

  /** Goes through `chunk` until it ends, the client leaves, or it has too much outstanding. Returns where it stopped. */
  #consume(chunk: Uint8Array): number {
    let at = 0;
    this.#consuming = true;
    while (at < chunk.length && this.#state === 'open' && !this.#full(this.#host.limits.outstandingBytes)) {
      at = this.#phase.take(chunk, at);
    }
    this.#consuming = false;
    this.#replies.flush();
    this.#endIfAnswered();
    const full = at < chunk.length || this.#full(this.#host.limits.outstandingBytes);
    if (full && this.#state === 'open' && !this.#paused) {
      this.#paused = true;
      this.#stream.pause();
    }
    return at;
  }

  #full(limitBytes: number): boolean {
    return this.#replies.waitsForDrain || (this.#transmission?.outstandingBytes ?? 0) >= limitBytes;
  }

  /** Something was answered or sent: takes up what was held, then lets more arrive, as far as there is room again. */
  #continue(): void {
    if (this.#consuming) return;
    this.#endIfAnswered();
    if (this.#state !== 'open' || !this.#paused || this.#full(this.#host.limits.outstandingBytes / 2)) return;
    const held = this.#held;
    if (held !== null) {
      this.#held = null;
      this.#receive(held);
      if (this.#held !== null || this.#state !== 'open' || this.#full(this.#host.limits.outstandingBytes)) return;
    }
    this.#paused = false;
    this.#stream.resume();
  }

  #endIfAnswered(): void {
    if (this.#state === 'leaving' && (this.#transmission?.outstandingRequests ?? 0) === 0) this.#end();
  }

  /** Ends the stream in order, and by force where the client does not let it end. */
  #end(): void {
    if (this.#state === 'ended' || this.#state === 'closed') return;
    this.#state = 'ended';
    this.#held = null;
    this.#replies.flush();
    this.#transmission?.close();
    this.#deadline?.cancel();
    this.#deadline = this.#host.clock.after(this.#host.limits.lingerMs, () => this.#stream.destroy());
    this.#stream.end();
    // What still arrives is not looked at; reading on lets the end of the stream be seen.
    if (this.#paused) this.#stream.resume();
  }

  #closed(reason: string | null): void {
    if (this.#state === 'closed') return;
    const asked = this.#state !== 'open';
    this.#state = 'closed';
    this.#held = null;
    this.#deadline?.cancel();
    this.#transmission?.close();
    this.#host.log.write('info', 'nbd client gone', {
      export: this.volume?.name,
      inOrder: asked,
      reason,
      refusedRequests: this.#rejections,
      unanswered: this.#transmission?.outstandingRequests ?? 0,
    });
    this.#host.closed(this);
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const both = new Uint8Array(head.length + tail.length);
  both.set(head);
  both.set(tail, head.length);
  return both;
}
