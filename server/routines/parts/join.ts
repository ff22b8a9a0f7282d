/**
 * A system that pulled from one side joins the other: judged from the journals by number, with a full copy offered where the
 * difference can no longer be had (001, 002; ours: the question, and every outcome but the three of the source).
 *
 *   judge ─ none needed, delta, paired ──► release ─► form ──────────────► done
 *    ├───── differs ─► excess ─ repair ──► leave ─► repair ──────────────► done
 *    ├───── never copied ────────────────► clear ─► copy ────────────────► done
 *    ├───── impossible ─► offer ─ full copy ─┘        └ stopped ─► failed
 *    └───── no answer ──────────────────────────────────────────────────► left out
 */
import type { HostName, PairName } from '../../domain/names.ts';
import { ANY_STATE, decide, end, expects, option, step, to } from '../graph-words.ts';
import type { Ending, RoutineStep } from '../step-graph.ts';
import { arrow, endsOfPair } from './cast.ts';
import { formStep } from './reverse-start.ts';

export interface JoinWords {
  ids: Record<'judge' | 'release' | 'form' | 'excess' | 'leave' | 'repair' | 'offer' | 'clear' | 'copy', string>;
  host: HostName;
  /** The pair to be, and the one its destination leaves. */
  pair: PairName;
  leaves: PairName;
  /** How the run ends where it has joined, and where it has not. */
  joined: string;
  left: { ending: Ending; state: string };
}

export function joinByNumber(words: JoinWords): RoutineStep[] {
  const { ids, host, pair, left } = words;
  const { source, destination } = endsOfPair(pair);
  const says = { pair, askedBy: host };
  return [
    step({
      id: ids.judge,
      title: `Can ${destination} go on from ${source}?`,
      text: `${destination} tells its latest update number; ${source} judges from its own journal whether ${destination} lacks anything, and whether it can supply it.`,
      host,
      target: destination,
      action: 'judge-resume',
      parameters: { pair },
      outcomes: {
        paired: to(ids.release, `${arrow(pair)} stands already.`),
        first: to(ids.clear, `Nothing was ever copied to ${destination}: everything is.`),
        'none-needed': to(ids.release, `${destination} holds everything that ${source} holds.`),
        delta: to(ids.release, `${source} still keeps every update that ${destination} lacks.`),
        differs: to(ids.excess, `${destination} holds updates that ${source} never had.`),
        impossible: to(ids.offer, `${source} cannot supply the difference any more.`),
        'no-answer': end(left.ending, left.state, `${destination} does not answer.`),
      },
      abortState: left.state,
    }),
    release(words, ids.release, ids.form),
    formStep({
      id: ids.form,
      host,
      pair,
      kind: 'async',
      text: `${destination} reads the missing entries alone from ${source}’s journal and goes on pulling from there. No track is copied.`,
      next: { state: words.joined },
      failed: { state: left.state, text: 'The difference could not be had after all.', step: ids.offer },
      byNumber: 'only',
    }),
    decide({
      id: ids.excess,
      ours: true,
      title: `${destination} is ahead of ${source}`,
      text: `${destination} holds updates that ${source} never had: they were written while the system that was at the front before went on alone. Both journals tell which tracks they changed.`,
      question: `Overwrite them with what ${source} holds?`,
      byDefault: 'repair',
      says,
      options: [
        option(
          'repair',
          'Copy these tracks back',
          `The tracks that either end changed are copied from ${source} to ${destination}, and no others. What only ${destination} holds is gone then.`,
          { step: ids.leave },
        ),
        option(
          'leave',
          `Leave ${destination} as it is`,
          `${destination} keeps its consistent data, those updates among them, and follows nobody.`,
          left,
        ),
      ],
      abortState: left.state,
    }),
    release(words, ids.leave, ids.repair),
    formStep({
      id: ids.repair,
      host,
      pair,
      kind: 'async',
      text: `The updates that only one end has become differences (1b rule 20): their tracks are copied from ${source}, and ${destination} goes on pulling from there.`,
      next: { state: words.joined },
      failed: { state: left.state, text: 'Which tracks differ is no longer known after all.', step: ids.offer },
      during: 'duplex-pending',
      byNumber: 'differing',
    }),
    decide({
      id: ids.offer,
      ours: true,
      title: `No delta for ${destination} any more`,
      text: `${source} does not hold what ${destination} lacks, or ${destination} holds what ${source} never had; what was seen says which update.`,
      question: `Copy everything from ${source} to ${destination}?`,
      byDefault: 'full-copy',
      says,
      options: [
        option(
          'full-copy',
          'Full copy',
          `Every track is copied. ${destination} keeps its last consistent image until the copy has ended; what only ${destination} holds is gone then.`,
          { step: ids.clear },
        ),
        option(
          'leave',
          `Leave ${destination} as it is`,
          `${destination} keeps its older, consistent data and follows nobody.`,
          left,
        ),
      ],
      abortState: left.state,
    }),
    release(words, ids.clear, ids.copy),
    formStep({
      id: ids.copy,
      host,
      pair,
      kind: 'async',
      text: `Full formation copy from ${source} to ${destination}.`,
      next: { state: words.joined },
      failed: { state: left.state, text: `The copy from ${source} to ${destination} stopped by itself.` },
    }),
  ];
}

/** A system is the destination of one flowing pair at most. */
function release({ host, pair, leaves, left }: JoinWords, id: string, next: string): RoutineStep {
  const { destination } = endsOfPair(pair);
  const { source: old } = endsOfPair(leaves);
  return step({
    id,
    title: `${destination} leaves ${old}`,
    text: `Deletes the pair ${arrow(leaves)} at ${destination}; where ${old} does not answer, it drops its end when it hears.`,
    host,
    target: destination,
    action: 'delete-pair',
    parameters: { pair: leaves },
    expects: [expects(leaves, ANY_STATE, null, ['absent'])],
    outcomes: {
      deleted: to(next, `${destination} no longer pulls from ${old}.`),
      absent: to(next, `${destination} did not pull from ${old}.`),
    },
    abortState: left.state,
  });
}
