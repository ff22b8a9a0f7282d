/** The processes of one group at this site, and what the operator has done to them. */
import { rmSync } from 'node:fs';
import { type Arrangement, findArrangement, type GroupDefinition } from '../../domain/arrangement.ts';
import { refuse } from '../../domain/refusal.ts';
import { stretchesOf } from '../../network/connections.ts';
import type { AddressBook, AgentNotices, DiskFault, LineFault, ProcessView } from '../agent-protocol.ts';
import type { ChildNotices, ProcessConfig } from '../processes/child-protocol.ts';
import { groupFolder, processPaths } from '../processes/layout.ts';
import { NoticeThrottle } from '../processes/notice-throttle.ts';
import { trimLog } from './child-launch.ts';
import { processesAt } from './group-processes.ts';
import { type GroupRecord, writeGroupRecord } from './group-record.ts';
import { type ProcessHome, SupervisedProcess } from './supervised-process.ts';

/** Gauges move at most ten times a second on a screen, and show every second that they are alive. */
const NOTICE_BOUNDS = { minGapMs: 100, maxGapMs: 1000 };

export interface SiteHome extends ProcessHome {
  site: string;
  siteFolder: string;
  secretFile: string;
  listenHost: string;
}

export type Announce = <N extends keyof AgentNotices>(notice: N, params: AgentNotices[N]) => void;

export class SiteGroup {
  private readonly arrangement: Arrangement;
  private readonly processes = new Map<string, SupervisedProcess>();
  private readonly throttles: NoticeThrottle[] = [];

  constructor(
    private readonly home: SiteHome,
    private record: GroupRecord,
    private readonly announce: Announce,
  ) {
    this.arrangement = arrangementOf(record.definition);
    for (const role of processesAt(this.arrangement, home.site)) this.addProcess(role);
  }

  get name(): string {
    return this.record.definition.name;
  }

  get views(): ProcessView[] {
    return [...this.processes.values()].map((process) => process.view());
  }

  /** Brings every process into the condition on record. Processes an earlier agent left running are taken over. */
  start(): void {
    for (const process of this.processes.values()) {
      const wanted = this.wantedOf(process.role.name);
      if (wanted !== 'running') process.adoptIfAlive();
      process.want(wanted);
      if (wanted === 'held-down') void process.kill();
      if (wanted === 'stopped') void process.stop();
    }
  }

  /** Takes a definition, addresses and power as they are now wanted. Refuses a change that the data on disk cannot follow. */
  async put(definition: GroupDefinition, addresses: AddressBook, powered: boolean): Promise<void> {
    refuseReshaping(this.record.definition, definition);
    this.save({ ...this.record, definition, addresses, powered });
    this.start();
    await this.configureAll();
  }

  async putAddresses(addresses: AddressBook): Promise<void> {
    this.save({ ...this.record, addresses });
    await this.configureAll();
  }

  /** Kills a process; held down it stays so over restarts of the agent, because that is on record before the signal. */
  async kill(name: string, hold: boolean): Promise<number | null> {
    const process = this.process(name);
    if (hold) {
      this.save({ ...this.record, heldDown: [...new Set([...this.record.heldDown, name])] });
      process.want('held-down');
    }
    return process.kill();
  }

  /** Lets a process run again. One that runs is left alone: the call names a condition, not a toggle. */
  restart(name: string): number | null {
    const process = this.process(name);
    if (!this.record.powered)
      throw refuse('wrong-state', `Group ${this.name} is switched off.`, 'Switch the group on first.');
    this.save({ ...this.record, heldDown: this.record.heldDown.filter((held) => held !== name) });
    process.want('running');
    return process.pid;
  }

  /** Replaces the fault on one end of a line; no conditions means none. */
  async setLineFault({ process: name, peer, conditions }: LineFault): Promise<void> {
    const process = this.process(name);
    const lines = stretchesOf(this.arrangement, this.record.definition, name);
    if (!lines.some((line) => line.neighbour === peer)) {
      throw refuse(
        'unknown-line',
        `${name} has no line to ${peer}.`,
        `Name one of ${lines.map((line) => line.neighbour).join(', ')}.`,
      );
    }
    const others = this.record.lineFaults.filter((fault) => fault.process !== name || fault.peer !== peer);
    const faults = Object.keys(conditions).length > 0 ? [...others, { process: name, peer, conditions }] : others;
    this.save({ ...this.record, lineFaults: faults });
    await process.configure();
  }

  async setDiskFault({ process: name, kind }: DiskFault): Promise<void> {
    const process = this.process(name);
    const others = this.record.diskFaults.filter((fault) => fault.process !== name);
    this.save({ ...this.record, diskFaults: [...others, { process: name, kind }] });
    await process.configure();
  }

  /** Clears line and disk faults of one process, or of all. */
  async clearFaults(name: string | null): Promise<void> {
    if (name !== null) this.process(name);
    const stays = (fault: { process: string }): boolean => name !== null && fault.process !== name;
    this.save({
      ...this.record,
      lineFaults: this.record.lineFaults.filter(stays),
      diskFaults: this.record.diskFaults.filter(stays),
    });
    await this.configureAll();
  }

