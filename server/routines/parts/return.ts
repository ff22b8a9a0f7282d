/** How every failback begins (ours): the work on the other side has stopped, or its host is lost. */
import { decide, end, option, step, to } from '../graph-words.ts';
import type { RoutineStep } from '../step-graph.ts';
import { type Cast, hostWords, stoppedUntil } from './cast.ts';

const UNTOUCHED = 'nothing was changed';
export const STOPPED = stoppedUntil('failback');
export const AT_HOME = 'P holds the host role; run initial-copy to return to normal operation';

/** How a way back speaks of itself, and of where the work is once it is at home. */
export interface ReturnWords {
  routine: string;
  atHome: string;
}

/** The precondition of every way back; the fence follows. `stopIsOurs`: the sources stop the work in another way. */
export function beforeReturn(
  cast: Cast,
  ids: { stopped: string; ask: string; stop: string; fence: string },
  { routine, atHome }: ReturnWords = { routine: 'Failback', atHome: AT_HOME },
  stopIsOurs = true,
): RoutineStep[] {
  const { survivor, survivorHost, writer, writerHost } = cast;
  const far = hostWords(writerHost);
  const farHost = far.replace('host', 'Host');
  return [
    step({
      id: ids.stopped,
      ours: true,
      title: `Work on ${far} stopped?`,
      text: `${routine} needs the work on ${far} stopped, or ${far} lost.`,
      host: survivorHost,
      target: survivor,
      action: 'check-work-stopped',
      parameters: { otherHost: writerHost },
      outcomes: {
        'already-here': end('done', atHome, `${survivor} takes host writes already: there is nothing to go back from.`),
        stopped: to(ids.fence, `The work on ${far} is stopped.`),
        lost: to(ids.fence, `${farHost} does not answer: it counts as lost.`),
        running: to(ids.ask, `The work on ${far} still runs.`),
      },
      abortState: UNTOUCHED,
    }),
    decide({
      id: ids.ask,
      ours: true,
      title: `The work on ${far} runs`,
      text: `It has to be stopped before ${survivor} can be brought up to ${writer}’s last write.`,
      question: `Stop the work on ${far} now?`,
      byDefault: 'stop-work',
      options: [
        option(
          'stop-work',
          `Stop the work on ${far}`,
          `From here until the restart on ${hostWords(survivorHost)}, nobody works.`,
          { step: ids.stop },
        ),
        option('cancel', 'Stop here', 'Nothing is changed.', { ending: 'aborted', state: UNTOUCHED }),
      ],
      abortState: UNTOUCHED,
    }),
    step({
      id: ids.stop,
      ours: stopIsOurs,
      title: `Stop the work on ${far}`,
      text: `Stops the work application on ${far} in an orderly way.`,
      host: writerHost,
      target: writer,
      action: 'stop-work',
      outcomes: {
        stopped: to(ids.fence, `The work on ${far} is stopped.`),
        'no-ledger': to(ids.fence, 'No work of ours to stop; the fence shuts outside clients out.'),
        'still-running': end('failed', UNTOUCHED, `${farHost} did not stop its work.`),
      },
      abortState: `the work on ${far} is stopped, nothing else was changed; start it with the ledger command`,
    }),
  ];
}
