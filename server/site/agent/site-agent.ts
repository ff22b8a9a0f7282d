/**
 * The agent of one site: supervises the site's processes and is the only thing the control plane talks to. It keeps on
 * disk whatever it was told, so that after its own death it brings everything back without being told again.
 */
import { existsSync, mkdirSync } from 'node:fs';
import type { HostReply } from '../../domain/host.ts';
import type { SiteName } from '../../domain/names.ts';
import type { Timer } from '../../domain/ports.ts';
import { refuse } from '../../domain/refusal.ts';
import { readCompletionRecord } from '../../hosts/ledger/completion-record.ts';
import { type ChannelOptions, DEFAULT_TIMING } from '../../network/channel.ts';
import { ChannelServer } from '../../network/channel-server.ts';
import type { CallHandler, Channel, Identity } from '../../network/channel-types.ts';
import type { AgentMethods, ProcessView } from '../agent-protocol.ts';
import { RealDisk } from '../ports/real-disk.ts';
import { Announcements } from './announcements.ts';
import type { ChildLink } from './child-link.ts';
import { type GroupRecord, readGroupRecords, writeGroupRecord } from './group-record.ts';
import { isAgentMethod, parseParams } from './method-params.ts';
import { SiteGroup, type SiteHome } from './site-group.ts';

export const AGENT_VERSION = '0.1.0';
const LOG_CHECK_MS = 60_000;

type Handlers = {
  [M in keyof AgentMethods]: (params: AgentMethods[M]['params'], from: Channel) => Promise<AgentMethods[M]['result']>;
};

export class SiteAgent {
  private readonly groups = new Map<string, SiteGroup>();
  /** What is being done to each group: definitions, deletions and starts of one group never overlap. */
  private readonly turns = new Map<string, Promise<unknown>>();
  private readonly announcements = new Announcements();
  private readonly server: ChannelServer;
  private readonly handlers: Handlers;
  private logTimer: Timer | null = null;
  private stopping = false;

  constructor(private readonly home: SiteHome) {
    const options: ChannelOptions = {
      ...home.channelOptions,
      timing: DEFAULT_TIMING,
      handle: (method, params, from) => this.handle(method, params, from),
    };
    this.server = new ChannelServer(home.ports.network, options, (channel) => this.accept(channel));
    this.handlers = this.makeHandlers();
  }

  /** Brings back every group on record, then listens. Rejects where the address is taken. */
  async start(address: string): Promise<string> {
    mkdirSync(this.home.siteFolder, { recursive: true, mode: 0o700 });
    const bound = await this.server.listen(address);
    for (const record of readGroupRecords(this.home.siteFolder, this.home.ports.log)) {
      try {
        this.addGroup(record).start();
      } catch (error) {
        this.home.ports.log.write('error', 'group not brought back', {
          group: record.definition.name,
          error: String(error),
        });
      }
    }
    this.trimLogs();
    return bound;
  }

