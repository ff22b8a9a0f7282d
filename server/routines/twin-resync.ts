/**
 * Resync of twin sites (004 B3000–B3070): the master is back, and follows the backup from now on. What the master had written
 * and not sent is overwritten (merge: both tables are joined), or left as it is (no-merge). Ours: the holder, further backups,
 * demotion of the master before its table is read, and the named decision over its updates.
 */
import { ANY_STATE, decide, end, expects, looksAt, option, step, to } from './graph-words.ts';
import { SUSPENDED } from './parts/cast.ts';
import { holderOfReverse } from './parts/reverse-start.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';
import type { TwinShape } from './twin-takeover.ts';

const HOST = 'host-B1';
const PAIR = 'B1-M';
const UNTOUCHED = 'nothing was changed: the work runs on host B1';
const SWAP = 'the work runs on host B1, state SWAP: what it writes is marked for M; run resync again';
const NOT_BACK = 'the work runs on host B1, state SWAP; run resync again when M is back';

/** Further backups leave M and follow B1, whether M is back or not. */
function followed({ others }: TwinShape): RoutineStep[] {
  return others.flatMap((name, index) => {
    const [settle, form] = [`B29${index + 1}1`, `B29${index + 1}2`];
    const next = index + 1 < others.length ? `B29${index + 2}1` : 'B3000';
    const pair = `B1-${name}`;
    return [
      step({
        id: settle,
        ours: true,
        title: `${name} leaves M`,
        text: `Nothing may flow from M into ${name} any more; where its image is part old, part new, ${name} returns to its last consistent one.`,
        host: HOST,
        target: name,
        action: 'settle-image-if-answers',
        parameters: { pair: `M-${name}` },
        expects: [expects(`M-${name}`, ANY_STATE, null, ['absent', ...SUSPENDED])],
        outcomes: {
          consistent: to(form, `${name}’s image is consistent.`),
          'rolled-back': to(form, `${name} returned to its last consistent image.`),
          'no-image': to(form, `${name} does not answer, or has no image to go on from.`),
        },
        abortState: SWAP,
      }),
      step({
        id: form,
        ours: true,
        title: `Form B1→${name}`,
        text: `${name} follows B1 from the number it has, or by difference where the pair was formed before. Where neither is possible nothing is copied whole: ${name} keeps its image, and M’s table of it waits for pair recovery.`,
        host: HOST,
        target: 'B1',
        action: 'form-if-possible',
        parameters: { pair, kind: 'async', resume: 'by-number-only' },
        expects: [expects(pair, ANY_STATE, 'initial-copying', ['duplex', 'initial-copying', ...SUSPENDED, 'absent'])],
        outcomes: {
          duplex: to(next, `${name} follows B1.`),
          already: to(next, `${name} followed B1 already.`),
          copying: to(next, 'The copy goes on by itself.'),
          'not-formed': to(next, `Not possible now: ${name} keeps its image until pair recovery.`),
        },
        abortState: SWAP,
      }),
    ];
  });
}

/** M’s own updates: overwritten or left, in any case by name. */
function ownUpdates({ mode }: TwinShape): RoutineStep[] {
  const leaves = mode === 'no-merge';
  return [
    step({
      id: 'B3011',
      ours: true,
      title: 'Does M hold updates that B1 never received?',
      text: 'Compares what M completed with B1’s history: now that M is back the takeover’s loss can be counted.',
      host: HOST,
      target: 'B1',
      action: 'compare-images',
      parameters: { base: 'B1', others: 'M' },
      outcomes: {
        none: to('B3020', 'M holds nothing that B1 lacks.'),
        'newer-elsewhere': to('B3012', 'M holds updates that the takeover gave up.'),
      },
      abortState: UNTOUCHED,
    }),
    decide({
      id: 'B3012',
      ours: true,
      title: 'Updates that only M holds',
      text: leaves
        ? 'Mode no-merge: M keeps them, track by track, beside everything that B1 has written since.'
        : 'M completed them and B1 never received them; B1 has gone on without them.',
      question: leaves ? 'Leave them on M as they are?' : 'Overwrite them with B1’s data?',
      // The consent that counts was given, by typed name, when the work was restarted without them.
      byDefault: leaves ? 'leave' : 'overwrite',
      options: [
        leaves
          ? option(
              'leave',
              'Leave M’s own updates',
              'Only tracks that B1 changed are sent. M then holds an image that the group never had, which switch-back accepts by name.',
              { step: 'B3020' },
            )
          : option(
              'overwrite',
              'Overwrite with B1’s data',
              'M ends equal to B1. The updates named in the takeover’s verdict are gone for good.',
              { step: 'B3020' },
            ),
        option('stop', 'Stop here', 'Nothing is changed; they can be read from the volumes of M first.', {
          ending: 'aborted',
          state: UNTOUCHED,
        }),
      ],
      abortState: UNTOUCHED,
    }),
  ];
}

const READ: Record<TwinShape['mode'], { title: string; text: string }> = {
  merge: {
    title: 'Read table 1',
    text: 'B1 reads M’s table: with the copy it is joined to B1’s own, so that M ends exactly equal to B1.',
  },
  'no-merge': {
    title: 'Set table 1 apart',
    text: 'M’s table is read for the record only. With the copy M sets it apart: only B1’s changes are sent, and what M had not sent stays as it is.',
  },
  sync: {
    title: 'There is no table 1',
    text: 'A synchronous master had nothing unsent. What its end of the pair marked all the same, writes under way or made alone, is joined to B1’s table.',
  },
};

