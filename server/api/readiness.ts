/** When a script may begin: the dashboard answers, and the group `demo` is where it can be used. */
import type { GroupStatus } from '../domain/group-status.ts';

export interface ReadinessFacts {
  /** The worker has set the demo group up once; who then deletes it does without. */
  demoMade: boolean;
  /** The worker has not yet brought it into duplex, with its work running, for the first time. */
  formationOwed: boolean;
  demo: GroupStatus | null;
  /** Faults that stand in it. */
  standingFaults: number;
}

export interface Readiness {
  ready: boolean;
  text: string;
}

/** Operations in which the demo may lawfully be found: somebody left it so, and nothing will change it by itself. */
const LEFT_SO: ReadonlySet<GroupStatus['operation']> = new Set(['failed-over', 'reverse', 'stopped']);

/** `text` is what is ready, or what is still missing. */
export function readiness({ demoMade, formationOwed, demo, standingFaults }: ReadinessFacts): Readiness {
  if (!demo)
    return demoMade
      ? { ready: true, text: 'there is no group demo, for it was deleted' }
      : { ready: false, text: 'group demo is being made' };
  if (!demo.powered) return { ready: true, text: 'group demo is switched off' };
  const pairs = demo.pairs.map((pair) => pair.state).join('/');
  if (formationOwed)
    return { ready: false, text: `group demo is being formed${pairs ? `, in ${pairs}` : ''}: ${demo.summary}` };
  if (demo.operation === 'normal' && demo.pairs.length > 0 && demo.pairs.every((pair) => pair.state === 'duplex')) {
    return { ready: true, text: `group demo is in ${pairs}` };
  }
  if (LEFT_SO.has(demo.operation))
    return { ready: true, text: `group demo is as it was left: ${demo.operation}, ${pairs}` };
  if (standingFaults > 0 && demo.operation !== 'unknown') {
    return { ready: true, text: `group demo is as it was left: ${demo.operation}, ${standingFaults} faults stand` };
  }
  if (demo.activeRun && demo.activeRun.status !== 'running') {
    return { ready: true, text: `group demo is as it was left: ${demo.activeRun.routine} is ${demo.activeRun.status}` };
  }
  return { ready: false, text: `group demo is ${demo.operation}${pairs ? `, in ${pairs}` : ''}: ${demo.summary}` };
}
