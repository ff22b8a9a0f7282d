/** Authenticated, framed conversation over one byte stream. Both ends run this class. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ByteStream, Ports, Timer } from '../domain/ports.ts';
import { RefusedError, refusalOf, refuse } from '../domain/refusal.ts';
import type { Answer, CallHandler, Channel, Identity } from './channel-types.ts';
import { FRAME_BINARY, FRAME_JSON, FrameReader, frameHeader } from './frame-reader.ts';
import type { LineDirection } from './shaped-stream.ts';

const PROTOCOL = 1;
const HELLO_MAX_BYTES = 4096;
/** Larger than the largest batch of entries a pair stream sends. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024;

export interface ChannelTiming {
  /** So often an end looks whether it has heard of the other, and pings where it has not lately, ms. */
  keepaliveMs: number;
  /** The channel is given up after so much silence of theirs, ms. */
  silenceMs: number;
  /** Both sides must have proven themselves by then, ms. */
  handshakeMs: number;
}

/** Round trips are measured at least once in so many looks, however busy the channel is. */
const MEASURE_EVERY = 10;
/** Share of the keep-alive interval by which the end that was called looks later than the caller. */
const LATER = 0.25;

export const DEFAULT_TIMING: ChannelTiming = { keepaliveMs: 1000, silenceMs: 3000, handshakeMs: 5000 };

export interface ChannelOptions {
  ports: Pick<Ports, 'clock' | 'entropy' | 'log'>;
  secret: Uint8Array;
  self: Identity;
  handle: CallHandler;
  timing?: ChannelTiming;
  /** Distance of what this end sends to `peer`; null for none. Asked once the peer's name is known. */
  shapeFor?: (peer: Identity) => LineDirection | null;
}

export interface Greeting {
  path: number;
  /** All paths of one life of a link share it. */
  round: string;
}

type Phase = 'await-challenge' | 'await-hello' | 'await-welcome' | 'await-first-word' | 'open' | 'closed';

interface PendingCall {
  method: string;
  resolve: (value: unknown) => void;
  reject: (error: RefusedError) => void;
  timer: Timer;
}

type Message =
  | { t: 'challenge'; protocol: number; nonce: string }
  | { t: 'hello'; protocol: number; self: Identity; path: number; round: string; nonce: string; mac: string }
  | { t: 'welcome'; self: Identity; mac: string }
  | { t: 'denied'; reason: string }
  | { t: 'call'; id: number; m: string; p: unknown }
  | { t: 'answer'; id: number; a: Answer }
  | { t: 'note'; m: string; p: unknown }
  | { t: 'ping'; at: number }
  | { t: 'pong'; at: number };

export class StreamChannel implements Channel {
  peer: Identity = { group: '', name: '' };
  path: number;
  round: string;
  rttMs: number | null = null;
  onNotice: ((method: string, params: unknown) => void) | null = null;
  onFrame: ((frame: Uint8Array) => void) | null = null;
  onDrain: (() => void) | null = null;
  onClose: ((reason: string) => void) | null = null;
  onReady: (() => void) | null = null;
  /** For whoever made the channel; called before `onClose`, which belongs to its user. */
  onGone: (() => void) | null = null;

  private stream: ByteStream;
  private phase: Phase;
  private readonly reader: FrameReader;
  private readonly calls = new Map<number, PendingCall>();
  private nextCall = 1;
  private readonly nonce: string;
  private theirNonce = '';
  private readonly calledUpon: boolean;
  private heardAtMs: number;
  private timer: Timer | null = null;
  /** Looks since the last ping. */
  private looks = 0;
  private readonly timing: ChannelTiming;

  constructor(
    private readonly options: ChannelOptions,
    stream: ByteStream,
    /** The greeting of a dialer; null at the accepting end. */
    greeting: Greeting | null,
    /** Name the dialer expects at the other end; empty: any. */
    private readonly expects = '',
  ) {
    this.timing = options.timing ?? DEFAULT_TIMING;
    this.path = greeting?.path ?? 0;
    this.round = greeting?.round ?? '';
    this.nonce = Buffer.from(options.ports.entropy.bytes(16)).toString('hex');
    this.calledUpon = greeting === null;
    this.phase = greeting ? 'await-challenge' : 'await-hello';
    this.heardAtMs = options.ports.clock.monotonic();
    this.reader = new FrameReader(HELLO_MAX_BYTES, (kind, body) => this.receive(kind, body));
    this.stream = stream;
    this.adopt(stream, greeting ? { group: options.self.group, name: expects } : null);
    this.timer = options.ports.clock.after(this.timing.handshakeMs, () =>
      this.close('the other end did not prove itself in time'),
    );
    if (!greeting) this.send({ t: 'challenge', protocol: PROTOCOL, nonce: this.nonce });
  }

