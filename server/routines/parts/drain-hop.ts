/**
 * One hop of the way to the survivor: ask for the pair, repair it where it broke and its source still answers, drain it, ask
 * how that ended (003 §[0081]–[0084], [0117]–[0120], [0132]–[0135], [0144]–[0146]). The sources know two answers; the steps
 * marked as ours give every other one a meaning.
 *
 *   ask ─ duplex, suspending ─────────────────────► drain ─► again ─ suspend ──► next
 *    ├─── copying ─► copying? ─► wait ──────────────┘          └ failure-suspend ┐
 *    ├─── suspended (or none) ─► peer ─► offer ─► resync and drain ─► next ◄─────┘
 *    └─── no answer, or nothing to drain ─────────────────────────────► next
 */
import type { HostName, PairName } from '../../domain/names.ts';
import { ANY_STATE, decide, expects, looksAt, option, step, to } from '../graph-words.ts';
import type { RoutineStep } from '../step-graph.ts';
import { arrow, endsOfPair, SUSPENDED } from './cast.ts';

export interface HopWords {
  pair: PairName;
  ids: {
    ask: string;
    peer: string;
    copying: string;
    wait: string;
    offer: string;
    resync: string;
    drain: string;
    again: string;
  };
  host: HostName;
  /** Where every way through the hop leads. */
  next: string;
  /** Is the destination the survivor itself? Then it must answer; a system between may be lost. */
  toSurvivor: boolean;
  /** The sources drain some hops without a look before. */
  askIsOurs: boolean;
  /** May the pair be formed here where it does not stand? Then bringing the destination up to date is offered all the same. */
  formable: boolean;
  abortState: string;
}

/** The steps of one hop, in the order in which they are walked. */
export function drainHop(words: HopWords): RoutineStep[] {
  return [ask(words), peer(words), copying(words), wait(words), offer(words), resync(words), ...drain(words)];
}

function ask({ pair, ids, host, next, toSurvivor, askIsOurs, formable, abortState }: HopWords): RoutineStep {
  const { source, destination } = endsOfPair(pair);
  const none = formable ? ids.peer : next;
  return step({
    id: ids.ask,
    ours: askIsOurs,
    title: `Ask for ${arrow(pair)}`,
    text: `Asks ${destination} for the state of the pair ${arrow(pair)}.`,
    host,
    target: destination,
    action: toSurvivor ? 'ask-pair' : 'ask-pair-if-answers',
    parameters: { pair },
    expects: [looksAt(pair)],
    outcomes: {
      duplex: to(ids.drain, `${destination} follows ${source}: drain what ${source} still holds.`),
      suspending: to(ids.drain, 'A drain is under way already: wait for its end.'),
      'failure-suspend': to(ids.peer, `The pair broke: the newest data may be missing at ${destination}.`),
      suspend: to(ids.peer, `The pair was split by instruction: ${destination} is behind on purpose.`),
      copying: to(ids.copying, `${destination} is being copied onto: its image is part old, part new.`),
      reversed: to(
        none,
        `The pair stands as ${arrow(`${destination}-${source}`)} already, from an earlier takeover: nothing is left to drain.`,
      ),
      simplex: to(none, `Nothing was ever copied to ${destination} by this pair.`),
      absent: to(none, `There is no pair: ${destination} holds what it held when it was deleted.`),
      ...(toSurvivor
        ? {}
        : { 'no-answer': to(next, `${destination} does not answer: nothing can be had from there.`) }),
    },
    abortState,
  });
}

function peer({ pair, ids, host, next, abortState }: HopWords): RoutineStep {
  const { source, destination } = endsOfPair(pair);
  return step({
    id: ids.peer,
    ours: true,
    title: `Does ${source} answer?`,
    text: `A suspended pair can be brought up to date first, if ${source} can still be reached.`,
    host,
    target: source,
    action: 'ask-peer',
    parameters: { peer: source },
    outcomes: {
      answers: to(ids.offer, `${source} can still give what ${destination} lacks.`),
      'no-answer': to(next, `${source} is out of reach: ${destination} stays as it is.`),
    },
    abortState,
  });
}

