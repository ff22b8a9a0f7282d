/**
 * One simulated process of a group on the network: its listening channel port and its links to its neighbours, joined as
 * the arrangement says. The first end of a line dials; a host dials its system; everybody dials the witness.
 */
import type { Arrangement, GroupDefinition } from '../domain/arrangement.ts';
import { delayMsOfKm } from '../domain/arrangement.ts';
import { type LineName, WITNESS } from '../domain/names.ts';
import type { Ports } from '../domain/ports.ts';
import { onwardFrom, stretchesFrom } from '../domain/ways.ts';
import type { ChannelOptions, ChannelTiming, StreamChannel } from '../network/channel.ts';
import { ChannelServer } from '../network/channel-server.ts';
import type { CallHandler, LineConditions } from '../network/channel-types.ts';
import { type Connection, connectionsOf } from '../network/connections.ts';
import { Link } from '../network/link.ts';
import { LineDirection } from '../network/shaped-stream.ts';
import type { SwitchTable } from '../network/switching-device.ts';

export const SIM_SECRET = new Uint8Array(32).fill(7);
const PORT = 7000;
const LINE_PORT = 7001;
const REDIAL_MS = 20;
const MAX_REDIAL_MS = 400;
/** Quicker than in production, so that a run spends its virtual time on what it is about. */
export const SIM_TIMING: ChannelTiming = { keepaliveMs: 600, silenceMs: 1400, handshakeMs: 1500 };
const UNSHAPED: LineConditions = { delayMs: 0, jitterMs: 0, rateBytesPerSecond: null, loss: 0, cut: false };

/** Where a process listens; the same after every restart. */
export function addressOf(process: string): string {
  return `${process}:${PORT}`;
}

/** Where a switching device takes the lines that end at it. */
export function lineAddressOf(device: string): string {
  return `${device}:${LINE_PORT}`;
}

type Neighbour = Pick<Connection, 'peer' | 'dials' | 'paths' | 'via'>;

export class Node {
  private readonly links = new Map<string, Link>();
  private readonly dialled = new Set<string>();
  private readonly server: ChannelServer;

  constructor(
    ports: Ports,
    readonly name: string,
    definition: GroupDefinition,
    arrangement: Arrangement,
    /** Lines get their distance from the product's own shaping; else the simulated network has it already. */
    shaped: boolean,
    /** Every call that reaches this process. */
    handle: CallHandler,
  ) {
    const directions = new Map<string, LineDirection>();
    const neighbours = neighboursOf(arrangement, definition, name);
    for (const { neighbour, line } of shaped ? stretchesFrom(arrangement, name) : [])
      directions.set(
        neighbour,
        new LineDirection(ports.clock, ports.entropy, conditionsOf(arrangement, definition, line)),
      );
    const options: ChannelOptions = {
      ports,
      secret: SIM_SECRET,
      self: { group: definition.name, name },
      handle,
      timing: SIM_TIMING,
      shapeFor: ({ name: peer }) => directions.get(neighbours.find((one) => one.peer === peer)?.via ?? peer) ?? null,
    };
    for (const { peer, dials, paths, via } of neighbours) {
      const address = dials ? (via === peer ? addressOf(peer) : lineAddressOf(via)) : null;
      if (dials) this.dialled.add(peer);
      const route = via === peer ? null : { to: peer, by: name };
      const redial = { redialMs: REDIAL_MS, maxRedialMs: MAX_REDIAL_MS };
      this.links.set(peer, new Link(ports.network, options, { peer, paths, address, route, ...redial }));
    }
    this.server = new ChannelServer(ports.network, options, (channel) => this.accept(channel));
  }

  link(peer: string): Link {
    const link = this.links.get(peer);
    if (!link) throw new Error(`${this.name} is not joined to ${peer}`);
    return link;
  }

  /** Links to other storage systems. */
  lines(arrangement: Arrangement): Map<string, Link> {
    return new Map([...this.links].filter(([peer]) => arrangement.systems.some((system) => system.name === peer)));
  }

  /** Listens, then dials. */
  async start(): Promise<void> {
    await this.server.listen(addressOf(this.name));
    for (const link of this.links.values()) link.start();
  }

  private accept(channel: StreamChannel): void {
    const link = this.links.get(channel.peer.name);
    // Whoever is no neighbour (the control plane) only calls.
    if (link && !this.dialled.has(channel.peer.name)) link.attach(channel);
  }
}

function neighboursOf(arrangement: Arrangement, definition: GroupDefinition, name: string): Neighbour[] {
  const local = (peer: string, dials: boolean): Neighbour => ({ peer, dials, paths: 1, via: peer });
  if (name === WITNESS) return [...arrangement.systems, ...arrangement.hosts].map((one) => local(one.name, false));
  const host = arrangement.hosts.find((candidate) => candidate.name === name);
  if (host) {
    const names = arrangement.hosts.map((one) => one.name);
    const others = names.filter((other) => other !== name);
    return [
      local(host.system, true),
      local(WITNESS, true),
      ...others.map((other) => local(other, names.indexOf(name) < names.indexOf(other))),
    ];
  }
  const hosts = arrangement.hosts.filter((candidate) => candidate.system === name).map((one) => local(one.name, false));
  return [...linesOf(arrangement, definition, name), ...hosts, local(WITNESS, true)];
}

/** What every stretch of a line does to bytes, by its ends. */
export function* lineConditions(
  arrangement: Arrangement,
  definition: GroupDefinition,
): Generator<{ from: string; to: string; conditions: LineConditions }> {
  for (const { name } of [...arrangement.systems, ...(arrangement.switches ?? [])]) {
    for (const { neighbour, line } of stretchesFrom(arrangement, name))
      if (line !== null) yield { from: name, to: neighbour, conditions: conditionsOf(arrangement, definition, line) };
  }
}

function conditionsOf(arrangement: Arrangement, definition: GroupDefinition, line: LineName | null): LineConditions {
  const known = arrangement.lines.find(({ name }) => name === line);
  if (!known) return UNSHAPED;
  const settings = definition.lines[known.name];
  return {
    ...UNSHAPED,
    delayMs: delayMsOfKm(settings?.km ?? known.defaultKm),
    jitterMs: 0.3,
    rateBytesPerSecond: settings?.rateBytesPerSecond ?? null,
  };
}

function linesOf(arrangement: Arrangement, definition: GroupDefinition, name: string): Neighbour[] {
  return connectionsOf(arrangement, definition, name).filter(({ kind }) => kind === 'line');
}

/** The table of a switching device of the simulated group, whose lines end where those of every other do. */
export function switchTable(
  ports: Ports,
  name: string,
  arrangement: Arrangement,
  definition: GroupDefinition,
  shaped: boolean,
): SwitchTable {
  const directions = new Map(
    stretchesFrom(arrangement, name).map(({ neighbour, line }) => {
      const conditions = shaped ? conditionsOf(arrangement, definition, line) : UNSHAPED;
      return [neighbour, new LineDirection(ports.clock, ports.entropy, conditions)];
    }),
  );
  return {
    onward: (recipient) => {
      const onward = onwardFrom(arrangement, name, recipient);
      if (!onward) return null;
      const { neighbour, isLast } = onward;
      return { ...onward, address: isLast ? addressOf(neighbour) : lineAddressOf(neighbour) };
    },
    direction: (neighbour) => directions.get(neighbour) ?? null,
  };
}
