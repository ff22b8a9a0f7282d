/**
 * Status of every group, kept up to date from the database: facts are read again when a notification says that they may
 * have changed, and once a second everything is derived anew, because facts age without anybody saying so.
 */

import type { Software } from '../domain/evidence/staleness.ts';
import type { GroupStatus } from '../domain/group-status.ts';
import type { Log } from '../domain/ports.ts';
import { deriveGroupStatus } from '../domain/status-derive.ts';
import type { LastDrill } from '../domain/status-facts.ts';
import type { RunView } from '../routines/step-graph.ts';
import type { Database } from './database.ts';
import { readLastPassed } from './drills/drill-records.ts';
import type { RunbookEntry } from './drills/runbook-library.ts';
import { readFaults } from './fault-store.ts';
import { type GroupRecord, readGroups, unknownGroup } from './groups.ts';
import type { NoticeListener } from './notices.ts';
import { type Observation, readObservations } from './observations.ts';
import { factsOf, type Observed } from './observed-facts.ts';
import { RateMeter, type Rates } from './rate-meter.ts';
import { readRunsUnderWay } from './runs/run-records.ts';
import type { FaultView } from './views.ts';

const AGE_EVERY_MS = 1_000;
/** Nobody announces that a runbook was changed. */
const LIBRARY_EVERY_MS = 60_000;

interface Facts {
  record: GroupRecord;
  observations: Map<string, Observed>;
  meters: Map<string, RateMeter>;
  run: RunView | null;
  faults: FaultView[];
  lastDrill: LastDrill | null;
}

type Wanted = 'groups' | 'runs' | 'faults' | 'drills';

