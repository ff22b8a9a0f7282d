/** How the control plane speaks to a group's hosts and storage: through agents and hosts, never to storage itself. */
import { type Arrangement, findArrangement } from '../domain/arrangement.ts';
import type { HostInstruction, HostReply } from '../domain/host.ts';
import { RefusedError, refuse } from '../domain/refusal.ts';
import type { StorageInstruction, StorageReply } from '../domain/storage-controller.ts';
import type { ProcessView } from '../site/agent-protocol.ts';
import { type Agents, siteOfProcess } from './agents.ts';
import type { GroupRecord } from './groups.ts';

/** The way back is allowed this much more than the work itself. */
const RETURN_MS = 1_000;

/** Latest views this worker was told, by group and process. */
export class Views {
  private readonly byGroup = new Map<string, Map<string, ProcessView>>();

  put(view: ProcessView): void {
    const group = this.byGroup.get(view.group) ?? new Map<string, ProcessView>();
    this.byGroup.set(view.group, group.set(view.name, view));
  }

  of(group: string): ProcessView[] {
    return [...(this.byGroup.get(group)?.values() ?? [])];
  }

  get(group: string, process: string): ProcessView | null {
    return this.byGroup.get(group)?.get(process) ?? null;
  }

  forget(group: string): void {
    this.byGroup.delete(group);
  }
}

type ReplyOf<V extends HostReply['verb']> = Extract<HostReply, { verb: V }>;

/** Narrows a reply to the shape its verb promises. */
export function expectReply<V extends HostReply['verb']>(reply: HostReply, verb: V): ReplyOf<V> {
  // The comparison proves it; TypeScript does not narrow a union by a type parameter.
  if (reply.verb === verb) return reply as ReplyOf<V>;
  throw refuse(
    'internal',
    `a host answered ${reply.verb} where ${verb} was asked`,
    'Update all sites to the same version.',
  );
}

/** The refusal where an arrangement has no such storage system. */
export function unknownSystem(group: string, system: string, arrangement: Arrangement): Error {
  return refuse(
    'unknown-system',
    `group ${group} has no system ${system}`,
    `Systems: ${arrangement.systems.map((one) => one.name).join(' ')}.`,
  );
}

export class GroupAccess {
  constructor(
    private readonly agents: Agents,
    private readonly views: Views,
  ) {}

  /** Hands an instruction to a host. Rejects with the host's refusal, `unreachable` (nothing was sent) or `timeout`. */
  async host(
    group: { name: string; arrangement: string },
    host: string,
    instruction: HostInstruction,
    timeoutMs: number,
  ): Promise<HostReply> {
    const arrangement = findArrangement(group.arrangement);
    const site = arrangement && siteOfProcess(arrangement, host);
    if (!site)
      throw refuse(
        'unknown-system',
        `group ${group.name} has no host ${host}`,
        `Hosts: ${arrangement?.hosts.map((one) => one.name).join(' ')}.`,
      );
    return this.agents.call(
      site,
      'host.perform',
      { group: group.name, host, instruction, timeoutMs },
      timeoutMs + RETURN_MS,
    );
  }

  /**
   * Hands an instruction to a storage system through the first host that can be reached, nearest first: the instruction
   * travels over the group's own lines from there.
   */
  async storage(
    { name, arrangement }: GroupRecord,
    target: string,
    instruction: StorageInstruction,
    timeoutMs: number,
  ): Promise<StorageReply> {
    if (!arrangement.systems.some((system) => system.name === target)) throw unknownSystem(name, target, arrangement);
    const hosts = [...arrangement.hosts].sort(
      (a, b) => this.distance(name, a, target) - this.distance(name, b, target),
    );
    let last: unknown = refuse(
      'unreachable',
      `no host of group ${name} can be reached`,
      'Restart a host (fault restart).',
    );
    for (const host of hosts) {
      try {
        const reply = await this.host(
          { name, arrangement: arrangement.id },
          host.name,
          { verb: 'storage', target, instruction },
          timeoutMs,
        );
        return expectReply(reply, 'storage').reply;
      } catch (error) {
        // Another way may be open, but only where nothing was sent: an instruction whose outcome is unknown is not repeated.
        if (!(error instanceof RefusedError) || error.refusal.code !== 'unreachable') throw error;
        last = error;
      }
    }
    throw last;
  }

  private distance(group: string, host: { name: string; system: string }, target: string): number {
    const up = this.views.get(group, host.name)?.state === 'up';
    return (up ? 0 : 2) + (host.system === target ? 0 : 1);
  }
}
