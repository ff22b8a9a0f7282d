import net from 'node:net';
import type { ByteStream, Listener, Network } from '../../domain/ports.ts';
import { adoptAccepted, type ReceiveInto } from './receive-buffer.ts';

/** Where `write` begins to ask its caller to wait. */
const HIGH_WATER_BYTES = 1024 * 1024;
/** Gathered output that is not kept until the end of the tick: the kernel can be busy with it meanwhile. */
const EAGER_BYTES = 256 * 1024;
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

export interface RealNetworkOptions {
  /** Lets `listen` take addresses that other machines can reach. Off unless the installation has been secured. */
  readonly beyondLoopback?: boolean;
  /** Size of the buffer that each connection receives into, and so of its largest chunk. */
  readonly receiveBufferBytes?: number;
}

/** TCP as the machine gives it, without Nagle's delay. */
export class RealNetwork implements Network {
  readonly #beyondLoopback: boolean;
  readonly #receiveBufferBytes: number;

  constructor(options: RealNetworkOptions = {}) {
    this.#beyondLoopback = options.beyondLoopback ?? false;
    this.#receiveBufferBytes = options.receiveBufferBytes ?? RECEIVE_BUFFER_BYTES;
  }

  async listen(address: string, accept: (stream: ByteStream) => void): Promise<Listener> {
    const { host, port } = parseAddress(address);
    if (!this.#beyondLoopback && !isLoopback(host)) {
      throw new Error(
        `${address} can be reached from other machines, which this installation does not allow: use 127.0.0.1`,
      );
    }
    return new Promise((resolve, reject) => {
      const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
        const stream = new RealStream();
        stream.carry(adoptAccepted(accepted, stream.receiveInto(this.#receiveBufferBytes)));
        accept(stream);
      });
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        // A listener that cannot accept for a moment (out of descriptors) goes on listening.
        server.on('error', () => undefined);
        resolve(listenerOf(server));
      });
    });
  }

  connect(address: string): ByteStream {
    const { host, port } = parseAddress(address);
    const stream = new RealStream();
    const onread = stream.receiveInto(this.#receiveBufferBytes);
    stream.carry(net.connect({ host, port, noDelay: true, onread }));
    return stream;
  }
}

/** One TCP connection. What is written during one tick leaves in one system call. */
class RealStream implements ByteStream {
  onOpen: (() => void) | null = null;
  onData: ((chunk: Uint8Array) => void) | null = null;
  onDrain: (() => void) | null = null;
  onClose: ((reason: string | null) => void) | null = null;

  #socket: net.Socket | null = null;
  #gone = false;
  #reason: string | null = null;
  #wantsDrain = false;

  /** Output of this tick: finished pieces, then the piece that the next write may prolong. */
  #pieces: Uint8Array[] = [];
  #tail: ArrayBufferLike | null = null;
  #tailStart = 0;
  #tailEnd = 0;
  #gatheredBytes = 0;
  #scheduled = false;
  readonly #sendOnTick = (): void => {
    this.#scheduled = false;
    this.#send();
  };

  /** How node:net is to deliver what arrives: into one buffer, over and over. */
  receiveInto(bytes: number): ReceiveInto {
    return {
      // Not cleared, so that the pages of a quiet connection's buffer are never touched and cost nothing.
      buffer: Buffer.allocUnsafeSlow(bytes),
      callback: (count, buffer) => {
        this.onData?.(buffer.subarray(0, count));
        return true;
      },
    };
  }

  carry(socket: net.Socket): void {
    this.#socket = socket;
    socket.on('connect', () => this.onOpen?.());
    socket.on('drain', () => this.#drained());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#reason ??= error.code ?? error.message;
    });
    socket.on('close', () => {
      this.#gone = true;
      this.#dropGathered();
      this.onClose?.(this.#reason);
    });
  }

  get queuedBytes(): number {
    return this.#gatheredBytes + (this.#socket?.writableLength ?? 0);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#gone || bytes.length === 0) return !this.#gone;
    this.#gather(bytes);
    if (this.#gatheredBytes >= EAGER_BYTES) {
      this.#send();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.#sendOnTick);
    }
    if (this.queuedBytes < HIGH_WATER_BYTES) return true;
    this.#wantsDrain = true;
    return false;
  }

  end(): void {
    if (this.#gone) return;
    this.#send();
    this.#gone = true;
    this.#socket?.end();
  }

  destroy(): void {
    if (this.#socket === null || this.#socket.destroyed) return;
    this.#gone = true;
    this.#reason ??= 'dropped at this end';
    this.#dropGathered();
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Bytes that lie in memory right behind the last ones only make that piece longer. */
  #gather(bytes: Uint8Array): void {
    this.#gatheredBytes += bytes.length;
    if (bytes.buffer === this.#tail && bytes.byteOffset === this.#tailEnd) {
      this.#tailEnd += bytes.length;
      return;
    }
    this.#closeTail();
    this.#tail = bytes.buffer;
    this.#tailStart = bytes.byteOffset;
    this.#tailEnd = bytes.byteOffset + bytes.length;
  }

  #closeTail(): void {
    if (this.#tail === null) return;
    this.#pieces.push(new Uint8Array(this.#tail, this.#tailStart, this.#tailEnd - this.#tailStart));
    this.#tail = null;
  }

  #send(): void {
    this.#closeTail();
    const socket = this.#socket;
    const pieces = this.#pieces;
    if (pieces.length === 0 || socket === null) return;
    this.#pieces = [];
    this.#gatheredBytes = 0;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
    // Where the kernel took it all, node:net has nothing to drain and will not say so later.
    if (this.#wantsDrain && !socket.writableNeedDrain) process.nextTick(() => this.#drained());
  }

  #drained(): void {
    if (!this.#wantsDrain || this.#gone || this.queuedBytes >= HIGH_WATER_BYTES) return;
    this.#wantsDrain = false;
    this.onDrain?.();
  }

  #dropGathered(): void {
    this.#pieces = [];
    this.#tail = null;
    this.#gatheredBytes = 0;
  }
}

function listenerOf(server: net.Server): Listener {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server is bound to a host and a port');
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return { address: `${host}:${bound.port}`, close: () => server.close() };
}

/** Splits `host:port`; IPv6 hosts stand in brackets. */
function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error(`"${address}" is not an address: write host:port`);
  return { host: match[1] ?? match[2] ?? '', port };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