function copied({ mode }: TwinShape): RoutineStep[] {
  const copy = { host: HOST, target: 'B1', parameters: { pair: PAIR, kind: 'async' } } as const;
  return [
    step({
      id: 'B3020',
      ...READ[mode],
      host: HOST,
      target: 'M',
      action: 'read-table',
      parameters: { pair: PAIR },
      expects: [looksAt(PAIR)],
      outcomes: {
        empty: to('B3030', 'M had sent everything.'),
        marked: to('B3030', 'M holds tracks that it never sent.'),
        absent: to('B3030', 'M has no pair with B1.'),
      },
      abortState: SWAP,
    }),
    step({
      id: 'B3030',
      title: 'State COPY',
      text: 'Both ends of the pair stand as B1→M, suspended until the job starts.',
      ...copy,
      action: 'reverse',
      expects: [expects(PAIR, ANY_STATE, null, [...SUSPENDED, 'duplex', 'absent'])],
      outcomes: {
        reversed: to('B3040', 'The pair stands as B1→M.'),
        'not-reversed': to('B3040', 'There is no pair to turn: it is formed anew.'),
      },
      abortState: SWAP,
    }),
    step({
      id: 'B3040',
      title: 'Start the copy job',
      text: 'Copying by difference begins; host writes go on marking and sending. M keeps its last consistent image until the copy has ended.',
      ...copy,
      action: 'begin-copy',
      parameters: { ...copy.parameters, resume: 'by-number', ...(mode === 'no-merge' ? { leave: 'own' } : {}) },
      expects: [
        expects(PAIR, ANY_STATE, 'duplex-pending', ['duplex', 'duplex-pending', 'initial-copying', ...SUSPENDED]),
      ],
      outcomes: {
        begun: to('B3050', 'The job runs.'),
        already: to('B3050', 'M followed B1 already.'),
      },
      abortState: SWAP,
    }),
    step({
      id: 'B3050',
      title: 'Search for set bits',
      text: 'Counts the tracks that are still marked in B1’s table.',
      host: HOST,
      target: 'B1',
      action: 'read-table',
      parameters: { pair: PAIR },
      expects: [looksAt(PAIR)],
      outcomes: {
        empty: to('B3060', 'No track is marked.'),
        marked: to('B3060', 'Tracks are marked.'),
        absent: to('B3060', 'Somebody has deleted the pair.'),
      },
      abortState: SWAP,
    }),
    step({
      id: 'B3060',
      title: 'Found?',
      text: 'Asks B1 whether the job has anything left to send.',
      host: HOST,
      target: 'B1',
      action: 'ask-differences',
      parameters: { pair: PAIR },
      expects: [looksAt(PAIR)],
      outcomes: {
        found: to('B3070', 'Marked tracks are left.'),
        none: end('done', FOLLOWS[mode], 'M has everything that was marked, and follows B1.'),
        stopped: end('failed', SWAP, 'The pair does not flow. Clear the fault and run resync again.'),
      },
      abortState: SWAP,
    }),
    step({
      id: 'B3070',
      title: 'Send and clear',
      text: 'Each marked track is sent, and its bit is cleared when M has answered. COPY is a standing state: M follows until switch-back.',
      host: HOST,
      target: 'B1',
      action: 'wait-copy-end',
      parameters: { pair: PAIR },
      expects: [expects(PAIR, ['duplex-pending', 'initial-copying'], null, ['duplex', ...SUSPENDED])],
      outcomes: {
        duplex: end('done', FOLLOWS[mode], 'Every marked track was sent; M follows B1.'),
        failed: end('failed', SWAP, 'The copy from B1 to M stopped by itself. Clear the fault and run resync again.'),
      },
      abortState: SWAP,
    }),
  ];
}

const FOLLOWS: Record<TwinShape['mode'], string> = {
  merge: 'reverse operation: B1→M in duplex (state COPY), M equal to B1',
  'no-merge': 'reverse operation: B1→M in duplex (state COPY), M equal to B1 but for its own unsent updates',
  sync: 'reverse operation: B1→M in duplex (state COPY), M equal to B1',
};

export function resync(shape: TwinShape): RoutineGraph {
  const start = { host: HOST, system: 'B1', otherHost: 'host-M', abortState: UNTOUCHED };
  return {
    id: 'resync',
    arrangement: shape.arrangement,
    title: `Resync from B1 to M (${shape.mode})`,
    intent: 'maintenance',
    host: HOST,
    resident: false,
    meantFor: ['failed-over', 'reverse'],
    effects: [
      shape.mode === 'no-merge'
        ? 'Tracks that B1 changed are overwritten on M; tracks that only M changed are left.'
        : 'M is overwritten with B1’s data where it differs.',
    ],
    first: 'B2990',
    steps: [
      holderOfReverse(start, { holder: 'B2990', next: shape.others.length > 0 ? 'B2911' : 'B3000' }),
      ...followed(shape),
      step({
        id: 'B3000',
        title: 'Detect the return of M',
        text: 'Do M and host M answer? Each is asked.',
        host: HOST,
        action: 'check-faults-cleared',
        parameters: { otherHost: 'host-M', systems: 'M B1' },
        outcomes: {
          cleared: to('B3010', 'M is back.'),
          'not-cleared': end('failed', NOT_BACK, 'M or host M does not answer yet.'),
        },
        abortState: UNTOUCHED,
      }),
      step({
        id: 'B3010',
        title: 'Resync request',
        text: 'Hands the generation in force to M and host M: M refuses host writes before its table is read or anything of it is written over.',
        host: HOST,
        target: 'M',
        action: 'spread-generation',
        parameters: { systems: 'M', otherHost: 'host-M' },
        outcomes: { spread: to('B3011', 'M and host M know that B1 took over.') },
        abortState: UNTOUCHED,
      }),
      ...ownUpdates(shape),
      ...copied(shape),
    ],
  };
}
