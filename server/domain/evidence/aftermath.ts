/** How a drill left its group, and how to go on where that is half way: from facts to words and commands. Pure. */
import type { GroupStatus } from '../group-status.ts';

export interface StandingFault {
  id: string;
  text: string;
  target: string;
  startedAt: number;
}

export interface StandingRun {
  run: string;
  routine: string;
  step: string | null;
  /** `running`, `waiting-decision`, `paused` or `stopped-at-step`. */
  status: string;
  /** What a stopped step was refused with; null where it was not. */
  refusal: { message: string; cure: string } | null;
}

export interface StandingFacts {
  group: string;
  status: Pick<GroupStatus, 'operation' | 'summary' | 'powered' | 'alarms'>;
  openRun: StandingRun | null;
  /** Injected and not cleared. */
  faults: readonly StandingFault[];
  /** When the drill began: what stood before is not of its making. */
  drillStartedAt: number;
}

/** What is to be done, and the same on the command line where there is a command for it. */
export interface WayOn {
  text: string;
  command: string | null;
}

export interface Aftermath {
  operation: GroupStatus['operation'];
  summary: string;
  /** Nothing is left to be done. */
  whole: boolean;
  openRun: StandingRun | null;
  faults: StandingFault[];
  /** In the order in which it is to be done; empty where the group is whole. */
  goOn: WayOn[];
}

/** An open run comes first: what is cleared under its feet would change what it decided on. */
export function aftermathOf(facts: StandingFacts): Aftermath {
  const { group, status, openRun, faults, drillStartedAt } = facts;
  const goOn = [
    ...(openRun ? [runWay(openRun)] : []),
    ...faults.map((fault) => faultWay(fault, drillStartedAt)),
    ...(openRun ? [] : alarmWays(facts)),
  ];
  if (!status.powered)
    goOn.push({ text: `Group ${group} is switched off: switch it on from its Topology screen.`, command: null });
  else if (goOn.length === 0 && status.operation !== 'normal')
    goOn.push({
      text: `Group ${group} is not in normal operation: its Runs screen says of each routine whether it can be started now.`,
      command: `npx switchback status --group ${group}`,
    });
  return {
    operation: status.operation,
    summary: status.summary,
    whole: goOn.length === 0,
    openRun,
    faults: [...faults],
    goOn,
  };
}

function runWay({ run, routine, step, status, refusal }: StandingRun): WayOn {
  const at = step ?? 'its start';
  switch (status) {
    case 'waiting-decision':
      return {
        text: `${routine} waits at ${at} for a decision: open its run and decide, or give it up (npx switchback run abort ${run}).`,
        command: `npx switchback run show ${run}`,
      };
    case 'paused':
      return { text: `${routine} is paused before ${at}: let it go on.`, command: `npx switchback run resume ${run}` };
    case 'stopped-at-step':
      return {
        text: `${routine} has stopped at ${at}${refusal ? `: ${refusal.message} ${refusal.cure}` : ''}. Then try the step again, or give the run up (npx switchback run abort ${run}).`,
        command: `npx switchback run retry ${run}`,
      };
    default:
      return {
        text: `${routine} goes on by itself, it is at ${at}: only its recording has ended. Follow it to its end.`,
        command: `npx switchback run show ${run}`,
      };
  }
}

function faultWay({ id, text, startedAt }: StandingFault, drillStartedAt: number): WayOn {
  const whose = startedAt < drillStartedAt ? ', which stood before the drill began' : '';
  return {
    text: `A fault is still injected${whose}: ${text}. Clear it.`,
    command: `npx switchback fault clear ${id}`,
  };
}

/** An alarm about the run itself says nothing more than its run does. */
function alarmWays({ group, status }: StandingFacts): WayOn[] {
  return status.alarms.map(({ text, response, routine }) => ({
    text: `${text} ${response}`,
    command: routine === null ? null : `npx switchback run ${routine} --group ${group}`,
  }));
}
