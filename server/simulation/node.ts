/**
 * One simulated process of a group on the network: its listening channel port and its links to its neighbours, joined as
 * the arrangement says. The first end of a line dials; a host dials its system; everybody dials the witness.
 */
import type { Arrangement, GroupDefinition } from '../domain/arrangement.ts';
import { delayMsOfKm } from '../domain/arrangement.ts';
import { WITNESS } from '../domain/names.ts';
import type { Ports } from '../domain/ports.ts';
import type { ChannelOptions, ChannelTiming, StreamChannel } from '../network/channel.ts';
import { ChannelServer } from '../network/channel-server.ts';
import type { CallHandler, LineConditions } from '../network/channel-types.ts';
import { Link } from '../network/link.ts';
import { LineDirection } from '../network/shaped-stream.ts';

export const SIM_SECRET = new Uint8Array(32).fill(7);
const PORT = 7000;
const REDIAL_MS = 20;
const MAX_REDIAL_MS = 400;
/** Quicker than in production, so that a run spends its virtual time on what it is about. */
export const SIM_TIMING: ChannelTiming = { keepaliveMs: 600, silenceMs: 1400, handshakeMs: 1500 };
const UNSHAPED: LineConditions = { delayMs: 0, jitterMs: 0, rateBytesPerSecond: null, loss: 0, cut: false };

/** Where a process listens; the same after every restart. */
export function addressOf(process: string): string {
  return `${process}:${PORT}`;
}

interface Neighbour {
  peer: string;
  dials: boolean;
  paths: number;
  conditions: LineConditions;
}

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
    for (const { peer, conditions } of neighbours)
      if (shaped) directions.set(peer, new LineDirection(ports.clock, ports.entropy, conditions));
    const options: ChannelOptions = {
      ports,
      secret: SIM_SECRET,
      self: { group: definition.name, name },
      handle,
      timing: SIM_TIMING,
      shapeFor: (peer) => directions.get(peer.name) ?? null,
    };
    for (const { peer, dials, paths } of neighbours) {
      const address = dials ? addressOf(peer) : null;
      if (dials) this.dialled.add(peer);
      this.links.set(
        peer,
        new Link(ports.network, options, { peer, paths, address, redialMs: REDIAL_MS, maxRedialMs: MAX_REDIAL_MS }),
      );
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

/** Next hop from `system` towards every other one, over the fewest lines. */
export function routesOf(arrangement: Arrangement, system: string): Record<string, string> {
  const routes: Record<string, string> = {};
  const reached = [system];
  for (const at of reached) {
    for (const { ends } of arrangement.lines) {
      const next = ends[0] === at ? ends[1] : ends[1] === at ? ends[0] : null;
      if (next === null || reached.includes(next)) continue;
      reached.push(next);
      routes[next] = routes[at] ?? next;
    }
  }
  return routes;
}

function neighboursOf(arrangement: Arrangement, definition: GroupDefinition, name: string): Neighbour[] {
  const local = (peer: string, dials: boolean): Neighbour => ({ peer, dials, paths: 1, conditions: UNSHAPED });
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

/** What a line between two storage systems does to bytes, by its ends. */
export function* lineConditions(
  arrangement: Arrangement,
  definition: GroupDefinition,
): Generator<{ from: string; to: string; conditions: LineConditions }> {
  for (const { name } of arrangement.systems) {
    for (const { peer, conditions } of linesOf(arrangement, definition, name))
      yield { from: name, to: peer, conditions };
  }
}

function linesOf(arrangement: Arrangement, definition: GroupDefinition, name: string): Neighbour[] {
  return arrangement.lines
    .filter(({ ends }) => ends.includes(name))
    .map(({ name: line, ends, defaultKm, defaultPaths }) => {
      const settings = definition.lines[line] ?? { km: defaultKm, paths: defaultPaths, rateBytesPerSecond: null };
      const conditions = {
        ...UNSHAPED,
        delayMs: delayMsOfKm(settings.km),
        jitterMs: 0.3,
        rateBytesPerSecond: settings.rateBytesPerSecond,
      };
      return { peer: ends[0] === name ? ends[1] : ends[0], dials: ends[0] === name, paths: settings.paths, conditions };
    });
}
