/** What a runbook is written in: an operator's words, each of which drives the real dashboard and is written into the recording. */
import type { PairState } from '../../../server/domain/pair-states.ts';
import type {
  ArrangementName,
  HostOf,
  LineOf,
  PairOf,
  ProcessOf,
  RoutineOf,
  SiteOf,
  StepOf,
  SystemOf,
} from './names.ts';
import type { Screen } from './operator.ts';

export type Ending = 'done' | 'failed' | 'outcome unknown' | 'aborted';

/** What an operator knows, where a decision rests on that word. */
export interface Attestation {
  knows: string;
  /** How long ago the site was destroyed. */
  minutesAgo: number;
}

/** Conditions that are added to those of a line. */
export interface LineConditions {
  delayMs?: number;
  lossPercent?: number;
  rateMib?: number;
}

/** The words of a runbook for groups of arrangement `A`: docs/runbooks.md has them all in a table. */
export interface Words<A extends ArrangementName = ArrangementName> {
  /** A part of the drill: its card is shown in the film, and the report is divided by it. */
  chapter(title: string, text: string, body: () => Promise<void>): Promise<void>;

  /** Opens the preflight of a routine, keeps what it predicts, and starts it. */
  start(routine: RoutineOf<A>): Promise<void>;
  /** Waits until the run is at this step: busy with it, or asking. */
  reach(id: StepOf<A>): Promise<void>;
  /** Waits until the run has walked this step; with `outcome`, that it ended so. */
  step(id: StepOf<A>, outcome?: string): Promise<void>;
  /** Answers the decision the run waits at. Where it is dangerous the group’s name is typed; `attests` is said where the choice rests on the operator’s word. */
  decide(question: string, choice: string, attests?: Attestation): Promise<void>;
  /** Tries the step again at which the run has stopped. */
  retry(): Promise<void>;
  /** Lets a routine that repeats by itself end after its present cycle. */
  endAfterThisCycle(): Promise<void>;
  /** `expectEnding('done')`: how the run that was started last ends. */
  expectEnding(ending: Ending): Promise<void>;
  /** `expectVerdict('No data loss, proven.')`: what the run says of the data. */
  expectVerdict(words: string): Promise<void>;

  /** `expectPair('P-I').toBe('duplex')`, as the topology shows it. */
  expectPair(pair: PairOf<A>): { toBe(state: PairState): Promise<void> };
  /** `expectStorage('P').toSay('refuses host writes')`: what stands in the row of a storage system. */
  expectStorage(system: SystemOf<A>): { toSay(words: string): Promise<void> };
  /** `expectHost('host-R').toSay('from host P: lost')`: what stands in the row of a host. */
  expectHost(host: HostOf<A>): { toSay(words: string): Promise<void> };
  /** `expectLine('P-I').toSay('not connected')`: what stands in the row of a line. */
  expectLine(line: LineOf<A>): { toSay(words: string): Promise<void> };
  /** `expectWork('host-R').toGoOn()`: so many more transactions are completed there (10 where nothing is said). */
  expectWork(host: HostOf<A>): { toGoOn(transactions?: number): Promise<void> };
  /** The alarm that stands above every screen says so. */
  expectAlarm(words: string): Promise<void>;
  /** No alarm stands any more. */
  expectNoAlarm(): Promise<void>;
  /** The ledger is verified on the host’s storage: nothing completed is missing, nothing is damaged, and the balance adds up. */
  verifyLedger(host: HostOf<A>): Promise<void>;
  /** The same after a loss: transactions are missing, no fewer than the verdict said; what is there is whole, and adds up. */
  verifyLoss(host: HostOf<A>): Promise<void>;

  /** Faults, as the Faults screen has them. Each is seen to stand, or to be gone, before the next line is read. */
  fault: {
    loseSite(site: SiteOf<A>): Promise<void>;
    returnSite(site: SiteOf<A>): Promise<void>;
    /** SIGKILL to one process, which is then held down. */
    kill(process: ProcessOf<A>): Promise<void>;
    restart(process: ProcessOf<A>): Promise<void>;
    /** SIGKILL to the control workers, which their supervisor starts again. */
    killControl(): Promise<void>;
    cut(line: LineOf<A>): Promise<void>;
    degrade(line: LineOf<A>, conditions: LineConditions): Promise<void>;
    restore(line: LineOf<A>): Promise<void>;
    /** Cuts every line of a process that runs on. */
    isolate(process: ProcessOf<A>): Promise<void>;
    failDisk(system: SystemOf<A>): Promise<void>;
    fillDisk(system: SystemOf<A>): Promise<void>;
    /** Clears whatever stands that has these words. */
    clear(words: string): Promise<void>;
  };

  /** Puts something into the bundle beside the film, and says in the report what it is. */
  attach: {
    /** The whole screen that is shown, beyond what fits into the window. */
    screen(text: string): Promise<void>;
    /** A table of the topology, as JSON: `attach.table('Pairs', 'Pairs before the disaster')`. */
    table(title: 'Pairs' | 'Storage systems' | 'Hosts' | 'Lines', text: string): Promise<void>;
    /** A value, as JSON. */
    json(name: string, value: unknown, text: string): Promise<void>;
    /** A file of the machine that records. */
    file(path: string, text: string): Promise<void>;
  };

  /** Opens a screen, so that it is seen in the film. */
  open(screen: Screen): Promise<void>;
  /** Presses a button of the screen that is shown, by what stands on it. */
  press(button: string): Promise<void>;
  /** Puts a remark of the operator into the report. */
  remark(words: string): Promise<void>;
}
