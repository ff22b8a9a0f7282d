/** Accepts channels on one address, and dials them. */
import type { ByteStream, Listener, Network } from '../domain/ports.ts';
import { type ChannelOptions, type Greeting, StreamChannel } from './channel.ts';
import { encodeRoute, type Route } from './stream-route.ts';

/** Unproven callers at once; more are dropped, so that strangers cannot exhaust memory. */
const MAX_UNPROVEN = 64;

export class ChannelServer {
  private unproven = 0;
  private listener: Listener | null = null;
  private readonly channels = new Set<StreamChannel>();

  constructor(
    private readonly network: Network,
    private readonly options: ChannelOptions,
    /** Called once a caller has proven itself. */
    private readonly accept: (channel: StreamChannel) => void,
  ) {}

  /** Listens; resolves with the address bound. Rejects where the address is taken. */
  async listen(address: string): Promise<string> {
    this.listener = await this.network.listen(address, (stream) => this.incoming(stream));
    return this.listener.address;
  }

  close(): void {
    this.listener?.close();
    for (const channel of [...this.channels]) channel.close('this end is stopping');
  }

  private incoming(stream: ByteStream): void {
    if (this.unproven >= MAX_UNPROVEN) return stream.destroy();
    this.unproven += 1;
    const channel = new StreamChannel(this.options, stream, null);
    this.channels.add(channel);
    let proven = false;
    channel.onReady = () => {
      proven = true;
      this.unproven -= 1;
      this.accept(channel);
    };
    channel.onGone = () => {
      this.channels.delete(channel);
      if (!proven) this.unproven -= 1;
    };
  }
}

/**
 * Dials `address`, which is a switching device's where `route` says who is meant. The channel opens, or closes with a reason; the caller sets its
 * callbacks before returning to the loop.
 */
export function dialChannel(
  network: Network,
  options: ChannelOptions,
  address: string,
  expects: string,
  greeting: Greeting,
  route: Route | null = null,
): StreamChannel {
  const stream = network.connect(address);
  if (route) stream.write(encodeRoute(route));
  return new StreamChannel(options, stream, greeting, expects);
}
