/** Whether a drill may begin by itself: only on a group in which nothing is amiss, for a drill injects real faults. Pure. */
import { findArrangement } from '../arrangement.ts';
import type { GroupStatus } from '../group-status.ts';

export interface HealthInput {
  /** Null where there is no such group. */
  status: GroupStatus | null;
  /** Title of the drill that is being recorded on it. */
  drill: string | null;
}

/** Everything that speaks against it, each as a clause; empty where nothing does. */
export function hindrancesOf({ status, drill }: HealthInput): string[] {
  if (!status) return ['there is no such group'];
  if (!status.powered) return ['the group is switched off'];
  const { activeRun, witness } = status;
  return [
    ...(drill === null ? [] : [`drill ${drill} is being recorded`]),
    ...(activeRun ? [`${activeRun.routine} is under way`] : []),
    ...pairHindrances(status),
    ...[...status.systems, ...status.hosts, ...status.switches].flatMap(({ name, up }) => downWords(name, up)),
    ...downWords('the witness', witness.up),
    ...status.lines.flatMap(({ name, connected, fault }) => {
      if (fault !== null) return [`line ${name}: ${fault}`];
      return connected === true ? [] : [`line ${name} is ${connected === false ? 'down' : 'unknown'}`];
    }),
    ...status.systems.flatMap(({ fault }) => (fault === null ? [] : [fault])),
    ...(status.operation === 'normal' ? [] : [`operation is ${status.operation}`]),
    ...workHindrances(status),
    ...status.alarms.map(({ text }) => `alarm: ${text}`),
  ];
}

/** In one line, the first things first; null where nothing speaks against it. */
export function hindranceText(input: HealthInput): string | null {
  const all = hindrancesOf(input);
  if (all.length === 0) return null;
  const shown = all.slice(0, SHOWN).join('; ');
  return all.length > SHOWN ? `${shown}; and ${all.length - SHOWN} more` : shown;
}

const SHOWN = 3;

function downWords(name: string, up: boolean | null): string[] {
  return up === true ? [] : [`${name} is ${up === null ? 'unknown' : 'down'}`];
}

/** Every pair of normal operation, and whatever stands besides it. */
function pairHindrances({ arrangement, pairs }: GroupStatus): string[] {
  const planned = findArrangement(arrangement)?.normal.pairs ?? [];
  const missing = planned
    .map(({ source, destination }) => `${source}-${destination}`)
    .filter((name) => !pairs.some((pair) => pair.name === name));
  return [
    ...missing.map((name) => `${name} is absent`),
    ...pairs.flatMap(({ name, state }) => {
      const isPlanned = planned.some(({ source, destination }) => name === `${source}-${destination}`);
      if (state === 'duplex' || (state === 'absent' && !isPlanned)) return [];
      return [`${name} is ${state}`];
    }),
  ];
}

/** A drill proves something only under load. */
function workHindrances({ hosts }: GroupStatus): string[] {
  return hosts.some(({ work }) => work?.running) ? [] : ['no work runs'];
}
