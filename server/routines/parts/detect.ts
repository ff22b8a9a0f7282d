/** How a failover and a planned switch-over begin: everything before the fence (003 §[0080]–[0081]; ours where marked). */
import type { PairName } from '../../domain/names.ts';
import { decide, end, looksAt, option, step, to } from '../graph-words.ts';
import type { RoutineStep } from '../step-graph.ts';
import { type Cast, hostWords, listWords, rolesOf } from './cast.ts';

const UNTOUCHED = 'nothing was changed: the work is where it was';

/** The source's detection, and ours of what it cannot tell: a dead site from a cut line. */
export function detection(
  cast: Cast,
  ids: { watch: string; confirm: string; alive: string; next: string },
  planned = 'switch-over',
): RoutineStep[] {
  const { survivor, survivorHost, writer, writerHost } = cast;
  const far = hostWords(writerHost);
  const near = hostWords(survivorHost);
  return [
    step({
      id: ids.watch,
      title: 'Detect the failure',
      text: `Looks at the heartbeats of ${far} as ${near} and the monitoring host hear them: has ${far} or storage ${writer} failed?`,
      host: survivorHost,
      target: writer,
      action: 'watch-heartbeat',
      parameters: rolesOf(cast),
      outcomes: {
        failed: to(ids.confirm, `Nobody hears ${far}, or it says that storage ${writer} has failed.`),
        alive: to(ids.alive, `${capital(far)} and storage ${writer} are still heard.`),
        'already-here': end(
          'done',
          `the work runs on ${near}`,
          `${survivor} takes host writes already; there is nothing to fail over.`,
        ),
      },
      abortState: UNTOUCHED,
    }),
    decide({
      id: ids.confirm,
      ours: true,
      title: 'Confirm the failure',
      text: 'Heartbeats alone cannot tell a dead site from a cut line.',
      question: `Is the ${cast.move === 'over' ? 'production site' : `site of ${writer}`} really down?`,
      byDefault: 'confirm',
      options: [
        option(
          'confirm',
          'It is down: fail over',
          `${writer} is shut out by a new generation; the work will restart on ${near}.`,
          { step: ids.next },
        ),
        option('stop', 'It is not: stop here', 'Nothing is changed.', { ending: 'aborted', state: UNTOUCHED }),
      ],
      abortState: UNTOUCHED,
    }),
    decide({
      id: ids.alive,
      ours: true,
      title: `${cast.move === 'over' ? 'Production' : capital(far)} is still heard`,
      text: `${capital(far)} answers and its storage works. To move the work in peace, use ${planned}.`,
      question: `Fail over although ${cast.move === 'over' ? 'production' : far} is heard?`,
      byDefault: 'stop',
      options: [
        option(
          'go-on',
          'Fail over all the same',
          `The work on ${far} is cut off at once by the fence, in the middle of what it does.`,
          { step: ids.next },
          { dangerous: true },
        ),
        option('stop', 'Stop here', 'Nothing is changed.', { ending: 'aborted', state: UNTOUCHED }),
      ],
      abortState: UNTOUCHED,
    }),
  ];
}

/** Planned: everything must be in order, the work is stopped first, and the survivor is let catch up. All ours. */
export function orderlyStop(
  cast: Cast,
  ids: { ready: string; stop: string; quiet: string; next: string },
  pairs: readonly PairName[],
  disaster = 'failover',
): RoutineStep[] {
  const { survivor, survivorHost, writer, writerHost, middle } = cast;
  const far = hostWords(writerHost);
  const quietAbort = `the work on ${far} is stopped, nothing else was changed; start it with the ledger command`;
  return [
    step({
      id: ids.ready,
      ours: true,
      title: 'Ready for a planned switch-over?',
      text: `Planned, no disaster: ${pairs.length === 2 ? 'both pairs' : 'all pairs'} must be in duplex, and ${[writer, ...middle, survivor].join(', ')}, both hosts and the monitoring host must answer.`,
      host: survivorHost,
      action: 'check-ready',
      parameters: rolesOf(cast),
      expects: pairs.map((pair) => looksAt(pair, ['duplex'])),
      outcomes: {
        ready: to(ids.stop, 'Everything stands as it should.'),
        'not-ready': end(
          'failed',
          UNTOUCHED,
          `A planned move needs everything in order; for a disaster use ${disaster}.`,
        ),
        'already-here': end(
          'done',
          `the work runs on ${hostWords(survivorHost)}`,
          `${survivor} takes host writes already; there is nothing to switch over.`,
        ),
      },
      abortState: UNTOUCHED,
    }),
    step({
      id: ids.stop,
      ours: true,
      title: `Stop the work on ${far}`,
      text: `Planned: the work on ${far} is stopped in an orderly way.`,
      host: writerHost,
      target: writer,
      action: 'stop-work',
      outcomes: {
        stopped: to(ids.quiet, `The work on ${far} is stopped.`),
        'no-ledger': to(ids.quiet, 'No work of ours to stop; the fence shuts outside clients out.'),
        'still-running': end('failed', UNTOUCHED, `${capital(far)} did not stop its work.`),
      },
      abortState: quietAbort,
    }),
    step({
      id: ids.quiet,
      ours: true,
      title: 'Wait until all is copied',
      text: `Waits until ${writer} has nothing under way and ${survivor} has applied everything.`,
      host: survivorHost,
      target: survivor,
      action: 'await-quiet',
      parameters: rolesOf(cast),
      outcomes: {
        quiet: to(ids.next, `${writer} is quiet and ${survivor} has applied everything.`),
        'not-quiet': to(
          ids.next,
          `Clients go on writing to ${writer}, or ${survivor} lags: the fence and the drain settle it.`,
        ),
      },
      abortState: quietAbort,
    }),
  ];
}

/** The fence (ours, 1b rules 1–4), which comes before any evidence. */
export function fence(
  cast: Cast,
  ids: { fence: string; next: string; own: string },
  /** The pair the fence cuts, or shows as it stands. */
  watched: PairName,
  abortState: string,
): RoutineStep {
  const { survivor, survivorHost, writer, writerHost, middle } = cast;
  const order = listWords([survivor, ...middle, writer, hostWords(writerHost)]);
  const verb = cast.move === 'back' ? 'going back' : 'taking over';
  return step({
    id: ids.fence,
    ours: true,
    title: 'Fence',
    text: `Takes a new generation from the register and has it persisted at ${order}, in this order, where they answer. What each says in that same step is the evidence of the verdict.`,
    host: survivorHost,
    target: survivor,
    action: 'fence',
    parameters: rolesOf(cast),
    expects: [looksAt(watched)],
    outcomes: {
      fenced: to(ids.next, `${writer} is proven unable to complete another write.`),
      'not-fenced': to(ids.next, `${writer} may still complete writes; ${verb} will be a forced decision.`),
      own: to(
        ids.own,
        `${survivor} itself took the host writes last, and was not given back its role: nothing is to be fetched.`,
      ),
    },
    abortState,
  });
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
