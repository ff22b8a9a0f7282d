/**
 * The API's own router over fixtures: what a screen is sent has the shapes of the real thing, and what it sends is checked
 * by the real input rules. Records every change that was asked for.
 */
import type { ApiServices } from '../../server/api/services.ts';
import type {
  DrillEntry,
  EventView,
  FaultOption,
  FaultView,
  FleetRow,
  LiveMessage,
  PreflightView,
  RunbookEntry,
  ScheduleView,
} from '../../server/api/views.ts';
import type { CommandParams } from '../../server/control/commands.ts';
import type { DifferenceMap } from '../../server/domain/difference-map.ts';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { refuse } from '../../server/domain/refusal.ts';
import { CHAIN_3_ROUTINES } from '../../server/routines/chain-3.ts';
import { findRoutine } from '../../server/routines/find-routine.ts';
import type { RunView } from '../../server/routines/step-graph.ts';
import { RUNBOOK, replayFixture } from './drill-fixture.ts';
import { normalStatus, rowOf } from './group-fixture.ts';

/** Everything a scene consists of; a test changes it and pushes what a screen should hear. */
export interface Scene {
  status: GroupStatus;
  /** Rows besides the status's own. */
  others: FleetRow[];
  empty: boolean;
  runs: RunView[];
  faults: FaultView[];
  options: FaultOption[];
  events: EventView[];
  preflight: PreflightView;
  runbooks: RunbookEntry[];
  drills: DrillEntry[];
  schedules: ScheduleView[];
  /** No message at all is sent while this holds. */
  silent: boolean;
}

export function preflightFixture(at: number, change: Partial<PreflightView> = {}): PreflightView {
  return {
    group: 'demo',
    routine: 'failover',
    at,
    checks: [
      {
        id: 'heartbeat',
        title: 'Host P has failed',
        observed: 'No heartbeat of host P is heard.',
        observer: 'host R',
        ageMs: 42_000,
        ok: true,
        blocking: false,
        cure: null,
      },
      {
        id: 'register',
        title: 'The register answers',
        observed: 'joined, epoch 1, generation 1.',
        observer: 'witness',
        ageMs: 400,
        ok: true,
        blocking: true,
        cure: null,
      },
      {
        id: 'split',
        title: 'P ⇒ I was in duplex when P was last heard',
        observed: 'duplex, 42 s ago.',
        observer: 'storage I',
        ageMs: 42_000,
        ok: null,
        blocking: false,
        cure: 'The fence step settles it.',
      },
    ],
    refusal: null,
    predicted: {
      verdict: { kind: 'no-data-loss', text: 'R holds 184,220 once the journal of I is drained.' },
      rtoMs: { low: 1200, high: 4000 },
      bytes: 53_248,
    },
    sideEffects: ['P refuses host writes from then on, whenever it returns.', 'Generation rises to 2.'],
    decisions: findRoutine('chain-3', 'failover').steps.flatMap((step) =>
      step.decision ? [{ step: step.id, ...step.decision }] : [],
    ),
    command: 'npx switchback run failover --group demo',
    ...change,
  };
}

function option(site: string, kind: FaultOption['kind'], target: string, label: string, preview: string): FaultOption {
  return { site, kind, target, label, preview, disabled: null, input: { kind, group: 'demo', target } };
}

export function optionsFixture(): FaultOption[] {
  return [
    option('production', 'kill', 'P', 'Kill P', 'SIGKILL pid 4121, held down; heartbeat loss within 5 s'),
    {
      ...option('production', 'restart', 'P', 'Restart P', 'P is started again and recovers from its own disk'),
      disabled: { code: 'wrong-state', message: 'P runs', cure: 'Nothing needs to be done.' },
    },
    option('production', 'kill', 'host-P', 'Kill host-P', 'SIGKILL pid 4122, held down; heartbeat loss within 5 s'),
    option(
      'production',
      'site-loss',
      'production',
      'Lose site production',
      'SIGKILL P, host-P at once, held down; heartbeat loss within 5 s',
    ),
    option('lines', 'cut', 'P-I', 'Cut P-I', 'bytes of both directions vanish; both ends notice by silence within 3 s'),
    {
      ...option(
        'lines',
        'degrade',
        'P-I',
        'Degrade P-I',
        '50 ms more delay each way, 2 % of the chunks lost and sent again',
      ),
      input: { kind: 'degrade', group: 'demo', target: 'P-I', conditions: { delayMs: 50, loss: 0.02 } },
    },
  ];
}

