/** Facts for status tests: a healthy chain-3 in normal operation, to be changed by each test. */
import { ARRANGEMENTS, defaultGroup } from './arrangement.ts';
import type { Generation } from './generation.ts';
import type { HeartbeatView, HostFacts, WorkState } from './host.ts';
import { pairName } from './names.ts';
import type { PairState } from './pair-states.ts';
import type { GroupFacts, ObservedProcess } from './status-facts.ts';
import type { PairFacts, SystemFacts } from './storage-controller.ts';

export const NOW = 1_700_000_000_000;
const WORK: WorkState = {
  running: true,
  generation: 1,
  lastCompletedTransaction: 9,
  completedTransactions: 9,
  ratePerSecond: 20,
  stoppedReason: null,
};

export function pairFacts(
  source: string,
  destination: string,
  end: 'source' | 'destination',
  state: PairState,
  change: Partial<PairFacts> = {},
): PairFacts {
  const sync = pairName(source, destination) === 'P-I' || pairName(source, destination) === 'I-P';
  return {
    name: pairName(source, destination),
    definition: { source, destination, kind: sync ? 'sync' : 'async', transport: 'journal', fence: 'status' },
    end,
    state,
    version: 1,
    changedAt: NOW - 60_000,
    reason: 'as it should be',
    dirtyTracks: 0,
    trackBytes: 65_536,
    consistent: true,
    givenNumber: 100,
    appliedNumber: 100,
    lag: { updates: 0, bytes: 0, ms: 0 },
    copy: null,
    transferredBytes: 0,
    connected: true,
    gold: null,
    ...change,
  };
}

export function systemFacts(
  system: string,
  generation: Generation,
  pairs: PairFacts[],
  peers: readonly string[],
): SystemFacts {
  return {
    system,
    generation,
    lineage: [{ generation: 1, first: 1 }],
    hostWrites: { accepted: generation.holder === system, reason: 'generation' },
    lastNumber: 100,
    completedNumber: 100,
    completedAt: NOW - 10,
    lastIoAgeMs: 0,
    consistent: true,
    consistentNumber: 100,
    evidenceLost: false,
    volumes: [{ sizeBytes: 1024, dirtyTracks: 3 }],
    journal: { usedBytes: 10, sizeBytes: 100, trimmedTo: 0, fullInMs: null },
    pairs,
    lines: peers.map((peer) => ({ peer, connected: true, rttMs: 1 })),
    clients: 1,
    writesCompleted: 10,
    bytesWritten: 10,
  };
}

export function beat(observer: string, of: string, change: Partial<HeartbeatView> = {}): HeartbeatView {
  const generation = { number: 1, runId: 'initial', holder: 'P' };
  const system = of.slice(-1);
  const last = {
    from: of,
    system,
    beat: 1,
    incarnation: 'a',
    generation,
    pairs: [],
    completedNumber: 100,
    completedAt: NOW,
    lastIoAgeMs: 0,
    storageAnswers: true,
    work: WORK,
    echo: null,
  };
  return {
    observer,
    of,
    ageMs: 200,
    lost: false,
    last,
    highestCompletedNumber: 100,
    highestCompletedAt: NOW,
    ...change,
  };
}

function process(name: string, kind: ObservedProcess['kind']): ObservedProcess {
  return {
    name,
    kind,
    state: 'up',
    pid: 42,
    nbdPort: kind === 'storage' ? 10_809 : null,
    observer: `agent of ${name}`,
    observedAt: NOW - 300,
    factsAt: NOW - 400,
    storage: null,
    host: null,
    witness: null,
    downSince: null,
    writesPerSecond: 20,
    bytesPerSecond: 80_000,
    pairRates: { 'P-I': 80_000, 'I-R': 79_000 },
  };
}

function hostFacts(host: string, heartbeats: HeartbeatView[]): HostFacts {
  return {
    host,
    system: host.slice(-1),
    generation: { number: 1, runId: 'initial', holder: 'P' },
    work: WORK,
    storageAnswers: true,
    heartbeats,
    witnessAnswers: true,
  };
}

export class StatusBench {
  readonly facts: GroupFacts;