  get open(): boolean {
    return this.phase === 'open';
  }

  get queuedBytes(): number {
    return this.stream.queuedBytes;
  }

  call(method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const name = this.peer.name || this.expects;
    if (!this.open)
      return Promise.reject(
        refuse('unreachable', `${name} is not connected.`, 'Wait until it is reachable, then try again.'),
      );
    const id = this.nextCall++;
    return new Promise((resolve, reject) => {
      const timer = this.options.ports.clock.after(timeoutMs, () => {
        this.calls.delete(id);
        reject(
          refuse(
            'timeout',
            `${name} did not answer ${method} within ${timeoutMs} ms.`,
            'Ask for its state: the instruction may have been carried out.',
          ),
        );
      });
      this.calls.set(id, { method, resolve, reject, timer });
      this.send({ t: 'call', id, m: method, p: params });
    });
  }

  notify(method: string, params: unknown): void {
    if (this.open) this.send({ t: 'note', m: method, p: params });
  }

  sendFrame(parts: readonly Uint8Array[]): boolean {
    if (!this.open) return true;
    let bytes = 0;
    for (const part of parts) bytes += part.length;
    return this.stream.write(Buffer.concat([frameHeader(FRAME_BINARY, bytes), ...parts], bytes + 5));
  }

  close(reason: string): void {
    if (this.phase === 'closed') return;
    this.stream.destroy();
    this.closed(reason);
  }

  /** Listens to `stream`, behind the distance to `peer` where one is known. */
  private adopt(stream: ByteStream, peer: Identity | null): void {
    const distance = peer ? this.options.shapeFor?.(peer) : null;
    this.stream = distance ? distance.wrap(stream) : stream;
    this.stream.onData = (chunk) => this.took(chunk);
    this.stream.onDrain = () => this.onDrain?.();
    this.stream.onClose = (reason) => this.closed(reason ?? 'closed by the other end');
  }

  private took(chunk: Uint8Array): void {
    if (this.phase === 'closed') return;
    this.heardAtMs = this.options.ports.clock.monotonic();
    const fault = this.reader.take(chunk);
    if (fault) this.refuseStream(`malformed data: ${fault}`);
  }

  private refuseStream(reason: string): void {
    this.options.ports.log.write('warn', 'channel refused', { peer: this.peer.name, reason });
    this.close(reason);
  }

  private send(message: Message): void {
    const body = Buffer.from(JSON.stringify(message));
    this.stream.write(Buffer.concat([frameHeader(FRAME_JSON, body.length), body]));
  }

  private receive(kind: number, body: Uint8Array): void {
    if (this.phase === 'closed') return;
    if (this.phase === 'await-first-word') this.ready();
    if (kind === FRAME_BINARY && this.open) {
      this.onFrame?.(body);
      return;
    }
    const message = kind === FRAME_JSON ? parse(body) : null;
    if (!message) return this.refuseStream(`malformed data: kind ${kind}`);
    if (this.open) this.converse(message);
    else this.greet(message);
  }

  private greet(message: Message): void {
    const { self } = this.options;
    if (message.t === 'challenge' && this.phase === 'await-challenge') {
      if (message.protocol !== PROTOCOL) return this.refuseStream(otherProtocol(message.protocol));
      this.theirNonce = String(message.nonce);
      this.phase = 'await-welcome';
      const mac = this.mac('dial', this.theirNonce, this.nonce, self);
      this.send({ t: 'hello', protocol: PROTOCOL, self, path: this.path, round: this.round, nonce: this.nonce, mac });
    } else if (message.t === 'hello' && this.phase === 'await-hello') {
      this.welcome(message);
    } else if (message.t === 'welcome' && this.phase === 'await-welcome') {
      if (
        !isIdentity(message.self) ||
        !same(this.mac('accept', this.nonce, this.theirNonce, message.self), message.mac)
      ) {
        return this.refuseStream('the other end does not hold this installation’s secret');
      }
      if (this.expects && message.self.name !== this.expects)
        return this.refuseStream(`${message.self.name} answered where ${this.expects} was called`);
      this.peer = message.self;
      this.ready();
    } else if (message.t === 'denied') {
      this.refuseStream(`denied: ${String(message.reason)}`);
    } else {
      this.refuseStream('it did not prove itself first');
    }
  }

