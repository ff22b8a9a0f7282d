/** Giving the host role and starting the work: the end of every move (ours; the sources only say that the work restarts). */
import type { HostName, SystemName } from '../../domain/names.ts';
import { end, step, to } from '../graph-words.ts';
import type { Ending, RoutineStep } from '../step-graph.ts';
import { type Cast, hostWords } from './cast.ts';

export interface RestartWords {
  ids: { role: string; start: string };
  system: SystemName;
  host: HostName;
  /** How the run ends where the work runs, or could be started from outside. */
  ending: Ending;
  states: { running: string; noLedger: string; notStarted: string; roleAborted: string };
  texts: { role: string; start: string; running: string; notStarted: string };
  /** Step that follows the start of the work; the run ends there where it is left out. */
  next?: string;
}

/** Two steps: the register names the holder, then the work starts there. */
export function restart(words: RestartWords): RoutineStep[] {
  const { ids, system, host, states, texts } = words;
  const follows = (state: string, text: string) => (words.next ? to(words.next, text) : end(words.ending, state, text));
  return [
    step({
      id: ids.role,
      ours: true,
      title: texts.role,
      text: `The register names ${system} as holder of the generation; then ${system} accepts host writes${texts.role.includes('back') ? ' again' : ''}.`,
      host,
      target: system,
      action: 'give-host-role',
      outcomes: { promoted: to(ids.start, `${system} accepts host writes.`) },
      abortState: states.roleAborted,
    }),
    step({
      id: ids.start,
      ours: true,
      title: `Start the work on ${hostWords(host)}`,
      text: texts.start,
      host,
      target: system,
      action: 'start-work',
      outcomes: {
        started: follows(states.running, texts.running),
        'no-ledger': follows(states.noLedger, 'This group has no work application of ours.'),
        'not-started': end('failed', states.notStarted, texts.notStarted),
      },
      abortState: `${system} holds the host role, the work is not started; start it with the ledger command`,
    }),
  ];
}

/** The survivor of a failover or switch-over goes on with the work. `next`: step that follows; `again`: what finishes it. */
export function restartAfterTakeover(
  { survivor, survivorHost }: Cast,
  ids: RestartWords['ids'],
  { again = 'failover', ...follow }: { next?: string; again?: string } = {},
): RoutineStep[] {
  const near = hostWords(survivorHost);
  return restart({
    ids,
    system: survivor,
    host: survivorHost,
    ending: 'done',
    states: {
      running: `the work runs on ${near}`,
      noLedger: `${survivor} accepts host writes; attach your application to it`,
      notStarted: `${survivor} holds the host role, but the work on ${near} did not start; see its reason, then start it`,
      roleAborted: `${survivor} may hold the host role already, the work is not started; start it with the ledger command, or run ${again} again`,
    },
    texts: {
      role: `Give ${survivor} the host role`,
      start: `Starts the work application on ${near}.`,
      running: `The work runs on ${near}.`,
      notStarted: `${near.replace('host', 'Host')} did not start the work.`,
    },
    ...follow,
  });
}

/** A planned switch-over that is called off: only there the writer is known to answer. */
export function calledOff(
  { writer, writerHost }: Cast,
  ids: RestartWords['ids'],
  routines: { form: string; takeover: string } = { form: 'initial-copy', takeover: 'failover' },
): RoutineStep[] {
  const far = hostWords(writerHost);
  return restart({
    ids,
    system: writer,
    host: writerHost,
    ending: 'aborted',
    states: {
      running: `called off: the work runs on ${far}, its pairs are suspended; run ${routines.form}`,
      noLedger: `called off: ${writer} accepts host writes, its pairs are suspended; run ${routines.form}`,
      notStarted: `called off: ${writer} holds the host role, but the work on ${far} did not start`,
      roleAborted: `work stopped: nobody holds the host role; run ${routines.takeover} to go on`,
    },
    texts: {
      role: `Give the role back to ${writer}`,
      start: `Starts the work application on ${far} again.`,
      running: `The work runs on ${far} again.`,
      notStarted: `${far.replace('host', 'Host')} did not start the work.`,
    },
  });
}

/** Failback ends on its survivor, or where it is called off on the system that had the role. */
export function restartAfterFailback(words: {
  ids: RestartWords['ids'];
  system: SystemName;
  host: HostName;
  ending: Ending;
  state: string;
}): RoutineStep[] {
  const { system, host, state } = words;
  return restart({
    ids: words.ids,
    system,
    host,
    ending: words.ending,
    states: {
      running: `${state}, work running`,
      noLedger: `${state}; attach your application to ${system}`,
      notStarted: `${system} holds the host role, but the work did not start; see its reason, then start it`,
      roleAborted: `${system} may hold the host role already, the work is not started; start it with the ledger command`,
    },
    texts: {
      role: `Give ${system} the host role`,
      start: `Starts the work application on ${hostWords(host)}.`,
      running: 'The work runs.',
      notStarted: 'The work did not start.',
    },
  });
}