  constructor(generation: Generation = { number: 1, runId: 'initial', holder: 'P' }) {
    const arrangement = ARRANGEMENTS.find((candidate) => candidate.id === 'chain-3');
    if (!arrangement) throw new Error('chain-3 is gone');
    const p = process('P', 'storage');
    const i = process('I', 'storage');
    const r = process('R', 'storage');
    p.storage = systemFacts('P', generation, [pairFacts('P', 'I', 'source', 'duplex')], ['I']);
    i.storage = systemFacts(
      'I',
      generation,
      [pairFacts('P', 'I', 'destination', 'duplex'), pairFacts('I', 'R', 'source', 'duplex')],
      ['P', 'R'],
    );
    r.storage = systemFacts('R', generation, [pairFacts('I', 'R', 'destination', 'duplex')], ['I']);
    const hostP = { ...process('host-P', 'host'), host: hostFacts('host-P', [beat('host-P', 'host-R')]) };
    const hostR = { ...process('host-R', 'host'), host: hostFacts('host-R', [beat('host-R', 'host-P')]) };
    const register = { generation, epoch: 1, state: 'joined' as const, number: 0 };
    const witness = {
      ...process('witness', 'witness'),
      witness: { register, heartbeats: [beat('witness', 'host-P'), beat('witness', 'host-R')] },
    };
    this.facts = {
      definition: defaultGroup('demo', arrangement),
      arrangement,
      powered: true,
      now: NOW,
      boundMs: 5_000,
      processes: [p, i, r, hostP, hostR, witness],
      run: null,
      faults: [],
      objectives: { rpoMs: 1_000 },
      lastDrill: null,
    };
  }

  process(name: string): ObservedProcess {
    const found = this.facts.processes.find((candidate) => candidate.name === name);
    if (!found) throw new Error(name);
    return found;
  }

  storage(name: string): SystemFacts {
    const { storage } = this.process(name);
    if (!storage) throw new Error(`${name} has no facts`);
    return storage;
  }

  /** The pair as one end sees it. */
  pair(system: string, name: string): PairFacts {
    const found = this.storage(system).pairs.find((candidate) => candidate.name === name);
    if (!found) throw new Error(`${system} has no pair ${name}`);
    return found;
  }

  /** Both ends of a pair in `state`. */
  setPair(name: string, state: PairState): this {
    for (const system of name.split('-'))
      Object.assign(this.pair(system, name), { state, reason: 'the test wants it' });
    return this;
  }

  kill(...names: string[]): this {
    for (const name of names) Object.assign(this.process(name), { state: 'held-down', downSince: NOW - 3_000 });
    return this;
  }

  /** Nothing was heard of it since long ago. */
  silence(...names: string[]): this {
    for (const name of names) Object.assign(this.process(name), { observedAt: NOW - 42_000, factsAt: NOW - 42_100 });
    return this;
  }

  lose(...hosts: string[]): this {
    for (const { host, witness } of this.facts.processes) {
      for (const view of host?.heartbeats ?? witness?.heartbeats ?? [])
        if (hosts.includes(view.of)) Object.assign(view, { lost: true, ageMs: 4_000 });
    }
    return this;
  }
}

/** R serves since a failover; `reversed` also stands I⇒P. */
export function failedOver(reversed: boolean): StatusBench {
  const bench = new StatusBench({ number: 2, runId: 'failover', holder: 'R' });
  bench.storage('R').pairs = [pairFacts('R', 'I', 'source', 'duplex')];
  const towardsP = reversed
    ? pairFacts('I', 'P', 'source', 'suspend')
    : pairFacts('P', 'I', 'destination', 'failure-suspend');
  bench.storage('I').pairs = [pairFacts('R', 'I', 'destination', 'duplex'), towardsP];
  bench.storage('P').pairs = [
    reversed ? pairFacts('I', 'P', 'destination', 'suspend') : pairFacts('P', 'I', 'source', 'failure-suspend'),
  ];
  if (reversed) bench.storage('P').lineage = [...bench.storage('P').lineage, { generation: 2, first: 101 }];
  return bench;
}
