/**
 * Initial copy of every chain (003 Fig. 5, §[0074]–[0079], [0141], [0160]): all pairs to duplex in forward direction, from
 * whatever is met, the one nearest to P first. Ours: the holder (S090), what would be overwritten (S092, S093), and holding
 * what leads on from a system while that system is copied onto (S095, S105).
 */
import type { SystemName } from '../../domain/names.ts';
import { decide, option, step, to } from '../graph-words.ts';
import type { RoutineGraph, RoutineStep } from '../step-graph.ts';
import { arrow, listWords } from './cast.ts';
import { type CopyStart, formStep, holdDownstream, holderStep, restStep } from './reverse-start.ts';

const UNTOUCHED = 'nothing was changed';

/** Who copies, under which ids, and what the routines before it are called. Those of the chains where nothing is said. */
export interface InitialCopyFront extends Pick<CopyStart, 'host' | 'system' | 'otherHost'> {
  id: string;
  title: string;
  ids: { holder: string; compare: string; overwrite: string };
  /** Is the step that looks for the holder one of the sources'? */
  holder?: { title: string; text: string };
  cures: { elsewhere: string; unfinished: string };
}

const OF_CHAINS: InitialCopyFront = {
  id: 'initial-copy',
  title: 'Initial copy to normal operation',
  host: 'host-P',
  system: 'P',
  otherHost: 'host-R',
  ids: { holder: 'S090', compare: 'S092', overwrite: 'S093' },
  cures: {
    elsewhere: 'Another system takes the host writes: copying from P would overwrite newer data. Run failback first.',
    unfinished:
      'A takeover was begun and not ended: nobody holds the host role. Run failover or failback to its end first.',
  },
};

export interface ForwardPair {
  id: string;
  pair: string;
  kind: 'sync' | 'async';
  text: string;
  /** Who else would be in the way: the pair that leads on from the destination, and the step that holds it. */
  hold: { id: string; downstream: string; kind: 'sync' | 'async' } | null;
  /** A pair of reverse operation with the destination, which rests from now on. */
  rest?: { id: string; pair: string };
  ours?: boolean;
  /** A pair that was deleted goes on from what its destination holds, where the numbers allow it. */
  byNumber?: boolean;
}

/** The whole routine for `pairs`, in the order in which they are formed. `compared`: systems that are copied onto. */
export function initialCopy(words: {
  arrangement: string;
  compared: readonly SystemName[];
  pairs: readonly ForwardPair[];
  front?: InitialCopyFront;
}): RoutineGraph {
  const { compared, pairs, front = OF_CHAINS } = words;
  const { system, host, ids } = front;
  const first = pairs[0];
  const last = pairs.at(-1);
  if (!first || !last) throw new Error(`${words.arrangement} forms no pair`);
  const names = pairs.map(({ pair, kind }) => arrow(pair, kind));
  const open = `${system} works; ${names.join(' or ')} may be suspended and is resynced by the next ${front.id}`;
  return {
    id: front.id,
    arrangement: words.arrangement,
    title: front.title,
    intent: 'maintenance',
    host,
    resident: false,
    meantFor: ['forming', 'degraded', 'normal'],
    effects: [
      'A destination that is copied onto is inconsistent until the copy ends; it keeps its last consistent image meanwhile.',
    ],
    first: ids.holder,
    steps: [
      {
        ...holderStep({ ...front, abortState: UNTOUCHED }, { holder: ids.holder, next: ids.compare }, front.cures),
        ...(front.holder ? { ...front.holder, ours: false } : {}),
      },
      ...question(front, compared, entryOf(first)),
      ...pairs.flatMap((pair, index) => formed(pair, pairs[index - 1], pairs[index + 1], front, { names, open })),
    ],
  };
}

const entryOf = (pair: ForwardPair) => pair.hold?.id ?? pair.rest?.id ?? pair.id;

/** After a failback with data loss the others may hold what P lacks: overwriting it is a named decision. */
function question(
  { system, host, ids }: InitialCopyFront,
  compared: readonly SystemName[],
  next: string,
): RoutineStep[] {
  const others = compared.join(' or ');
  return [
    step({
      id: ids.compare,
      ours: true,
      title: `Does ${others} hold newer data?`,
      text: `Compares what ${listWords(compared)} hold with ${system}’s history.`,
      host,
      target: system,
      action: 'compare-images',
      parameters: { base: system, others: compared.join(' ') },
      outcomes: {
        none: to(next, `None of ${listWords(compared)} is known to hold an update that ${system} lacks.`),
        'newer-elsewhere': to(ids.overwrite, `${others} holds updates that ${system} never received.`),
      },
      abortState: UNTOUCHED,
    }),
    decide({
      id: ids.overwrite,
      ours: true,
      title: 'Overwrite newer data?',
      text: `After a failback with data loss, ${others} may hold updates that ${system} lacks.`,
      question: `Overwrite them with ${system}’s data?`,
      byDefault: 'stop',
      options: [
        option(
          'overwrite',
          `Overwrite with ${system}’s data`,
          `The updates that only ${others} holds are gone for good.`,
          { step: next },
          { dangerous: true },
        ),
        option('stop', 'Stop here', `Nothing is changed; what ${listWords(compared)} hold can still be read.`, {
          ending: 'aborted',
          state: UNTOUCHED,
        }),
      ],
      abortState: UNTOUCHED,
    }),
  ];
}

function formed(
  words: ForwardPair,
  before: ForwardPair | undefined,
  after: ForwardPair | undefined,
  { host, id: routine }: InitialCopyFront,
  { names, open }: { names: readonly string[]; open: string },
): RoutineStep[] {
  const { id, pair, kind, text, hold, rest, ours, byNumber } = words;
  const name = arrow(pair, kind);
  const held = hold
    ? [
        holdDownstream({
          id: hold.id,
          next: rest?.id ?? id,
          host,
          pair,
          kind,
          downstream: hold.downstream,
          downstreamKind: hold.kind,
          abortState: open,
        }),
      ]
    : [];
  const rested = rest
    ? [
        restStep({
          id: rest.id,
          next: id,
          host,
          pair: rest.pair,
          why: 'normal operation has no use for it, and its source must be free to take host writes at the next failover.',
          abortState: open,
        }),
      ]
    : [];
  return [
    ...held,
    ...rested,
    formStep({
      id,
      ...(ours ? { ours } : {}),
      ...(byNumber ? { byNumber } : {}),
      host,
      pair,
      kind,
      text,
      next: after ? entryOf(after) : { state: `normal operation: ${listWords(names)} in duplex` },
      failed: {
        state: open,
        text: `The copy of ${name} stopped by itself. Clear the fault and run ${routine} again.`,
      },
      ...(before ? { beside: [[before.pair, ['duplex']]] } : {}),
    }),
  ];
}
