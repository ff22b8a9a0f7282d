/** Agents of several sites and what a control plane does for them: spreading the addresses that each reports. */
import type { GroupDefinition } from '../../../domain/arrangement.ts';
import type { HostInstruction, HostReply } from '../../../domain/host.ts';
import type { AddressBook, AgentMethods, ProcessView } from '../../agent-protocol.ts';
import type { ControlClient } from './control-client.ts';
import { SiteBench } from './site-bench.ts';

export class SiteCluster {
  private readonly controls = new Map<string, ControlClient>();

  private constructor(
    readonly bench: SiteBench,
    private readonly definition: GroupDefinition,
  ) {}

  /** Starts an agent per site, defines the group everywhere, and lets every process know where the others listen. */
  static async start(
    bundles: string,
    sites: readonly string[],
    definition: GroupDefinition,
    processes: readonly string[],
  ): Promise<SiteCluster> {
    const cluster = new SiteCluster(await SiteBench.create(bundles, sites), definition);
    for (const site of sites) {
      cluster.bench.startAgent(site);
      cluster.controls.set(site, cluster.bench.control(site));
    }
    await cluster.everywhere(async (control) => {
      const { processes: views } = await control.call('group.put', { definition, addresses: {}, powered: true });
      for (const view of views) if (!control.views.has(view.name)) control.views.set(view.name, view);
    });
    for (const process of processes) cluster.bench.note((await cluster.up(process)).pid);
    await cluster.spreadAddresses();
    return cluster;
  }

  /** The client of the site that has `process`. */
  controlOf(process: string): ControlClient {
    for (const control of this.controls.values()) if (control.views.has(process)) return control;
    throw new Error(`no site has ${process}`);
  }

  view(process: string, wanted: (view: ProcessView) => boolean): Promise<ProcessView> {
    return this.controlOf(process).view(process, wanted);
  }

  up(process: string): Promise<ProcessView> {
    return this.view(process, ({ state, facts }) => state === 'up' && facts !== null);
  }

  async call<M extends keyof AgentMethods>(
    process: string,
    method: M,
    params: AgentMethods[M]['params'],
  ): Promise<AgentMethods[M]['result']> {
    return this.controlOf(process).call(method, params);
  }

  perform(host: string, instruction: HostInstruction): Promise<HostReply> {
    return this.call(host, 'host.perform', { group: this.definition.name, host, instruction, timeoutMs: 60_000 });
  }

  async spreadAddresses(): Promise<void> {
    const addresses: AddressBook = {};
    for (const control of this.controls.values()) {
      for (const { name, address } of control.views.values()) if (address) addresses[name] = address;
    }
    await this.everywhere((control) => control.call('addresses.put', { group: this.definition.name, addresses }));
  }

  /** As `SiteBench.close`. */
  close(): Promise<number[]> {
    return this.bench.close();
  }

  private async everywhere(run: (control: ControlClient) => Promise<unknown>): Promise<void> {
    await Promise.all([...this.controls.values()].map(run));
  }
}