export class StatusBoard {
  private readonly facts = new Map<string, Facts>();
  private readonly statuses = new Map<string, GroupStatus>();
  private readonly listeners = new Set<(groups: ReadonlySet<string>) => void>();
  private readonly wanted = new Set<Wanted>();
  /** Groups whose observations changed; null: any may have. */
  private stale: Set<string> | null = new Set();
  private timer: NodeJS.Timeout | null = null;
  private ageing: NodeJS.Timeout | null = null;
  private rereading: NodeJS.Timeout | null = null;
  private reading = false;
  /** Ends when the read that was begun last does: one that was overtaken would bring back what is gone. */
  private reads: Promise<void> = Promise.resolve();
  private loaded: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly log: Log,
    notices: NoticeListener,
    /** Facts of one group change together: what comes within this time is read at once, ms. */
    private readonly gatherMs: number,
    /** What there is now of what a drill rests on. */
    private readonly present: { software: Software; library: () => readonly RunbookEntry[] },
  ) {
    notices.on('switchback_observations', (payload) => {
      if (!payload) this.stale = null;
      else for (const group of payload.split(' ')) this.stale?.add(group);
      this.soon();
    });
    notices.on('switchback_groups', () => this.want('groups'));
    notices.on('switchback_runs', () => this.want('runs'));
    notices.on('switchback_faults', () => this.want('faults'));
    notices.on('switchback_drills', () => this.want('drills'));
  }

  /** Reads everything once, then follows. Rejects where the database does not answer. */
  async start(): Promise<void> {
    for (const what of ['groups', 'runs', 'faults', 'drills'] as const) this.wanted.add(what);
    this.stale = null;
    this.loaded = this.read();
    await this.loaded;
    this.ageing = setInterval(() => this.derive(new Set(this.facts.keys())), AGE_EVERY_MS);
    this.rereading = setInterval(() => this.want('drills'), LIBRARY_EVERY_MS);
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    if (this.ageing) clearInterval(this.ageing);
    if (this.rereading) clearInterval(this.rereading);
    this.listeners.clear();
  }

  /** Called with the groups derived anew; a group that is gone is among them. Answers how to stop hearing. */
  onChange(listener: (groups: ReadonlySet<string>) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  all(): GroupStatus[] {
    return [...this.statuses.values()];
  }

  /** Null where there is no such group. */
  find(group: string): GroupStatus | null {
    return this.statuses.get(group) ?? null;
  }

  /** Status of one group. A group made a moment ago is looked up before it is refused as unknown. */
  async get(group: string): Promise<GroupStatus> {
    const found = this.statuses.get(group);
    if (found) return found;
    await this.groupsChanged();
    const status = this.statuses.get(group);
    if (status) return status;
    throw unknownGroup(group);
  }

  /** Resolves once it knows the groups that there are now: whoever made or deleted one finds it so from here on. */
  groupsChanged(): Promise<void> {
    this.wanted.add('groups');
    return this.read();
  }

  record(group: string): GroupRecord {
    const facts = this.facts.get(group);
    if (facts) return facts.record;
    throw unknownGroup(group);
  }

  private want(what: Wanted): void {
    this.wanted.add(what);
    this.soon();
  }

  private soon(): void {
    if (this.timer || this.reading || !this.loaded) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.read().catch((error: Error) => {
        // The facts on hand go on ageing, so nothing old is shown as current meanwhile.
        this.log.write('warn', 'facts could not be read', { reason: error.message });
        this.stale = null;
      });
    }, this.gatherMs);
  }

  private read(): Promise<void> {
    const read = this.reads.then(() => this.readOnce());
    this.reads = read.catch(() => {});
    return read;
  }

  private async readOnce(): Promise<void> {
    this.reading = true;
    const wanted = new Set(this.wanted);
    const { stale } = this;
    this.wanted.clear();
    this.stale = new Set();
    try {
      const changed = new Set<string>();
      if (wanted.has('groups')) await this.readGroups(changed);
      if (stale === null || stale.size > 0) await this.readObservations(stale, changed);
      if (wanted.has('runs')) await this.readRuns(changed);
      if (wanted.has('faults')) await this.readFaults(changed);
      if (wanted.has('drills')) await this.readDrills(changed);
      this.derive(changed);
    } catch (error) {
      for (const what of wanted) this.wanted.add(what);
      throw error;
    } finally {
      this.reading = false;
      if (this.wanted.size > 0 || this.stale === null || this.stale.size > 0) this.soon();
    }
  }

  private async readGroups(changed: Set<string>): Promise<void> {
    const records = await readGroups(this.database);
    const names = new Set(records.map((record) => record.name));
    for (const name of this.facts.keys()) {
      if (names.has(name)) continue;
      this.facts.delete(name);
      changed.add(name);
    }
    let fresh = false;
    for (const record of records) {
      const known = this.facts.get(record.name);
      if (known) known.record = record;
      else
        this.facts.set(record.name, {
          record,
          observations: new Map(),
          meters: new Map(),
          run: null,
          faults: [],
          lastDrill: null,
        });
      fresh ||= !known;
      changed.add(record.name);
    }
    if (!fresh) return;
    await this.readObservations(null, changed);
    await this.readRuns(changed);
    await this.readFaults(changed);
    await this.readDrills(changed);
  }

  private async readObservations(groups: Set<string> | null, changed: Set<string>): Promise<void> {
    const rows = await readObservations(this.database, groups && [...groups]);
    for (const row of rows) {
      const facts = this.facts.get(row.view.group);
      if (!facts) continue;
      facts.observations.set(row.view.name, { ...row, rates: measure(facts.meters, row) });
      changed.add(row.view.group);
    }
  }

  private async readRuns(changed: Set<string>): Promise<void> {
    const byGroup = await readRunsUnderWay(this.database, null);
    for (const [name, facts] of this.facts) {
      const run = byGroup.get(name) ?? null;
      if (run || facts.run) changed.add(name);
      facts.run = run;
    }
  }

  private async readFaults(changed: Set<string>): Promise<void> {
    const faults = await readFaults(this.database, { group: null, active: true });
    for (const [name, facts] of this.facts) {
      const own = faults.filter((fault) => fault.group === name);
      if (own.length > 0 || facts.faults.length > 0) changed.add(name);
      facts.faults = own;
    }
  }

  private async readDrills(changed: Set<string>): Promise<void> {
    const library = new Map(this.present.library().map(({ name, sha256 }) => [name, sha256]));
    const { software } = this.present;
    for (const drill of await readLastPassed(this.database)) {
      const facts = this.facts.get(drill.group);
      if (!facts) continue;
      const { group, ...proven } = drill;
      const runbook = library.get(drill.runbook) ?? null;
      facts.lastDrill = { ...proven, present: { software, runbook, groupSince: facts.record.createdAt } };
      changed.add(group);
    }
  }

  private derive(groups: ReadonlySet<string>): void {
    const now = Date.now();
    for (const name of groups) {
      const facts = this.facts.get(name);
      if (facts)
        this.statuses.set(
          name,
          deriveGroupStatus(
            factsOf(facts.record, [...facts.observations.values()], facts.run, facts.faults, now, facts.lastDrill),
          ),
        );
      else this.statuses.delete(name);
    }
    if (groups.size > 0) for (const listener of this.listeners) listener(groups);
  }
}

/** Rates of the process of an observation; null for other than storage systems. */
function measure(meters: Map<string, RateMeter>, { view }: Observation): Rates | null {
  if (!view.facts || !('storage' in view.facts) || view.factsAt === null) return null;
  const meter = meters.get(view.name) ?? new RateMeter();
  meters.set(view.name, meter);
  meter.take(view.facts.storage, view.factsAt);
  return meter.rates;
}
