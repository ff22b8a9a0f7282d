/** The last part of failback (003 Fig. 9, S540, S570): the verdict, what it is announced as, and the restart. */
import { decide, end, option, step, to } from './graph-words.ts';
import type { RoutineStep } from './step-graph.ts';

export const ROLES = { survivor: 'P', middle: 'I', writer: 'R', writerHost: 'host-R' };
export const STOPPED =
  'work stopped: a new generation is raised and nobody holds the host role; run failback again to go on';

export function judgement(): RoutineStep[] {
  const stay = option(
    'stay',
    'Do not restart',
    'The work stays stopped. Nobody holds the host role until failback or failover is run again.',
    {
      ending: 'done',
      state: 'work stopped by choice: P holds the data judged here, nobody holds the host role',
    },
  );
  const giveBack = option(
    'return',
    'Give the role back to R',
    'The failback is called off: R takes host writes again, the work starts on host R.',
    { step: 'S590' },
  );
  const attest = option(
    'attest',
    'Restart on my word that the site of R is destroyed',
    'The verdict will say that going back rests on your word, and whose. It proves nothing about the data.',
    { step: 'S580' },
    { dangerous: true, attests: true },
  );
  const restartText =
    'Updates that only R or I holds are given up: initial-copy will ask before it overwrites them. If R is not proven fenced, this is forced and two writers are possible.';
  return [
    step({
      id: 'S535',
      ours: true,
      title: 'Judge',
      text: 'Draws the verdict from the fence’s evidence, the heartbeats and P’s number, and records it.',
      host: 'host-P',
      target: 'P',
      action: 'judge',
      parameters: ROLES,
      outcomes: {
        'no-data-loss': to('S540', 'Every completed write is proven to be on P.'),
        'data-loss': to('S570', 'At least one completed write is proven to be missing on P.'),
        unknown: to('S575', 'Neither is proven.'),
      },
      abortState: STOPPED,
    }),
    decide({
      id: 'S540',
      title: 'Announce no data loss',
      text: 'P holds every write that was completed on R.',
      question: 'Restart the work on host P?',
      byDefault: 'restart',
      options: [
        option('restart', 'Restart on host P', 'P takes host writes; initial-copy then returns to normal operation.', {
          step: 'S580',
        }),
        stay,
        giveBack,
      ],
      abortState: STOPPED,
    }),
    decide({
      id: 'S570',
      title: 'Announce data loss',
      text: 'P’s data is consistent but older than what was completed on R.',
      question: 'Restart the work on P’s older data?',
      byDefault: 'stay',
      options: [
        option('restart', 'Restart on older data', restartText, { step: 'S580' }, { dangerous: true }),
        attest,
        stay,
        giveBack,
      ],
      abortState: STOPPED,
    }),
    decide({
      id: 'S575',
      ours: true,
      title: 'Announce: unknown',
      text: 'Whether P lacks completed writes cannot be told from the evidence at hand.',
      question: 'Restart the work on P all the same?',
      byDefault: 'stay',
      options: [
        option('restart', 'Restart without proof', restartText, { step: 'S580' }, { dangerous: true }),
        attest,
        stay,
        giveBack,
      ],
      abortState: STOPPED,
    }),
  ];
}

export function restartOn(words: {
  role: string;
  start: string;
  system: 'P' | 'R';
  host: 'host-P' | 'host-R';
  ending: 'done' | 'aborted';
  state: string;
}): RoutineStep[] {
  const { system, host } = words;
  return [
    step({
      id: words.role,
      ours: true,
      title: `Give ${system} the host role`,
      text: `The register names ${system} as holder of the generation; then ${system} accepts host writes.`,
      host,
      target: system,
      action: 'give-host-role',
      outcomes: { promoted: to(words.start, `${system} accepts host writes.`) },
      abortState: `${system} may hold the host role already, the work is not started; start it with the ledger command`,
    }),
    step({
      id: words.start,
      ours: true,
      title: `Start the work on ${host.replace('-', ' ')}`,
      text: `Starts the work application on ${host.replace('-', ' ')}.`,
      host,
      target: system,
      action: 'start-work',
      outcomes: {
        started: end(words.ending, `${words.state}, work running`, 'The work runs.'),
        'no-ledger': end(
          words.ending,
          `${words.state}; attach your application to ${system}`,
          'This group has no work application of ours.',
        ),
        'not-started': end(
          'failed',
          `${system} holds the host role, but the work did not start; see its reason, then start it`,
          'The work did not start.',
        ),
      },
      abortState: `${system} holds the host role, the work is not started; start it with the ledger command`,
    }),
  ];
}
