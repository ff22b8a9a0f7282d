/** The links of one process to the others of its group, each with the distance of its line and the faults put on it. */
import type { Arrangement } from '../../domain/arrangement.ts';
import type { Clock, Ports } from '../../domain/ports.ts';
import type { ChannelOptions, StreamChannel } from '../../network/channel.ts';
import type { Identity, LineConditions } from '../../network/channel-types.ts';
import { Link } from '../../network/link.ts';
import { LineDirection } from '../../network/shaped-stream.ts';
import type { ProcessConfig, ProcessSettings } from './child-protocol.ts';
import { type Connection, connectionsOf } from './connections.ts';

const REDIAL_MS = 50;
const MAX_REDIAL_MS = 1000;

interface Neighbour {
  connection: Connection;
  link: Link;
  /** What leaves this end towards it. */
  direction: LineDirection;
}

export class Neighbours {
  private readonly neighbours = new Map<string, Neighbour>();
  private settings: ProcessSettings;

  constructor(
    ports: Ports,
    /** Times what no pair is copied over: heartbeats need no microseconds, and waiting awake for them costs. */
    roughClock: Clock,
    private readonly arrangement: Arrangement,
    private readonly config: ProcessConfig,
    channelOptions: ChannelOptions,
  ) {
    this.settings = config.settings;
    const options: ChannelOptions = { ...channelOptions, shapeFor: (peer) => this.shapeFor(peer) };
    for (const connection of connectionsOf(arrangement, config.settings.definition, config.process)) {
      const { peer, dials, paths } = connection;
      const address = dials ? this.addressOf(peer) : null;
      const link = new Link(ports.network, options, {
        peer,
        paths,
        address,
        redialMs: REDIAL_MS,
        maxRedialMs: MAX_REDIAL_MS,
      });
      const clock = connection.kind === 'line' ? ports.clock : roughClock;
      const direction = new LineDirection(clock, ports.entropy, this.conditionsOf(connection));
      this.neighbours.set(peer, { connection, link, direction });
    }
  }

  /** Link to `peer`; an error where the arrangement joins them by none. */
  link(peer: string): Link {
    const neighbour = this.neighbours.get(peer);
    if (!neighbour) throw new Error(`${this.config.process} has no connection to ${peer}`);
    return neighbour.link;
  }

  /** Links that are lines between storage systems, by peer. */
  lines(): Map<string, Link> {
    const lines = [...this.neighbours].filter(([, { connection }]) => connection.kind === 'line');
    return new Map(lines.map(([peer, { link }]) => [peer, link]));
  }

  isNeighbour({ group, name }: Identity): boolean {
    return group === this.config.group && this.neighbours.has(name);
  }

  /** Distance of what this end sends to `peer`; null for the agent. */
  shapeFor(peer: Identity): LineDirection | null {
    return peer.group === this.config.group ? (this.neighbours.get(peer.name)?.direction ?? null) : null;
  }

  /** Takes a channel that a neighbour has dialled. */
  accept(channel: StreamChannel): void {
    const neighbour = this.neighbours.get(channel.peer.name);
    if (neighbour && !neighbour.connection.dials) neighbour.link.attach(channel);
    else channel.close('this end does the calling');
  }

  /** Begins to dial. */
  start(): void {
    for (const { link } of this.neighbours.values()) link.start();
  }

  /** Takes lengths, rates, faults and addresses as they are now. The number of paths stays as it was at the start. */
  configure(settings: ProcessSettings): void {
    this.settings = settings;
    for (const connection of connectionsOf(this.arrangement, settings.definition, this.config.process)) {
      const neighbour = this.neighbours.get(connection.peer);
      if (!neighbour) continue;
      neighbour.direction.set(this.conditionsOf(connection));
      if (connection.dials) neighbour.link.readdress(this.addressOf(connection.peer));
    }
  }

  stop(): void {
    for (const { link } of this.neighbours.values()) link.stop();
  }

  private addressOf(peer: string): string | null {
    return this.settings.addresses[peer]?.channel ?? null;
  }

  private conditionsOf({ peer, conditions }: Connection): LineConditions {
    const fault = this.settings.lineFaults.find((candidate) => candidate.peer === peer);
    return { ...conditions, ...fault?.conditions };
  }
}
