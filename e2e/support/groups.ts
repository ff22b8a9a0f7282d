/** Groups of a test's own, so that no test meets what another has left. */
import { test as base, expect } from '@playwright/test';
import type { GroupCreateInput } from '../../server/api/inputs.ts';
import type { FaultInput } from '../../server/api/views.ts';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import type { LedgerReport } from '../../server/domain/host.ts';
import type { PairStateOrAbsent } from '../../server/domain/pair-states.ts';
import type { RunView } from '../../server/routines/step-graph.ts';
import { done } from './cli.ts';
import { api } from './instance.ts';
import { expectIdenticalVolumes } from './volumes.ts';

const MIB = 1024 * 1024;
/** Small enough that a full copy is no wait, large enough for the ledger. */
const VOLUME_BYTES = 8 * MIB;

/** Awaits a condition of the group by asking again and again; the message of the last try is what a failure shows. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  await expect.poll(holds, { message: what, timeout: 60_000, intervals: [50, 100, 200] }).toBe(true);
}

function lastCompleted(status: GroupStatus): number {
  return Math.max(0, ...status.hosts.map((host) => (host.work?.running ? host.work.lastCompletedTransaction : 0)));
}

/** One group, as a script on the operator's machine handles it. */
export class TestGroup {
  constructor(readonly name: string) {}

  status(): Promise<GroupStatus> {
    return api.groups.status.query({ group: this.name });
  }

  /** Waits until the status satisfies `holds`. */
  async until(what: string, holds: (status: GroupStatus) => boolean): Promise<GroupStatus> {
    let last: GroupStatus | null = null;
    await eventually(`${this.name}: ${what}`, async () => {
      last = await this.status();
      return holds(last);
    });
    return last ?? this.status();
  }

  /** Waits until the pairs named are in these states. */
  async pairsReach(states: Record<string, PairStateOrAbsent | 'unknown'>): Promise<void> {
    await this.until(`pairs in ${JSON.stringify(states)}`, (status) =>
      Object.entries(states).every(([name, state]) => status.pairs.find((pair) => pair.name === name)?.state === state),
    );
  }

  /** Runs a routine over the command line, with the harmless defaults, to its end. */
  run(routine: string, ...words: string[]): Promise<CliRun> {
    return done<CliRun>('run', routine, '--group', this.name, '--yes', ...words);
  }

  /** Forms both pairs and, unless it has none, starts the ledger. */
  async form(transactionsPerSecond: number | null = 20): Promise<void> {
    const run = await this.run('initial-copy');
    expect(run.ending, JSON.stringify(run)).toBe('done');
    if (transactionsPerSecond === null) return;
    await api.ledger.rate.mutate({ group: this.name, transactionsPerSecond });
    await api.ledger.start.mutate({ group: this.name });
    await this.completes(5);
  }

  /** Waits until the work has completed `more` transactions than it was last seen to have. */
  async completes(more: number): Promise<void> {
    const from = lastCompleted(await this.status());
    await this.until(`${more} transactions more than ${from}`, (status) => lastCompleted(status) >= from + more);
  }

  /** Waits until the work has completed this transaction. */
  async completesThrough(transaction: number): Promise<void> {
    await this.until(`transaction ${transaction} completed`, (status) => lastCompleted(status) >= transaction);
  }

  /** A fault of the whole group or of one of its parts, as a script injects it. */
  async inject(kind: FaultInput['kind'], target: string): Promise<void> {
    await api.faults.inject.mutate({ kind, group: this.name, target });
  }

  verifyLedger(on: string | null = null): Promise<LedgerReport> {
    return api.ledger.verify.mutate({ group: this.name, on });
  }

  /** Waits until host R no longer hears host P, which is what an operator waits for before a failover. */
  async losesHeartbeatOf(host: string, heardBy: string): Promise<void> {
    await this.until(`${heardBy} has lost ${host}`, (status) =>
      Boolean(
        status.hosts.find((each) => each.name === heardBy)?.heartbeats.some((view) => view.of === host && view.lost),
      ),
    );
  }

  /** Waits until every process of the group is up and each host hears the other. */
  async isWhole(): Promise<void> {
    await this.until(
      'every process up and heard',
      (status) =>
        [...status.systems, ...status.hosts, status.witness].every((part) => part.up === true) &&
        status.hosts.every((host) => host.heartbeats.every((view) => !view.lost)),
    );
  }

  /** Waits until every line is up: a new group's processes need a moment to find each other. */
  async isConnected(): Promise<void> {
    await this.until(
      'every line up',
      (status) => status.lines.length > 0 && status.lines.every((line) => line.connected === true),
    );
  }

  /** Stops the work, waits until nothing is under way, and compares all volumes of all systems. */
  async isIdenticalEverywhere(systems: readonly string[]): Promise<void> {
    const { volumeCount, ledger } = await api.groups.definition.query({ group: this.name });
    if (ledger.enabled) await api.ledger.stop.mutate({ group: this.name });
    // Pairs of the operation before may still rest.
    await this.until(
      'nothing under way in normal operation',
      (status) =>
        status.operation === 'normal' &&
        status.pairs.every((pair) => pair.state !== 'duplex' || pair.lag?.updates === 0),
    );
    await expectIdenticalVolumes(this.name, systems, volumeCount);
  }

  async remove(): Promise<void> {
    const active = await api.runs.list.query({ group: this.name, active: true });
    for (const { run } of active) {
      await api.runs.order.mutate({ run, key: 'test-ends', order: { order: 'abort' } });
      await eventually(`run ${run} ended`, async () => (await api.runs.get.query({ run })).status === 'ended');
    }
    await api.groups.delete.mutate({ group: this.name, typedName: this.name });
  }
}

/** What `switchback run … --json` prints at its end (the contract's fields). */
export type CliRun = Pick<RunView, 'run' | 'routine' | 'ending' | 'verdict' | 'steps'>;

/** Names of steps in the order they were entered, rounds included. */
export const stepIds = (run: { steps: readonly { id: string }[] }): string[] => run.steps.map((step) => step.id);

export interface GroupFixture {
  /** Makes a group of this name; it is removed when the test has ended. */
  makeGroup: (name: string, options?: Partial<GroupCreateInput>) => Promise<TestGroup>;
}

export const test = base.extend<GroupFixture>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern what a fixture depends on.
  makeGroup: async ({}, use) => {
    const made: TestGroup[] = [];
    await use(async (name, options = {}) => {
      const group = new TestGroup(name);
      made.push(group);
      await api.groups.create.mutate({
        name,
        arrangement: 'chain-3',
        volumeBytes: VOLUME_BYTES,
        journalBytes: VOLUME_BYTES,
        ...options,
      });
      return group;
    });
    for (const group of made) await group.remove();
  },
});

export { expect };
