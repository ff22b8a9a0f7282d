/** Who plays which part in an arrangement, for schedules that are written once and played on every arrangement. */
import type { Arrangement, ArrangementPair } from '../domain/arrangement.ts';
import { pairName, type SiteName, WITNESS } from '../domain/names.ts';
import { hopsBetween } from '../domain/ways.ts';

export class Stage {
  /** Takes host writes in normal operation. */
  readonly holder: string;
  /** Takes them in reverse operation. */
  readonly heir: string;
  /** What the holder copies to, synchronously where the arrangement does so at all. */
  readonly first: ArrangementPair;

  constructor(readonly arrangement: Arrangement) {
    const { normal, reverse } = arrangement;
    this.holder = normal.holder;
    this.heir = reverse.holder;
    const own = normal.pairs.filter(({ source }) => source === normal.holder);
    const first = own.find(({ kind }) => kind === 'sync') ?? own[0];
    if (!first) throw new Error(`${arrangement.id}: nothing is copied from ${normal.holder}`);
    this.first = first;
  }

  /** The system the holder copies to. */
  get near(): string {
    return this.first.destination;
  }

  get firstName(): string {
    return pairName(this.first.source, this.first.destination);
  }

  /** Pairs of normal operation other than the first. */
  get others(): readonly ArrangementPair[] {
    return this.arrangement.normal.pairs.filter((pair) => pair !== this.first);
  }

  /** The pair by which the heir gets what the holder writes. */
  get feed(): ArrangementPair {
    const found = this.arrangement.normal.pairs.find(({ destination }) => destination === this.heir);
    if (!found) throw new Error(`${this.arrangement.id}: nothing is copied to ${this.heir}`);
    return found;
  }

  /** What leads on from the heir in normal operation. */
  get onward(): readonly ArrangementPair[] {
    return this.arrangement.normal.pairs.filter(({ source }) => source === this.heir);
  }

  /** Sites of the holder and of whoever feeds the heir. */
  get ahead(): readonly SiteName[] {
    return [...new Set([this.siteOf(this.holder), this.siteOf(this.feed.source)])];
  }

  /** First line on the way of the first asynchronous pair. */
  get asyncWay(): readonly [string, string] {
    const pair = this.arrangement.normal.pairs.find(({ kind }) => kind === 'async');
    if (!pair) throw new Error(`${this.arrangement.id}: nothing is copied asynchronously`);
    return this.wayBetween(pair.source, pair.destination);
  }

  /** Another system the holder copies to, where there is one. */
  get third(): string | null {
    return this.others.find(({ source }) => source === this.holder)?.destination ?? null;
  }

  /** Processes at the site of the holder. */
  get inside(): readonly string[] {
    return this.processes.filter(({ site }) => site === this.siteOf(this.holder)).map(({ name }) => name);
  }

  /** All others, the witness and the driver among them. */
  get outside(): readonly string[] {
    const elsewhere = this.processes.filter(({ site }) => site !== this.siteOf(this.holder));
    return [...elsewhere.map(({ name }) => name), WITNESS, 'control'];
  }

  private get processes(): readonly { name: string; site: SiteName }[] {
    const { systems, hosts, switches = [] } = this.arrangement;
    return [...systems, ...hosts, ...switches];
  }

  siteOf(system: string): SiteName {
    const found = this.arrangement.systems.find(({ name }) => name === system);
    if (!found) throw new Error(`${this.arrangement.id} has no system ${system}`);
    return found.site;
  }

  hostOf(system: string): string {
    return this.arrangement.hosts.find((host) => host.system === system)?.name ?? '';
  }

  /** The processes at the two ends of the first line on the way from `a` to `b`. */
  wayBetween(a: string, b: string): readonly [string, string] {
    const hop = hopsBetween(this.arrangement, a, b).find(({ line }) => line !== null);
    if (!hop) throw new Error(`${this.arrangement.id}: no line leads from ${a} to ${b}`);
    return [hop.from, hop.to];
  }
}
