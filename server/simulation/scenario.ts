/**
 * The story of a simulated run: the pairs are formed, load, faults, what an operator does about them, and in the end everything
 * healed and repaired. The operator acts through routines only, as the one at the screen does.
 */
import { type ArrangementMoves, findArrangement, guardedPairOf } from '../domain/arrangement.ts';
import type { StorageInstruction } from '../domain/storage-controller.ts';
import { testOf } from '../routines/find-routine.ts';
import type { RunView } from '../routines/step-graph.ts';
import { BlockWriters } from './block-writers.ts';
import { ControlPlane, WORKERS } from './control-plane.ts';
import { FaultInjector } from './fault-injector.ts';
import { SimGroup } from './group.ts';
import type { History } from './history.ts';
import type { MutantName } from './mutants.ts';
import type { KeptRun } from './run-store.ts';
import type { Fault, Phase, Schedule } from './schedule.ts';
import { SideTests } from './side-tests.ts';
import { DEFAULT_WAY } from './virtual-network.ts';
import type { ProcessLogLine, VirtualProcess } from './virtual-process.ts';
import { decisionStepsOf, decisionsOf, saysUnheld, survivorOf } from './wishes.ts';

/** Time between two looks at everything, ms. */
const WATCH_MS = 130;
/** A run that meets trouble is retried this often before the operator aborts it. */
const RETRIES = 2;
const RETRY_PAUSE_MS = 400;
/** A routine that has not ended by then never will. */
const RUN_BOUND_MS = 60_000;
/** From the disaster until heartbeats are called lost. */
const DETECTION_MS = 1200;
const REPAIR_ROUNDS = 8;
/** Beyond this many events a world is taken to have lost its way. */
const MAX_EVENTS = 3_000_000;

export interface Played {
  history: History;
  logs: readonly ProcessLogLine[];
  completedWrites: number;
  failedWrites: number;
  virtualMs: number;
  events: number;
  /** Views of all runs as they ended, in order. */
  runs: readonly RunView[];
}

export class Scenario {
  private readonly group: SimGroup;
  private readonly control: ControlPlane;
  private readonly injector: FaultInjector;
  private readonly writers: BlockWriters;
  private readonly seenVerdicts = new Set<string>();
  private readonly seenSteps = new Map<string, number>();
  private readonly decisions: Record<string, string>;
  private readonly diedAtMs = new Map<string, number>();
  private readonly tests: SideTests;
  private over = false;
  /** A routine has ended because by the register nobody holds the role, whatever the systems know. */
  private isUnheld = false;
  /** Operation was normal when the takeover's story began, and nothing but the disaster itself happens in it. */
  private isProvable = false;

  constructor(
    private readonly schedule: Schedule,
    mutants: ReadonlySet<MutantName>,
  ) {
    const arrangement = findArrangement(schedule.arrangement);
    if (!arrangement) throw new Error(`no arrangement ${schedule.arrangement}`);
    this.group = new SimGroup(schedule, arrangement, mutants, { onKilled: (machine) => this.died(machine) });
    this.control = new ControlPlane(this.group, arrangement, mutants, (run, view) => this.seen(run, view));
    const { world, observer } = this.group;
    this.injector = new FaultInjector(
      world,
      arrangement,
      observer,
      schedule.faults,
      (process) => this.restart(process),
      (process) => this.paused(process),
      (fault) => this.operate(fault),
    );
    this.group.mayRun = (process) => !this.injector.heldDown.has(process);
    this.writers = new BlockWriters(
      world.scheduler,
      world.random.fork('writers'),
      observer,
      schedule.settings,
      [arrangement.normal.holder, arrangement.reverse.holder].map((system) => ({
        machine: world.machine(system),
        exportOf: (volume) => this.group.exportOf(system, volume),
      })),
    );
    this.decisions = decisionsOf(schedule);
    this.tests = new SideTests(world.scheduler, schedule.story.tests ?? [], () => this.beginTest(arrangement.id));
  }

