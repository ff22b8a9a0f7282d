/**
 * Sees to it that every site has of every group what it should have: the definition, the address book, power, or nothing
 * once the group is deleted. Everything it sends names a condition, so sending it again is harmless; it is sent whenever
 * an agent appears, a group changes or a process has moved. Only the leading worker does this.
 */
import type { Log } from '../domain/ports.ts';
import { refusalOf } from '../domain/refusal.ts';
import type { AddressBook, ProcessView } from '../site/agent-protocol.ts';
import { type Agents, sitesOf } from './agents.ts';
import type { Database } from './database.ts';
import { type GroupRecord, readAddresses, readGroups } from './groups.ts';

const RETRY_MS = 2_000;
const DELETE_TIMEOUT_MS = 30_000;

export class Reconciler {
  private groups = new Map<string, GroupRecord>();
  private books = new Map<string, AddressBook>();
  /** What each site was last told of each group, as text; absent: nothing, or not to this life of the connection. */
  private readonly told = new Map<string, string>();
  private readonly deleted = new Map<string, Set<string>>();
  private active = false;
  private busy = false;
  private again = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: Database,
    private readonly agents: Agents,
    private readonly log: Log,
    /** Views that came as answers, for whoever keeps them. */
    private readonly onViews: (site: string, views: readonly ProcessView[]) => void,
    private readonly onDeleted: (group: string) => Promise<void>,
  ) {}

  /** Begins, at the worker that leads from now on. */
  async start(): Promise<void> {
    this.books = await readAddresses(this.database);
    this.told.clear();
    this.deleted.clear();
    this.active = true;
    this.look();
  }

  stop(): void {
    this.active = false;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Something may have changed. */
  look(): void {
    if (!this.active) return;
    this.again = true;
    if (!this.busy) void this.run();
  }

  /** A new connection knows nothing of what the old one was told. */
  agentUp(site: string): void {
    for (const key of this.told.keys()) if (key.startsWith(`${site}/`)) this.told.delete(key);
    this.look();
  }

  /** A process listens somewhere else, or for the first time. */
  view(site: string, view: ProcessView): void {
    if (!this.active || !view.address || !this.groups.has(view.group)) return;
    const book = this.books.get(view.group) ?? {};
    const known = book[view.name];
    if (known?.channel === view.address.channel && known.nbd === view.address.nbd) return;
    this.books.set(view.group, { ...book, [view.name]: view.address });
    this.saveAddress(site, view).catch((error: Error) =>
      this.log.write('warn', 'address not saved', { reason: error.message }),
    );
    this.look();
  }

  private async saveAddress(site: string, { group, name, address }: ProcessView): Promise<void> {
    if (!address) return;
    const data = { site, channel: address.channel, nbd: address.nbd };
    await this.database.prisma.address.upsert({
      where: { group_process: { group, process: name } },
      create: { group, process: name, ...data },
      update: data,
    });
  }

  private async run(): Promise<void> {
    this.busy = true;
    let failed = false;
    while (this.again && this.active) {
      this.again = false;
      try {
        this.groups = new Map((await readGroups(this.database)).map((group) => [group.name, group]));
        const results = await Promise.all([...this.groups.values()].map((group) => this.reconcile(group)));
        failed = results.includes(false);
      } catch (error) {
        failed = true;
        this.log.write('warn', 'groups not reconciled', { reason: refusalOf(error).message });
      }
    }
    this.busy = false;
    if (!failed || !this.active || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.look();
    }, RETRY_MS);
  }

  /** False where a connected site did not take what it was told, so that it has to be tried again. */
  private async reconcile(group: GroupRecord): Promise<boolean> {
    const sites = sitesOf(group.arrangement).filter((site) => this.agents.isConnected(site));
    const told = await Promise.all(
      sites.map((site) => (group.deleting ? this.tellDelete(site, group) : this.tell(site, group))),
    );
    if (group.deleting) await this.finishDelete(group);
    return told.every(Boolean);
  }

  private async tell(site: string, { name, definition, powered }: GroupRecord): Promise<boolean> {
    const addresses = this.books.get(name) ?? {};
    const condition = JSON.stringify({ definition, powered });
    const key = `${site}/${name}`;
    const what = `${condition} ${JSON.stringify(addresses)}`;
    const before = this.told.get(key);
    if (before === what) return true;
    try {
      if (before?.startsWith(`${condition} `)) {
        await this.agents.call(site, 'addresses.put', { group: name, addresses });
      } else {
        const { processes } = await this.agents.call(site, 'group.put', { definition, addresses, powered });
        this.onViews(site, processes);
      }
      this.told.set(key, what);
      return true;
    } catch (error) {
      this.told.delete(key);
      this.log.write('warn', 'a site did not take a group', { site, group: name, reason: refusalOf(error).message });
      return false;
    }
  }

  private async tellDelete(site: string, { name }: GroupRecord): Promise<boolean> {
    if (this.deleted.get(name)?.has(site)) return true;
    try {
      await this.agents.call(site, 'group.delete', { group: name }, DELETE_TIMEOUT_MS);
      this.deleted.set(name, (this.deleted.get(name) ?? new Set()).add(site));
      this.told.delete(`${site}/${name}`);
      return true;
    } catch (error) {
      this.log.write('warn', 'a site did not delete a group', { site, group: name, reason: refusalOf(error).message });
      return false;
    }
  }

  /** Forgets the group once every site has; a site that is away keeps it on record, so that nothing is left behind there. */
  private async finishDelete({ name, arrangement }: GroupRecord): Promise<void> {
    const done = this.deleted.get(name);
    if (!sitesOf(arrangement).every((site) => done?.has(site))) return;
    const { prisma } = this.database;
    await prisma.$transaction([
      prisma.address.deleteMany({ where: { group: name } }),
      prisma.observation.deleteMany({ where: { group: name } }),
      prisma.pairEnd.deleteMany({ where: { group: name } }),
      prisma.rollup.deleteMany({ where: { group: name } }),
      prisma.fault.updateMany({
        where: { group: name, clearedAt: null },
        data: { clearedAt: new Date(), clearedBy: 'group deleted' },
      }),
      prisma.group.delete({ where: { name } }),
    ]);
    this.deleted.delete(name);
    this.books.delete(name);
    await this.onDeleted(name);
  }
}