export function eventsFixture(at: number): EventView[] {
  return [
    {
      kind: 'run-started',
      subject: 'run-draining',
      text: 'failover started by operator',
      observer: 'control',
      severity: 'none',
    },
    {
      kind: 'heartbeat-lost',
      subject: 'host-P',
      text: 'host R hears no heartbeat of host P',
      observer: 'host-R',
      severity: 'critical',
    },
    {
      kind: 'pair-transition',
      subject: 'P-I',
      text: 'P-I at I: duplex → failure-suspend, the line to P does not answer',
      observer: 'I',
      severity: 'major',
      facts: { from: 'duplex', to: 'failure-suspend' },
    },
    {
      kind: 'process-exited',
      subject: 'P',
      text: 'P pid 4121 ended by SIGKILL',
      observer: 'P',
      severity: 'critical',
    },
    {
      kind: 'fault-injected',
      subject: 'production',
      text: 'site production lost: SIGKILL P pid 4121, host-P pid 4122; held down',
      observer: 'control',
      severity: 'none',
    },
  ].map(
    (event, index): EventView => ({
      ...event,
      kind: event.kind as EventView['kind'],
      severity: event.severity as EventView['severity'],
      seq: 1204 - index,
      at: at - 40_000 - index * 300,
      group: 'demo',
      run: event.kind === 'run-started' ? 'run-draining' : null,
      rule: null,
      facts: event.facts ?? {},
    }),
  );
}

/** What the history says stood before and at `eventsFixture`. */
export function standingFixture(at: number): EventView[] {
  const told = (kind: EventView['kind'], subject: string, observer: string, seq: number, facts = {}): EventView => ({
    ...{ kind, subject, observer, seq, facts, at: at - 60_000 + seq, group: 'demo', run: null, rule: null },
    text: `${subject} ${kind}`,
    severity: 'none',
  });
  const duplex = { from: 'initial-copying', to: 'duplex' };
  return [
    ...['P', 'I', 'R', 'host-P', 'host-R', 'witness'].map((name, index) =>
      told('process-started', name, name, 1 + index),
    ),
    told('pair-transition', 'P-I', 'P', 10, duplex),
    told('pair-transition', 'P-I', 'I', 11, duplex),
    told('pair-transition', 'I-R', 'I', 12, duplex),
    told('pair-transition', 'I-R', 'R', 13, duplex),
    ...eventsFixture(at).reverse(),
  ];
}

/** Every third range of volume 0 differs, the first of them wholly. */
export function differencesFixture({ system, query }: CommandParams<'differences.read'>): DifferenceMap {
  const buckets = Array.from({ length: query.buckets }, (_, index) => (index === 0 ? 16 : index % 3 === 0 ? 4 : 0));
  const sum = buckets.reduce<number>((total, count) => total + count, 0);
  return {
    system,
    pair: query.pair,
    end: query.pair.startsWith(system) ? 'source' : 'destination',
    at: Date.now(),
    trackBytes: 65_536,
    tracksPerVolume: query.buckets * 16,
    firstTrack: 0,
    trackCount: query.buckets * 16,
    tracksPerBucket: 16,
    volumes: [
      { volume: 0, setTracks: sum, buckets },
      { volume: 1, setTracks: 0, buckets: buckets.map(() => 0) },
    ],
    setTracks: sum,
    inFlightTracks: 0,
  };
}

export function sceneFixture(at: number): Scene {
  return {
    status: normalStatus(at),
    others: [],
    empty: false,
    runs: [],
    faults: [],
    options: optionsFixture(),
    events: eventsFixture(at),
    preflight: preflightFixture(at),
    runbooks: [RUNBOOK],
    drills: [],
    schedules: [],
    silent: false,
  };
}

type Listener = (message: LiveMessage) => void;

export class FixtureServices {
  readonly changes: { kind: string; params: unknown }[] = [];
  private readonly listeners = new Set<Listener>();
  private seq = 1204;

  constructor(public scene: Scene) {}

  /** Sends a message to every open stream. */
  push(message: LiveMessage): void {
    if (message.kind === 'event') this.seq = message.event.seq;
    for (const listener of this.listeners) listener(message);
  }

  private snapshot(group: string | null): LiveMessage {
    const { scene } = this;
    const at = Date.now();
    return {
      kind: 'snapshot',
      at,
      lastSeq: this.seq,
      fleet: scene.empty ? [] : [rowOf(scene.status), ...scene.others],
      status: group === scene.status.name && !scene.empty ? scene.status : null,
      runs: scene.runs,
      faults: scene.faults,
    };
  }

