/** The links of one process to the others of its group, each with the distance of its line and the faults put on it. */
import type { Arrangement } from '../../domain/arrangement.ts';
import type { Clock, Ports } from '../../domain/ports.ts';
import type { ChannelOptions, StreamChannel } from '../../network/channel.ts';
import type { Identity, LineConditions } from '../../network/channel-types.ts';
import { type Connection, connectionsOf, type Stretch, stretchesOf } from '../../network/connections.ts';
import { Link } from '../../network/link.ts';
import { LineDirection } from '../../network/shaped-stream.ts';
import type { ProcessConfig, ProcessSettings } from './child-protocol.ts';

const REDIAL_MS = 50;
const MAX_REDIAL_MS = 1000;

interface Neighbour {
  connection: Connection;
  link: Link;
}

export class Neighbours {
  private readonly neighbours = new Map<string, Neighbour>();
  /** What leaves this process for its neighbour on the way, shared by all that goes there. */
  private readonly directions = new Map<string, LineDirection>();
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
    const { definition } = config.settings;
    const options: ChannelOptions = { ...channelOptions, shapeFor: (peer) => this.shapeFor(peer) };
    for (const stretch of stretchesOf(arrangement, definition, config.process)) {
      const clock = stretch.kind === 'line' ? ports.clock : roughClock;
      this.directions.set(stretch.neighbour, new LineDirection(clock, ports.entropy, this.conditionsOf(stretch)));
    }
    for (const connection of connectionsOf(arrangement, definition, config.process)) {
      const { peer, dials, paths, via } = connection;
      const link = new Link(ports.network, options, {
        peer,
        paths,
        address: dials ? this.addressOf(connection) : null,
        redialMs: REDIAL_MS,
        maxRedialMs: MAX_REDIAL_MS,
        route: via === peer ? null : { to: peer, by: config.process },
      });
      this.neighbours.set(peer, { connection, link });
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

  /** Distance of what leaves this process for `neighbour`, the next process on the way; null where there is none. */
  direction(neighbour: string): LineDirection | null {
    return this.directions.get(neighbour) ?? null;
  }

  /** Where the lines of `process` end that are passed on; null until it is known. */
  lineAddressOf(process: string): string | null {
    return this.settings.addresses[process]?.nbd ?? null;
  }

  /** Where the channels of `process` are taken; null until it is known. */
  channelAddressOf(process: string): string | null {
    return this.settings.addresses[process]?.channel ?? null;
  }

  /** Distance of what this end sends to `peer`; null for the agent. */
  shapeFor(peer: Identity): LineDirection | null {
    const neighbour = peer.group === this.config.group ? this.neighbours.get(peer.name) : undefined;
    return neighbour ? this.direction(neighbour.connection.via) : null;
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
    for (const stretch of stretchesOf(this.arrangement, settings.definition, this.config.process))
      this.directions.get(stretch.neighbour)?.set(this.conditionsOf(stretch));
    for (const { connection, link } of this.neighbours.values())
      if (connection.dials) link.readdress(this.addressOf(connection));
  }

  stop(): void {
    for (const { link } of this.neighbours.values()) link.stop();
  }

  private addressOf({ peer, via }: Connection): string | null {
    return via === peer ? this.channelAddressOf(peer) : this.lineAddressOf(via);
  }

  private conditionsOf({ neighbour, conditions }: Stretch): LineConditions {
    const fault = this.settings.lineFaults.find((candidate) => candidate.peer === neighbour);
    return { ...conditions, ...fault?.conditions };
  }
}
