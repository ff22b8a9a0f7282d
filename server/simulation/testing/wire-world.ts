/** Processes on the simulated network, and channels between two of them, for tests of what runs on the wire. */
import type { ByteStream, Network, Ports } from '../../domain/ports.ts';
import { type ChannelOptions, type Greeting, StreamChannel } from '../../network/channel.ts';
import { FRAME_HEADER_BYTES, FRAME_JSON, frameHeader } from '../../network/frame-reader.ts';
import { SIM_SECRET, SIM_TIMING } from '../node.ts';
import { World } from '../world.ts';

/** A whole frame as bytes. */
export function frame(kind: number, body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([frameHeader(kind, bytes.length), bytes]);
}

/** A message of the protocol as a whole frame. */
export function message(value: unknown): Buffer {
  return frame(FRAME_JSON, JSON.stringify(value));
}

/** Hands everything written to `stream` to `look`, which sees it before the network does. */
export function tap(stream: ByteStream, look: (bytes: Uint8Array) => void): ByteStream {
  const write = stream.write.bind(stream);
  stream.write = (bytes) => {
    look(bytes);
    return write(bytes);
  };
  return stream;
}

/** Tags of the messages in `written`, of which each element is one frame; a binary frame is `binary`. */
export function tagsOf(written: readonly Uint8Array[]): string[] {
  return written.map((bytes) =>
    bytes[4] === FRAME_JSON
      ? String(JSON.parse(Buffer.from(bytes.subarray(FRAME_HEADER_BYTES)).toString()).t)
      : 'binary',
  );
}

/** `network` with every stream it dials shown to `look`, which may hand another back. */
export function watched(network: Network, look: (stream: ByteStream, address: string) => void): Network {
  return {
    listen: (address, accept) => network.listen(address, accept),
    connect: (address) => {
      const stream = network.connect(address);
      look(stream, address);
      return stream;
    },
  };
}

/** What a test says about one end of a channel; the rest is as everywhere in the simulator. */
export type EndSettings = Partial<Pick<ChannelOptions, 'secret' | 'handle' | 'timing' | 'shapeFor'>>;

/** One end of a channel under test, and all that was seen at it. */
export interface WireEnd {
  channel: StreamChannel;
  /** The stream below the channel. */
  raw: ByteStream;
  /** Every frame this end wrote. */
  written: Uint8Array[];
  closes: string[];
  /** Times it became ready. */
  readied: number;
}

export class WireWorld {
  readonly world: World;
  /** Reasons and facts of warnings, by process. */
  readonly warnings: string[] = [];
  private readonly crashes: string[] = [];
  private readonly portsOf = new Map<string, Ports>();

  constructor(seed: string) {
    this.world = new World(seed, {
      losesPower: true,
      onKilled: () => undefined,
      onCrash: ({ process, error }) => this.crashes.push(`${process}: ${String(error)}`),
      onLog: ({ process, level, message: text, facts }) => {
        if (level === 'warn') this.warnings.push(`${process}: ${text}: ${String(facts?.reason)}`);
      },
    });
  }

  get nowMs(): number {
    return this.world.scheduler.nowMs;
  }

  sleep(delayMs: number): Promise<void> {
    return this.world.scheduler.sleep(delayMs);
  }

  until(condition: () => boolean, withinMs: number): Promise<boolean> {
    return this.world.scheduler.until(condition, withinMs, 1);
  }

  /** Runs `story` to its end in virtual time; whatever crashed meanwhile fails it. */
  async run<T>(story: () => Promise<T>): Promise<T> {
    const result = await this.world.scheduler.drive(story, 500_000);
    if (this.crashes.length > 0) throw new Error(`crashed: ${this.crashes.join('\n')}`);
    return result;
  }

  /** Ports of the process `name`, which is started where it does not run. */
  ports(name: string): Ports {
    const known = this.portsOf.get(name);
    if (known) return known;
    const ports = this.world.addMachine(name, 1).start();
    this.portsOf.set(name, ports);
    return ports;
  }

  /** The way between two processes, the same in both directions, without jitter. */
  distance(a: string, b: string, delayMs: number): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      this.world.network.setWay(from, to, { delayMs, jitterMs: 0 });
  }

  cut(from: string, to: string, isCut = true): void {
    this.world.network.setWay(from, to, { cut: isCut });
  }

  options(name: string, settings: EndSettings = {}): ChannelOptions {
    return {
      ports: this.ports(name),
      secret: SIM_SECRET,
      self: { group: 'g', name },
      handle: async (method, params) => [name, method, params],
      timing: SIM_TIMING,
      ...settings,
    };
  }

  /** A channel of `name` over `stream`; the greeting of a dialer, null at the accepting end. */
  end(name: string, stream: ByteStream, greeting: Greeting | null, expects = '', settings: EndSettings = {}): WireEnd {
    const written: Uint8Array[] = [];
    tap(stream, (bytes) => written.push(bytes));
    const channel = new StreamChannel(this.options(name, settings), stream, greeting, expects);
    const end: WireEnd = { channel, raw: stream, written, closes: [], readied: 0 };
    channel.onReady = () => {
      end.readied += 1;
    };
    channel.onClose = (reason) => end.closes.push(reason);
    return end;
  }

  /** A stream from `from` to `to` and the far end of it. */
  async streams(from: string, to: string): Promise<{ near: ByteStream; far: ByteStream }> {
    const network = this.ports(to).network;
    const accepted = new Promise<ByteStream>((resolve) => {
      void network.listen(`${to}:0`, resolve).then(({ address }) => {
        near = this.ports(from).network.connect(address);
      });
    });
    let near: ByteStream | null = null;
    const far = await accepted;
    if (!near) throw new Error('nobody dialled');
    return { near, far };
  }

  /** P dials I; resolves as soon as both ends have begun, before either has proven itself. */
  async dialled(settings: { P?: EndSettings; I?: EndSettings; expects?: string } = {}) {
    const { near, far } = await this.streams('P', 'I');
    const dialer = this.end('P', near, { path: 1, round: 'r' }, settings.expects ?? 'I', settings.P);
    const acceptor = this.end('I', far, null, '', settings.I);
    return { dialer, acceptor };
  }

  /** P dials I; resolves once both are open. */
  async opened(settings: { P?: EndSettings; I?: EndSettings } = {}) {
    const pair = await this.dialled(settings);
    const isOpen = () => pair.dialer.channel.open && pair.acceptor.channel.open;
    if (!(await this.until(isOpen, 1000))) throw new Error('the channel never opened');
    return pair;
  }
}
