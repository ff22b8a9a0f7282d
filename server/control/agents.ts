/** This worker's connections to the site agents: the only way by which the control plane reaches anything that stores data. */
import type { Arrangement } from '../domain/arrangement.ts';
import { WITNESS } from '../domain/names.ts';
import type { Ports } from '../domain/ports.ts';
import { refuse } from '../domain/refusal.ts';
import { Link } from '../network/link.ts';
import type { AgentMethods, AgentNotices, ProcessView } from '../site/agent-protocol.ts';

export type AgentPorts = Pick<Ports, 'clock' | 'entropy' | 'log' | 'network'>;

export interface AgentEvents {
  /** The agent answers; these are its processes. What it announces from now on follows in order. */
  onUp(site: string, processes: ProcessView[]): void;
  onDown(site: string, reason: string): void;
  onNotice<N extends keyof AgentNotices>(site: string, notice: N, params: AgentNotices[N]): void;
}

const REDIAL_MS = 100;
const MAX_REDIAL_MS = 1_000;
const CALL_TIMEOUT_MS = 5_000;
const LOOK_EVERY_MS = 20;

/** Sites the processes of an arrangement run at: its own, and the witness's. */
export function sitesOf(arrangement: Arrangement): string[] {
  return [...arrangement.sites, 'witness'];
}

/** The site a process of a group runs at, or null where the arrangement has no such process. */
export function siteOfProcess(arrangement: Arrangement, process: string): string | null {
  if (process === WITNESS) return 'witness';
  const system = arrangement.systems.find((one) => one.name === process);
  const host = arrangement.hosts.find((one) => one.name === process);
  const device = arrangement.switches?.find((one) => one.name === process);
  return system?.site ?? host?.site ?? device?.site ?? null;
}

/** All processes of a group, in topology order. */
export function processesOf(arrangement: Arrangement): { name: string; site: string; kind: ProcessView['kind'] }[] {
  return [
    ...arrangement.systems.map(({ name, site }) => ({ name, site, kind: 'storage' as const })),
    ...(arrangement.switches ?? []).map(({ name, site }) => ({ name, site, kind: 'switch' as const })),
    ...arrangement.hosts.map(({ name, site }) => ({ name, site, kind: 'host' as const })),
    { name: WITNESS, site: 'witness', kind: 'witness' as const },
  ];
}

class AgentConnection {
  /** Said hello since the link came up. */
  known = false;
  private readonly link: Link;

  constructor(
    readonly site: string,
    readonly address: string,
    ports: AgentPorts,
    secret: Uint8Array,
    worker: string,
    private readonly events: AgentEvents,
  ) {
    const self = { group: '', name: `control:${worker}` };
    const handle = async () => {
      throw refuse('bad-request', 'the control plane answers no calls of agents', 'Send a notice.');
    };
    this.link = new Link(
      ports.network,
      { ports, secret, self, handle },
      {
        peer: `agent:${site}`,
        paths: 1,
        address,
        redialMs: REDIAL_MS,
        maxRedialMs: MAX_REDIAL_MS,
      },
    );
    this.link.onUp = () => this.greet(worker);
    this.link.onDown = (reason) => this.lost(reason);
    // The other end has proven the secret, and AgentNotices types both ends.
    this.link.onNotice = (method, params) => events.onNotice(site, method as keyof AgentNotices, params as never);
  }

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.link.onDown = null;
    this.link.stop();
  }

  async call<M extends keyof AgentMethods>(
    method: M,
    params: AgentMethods[M]['params'],
    timeoutMs: number,
  ): Promise<AgentMethods[M]['result']> {
    if (!this.link.up)
      throw refuse(
        'unreachable',
        `the agent of site ${this.site} does not answer`,
        'It is restarted by itself; look into its log if it stays away.',
      );
    // The other end has proven the secret, and AgentMethods types both ends.
    return (await this.link.call(method, params, timeoutMs)) as AgentMethods[M]['result'];
  }

  private greet(control: string): void {
    const { epoch } = this.link;
    this.call('agent.hello', { control }, CALL_TIMEOUT_MS).then(
      ({ processes }) => {
        if (this.link.epoch !== epoch) return;
        this.known = true;
        this.events.onUp(this.site, processes);
      },
      (error: Error) => this.link.drop(`it did not answer hello: ${error.message}`),
    );
  }

  private lost(reason: string): void {
    if (!this.known) return;
    this.known = false;
    this.events.onDown(this.site, reason);
  }
}

export class Agents {
  private readonly connections = new Map<string, AgentConnection>();

  constructor(
    addresses: Record<string, string>,
    ports: AgentPorts,
    secret: Uint8Array,
    worker: string,
    events: AgentEvents,
  ) {
    for (const [site, address] of Object.entries(addresses)) {
      this.connections.set(site, new AgentConnection(site, address, ports, secret, worker, events));
    }
  }

  start(): void {
    for (const connection of this.connections.values()) connection.start();
  }

  stop(): void {
    for (const connection of this.connections.values()) connection.stop();
  }

  /** Resolves once every agent has said hello, or after `boundMs`: one that is away must not hold up the others. */
  async whenConnected(boundMs: number): Promise<void> {
    const end = performance.now() + boundMs;
    while (performance.now() < end && [...this.connections.values()].some((connection) => !connection.known)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** Sites this installation has agents for, with their addresses. */
  get sites(): { site: string; address: string; connected: boolean }[] {
    return [...this.connections.values()].map(({ site, address, known }) => ({ site, address, connected: known }));
  }

  isConnected(site: string): boolean {
    return this.connections.get(site)?.known ?? false;
  }

  /** Asks the agent of `site`. Rejects with its refusal, `unreachable` (nothing was sent) or `timeout` (outcome unknown). */
  call<M extends keyof AgentMethods>(
    site: string,
    method: M,
    params: AgentMethods[M]['params'],
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<AgentMethods[M]['result']> {
    const connection = this.connections.get(site);
    if (!connection) {
      return Promise.reject(
        refuse(
          'unreachable',
          `no agent is configured for site ${site}`,
          'Start one there (switchback agent) and name it in SWITCHBACK_AGENTS.',
        ),
      );
    }
    return connection.call(method, params, timeoutMs);
  }
}