  /** Keeps the logs of its processes bounded. */
  trimLogs(): void {
    for (const { paths } of this.processes.values()) trimLog(paths.log);
  }

  /** Ends every process in an orderly way; what is on record stays. */
  async stop(): Promise<void> {
    await Promise.all([...this.processes.values()].map((process) => process.stop()));
    for (const throttle of this.throttles) throttle.stop();
  }

  /** Ends every process and removes everything the group has at this site. */
  async remove(): Promise<void> {
    const processes = [...this.processes.values()];
    for (const process of processes) process.want('stopped');
    // Nothing is left to put in order where everything goes.
    await Promise.all(processes.map((process) => process.kill()));
    for (const throttle of this.throttles) throttle.stop();
    rmSync(groupFolder(this.home.siteFolder, this.name), { recursive: true, force: true });
  }

  /** The process called `name`; refused where this site has none. */
  process(name: string): SupervisedProcess {
    const process = this.processes.get(name);
    if (process) return process;
    const known = [...this.processes.keys()].join(', ') || 'none';
    throw refuse(
      'unknown-system',
      `Group ${this.name} has no process ${name} at site ${this.home.site}.`,
      `Processes here: ${known}.`,
    );
  }

  private addProcess(role: SupervisedProcess['role']): void {
    const paths = processPaths(groupFolder(this.home.siteFolder, this.name), role.name);
    const throttle = new NoticeThrottle(this.home.ports.clock, NOTICE_BOUNDS, () =>
      this.announce('process.changed', process.view()),
    );
    const process = new SupervisedProcess(this.name, role, paths, this.home, () => this.configOf(role), {
      onChange: () => throttle.touch(),
      onAddress: () => void this.configureAll(),
      onNotice: (method, params) => this.passOn(role.name, method, params),
      onEvent: (kind, text, facts) =>
        this.announce('process.event', {
          group: this.name,
          process: role.name,
          at: this.home.ports.clock.now(),
          kind,
          text,
          facts,
        }),
    });
    this.throttles.push(throttle);
    this.processes.set(role.name, process);
  }

  private passOn(name: string, method: string, params: unknown): void {
    // Sent by a process of this installation that has proven itself; ChildNotices types both ends.
    if (method === 'transition')
      this.announce('pair.transition', { group: this.name, system: name, ...(params as ChildNotices['transition']) });
    else if (method === 'event')
      this.announce('process.event', { group: this.name, process: name, ...(params as ChildNotices['event']) });
  }

  private configOf({ name, kind }: SupervisedProcess['role']): ProcessConfig {
    const { definition, addresses, lineFaults, diskFaults } = this.record;
    return {
      site: this.home.site,
      group: this.name,
      process: name,
      kind,
      listenHost: this.home.listenHost,
      secretFile: this.home.secretFile,
      settings: {
        definition,
        // What this site knows of its own processes is newer than any book that went round.
        addresses: { ...addresses, ...this.localAddresses() },
        lineFaults: lineFaults
          .filter((fault) => fault.process === name)
          .map(({ peer, conditions }) => ({ peer, conditions })),
        diskFault: diskFaults.find((fault) => fault.process === name)?.kind ?? null,
      },
    };
  }

  private localAddresses(): AddressBook {
    const book: AddressBook = {};
    for (const [name, { lastAddress }] of this.processes) if (lastAddress) book[name] = lastAddress;
    return book;
  }

  private wantedOf(name: string): 'running' | 'held-down' | 'stopped' {
    if (!this.record.powered) return 'stopped';
    return this.record.heldDown.includes(name) ? 'held-down' : 'running';
  }

  private save(record: GroupRecord): void {
    writeGroupRecord(this.home.siteFolder, record);
    this.record = record;
  }

  /** A process that does not take its settings now gets them when its channel comes back, so one that fails stops nothing. */
  private async configureAll(): Promise<void> {
    await Promise.all(
      [...this.processes.values()].map((process) =>
        process.configure().catch((error: unknown) => {
          this.home.ports.log.write('warn', 'settings not taken', {
            group: this.name,
            process: process.role.name,
            error: String(error),
          });
        }),
      ),
    );
  }
}

/** The arrangement a definition names; refused where there is none. */
export function arrangementOf(definition: GroupDefinition): Arrangement {
  const arrangement = findArrangement(definition.arrangement);
  if (arrangement) return arrangement;
  throw refuse(
    'bad-request',
    `There is no arrangement ${definition.arrangement}.`,
    'Use an arrangement this version knows, or update this site agent.',
  );
}

const SHAPE = ['arrangement', 'volumeCount', 'volumeBytes', 'trackBytes', 'journalBytes'] as const;

/** Volumes and journals lie on disk in the shape they were made in, and both ends of a line count its paths alike. */
function refuseReshaping(present: GroupDefinition, wanted: GroupDefinition): void {
  const changed: string[] = SHAPE.filter((key) => present[key] !== wanted[key]);
  for (const [line, { paths }] of Object.entries(wanted.lines))
    if (present.lines[line]?.paths !== paths) changed.push(`lines.${line}.paths`);
  if (changed.length === 0) return;
  throw refuse(
    'already-exists',
    `Group ${present.name} exists here with another ${changed.join(', ')}.`,
    'Delete the group first, or keep these as they are.',
  );
}
