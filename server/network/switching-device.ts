/**
 * A switching device (003 §[0124], 300I and 300J): it stands before a system on a shared line, looks at the recipient named
 * at the head of each stream, hands the stream in where that is its own system, and else passes it on along the line. What
 * the ends then say to each other it neither reads nor changes; they prove themselves to each other, not to it.
 */
import type { ByteStream, Clock, Listener, Log, Network, Timer } from '../domain/ports.ts';
import type { LineDirection } from './shaped-stream.ts';
import { encodeRoute, parseRoute, ROUTE_MAX_BYTES, type Route } from './stream-route.ts';

/** Streams that have not named their recipient yet; more are dropped, so that strangers cannot exhaust memory. */
const MAX_UNROUTED = 64;
/** A stream must name its recipient within this time, ms. */
const ROUTE_TIMEOUT_MS = 5000;

export interface SwitchingPorts {
  clock: Clock;
  network: Network;
  log: Log;
}

export interface SwitchTable {
  /** Where a stream for `recipient` goes from here; null where no line leads there. */
  onward(recipient: string): { neighbour: string; address: string; isLast: boolean } | null;
  /** Distance of what leaves this device for `neighbour`; null where it is no neighbour. */
  direction(neighbour: string): LineDirection | null;
}

/** One stream passing through. */
interface Passage {
  a: ByteStream;
  b: ByteStream;
}

export class SwitchingDevice {
  relayedBytes = 0;
  private readonly passages = new Set<Passage>();
  private unrouted = 0;
  private listener: Listener | null = null;

  constructor(
    private readonly ports: SwitchingPorts,
    private readonly name: string,
    private readonly table: SwitchTable,
  ) {}

  /** Streams that pass through now. */
  get streams(): number {
    return this.passages.size;
  }

  /** Listens; resolves with the address bound. Rejects where the address is taken. */
  async listen(address: string): Promise<string> {
    this.listener = await this.ports.network.listen(address, (stream) => this.incoming(stream));
    return this.listener.address;
  }

  close(): void {
    this.listener?.close();
    for (const { a, b } of [...this.passages]) {
      a.destroy();
      b.destroy();
    }
  }

  /** Gathers the head of a stream, whatever chunks it comes in. */
  private incoming(stream: ByteStream): void {
    if (this.unrouted >= MAX_UNROUTED) return stream.destroy();
    this.unrouted += 1;
    let head = new Uint8Array(0);
    const timer: Timer = this.ports.clock.after(ROUTE_TIMEOUT_MS, () => stream.destroy());
    const settle = (): void => {
      this.unrouted -= 1;
      timer.cancel();
      stream.onData = null;
      stream.onClose = null;
    };
    stream.onClose = settle;
    stream.onData = (chunk) => {
      head = joined(head, chunk);
      const parsed = parseRoute(head);
      if (parsed === 'more' && head.length < ROUTE_MAX_BYTES) return;
      settle();
      if (parsed === 'more' || parsed === 'malformed') return this.refuse(stream, 'it names no recipient');
      this.route(stream, parsed.route, head.subarray(parsed.bytes));
    };
  }

  private refuse(stream: ByteStream, reason: string): void {
    this.ports.log.write('warn', 'stream refused', { reason });
    stream.destroy();
  }

  private route(from: ByteStream, route: Route, rest: Uint8Array): void {
    const back = this.table.direction(route.by);
    const onward = this.table.onward(route.to);
    if (!back || !onward)
      return this.refuse(from, `${route.by} sends to ${route.to}, where no line of this device leads`);
    const to = this.ports.network.connect(onward.address);
    // Only another device has to be told where to: the system itself is the recipient.
    if (!onward.isLast) to.write(encodeRoute({ to: route.to, by: this.name }));
    const passage: Passage = { a: back.wrap(from), b: this.table.direction(onward.neighbour)?.wrap(to) ?? to };
    this.passages.add(passage);
    this.pass(passage, passage.a, passage.b);
    this.pass(passage, passage.b, passage.a);
    this.relayedBytes += rest.length;
    if (rest.length > 0) passage.b.write(new Uint8Array(rest));
  }

  /** Everything `source` says goes to `target`, no faster than that takes it; the end of one is the end of both. */
  private pass(passage: Passage, source: ByteStream, target: ByteStream): void {
    source.onData = (chunk) => {
      this.relayedBytes += chunk.length;
      // The chunk is the receiver's only until the call returns.
      if (!target.write(new Uint8Array(chunk))) source.pause();
    };
    target.onDrain = () => source.resume();
    source.onClose = () => {
      this.passages.delete(passage);
      target.destroy();
    };
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
