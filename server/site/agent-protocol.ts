/**
 * What the control plane and a site agent say to each other over a channel. The agent supervises the processes of its
 * site and is the only thing the control plane talks to.
 */
import type { GroupDefinition } from '../domain/arrangement.ts';
import type { DifferenceMap, DifferenceMapQuery } from '../domain/difference-map.ts';
import type { HostFacts, HostInstruction, HostReply, SwitchFacts, WitnessFacts } from '../domain/host.ts';
import type { SiteName } from '../domain/names.ts';
import type { SystemFacts } from '../domain/storage-controller.ts';
import type { LineConditions } from '../network/channel-types.ts';

/** `P`, `host-P`, `witness`, … of one group. Every one is an operating-system process of its own. */
export interface ProcessAddress {
  /** host:port of its channel listener. */
  channel: string;
  /** host:port of its NBD listener, or where a switching device takes the lines it passes on; null for all others. */
  nbd: string | null;
}

/** By process name. The control plane merges what all agents report and hands the whole book to each agent. */
export type AddressBook = Record<string, ProcessAddress>;

export interface ProcessView {
  group: string;
  name: string;
  kind: 'storage' | 'host' | 'witness' | 'switch';
  /** `starting` until its channel answers; `held-down` after a fault kill, until restarted. */
  state: 'starting' | 'up' | 'down' | 'held-down' | 'stopped';
  pid: number | null;
  address: ProcessAddress | null;
  startedAt: number | null;
  exits: number;
  lastExit: { at: number; code: number | null; signal: string | null } | null;
  facts: { storage: SystemFacts } | { host: HostFacts } | { witness: WitnessFacts } | { switch: SwitchFacts } | null;
  /** Wall clock when `facts` were taken, ms. */
  factsAt: number | null;
}

/** Fault on one end of a line; the agent keeps it and hands it to the process again after a restart. */
export interface LineFault {
  group: string;
  /** Process whose outgoing direction is affected, and the peer at the other end. */
  process: string;
  peer: string;
  conditions: Partial<LineConditions>;
}

export interface DiskFault {
  group: string;
  process: string;
  /** Data and journal writes fail with this error until cleared. */
  kind: 'write-error' | 'disk-full';
}

/** Methods the agent answers. */
export interface AgentMethods {
  'agent.hello': { params: { control: string }; result: { site: SiteName; version: string; processes: ProcessView[] } };
  /** Defines or changes a group: the agent starts the processes of its site that belong to it. Idempotent. */
  'group.put': {
    params: { definition: GroupDefinition; addresses: AddressBook; powered: boolean };
    result: { processes: ProcessView[] };
  };
  /** Stops its processes and removes its data at this site. */
  'group.delete': { params: { group: string }; result: { removed: boolean } };
  'addresses.put': { params: { group: string; addresses: AddressBook }; result: { ok: true } };
  /** SIGKILL; the process is held down until `process.restart`, or restarted at once where `hold` is false. */
  'process.kill': { params: { group: string; process: string; hold: boolean }; result: { pid: number | null } };
  'process.restart': { params: { group: string; process: string }; result: { pid: number | null } };
  'fault.line': { params: LineFault; result: { ok: true } };
  'fault.disk': { params: DiskFault; result: { ok: true } };
  /** Clears every line and disk fault the agent holds for the group (processes held down stay so). */
  'fault.clear': { params: { group: string; process: string | null }; result: { ok: true } };
  /** Hands an instruction to a host process of this site and returns its reply. */
  'host.perform': {
    params: { group: string; host: string; instruction: HostInstruction; timeoutMs: number };
    result: HostReply;
  };
  /** Storage facts on demand, straight from the process. */
  'storage.facts': { params: { group: string; process: string }; result: SystemFacts };
  /** A pair's difference bitmap as one end has it, straight from the process. */
  'storage.differences': {
    params: { group: string; process: string; query: DifferenceMapQuery };
    result: DifferenceMap;
  };
  /** A dead host's own record of what its ledger was told is complete; read from its folder. */
  'ledger.record': { params: { group: string; host: string }; result: { completedThrough: number } | null };
}

/** Notices the agent sends: a process's view whenever it changes, at most ten a second each, and at least every second. */
export interface AgentNotices {
  'process.changed': ProcessView;
  /** A change of pair state, reported by the storage process that made it, once, in order. */
  'pair.transition': {
    group: string;
    system: string;
    pair: string;
    from: string;
    to: string;
    reason: string;
    at: number;
    version: number;
  };
  /** Something worth the history: exit, start, refused frame, recovery finding. */
  'process.event': {
    group: string;
    process: string;
    at: number;
    kind: string;
    text: string;
    facts: Record<string, unknown>;
  };
}
