/**
 * The agent's channel to one process of its site. It comes back by itself for as long as the process lives, and believes
 * the process only after the channel has shown that this very life of it answers.
 */
import type { Ports, Timer } from '../../domain/ports.ts';
import { refusalOf, refuse } from '../../domain/refusal.ts';
import type { ChannelOptions, StreamChannel } from '../../network/channel.ts';
import { dialChannel } from '../../network/channel-server.ts';
import {
  type ChildMethods,
  type ProcessSettings,
  type RunRecord,
  runRecordSchema,
} from '../processes/child-protocol.ts';

/** Shorter than the control plane waits for the agent, so that it learns which process was silent. */
const CALL_TIMEOUT_MS = 3000;
const FIRST_REDIAL_MS = 50;
const LONGEST_REDIAL_MS = 1000;

export interface ChildLinkEvents {
  /** The process has proven who it is and has taken its settings. */
  onUp(): void;
  /** The channel is gone; the link dials again unless it is told to stop meanwhile. */
  onDown(reason: string): void;
  onNotice(method: string, params: unknown): void;
}

export class ChildLink {
  up = false;
  private channel: StreamChannel | null = null;
  /** The channel on which this very life has answered; only then is its word taken. */
  private proven: StreamChannel | null = null;
  private timer: Timer | null = null;
  private redialMs = FIRST_REDIAL_MS;
  private stopped = false;

  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'entropy' | 'network'>,
    private readonly channelOptions: ChannelOptions,
    private readonly group: string,
    private readonly process: string,
    private readonly record: RunRecord,
    private readonly settings: () => ProcessSettings,
    private readonly events: ChildLinkEvents,
  ) {}

  start(): void {
    this.dial();
  }

  stop(): void {
    this.stopped = true;
    this.up = false;
    this.timer?.cancel();
    const { channel } = this;
    this.channel = null;
    this.proven = null;
    channel?.close('the agent is done with it');
  }

  /** Gives the present channel up and dials again. */
  reconnect(reason: string): void {
    this.channel?.close(reason);
  }

  /** Asks the process. Rejects with `unreachable` while it does not answer. */
  async call<M extends keyof ChildMethods>(
    method: M,
    params: ChildMethods[M]['params'],
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<ChildMethods[M]['result']> {
    if (!this.up || !this.channel) throw unreachable(this.process);
    // The other end is a process of this installation, proven by the secret, and this table types both ends.
    return (await this.channel.call(method, params, timeoutMs)) as ChildMethods[M]['result'];
  }

  private dial(): void {
    const round = Buffer.from(this.ports.entropy.bytes(8)).toString('hex');
    const channel = dialChannel(this.ports.network, this.channelOptions, this.record.channel, this.process, {
      path: 0,
      round,
    });
    this.channel = channel;
    channel.onReady = () => {
      this.greet(channel).catch((error: unknown) => channel.close(refusalOf(error).message));
    };
    channel.onNotice = (method, params) => {
      if (this.proven === channel) this.events.onNotice(method, params);
    };
    channel.onClose = (reason) => {
      if (this.channel === channel) this.lost(reason);
    };
  }

  private async greet(channel: StreamChannel): Promise<void> {
    if (channel.peer.group !== this.group)
      throw refuse('unauthorised', `${this.process} of another group answered.`, 'Nothing: the agent tries again.');
    const record = runRecordSchema.parse(await channel.call('child.hello', {}, CALL_TIMEOUT_MS));
    if (record.incarnation !== this.record.incarnation)
      throw refuse('unauthorised', 'Another life of the process answered.', 'Nothing: the agent tries again.');
    this.proven = channel;
    let told: string;
    do {
      const settings = this.settings();
      told = JSON.stringify(settings);
      await channel.call('child.configure', settings, CALL_TIMEOUT_MS);
      if (this.channel !== channel || this.stopped) return;
      // Settings that changed while they were handed over were nobody's to hand over: until now this link was not up.
    } while (JSON.stringify(this.settings()) !== told);
    this.up = true;
    this.redialMs = FIRST_REDIAL_MS;
    this.events.onUp();
  }

  private lost(reason: string): void {
    this.channel = null;
    this.proven = null;
    this.up = false;
    this.events.onDown(reason);
    if (this.stopped) return;
    this.timer = this.ports.clock.after(this.redialMs, () => this.dial());
    this.redialMs = Math.min(LONGEST_REDIAL_MS, this.redialMs * 2);
  }
}

function unreachable(process: string): Error {
  return refuse(
    'unreachable',
    `${process} does not answer its site agent.`,
    'Restart it (fault restart), or wait until it has started.',
  );
}