function copying({ pair, ids, next, toSurvivor, abortState }: HopWords): RoutineStep {
  const { source, destination } = endsOfPair(pair);
  const instead = toSurvivor
    ? option(
        'roll-back',
        `Roll ${destination} back`,
        `Earlier restart, older data: ${destination} returns to its last consistent image.`,
        {
          step: next,
        },
      )
    : option(
        'do-not-wait',
        'Do not wait',
        `Earlier restart, older data: what ${destination} has not received whole is not used.`,
        {
          step: next,
        },
      );
  return decide({
    id: ids.copying,
    ours: true,
    title: `${destination} is being copied onto`,
    text: `The copy from ${source} to ${destination} has not ended, so ${destination}’s image is not consistent yet.`,
    question: 'Wait for the copy to end?',
    byDefault: 'wait',
    options: [
      option(
        'wait',
        'Wait for the copy',
        `Newest data, later restart: ${destination} becomes consistent when the copy ends.`,
        { step: ids.wait },
      ),
      instead,
    ],
    abortState,
  });
}

function wait({ pair, ids, host, next, abortState }: HopWords): RoutineStep {
  const { source, destination } = endsOfPair(pair);
  return step({
    id: ids.wait,
    ours: true,
    title: 'Wait for the copy',
    text: `Waits until the copy from ${source} to ${destination} has ended.`,
    host,
    target: destination,
    action: 'wait-copy-end',
    parameters: { pair },
    expects: [expects(pair, ['initial-copying', 'duplex-pending'], null, ['duplex', 'failure-suspend'])],
    outcomes: {
      duplex: to(ids.drain, `${destination} follows ${source}: drain what ${source} still holds.`),
      failed: to(next, `The copy stopped: ${destination} must return to its last consistent image.`),
    },
    abortState,
  });
}

function offer({ pair, ids, next, abortState }: HopWords): RoutineStep {
  const { source, destination } = endsOfPair(pair);
  return decide({
    id: ids.offer,
    ours: true,
    title: `Bring ${destination} up to ${source} first?`,
    text: `The pair ${arrow(pair)} is suspended, but ${source} answers.`,
    question: `Resync ${arrow(pair)} and drain it before judging?`,
    byDefault: 'resync',
    options: [
      option(
        'resync',
        'Resync and drain',
        `${destination} receives what ${source} holds. ${destination} keeps its present image until the copy has ended.`,
        { step: ids.resync },
      ),
      option('as-is', `Use ${destination} as it is`, `No waiting; what ${destination} lacks is not fetched.`, {
        step: next,
      }),
    ],
    abortState,
  });
}

function resync({ pair, ids, host, next, formable, abortState }: HopWords): RoutineStep {
  const { source, destination } = endsOfPair(pair);
  return step({
    id: ids.resync,
    ours: true,
    title: `Resync and drain ${arrow(pair)}`,
    text: 'Resyncs the pair by difference to duplex, then drains it.',
    host,
    target: destination,
    action: 'resync-then-drain',
    parameters: { pair },
    expects: [expects(pair, formable ? ANY_STATE : SUSPENDED, 'duplex-pending', SUSPENDED)],
    outcomes: {
      suspend: to(next, `${destination} received everything ${source} held.`),
      failed: to(next, `It broke again: ${destination} is taken as it stands, rolled back if need be.`),
    },
    abortState,
  });
}

function drain({ pair, ids, host, next, abortState }: HopWords): RoutineStep[] {
  const { source, destination } = endsOfPair(pair);
  return [
    step({
      id: ids.drain,
      title: `Drain ${arrow(pair)}`,
      text: `${destination} retrieves all of ${source}’s journal up to the number frozen at the fence, and applies it.`,
      host,
      target: destination,
      action: 'drain',
      parameters: { pair },
      expects: [expects(pair, ['duplex', 'suspending'], 'suspending', SUSPENDED)],
      outcomes: { ended: to(ids.again, 'The drain has ended; how, is asked next.') },
      abortState,
    }),
    step({
      id: ids.again,
      title: `Ask for ${arrow(pair)} again`,
      text: `Asks ${destination} how the drain ended.`,
      host,
      target: destination,
      action: 'ask-drained',
      parameters: { pair },
      expects: [looksAt(pair)],
      outcomes: {
        suspend: to(next, `${destination} applied everything ${source} held.`),
        'failure-suspend': to(ids.peer, 'The drain could not finish.'),
        changed: to(next, `Somebody else changed the pair meanwhile: ${destination} is judged as it stands.`),
      },
      abortState,
    }),
  ];
}