  /** Plays it to the end. Answers why the world itself broke, or null. */
  async play(): Promise<string | null> {
    try {
      await this.group.world.scheduler.drive(() => this.story(), MAX_EVENTS);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** What was played so far. */
  result(): Played {
    const { world, observer } = this.group;
    return {
      history: observer.history,
      logs: this.group.logs,
      completedWrites: this.writers.completed,
      failedWrites: this.writers.failed,
      virtualMs: world.scheduler.nowMs,
      events: world.scheduler.eventsRun,
      runs: this.control.runs.flatMap((run) => (run.view ? [run.view] : [])),
    };
  }

  private restart(process: string): void {
    if (WORKERS.some((worker) => worker === process)) this.control.workerLost(process);
    else this.group.start(process);
  }

  /** A worker that stalls is replaced like one that died; when it wakes it has lost its claims. */
  private paused(process: string): void {
    if (WORKERS.some((worker) => worker === process)) this.control.workerLost(process);
  }

  private async story(): Promise<void> {
    const { scheduler } = this.group.world;
    this.group.startAll();
    this.control.startWorker(WORKERS[0]);
    await scheduler.sleep(150);
    this.writers.start();
    this.writers.running = true;
    this.watch();
    await this.phase('form', () => this.form());
    await this.phase('load', () => this.load(this.schedule.story.loadMs));
    if (this.schedule.story.kind === 'ride-out')
      await this.phase('disaster', () => this.load(this.schedule.story.loadMs));
    else await this.thereAndBack();
    await this.healAndRepair();
  }

  /** Looks at everything now and then while the story goes on; ends with it. */
  private watch(): void {
    const { world, observer } = this.group;
    world.scheduler.after(WATCH_MS, () => {
      if (this.over) return;
      observer.takeImages('in passing', 'glance');
      this.watchDeadHosts();
      this.watch();
    });
  }

  /** What the living make of the heartbeats of a host that is dead. */
  private watchDeadHosts(): void {
    const { world, arrangement } = this.group;
    for (const { name } of arrangement.hosts) {
      const diedMs = this.diedAtMs.get(name);
      if (diedMs !== undefined && !world.machine(name).alive)
        this.group.noteHeartbeatViews(name, world.scheduler.nowMs - diedMs);
    }
  }

  private died(machine: VirtualProcess): void {
    this.diedAtMs.set(machine.name, this.group.world.scheduler.nowMs);
    this.writers.died(machine);
  }

  private async phase(phase: Phase, act: () => Promise<unknown>): Promise<void> {
    this.injector.phaseBegins(phase);
    this.tests.phaseBegins(phase);
    await act();
    this.group.observer.takeImages(phase);
  }

  /** A slow line or a fault may stop the first copy; an operator tries again before production begins. */
  private async form(): Promise<void> {
    for (let attempt = 0; attempt < 3 && !this.isNormal(); attempt += 1) await this.run(this.moves.form);
  }

  private load(forMs: number): Promise<void> {
    return this.group.world.scheduler.sleep(forMs);
  }

  private get moves(): ArrangementMoves {
    return this.group.arrangement.moves;
  }

  private async thereAndBack(): Promise<void> {
    const { story, faults, settings } = this.schedule;
    const { arrangement } = this.group;
    const isDisaster = story.kind === 'failover' || this.moves.planned === null;
    this.isProvable =
      this.isNormal() &&
      // Without a sync pair nobody but the writer knows what it completed.
      guardedPairOf(arrangement, arrangement.normal.holder) !== null &&
      settings.fence !== 'never' &&
      settings.rateFarBytesPerSecond === null &&
      story.controlKills.length === 0 &&
      faults.every((timed) => timed.phase === 'disaster' && this.hitsProductionOnly(timed.fault));
    if (isDisaster) {
      // Heartbeats are missed before anybody acts.
      await this.phase('disaster', () => this.load(DETECTION_MS));
    }
    await this.phase('takeover', () => this.run(isDisaster ? this.moves.takeover : (this.moves.planned ?? '')));
    await this.load(story.reverseLoadMs);
    this.injector.clearDisaster();
    await this.load(300);
    await this.phase('reverse', () => this.run(this.moves.protect));
    await this.load(story.reverseLoadMs);
    const { control } = this.moves;
    if (story.controlCycles > 0 && control !== null)
      await this.phase('control', () => this.runControl(control, story.controlCycles));
    await this.phase('failback', () => this.run(this.moves.back));
    await this.phase('restore', () => this.run(this.moves.form));
  }

  private hitsProductionOnly(fault: Fault): boolean {
    const { systems, hosts } = this.group.arrangement;
    const production = [...systems, ...hosts].filter(({ site }) => site === 'production').map(({ name }) => name);
    if (fault.kind === 'site-loss') return fault.site === 'production';
    if (fault.kind === 'line') return production.includes(fault.from);
    return (fault.kind === 'kill' || fault.kind === 'kill-at-call') && production.includes(fault.process);
  }

  /** Runs a routine to its end, as a patient operator would: retries where it stops, and gives up after a while. */
  private async run(routine: string): Promise<KeptRun> {
    const run = this.begin(routine);
    await this.follow(run);
    return run;
  }

  private begin(routine: string): KeptRun {
    const run = this.control.begin(routine, this.decisions);
    this.group.observer.add({ kind: 'run-started', run: run.start.run, routine });
    this.armControlKills(routine);
    return run;
  }

  private beginTest(arrangement: string): KeptRun {
    const run = this.begin(testOf(arrangement)?.id ?? '');
    void this.follow(run);
    return run;
  }

  private armControlKills(routine: string): void {
    const { world, arrangement } = this.group;
    const machine = world.machine(this.control.driver);
    const kill = this.schedule.story.controlKills.find((candidate) => candidate.routine === routine);
    if (!kill || machine.killPlan || !machine.alive) return;
    const slow = (delayMs: number): void => {
      for (const host of arrangement.hosts) world.network.setWay(machine.name, host.name, { delayMs });
    };
    slow(kill.slowMs);
    machine.killPlan = { ordinal: machine.calls + kill.calls, moment: { when: 'before' } };
    machine.onPlannedKill = () => {
      slow(DEFAULT_WAY.delayMs);
      this.control.workerLost(machine.name);
    };
  }

  /** An instruction by hand, as the screens and the command line offer it. */
  private operate({ host, target, verb, pair }: Extract<Fault, { kind: 'operator' }>): void {
    const generation = this.group.observer.recordOf(target)?.generation.number ?? 1;
    const token = this.control.manualToken(generation);
    const instruction: StorageInstruction =
      verb === 'drain' ? { verb, pair, token, deadlineMs: 1000 } : { verb, pair, token };
    void this.control.instruct(host, { verb: 'storage', target, instruction });
  }

  private async follow(run: KeptRun): Promise<void> {
    const { scheduler } = this.group.world;
    const endMs = scheduler.nowMs + RUN_BOUND_MS;
    let retries = 0;
    while (!run.ended && scheduler.nowMs < endMs) {
      await scheduler.until(() => run.ended || run.view?.status === 'stopped-at-step', endMs - scheduler.nowMs);
      if (run.ended || run.view?.status !== 'stopped-at-step') break;
      await scheduler.sleep(RETRY_PAUSE_MS);
      if (retries < RETRIES) this.control.order(run, { order: 'retry', by: 'operator' });
      else this.control.order(run, { order: 'abort', by: 'operator' });
      retries += 1;
      await scheduler.until(() => run.ended || run.view?.status !== 'stopped-at-step', 1000);
    }
  }

  private async runControl(routine: string, cycles: number): Promise<void> {
    const { scheduler } = this.group.world;
    const run = this.begin(routine);
    await scheduler.until(() => run.ended || run.view?.status === 'stopped-at-step' || cyclesOf(run) > cycles, 15_000);
    this.control.order(run, { order: 'end', by: 'operator' });
    await this.follow(run);
  }

  /** Faults stop; then the operator does what the situation asks for until operation is normal again. */
  private async healAndRepair(): Promise<void> {
    const { world, observer } = this.group;
    this.injector.heal();
    observer.add({ kind: 'healed' });
    observer.takeImages('healed');
    for (const worker of WORKERS)
      if (!world.machine(worker).alive && worker === WORKERS[0]) this.control.workerLost(worker);
    await world.scheduler.sleep(1500);
    for (let round = 0; round < REPAIR_ROUNDS && !this.isNormal(); round += 1) {
      // Where bringing a pair up to date first leads nowhere, the next failback goes on with what is there.
      for (const step of decisionStepsOf(this.group.arrangement.id, this.moves.back)) {
        const options = step.decision?.options.map(({ id }) => id) ?? [];
        if (options.includes('as-is'))
          this.decisions[step.id] = (round % 2 === 0 ? options.find((id) => id !== 'as-is') : null) ?? 'as-is';
      }
      // Where nothing has helped so far, everything is brought up to date first.
      for (const step of round < REPAIR_ROUNDS / 2 ? [] : decisionStepsOf(this.group.arrangement.id)) {
        const options = step.decision?.options.map(({ id }) => id) ?? [];
        const instead = options.find((id) => id === 'resync' || id === 'repair');
        if (instead) this.decisions[step.id] = instead;
      }
      for (const routine of this.remedy(round)) this.isUnheld = saysUnheld((await this.run(routine)).view);
      await world.scheduler.sleep(300);
    }
    await world.scheduler.until(() => this.tests.ended(), RUN_BOUND_MS);
    this.over = true;
    this.writers.running = false;
    if (this.schedule.settings.ledger) await this.restLedger();
    await world.scheduler.until(() => this.isDrained(), 10_000, 20);
    if (this.schedule.settings.ledger) await this.verifyLedger();
    observer.takeImages('final', 'whole');
    observer.add({ kind: 'finished' });
  }

  /** The work pauses, so that what is there can be compared. */
  private async restLedger(): Promise<void> {
    for (const { name } of this.group.arrangement.hosts)
      await this.control.instruct(name, { verb: 'work-rate', transactionsPerSecond: 0 });
  }

  /** The host that works reads its ledger back and compares it with what it was told is complete. */
  private async verifyLedger(): Promise<void> {
    const holder = this.holder();
    const host = this.group.arrangement.hosts.find((candidate) => candidate.system === holder);
    if (!host) return;
    const reply = await this.control.instruct(host.name, {
      verb: 'ledger-verify',
      completedThrough: null,
      source: 'the operator',
    });
    if (reply?.verb === 'ledger') this.group.observer.add({ kind: 'ledger', host: host.name, report: reply.report });
  }

  /** Which routines lead back to normal operation from here. */
  private remedy(round: number): string[] {
    const { normal, reverse, moves } = this.group.arrangement;
    const holder = this.isUnheld ? null : this.holder();
    if (holder === normal.holder) return [moves.form];
    if (holder === reverse.holder) return [moves.protect, moves.back, moves.form];
    // A takeover was begun and not ended: whichever side has an image to go on from.
    return round % 2 === 0 ? [moves.takeover] : [moves.retake ?? moves.back, moves.form];
  }

  /** The system of the newest generation that holds the host role, or null. */
  private holder(): string | null {
    let newest = 0;
    let holder: string | null = null;
    for (const { name } of this.group.arrangement.systems) {
      const record = this.group.observer.recordOf(name);
      if (!record || record.generation.number < newest) continue;
      if (record.generation.number > newest) holder = null;
      newest = record.generation.number;
      if (record.holdsHostRole && record.generation.holder === name) holder = name;
    }
    return holder;
  }

  private isNormal(): boolean {
    const { normal } = this.group.arrangement;
    if (this.holder() !== normal.holder) return false;
    return normal.pairs.every(({ source, destination, kind }) =>
      [source, destination].every((system) => {
        const record = this.group.observer.recordOf(system);
        const pair = Object.values(record?.pairs ?? {}).find(
          ({ definition }) => definition.source === source && definition.destination === destination,
        );
        return pair?.state === 'duplex' && pair.definition.kind === kind;
      }),
    );
  }

  /** All systems of normal operation have the same last number, and the farthest one has applied it. */
  private isDrained(): boolean {
    const { holder, pairs } = this.group.arrangement.normal;
    const numbers = [holder, ...pairs.map(({ destination }) => destination)].map(
      (name) => this.group.system(name)?.facts().lastNumber ?? null,
    );
    return numbers.every((number) => number !== null && number === numbers[0]);
  }

  /** A run was shown: what of it belongs into the history is put there once. */
  private seen(run: KeptRun, view: RunView): void {
    const { observer } = this.group;
    if (view.forced) observer.forced.add(view.generation);
    const key = run.start.run;
    const known = this.seenSteps.get(key) ?? 0;
    const steps = view.steps
      .slice(Math.max(0, known - view.droppedSteps))
      .filter((step) => step.outcome !== null || step.decision !== null);
    for (const step of steps)
      observer.add({
        kind: 'step',
        run: key,
        routine: run.start.routine,
        step: step.id,
        outcome: step.outcome ?? step.decision?.choice ?? null,
      });
    this.seenSteps.set(key, known + steps.length);
    if (view.verdict && !this.seenVerdicts.has(key)) {
      this.seenVerdicts.add(key);
      this.noteVerdict(run, view);
    }
    if (view.status === 'ended') {
      observer.add({
        kind: 'run-ended',
        run: key,
        routine: run.start.routine,
        ending: view.ending ?? 'unknown',
        text: view.endingText,
      });
      run.onView = null;
    }
  }

  private noteVerdict(run: KeptRun, view: RunView): void {
    const { observer, arrangement } = this.group;
    if (!view.verdict) return;
    const survivor = survivorOf(arrangement, run.start.routine, view);
    observer.add({
      kind: 'verdict',
      run: run.start.run,
      routine: run.start.routine,
      survivor,
      verdict: view.verdict,
      image: observer.cellsOf(survivor),
      proofExists: this.isProvable && this.schedule.survivable && this.group.observer.forced.size === 0,
    });
  }
}

function cyclesOf(run: KeptRun): number {
  return Math.max(0, ...(run.view?.steps ?? []).filter((step) => step.id === 'S400').map((step) => step.round));
}
