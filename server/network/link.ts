/**
 * A link to one named peer that comes back by itself: one channel, or one per path of a line. The dialing end redials;
 * the accepting end is handed channels by its server. When any path is lost the whole link goes down and comes up anew,
 * so that what was in flight on it has one clear end: an epoch.
 */
import type { Network, Timer } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import type { ChannelOptions, StreamChannel } from './channel.ts';
import { dialChannel } from './channel-server.ts';
import type { Route } from './stream-route.ts';

export interface LinkOptions {
  /** Name of the process at the other end. */
  peer: string;
  paths: number;
  /** Address to dial; null at the accepting end, or while it is not known. */
  address: string | null;
  /** First pause before dialing again, ms; doubled up to `maxRedialMs`. */
  redialMs: number;
  maxRedialMs: number;
  /** Where a switching device stands at that address: who is meant, and who calls. */
  route?: Route | null;
}

export class Link {
  /** Rises by one each time the link comes up. */
  epoch = 0;
  up = false;
  onUp: (() => void) | null = null;
  onDown: ((reason: string) => void) | null = null;
  onNotice: ((method: string, params: unknown) => void) | null = null;
  onFrame: ((frame: Uint8Array) => void) | null = null;
  onDrain: (() => void) | null = null;

  private channels: StreamChannel[] = [];
  private round = '';
  private timer: Timer | null = null;
  private pauseMs: number;
  private address: string | null;
  private nextPath = 0;
  private stopped = false;

  constructor(
    private readonly network: Network,
    private readonly channelOptions: ChannelOptions,
    private readonly options: LinkOptions,
  ) {
    this.address = options.address;
    this.pauseMs = options.redialMs;
  }

  get peer(): string {
    return this.options.peer;
  }

  /** Round trip measured by the last keep-alive, ms. */
  get rttMs(): number | null {
    return this.up ? (this.channels[0]?.rttMs ?? null) : null;
  }

  get queuedBytes(): number {
    let bytes = 0;
    for (const channel of this.channels) bytes += channel.queuedBytes;
    return bytes;
  }

  /** Begins to dial, at the dialing end. */
  start(): void {
    if (this.address !== null) this.dial();
  }

  /** The peer has moved (or is known at last): dials there from now on. */
  readdress(address: string | null): void {
    if (address === this.address) return;
    this.address = address;
    this.pauseMs = this.options.redialMs;
    this.timer?.cancel();
    this.timer = null;
    if (this.channels.length > 0) this.drop('the other end has moved');
    else if (address !== null) this.redial(0);
  }

  /** Takes a proven channel at the accepting end. A new round replaces what is left of an older one. */
  attach(channel: StreamChannel): void {
    if (this.stopped || channel.path >= this.options.paths) return channel.close('no such path');
    if (channel.round !== this.round) {
      this.drop('the other end began anew');
      this.round = channel.round;
    }
    this.channels[channel.path]?.close('replaced');
    this.bind(channel);
    this.checkUp();
  }

  call(method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    const channel = this.channels[0];
    if (!this.up || !channel) {
      return Promise.reject(
        refuse(
          'unreachable',
          `${this.peer} is not reachable over its line.`,
          'Restore the line or restart the system, then try again.',
        ),
      );
    }
    return channel.call(method, params, timeoutMs);
  }

  /** Sent on the first path, and so in order among notices and calls. Lost while the link is down. */
  notify(method: string, params: unknown): void {
    if (this.up) this.channels[0]?.notify(method, params);
  }

  /** Spreads frames over the paths in turn: they may arrive in another order. */
  sendFrame(parts: readonly Uint8Array[]): boolean {
    if (!this.up) return true;
    this.nextPath = (this.nextPath + 1) % this.channels.length;
    return this.channels[this.nextPath]?.sendFrame(parts) ?? true;
  }

  /** Drops every path; the dialing end begins again. */
  drop(reason: string): void {
    const channels = this.channels;
    this.channels = [];
    const wasUp = this.up;
    this.up = false;
    for (const channel of channels) {
      if (!channel) continue;
      channel.onClose = null;
      channel.onReady = null;
      channel.close(reason);
    }
    if (wasUp) this.onDown?.(reason);
    if (this.address !== null) this.redialLater();
  }

  stop(): void {
    this.stopped = true;
    this.address = null;
    this.timer?.cancel();
    this.drop('this end is stopping');
  }

  private redialLater(): void {
    if (this.timer !== null) return;
    this.redial(this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, this.options.maxRedialMs);
  }

  private redial(delayMs: number): void {
    if (this.stopped || this.timer !== null) return;
    this.timer = this.channelOptions.ports.clock.after(delayMs, () => {
      this.timer = null;
      this.dial();
    });
  }

  private dial(): void {
    if (this.stopped || this.address === null || this.channels.length > 0) return;
    this.round = Buffer.from(this.channelOptions.ports.entropy.bytes(8)).toString('hex');
    for (let path = 0; path < this.options.paths; path += 1) {
      const greeting = { path, round: this.round };
      const { route = null } = this.options;
      const channel = dialChannel(this.network, this.channelOptions, this.address, this.peer, greeting, route);
      channel.onReady = () => this.checkUp();
      this.bind(channel);
    }
  }

  private bind(channel: StreamChannel): void {
    this.channels[channel.path] = channel;
    channel.onNotice = (method, params) => this.onNotice?.(method, params);
    channel.onFrame = (frame) => this.onFrame?.(frame);
    channel.onDrain = () => this.onDrain?.();
    channel.onClose = (reason) => {
      if (this.channels[channel.path] === channel) this.drop(reason);
    };
  }

  private checkUp(): void {
    if (this.up) return;
    for (let path = 0; path < this.options.paths; path += 1) if (!this.channels[path]?.open) return;
    this.up = true;
    this.epoch += 1;
    this.pauseMs = this.options.redialMs;
    this.onUp?.();
  }
}
