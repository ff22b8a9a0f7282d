/**
 * The control plane of a simulated world: a database that never fails, and workers that drive runs from it. A worker is a
 * process like any other; when it dies or stalls, another claims its runs and goes on at the step they were on.
 */
import type { Arrangement } from '../domain/arrangement.ts';
import type { DriverToken } from '../domain/generation.ts';
import type { HostInstruction, HostReply } from '../domain/host.ts';
import type { HostName } from '../domain/names.ts';
import type { Ports } from '../domain/ports.ts';
import { Link } from '../network/link.ts';
import type { ActionTable } from '../routines/action-types.ts';
import { ACTIONS } from '../routines/actions/table.ts';
import { findRoutine } from '../routines/find-routine.ts';
import { type WalkInput, walk } from '../routines/runner.ts';
import type { RoutineGraph, RunOrder, RunSettings, RunView } from '../routines/step-graph.ts';
import type { SimGroup } from './group.ts';
import type { MutantName } from './mutants.ts';
import { addressOf, SIM_SECRET, SIM_TIMING } from './node.ts';
import { mutateActions, mutateGraph, mutateStart, mutateStore } from './routine-mutants.ts';
import { ClaimLostError, KeptRun, SimClaim, SimRunStore } from './run-store.ts';
import { WORLD_EPOCH_MS } from './virtual-clock.ts';
import { Killed, type Life } from './virtual-process.ts';

/** Two workers: while one stalls the other may claim its runs, and then both drive. */
export const WORKERS = ['control', 'control-2'] as const;
/** A worker silent for so long is replaced, ms. */
const REPLACE_MS = 120;

/** Every bound of production in proportion. */
const RUN_SETTINGS: RunSettings = {
  askTimeoutMs: 600,
  fenceTimeoutMs: 400,
  patienceMs: 3000,
  drainDeadlineMs: 3000,
  restartWaitMs: 1500,
  heartbeatBoundMs: 1100,
  cycleIntervalMs: 80,
  cycleJournalLevel: 0.5,
};

export class ControlPlane {
  readonly runs: KeptRun[] = [];
  private claims = 0;
  private drives: ((run: KeptRun) => void) | null = null;
  /** How each worker that runs takes over every run under way. */
  private readonly claimers = new Map<string, () => void>();
  /** Of the newest worker. */
  private links: ReadonlyMap<HostName, Link> | null = null;
  private life: Life | null = null;
  private readonly actions: ActionTable;

  constructor(
    private readonly group: SimGroup,
    private readonly arrangement: Arrangement,
    private readonly mutants: ReadonlySet<MutantName>,
    private readonly onView: (run: KeptRun, view: RunView) => void,
  ) {
    this.actions = mutateActions(ACTIONS, mutants);
    for (const worker of WORKERS) group.world.addMachine(worker, 1);
  }

  /** Begins a run of `routine` with every decision taken in advance. */
  begin(routine: string, decisions: Readonly<Record<string, string>>): KeptRun {
    const graph = findRoutine(this.arrangement.id, routine);
    const known = Object.entries(decisions).filter(([step]) =>
      graph.steps.some((candidate) => candidate.id === step && candidate.decision),
    );
    const run = new KeptRun({
      run: `${routine}-${this.runs.length + 1}`,
      group: this.group.definition.name,
      routine,
      by: 'operator',
      at: WORLD_EPOCH_MS + this.group.world.scheduler.nowMs,
      yes: true,
      decisions: Object.fromEntries(known),
      attestation: null,
      stepByStep: false,
      settings: RUN_SETTINGS,
    });
    run.onView = (view) => this.onView(run, view);
    this.runs.push(run);
    this.drives?.(run);
    return run;
  }

  order(run: KeptRun, order: RunOrder): void {
    run.give(order);
  }

  /** Token of an instruction given by hand: newer than every driver's so far. */
  manualToken(generation: number): DriverToken {
    const claimEpoch = this.nextEpoch();
    return { generation, runId: `manual-${claimEpoch}`, claimEpoch, step: 0 };
  }

  private nextEpoch(): number {
    this.claims += 1;
    return this.claims;
  }