  private async *subscribe(
    group: string | null,
    signal: AbortSignal,
  ): AsyncIterable<{ seq: number; message: LiveMessage }> {
    const queue: LiveMessage[] = this.scene.silent ? [] : [this.snapshot(group)];
    let wake = (): void => undefined;
    const listener: Listener = (message) => {
      if (this.scene.silent) return;
      queue.push(message);
      wake();
    };
    const tick = setInterval(() => listener({ kind: 'tick', now: Date.now() }), 1000);
    this.listeners.add(listener);
    signal.addEventListener('abort', () => wake());
    try {
      while (!signal.aborted) {
        for (const message of queue.splice(0)) yield { seq: this.seq, message };
        if (!signal.aborted && queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      clearInterval(tick);
      this.listeners.delete(listener);
    }
  }

  private drill(id: string): DrillEntry {
    const drill = this.scene.drills.find((each) => each.bundle === id || each.id === id);
    if (!drill) throw refuse('unknown-run', `there is no drill ${id}`, 'List them (runbook list).');
    return drill;
  }

  private run(id: string): RunView {
    const run = this.scene.runs.find((each) => each.run === id);
    if (!run) throw refuse('unknown-run', `there is no run ${id}`, 'List the runs (run list).');
    return run;
  }

  /** What the real router stands on. */
  services(): ApiServices {
    const read: Partial<ApiServices['read']> = {
      fleet: async () => (this.scene.empty ? [] : [rowOf(this.scene.status), ...this.scene.others]),
      status: async () => this.scene.status,
      routines: async () => [...CHAIN_3_ROUTINES],
      preflight: async (group, routine) => {
        findRoutine(this.scene.status.arrangement, routine);
        return { ...this.scene.preflight, group, routine };
      },
      runs: async () => this.scene.runs,
      run: async (id) => this.run(id),
      events: async ({ group, kinds, before }) =>
        this.scene.events.filter(
          (event) =>
            (group === null || event.group === group) &&
            (kinds === null || kinds.includes(event.kind)) &&
            (before === null || event.seq < before),
        ),
      standing: async (group, seq) =>
        standingFixture(this.scene.status.observedAt).filter((event) => event.group === group && event.seq <= seq),
      runbooks: async () => this.scene.runbooks,
      drills: async () => this.scene.drills,
      drill: async (id) => this.drill(id),
      replayDrill: async (id) => replayFixture(this.drill(id).startedAt),
      verifyDrill: async (id) => ({
        ...{ bundle: id, intact: true, findings: [], chain: [] },
        ...{ sha256: 'f'.repeat(64), publicKey: 'key' },
      }),
      schedules: async () => this.scene.schedules,
      readCron: async (cron, zone) => ({
        cron,
        zone,
        words: 'at 03:00, on Monday',
        next: [1, 2, 3].map((day) => day * 86_400_000),
      }),
      faults: async () => this.scene.faults,
      faultOptions: async () => this.scene.options,
      rollups: async (_group, from) =>
        Array.from({ length: 120 }, (_, index) => ({
          at: from + 120_000 + index * 1000,
          rpoMs: 420,
          systems: {},
          pairs: {
            'I-R': {
              state: 'duplex' as const,
              lagMs: 400 + 80 * Math.sin(index / 7),
              lagBytes: 50_000,
              bytesPerSecond: 80_000,
            },
          },
        })),
    };
    const change = {
      command: async (kind: string, params: unknown) => {
        // It goes to a worker like a change does, and changes nothing.
        if (kind === 'differences.read') return differencesFixture(params as CommandParams<'differences.read'>);
        this.changes.push({ kind, params });
        if (kind === 'run.start') return { run: this.scene.runs[0]?.run ?? 'run-none' };
        if (kind === 'pair.instruct')
          throw refuse('wrong-state', 'pair P-I is in duplex already', 'Nothing needs to be done.');
        return {};
      },
      order: async (run: string, order: unknown) => {
        this.changes.push({ kind: 'run.order', params: order });
        return this.run(run);
      },
    };
    const live: ApiServices['live'] = { subscribe: (group, _after, signal) => this.subscribe(group, signal) };
    // Only what the screens ask for is there; asking for more fails the test loudly.
    return { read, change, live } as unknown as ApiServices;
  }
}