  private welcome(hello: Extract<Message, { t: 'hello' }>): void {
    if (hello.protocol !== PROTOCOL) {
      this.send({ t: 'denied', reason: otherProtocol(hello.protocol) });
      return this.refuseStream(otherProtocol(hello.protocol));
    }
    this.theirNonce = String(hello.nonce);
    const fits =
      isIdentity(hello.self) &&
      Number.isInteger(hello.path) &&
      hello.path >= 0 &&
      hello.path < 64 &&
      typeof hello.round === 'string';
    if (!fits || !same(this.mac('dial', this.nonce, this.theirNonce, hello.self), hello.mac)) {
      this.send({ t: 'denied', reason: 'wrong secret' });
      return this.refuseStream('the caller does not hold this installation’s secret');
    }
    this.peer = hello.self;
    this.path = hello.path;
    this.round = hello.round;
    this.adopt(this.stream, hello.self);
    const { self } = this.options;
    this.send({ t: 'welcome', self, mac: this.mac('accept', this.theirNonce, this.nonce, self) });
    // Only what the caller says next shows that the welcome has reached it. On a line cut one way this end would else be
    // open again and again, and send into the void.
    this.phase = 'await-first-word';
  }

  private ready(): void {
    this.phase = 'open';
    this.reader.maxFrameBytes = MAX_FRAME_BYTES;
    this.timer?.cancel();
    this.ping();
    // The ends begin at the same instant: the one that was called looks later, hears the other's ping, and sends none.
    this.keepAlive(this.calledUpon ? this.timing.keepaliveMs * LATER : 0);
    this.onReady?.();
  }

  /**
   * What has been heard of the other end lately proves it as well as an answer would: so of two idle ends only one pings,
   * the other hears it, and a busy channel carries next to none.
   */
  private keepAlive(laterMs = 0): void {
    const { clock } = this.options.ports;
    this.timer = clock.after(this.timing.keepaliveMs + laterMs, () => {
      if (!this.open) return;
      const silentMs = clock.monotonic() - this.heardAtMs;
      if (silentMs >= this.timing.silenceMs) return this.close(`nothing heard for ${Math.round(silentMs)} ms`);
      this.looks += 1;
      if (silentMs >= this.timing.keepaliveMs / 2 || this.looks >= MEASURE_EVERY) this.ping();
      this.keepAlive();
    });
  }

  private ping(): void {
    this.looks = 0;
    this.send({ t: 'ping', at: this.options.ports.clock.monotonic() });
  }

  private converse(message: Message): void {
    switch (message.t) {
      case 'call':
        this.serve(message.id, String(message.m), message.p);
        return;
      case 'answer':
        this.settle(message.id, message.a);
        return;
      case 'note':
        this.onNotice?.(String(message.m), message.p);
        return;
      case 'ping':
        this.send({ t: 'pong', at: message.at });
        return;
      case 'pong':
        if (typeof message.at === 'number') this.rttMs = Math.max(0, this.options.ports.clock.monotonic() - message.at);
        return;
      default:
        this.refuseStream(`unexpected message ${String((message as { t: unknown }).t)}`);
    }
  }

  private serve(id: number, method: string, params: unknown): void {
    this.options.handle(method, params, this).then(
      (value) => this.open && this.send({ t: 'answer', id, a: { ok: true, value } }),
      (error: unknown) => this.open && this.send({ t: 'answer', id, a: { ok: false, refusal: refusalOf(error) } }),
    );
  }

  private settle(id: number, answer: Answer): void {
    const call = this.calls.get(id);
    if (!call) return; // It came after its timeout.
    this.calls.delete(id);
    call.timer.cancel();
    if (answer?.ok === true) call.resolve(answer.value);
    else call.reject(new RefusedError(answer?.refusal ?? refusalOf(new Error('malformed answer'))));
  }

  private closed(reason: string): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.timer?.cancel();
    const calls = [...this.calls.values()];
    this.calls.clear();
    for (const call of calls) {
      call.timer.cancel();
      call.reject(
        refuse(
          'timeout',
          `The connection to ${this.peer.name} was lost before it answered ${call.method}.`,
          'Ask for its state: the instruction may have been carried out.',
        ),
      );
    }
    this.onGone?.();
    this.onClose?.(reason);
  }

  private mac(purpose: string, a: string, b: string, identity: Identity): string {
    return createHmac('sha256', this.options.secret)
      .update(JSON.stringify([purpose, a, b, identity.group, identity.name]))
      .digest('hex');
  }
}

function otherProtocol(theirs: unknown): string {
  return `it speaks protocol ${String(theirs)}, this end speaks ${PROTOCOL}`;
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== 'object' || value === null) return false;
  const { group, name } = value as Record<string, unknown>;
  return typeof group === 'string' && typeof name === 'string' && name.length > 0 && name.length < 128;
}

function same(expected: string, given: unknown): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}

function parse(body: Uint8Array): Message | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
    // Fields are checked where they are used; only the tag is needed to find the place.
    return typeof value === 'object' && value !== null && 't' in value ? (value as Message) : null;
  } catch {
    return null;
  }
}