  /** Ends every process in an orderly way, then stops listening. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.logTimer?.cancel();
    await Promise.all([...this.groups.values()].map((group) => group.stop()));
    this.server.close();
  }

  private trimLogs(): void {
    this.logTimer = this.home.ports.clock.after(LOG_CHECK_MS, () => this.trimLogs());
    for (const group of this.groups.values()) group.trimLogs();
  }

  private accept(channel: Channel): void {
    if (isControl(channel.peer)) channel.onClose = () => this.announcements.unsubscribe(channel);
    else channel.close('only the control plane speaks to a site agent');
  }

  private readonly handle: CallHandler = async (method, params, from) => {
    if (!isControl(from.peer))
      throw refuse('forbidden', 'Only the control plane speaks to a site agent.', 'Call as control.');
    if (!isAgentMethod(method))
      throw refuse(
        'bad-request',
        `A site agent has no method ${method}.`,
        `It has ${Object.keys(this.handlers).join(', ')}.`,
      );
    if (this.stopping)
      throw refuse('busy', `The agent of site ${this.home.site} is stopping.`, 'Try again when it has been started.');
    return this.dispatch(method, params, from);
  };

  private dispatch<M extends keyof AgentMethods>(
    method: M,
    params: unknown,
    from: Channel,
  ): Promise<AgentMethods[M]['result']> {
    const handler: Handlers[M] = this.handlers[method];
    return handler(parseParams(method, params), from);
  }

  private makeHandlers(): Handlers {
    return {
      'agent.hello': async (_params, from) => {
        this.announcements.subscribe(from);
        // The configuration reads the site's name as text; the arrangements decide what runs there.
        return {
          site: this.home.site as SiteName,
          version: AGENT_VERSION,
          processes: [...this.groups.values()].flatMap((group) => group.views),
        };
      },
      'group.put': ({ definition, addresses, powered }) =>
        this.inTurn(definition.name, async () => {
          const group = this.groups.get(definition.name);
          if (group) await group.put(definition, addresses, powered);
          else this.define({ definition, addresses, powered, heldDown: [], lineFaults: [], diskFaults: [] });
          return { processes: this.group(definition.name).views };
        }),
      'group.delete': ({ group }) => this.inTurn(group, () => this.deleteGroup(group)),
      'addresses.put': ({ group, addresses }) =>
        this.inTurn(group, () =>
          this.group(group)
            .putAddresses(addresses)
            .then(() => ({ ok: true })),
        ),
      'process.kill': async ({ group, process, hold }) => ({ pid: await this.group(group).kill(process, hold) }),
      'process.restart': async ({ group, process }) => ({ pid: this.group(group).restart(process) }),
      'fault.line': async (fault) => {
        await this.group(fault.group).setLineFault(fault);
        return { ok: true };
      },
      'fault.disk': async (fault) => {
        await this.group(fault.group).setDiskFault(fault);
        return { ok: true };
      },
      'fault.clear': async ({ group, process }) => {
        await this.group(group).clearFaults(process);
        return { ok: true };
      },
      'host.perform': async ({ group, host, instruction, timeoutMs }): Promise<HostReply> =>
        this.linkTo(group, host, 'host').call('host.perform', { instruction }, timeoutMs),
      'storage.facts': async ({ group, process }) => this.linkTo(group, process, 'storage').call('storage.facts', {}),
      'storage.differences': async ({ group, process, query }) =>
        this.linkTo(group, process, 'storage').call('storage.differences', query),
      'ledger.record': async ({ group, host }) => this.ledgerRecord(group, host),
    };
  }

  private define(record: GroupRecord): void {
    const group = this.addGroup(record);
    writeGroupRecord(this.home.siteFolder, record);
    group.start();
  }

  private addGroup(record: GroupRecord): SiteGroup {
    const group = new SiteGroup(this.home, record, (notice, params) => this.announcements.announce(notice, params));
    this.groups.set(group.name, group);
    return group;
  }

  private async deleteGroup(name: string): Promise<{ removed: boolean }> {
    const group = this.groups.get(name);
    if (!group) return { removed: false };
    await group.remove();
    this.groups.delete(name);
    return { removed: true };
  }

  /** Runs `work` after whatever else is being done to the group. */
  private inTurn<T>(group: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.turns.get(group) ?? Promise.resolve()).then(work, work);
    this.turns.set(group, turn);
    const done = (): void => {
      if (this.turns.get(group) === turn) this.turns.delete(group);
    };
    turn.then(done, done);
    return turn;
  }

  /** Channel to a process of the given kind; refused where it is of another kind or does not answer. */
  private linkTo(group: string, name: string, kind: ProcessView['kind']): ChildLink {
    const process = this.group(group).process(name);
    if (process.role.kind !== kind)
      throw refuse('bad-request', `${name} is not a ${kind} process.`, `Name a ${kind} process.`);
    if (process.link) return process.link;
    throw refuse(
      'unreachable',
      `${name} does not answer its site agent.`,
      'Restart it (fault restart), or wait until it has started.',
    );
  }

  /** What a host's ledger was told is complete, from the host's own files; the host may be dead. */
  private ledgerRecord(group: string, host: string): { completedThrough: number } | null {
    const process = this.group(group).process(host);
    if (process.role.kind !== 'host') throw refuse('bad-request', `${host} is not a host.`, 'Name a host.');
    if (!existsSync(process.paths.disk)) return null;
    return readCompletionRecord(new RealDisk(process.paths.disk));
  }

  private group(name: string): SiteGroup {
    const group = this.groups.get(name);
    if (group) return group;
    throw refuse(
      'unknown-group',
      `Site ${this.home.site} has no group ${name}.`,
      'Define the group first (group create).',
    );
  }
}

/** Workers of the control plane call themselves `control:<id>` and belong to no group. */
function isControl({ group, name }: Identity): boolean {
  return group === '' && name.startsWith('control:');
}