  /** The worker that drives now, or the one that will. */
  get driver(): string {
    return WORKERS.find((worker) => this.group.world.machine(worker).life === this.life) ?? WORKERS[0];
  }

  /** Hands one instruction to a host, outside any run; null where it was not answered. */
  async instruct(host: HostName, instruction: HostInstruction): Promise<HostReply | null> {
    const { links, life } = this;
    if (!links || !life?.alive) return null;
    const { scheduler } = this.group.world;
    return new Promise((resolve) => {
      scheduler.at(scheduler.nowMs, life, () => {
        this.perform(links, host, instruction, RUN_SETTINGS.askTimeoutMs).then(resolve, () => resolve(null));
      });
    });
  }

  /** Starts a worker that claims every run under way. */
  startWorker(name: string): void {
    const machine = this.group.world.machine(name);
    if (machine.alive) return;
    const ports = machine.start();
    const { scheduler } = this.group.world;
    scheduler.at(scheduler.nowMs, machine.life, () => this.work(name, ports));
  }

  /** A worker died or stalled: after a while one that runs takes over. */
  workerLost(name: string): void {
    const { scheduler } = this.group.world;
    scheduler.after(REPLACE_MS, () => {
      const machine = this.group.world.machine(name);
      if (machine.alive && !machine.life?.paused) return;
      const other = WORKERS.find((worker) => worker !== name) ?? name;
      if (this.group.world.machine(other).alive) this.claimers.get(other)?.();
      else this.startWorker(other);
    });
  }

  private work(name: string, ports: Ports): void {
    const links = new Map<HostName, Link>();
    for (const host of this.arrangement.hosts) {
      const options = {
        ports,
        secret: SIM_SECRET,
        self: { group: '', name },
        handle: async () => null,
        timing: SIM_TIMING,
      };
      const link = new Link(ports.network, options, {
        peer: host.name,
        paths: 1,
        address: addressOf(host.name),
        redialMs: 20,
        maxRedialMs: 200,
      });
      link.start();
      links.set(host.name, link);
    }
    const { life } = this.group.world.machine(name);
    const claim = (): void => {
      this.links = links;
      this.life = life;
      // New runs go to the newest worker only: an older one has lost its claims.
      this.drives = (run) => this.schedule(name, ports, links, run);
      for (const run of this.runs) if (!run.ended) this.schedule(name, ports, links, run);
    };
    this.claimers.set(name, claim);
    claim();
  }

  private schedule(name: string, ports: Ports, links: ReadonlyMap<HostName, Link>, run: KeptRun): void {
    const { life } = this.group.world.machine(name);
    const { scheduler } = this.group.world;
    scheduler.at(scheduler.nowMs, life, () => {
      this.drive(name, ports, links, run).catch((error: unknown) => {
        if (error instanceof ClaimLostError || error instanceof Killed) return;
        throw error;
      });
    });
  }

  private async drive(name: string, ports: Ports, links: ReadonlyMap<HostName, Link>, run: KeptRun): Promise<void> {
    const { life } = this.group.world.machine(name);
    if (!life) return;
    run.claim += 1;
    const own = new SimRunStore(run, run.claim, life, ports.clock);
    const graph: RoutineGraph = mutateGraph(
      findRoutine(this.arrangement.id, run.start.routine),
      this.arrangement.moves.back,
      this.mutants,
    );
    const store = mutateStore(own, run, graph, this.mutants);
    const input: WalkInput = {
      graph,
      actions: this.actions,
      definition: this.group.definition,
      arrangement: this.arrangement,
      start: mutateStart(run, this.mutants),
      store,
      clock: ports.clock,
      claim: new SimClaim(own, () => this.nextEpoch()),
      perform: (host, instruction, timeoutMs) => this.perform(links, host, instruction, timeoutMs),
      from: null,
    };
    await walk(input);
  }

  private async perform(
    links: ReadonlyMap<HostName, Link>,
    host: HostName,
    instruction: HostInstruction,
    timeoutMs: number,
  ): Promise<HostReply> {
    const link = links.get(host);
    if (!link) throw new Error(`no host ${host}`);
    // The host has checked what it answers.
    return (await link.call('host', instruction, timeoutMs)) as HostReply;
  }
}
