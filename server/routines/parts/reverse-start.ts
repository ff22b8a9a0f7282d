/** What every reverse copy makes sure of before it copies anything (ours): who holds the role, who answers, what would be lost. */

import type { HostName, PairName, SystemName } from '../../domain/names.ts';
import type { ByNumber } from '../actions/form-pair.ts';
import { ANY_STATE, decide, end, expects, looksAt, option, step, to } from '../graph-words.ts';
import type { RoutineStep } from '../step-graph.ts';
import { arrow, endsOfPair, hostWords, listWords, SUSPENDED } from './cast.ts';

export interface CopyStart {
  host: HostName;
  /** System that must hold the role: what it holds is what is copied. */
  system: SystemName;
  otherHost: HostName;
  abortState: string;
}

/** Copying from a system is right only while it takes the host writes. */
export function holderStep(
  words: CopyStart,
  ids: { holder: string; next: string },
  cures: { elsewhere: string; unfinished: string },
): RoutineStep {
  const { host, system } = words;
  return step({
    id: ids.holder,
    ours: true,
    title: `${system} holds the host role?`,
    text: `Copying from ${system} is right only while ${system} is the system that takes host writes.`,
    host,
    target: system,
    action: 'check-holder',
    parameters: { system },
    outcomes: {
      holder: to(ids.next, `${system} holds the host role.`),
      'held-elsewhere': end('failed', 'nothing was changed', cures.elsewhere),
      unfinished: end('failed', 'nothing was changed', cures.unfinished),
    },
    abortState: words.abortState,
  });
}

/** A reverse copy begins from R only: whoever else holds the role is not to be overwritten. */
export function holderOfReverse(words: CopyStart, ids: { holder: string; next: string }): RoutineStep {
  return holderStep(words, ids, {
    elsewhere: `Another system takes the host writes: copying from ${words.system} would overwrite newer data.`,
    unfinished: 'A takeover was begun and not ended: nobody holds the host role. Run failover to its end first.',
  });
}

export interface ReverseStart extends CopyStart {
  ids: { holder: string; faults: string; spread: string; compare: string; overwrite: string; next: string };
  /** Systems that must answer, and those that are told of the generation: they are to be written over. */
  needed: readonly SystemName[];
  demoted: readonly SystemName[];
  compared: readonly SystemName[];
  /** The routine these steps belong to; reverse-copy where nothing is said. */
  routine?: string;
}

/** Holder, faults, demotion, and the question whether what only the others hold may be overwritten. */
export function reverseStart(words: ReverseStart): RoutineStep[] {
  const { ids, host, system, otherHost, abortState, needed, demoted, compared } = words;
  const far = hostWords(otherHost);
  const others = compared.join(' or ');
  const [oldPrimary = ''] = compared;
  const { routine = 'reverse-copy' } = words;
  return [
    holderOfReverse(words, { holder: ids.holder, next: ids.faults }),
    step({
      id: ids.faults,
      ours: true,
      title: 'All faults cleared?',
      text: `${capital(routine)} needs ${listWords([far, ...needed])}: each is asked.`,
      host,
      action: 'check-faults-cleared',
      parameters: { otherHost, systems: needed.join(' ') },
      outcomes: {
        cleared: to(ids.spread, 'Everybody answers.'),
        'not-cleared': end(
          'failed',
          abortState,
          `Somebody does not answer. Clear the fault, then run ${routine} again.`,
        ),
      },
      abortState,
    }),
    step({
      id: ids.spread,
      ours: true,
      title: `Demote ${oldPrimary}`,
      text: `Hands the generation in force to ${listWords([...demoted, far])}, so that ${oldPrimary} refuses host writes before it is written over.`,
      host,
      target: oldPrimary,
      action: 'spread-generation',
      parameters: { systems: demoted.join(' '), otherHost },
      outcomes: { spread: to(ids.compare, `${oldPrimary} and ${far} know that ${system} took over.`) },
      abortState,
    }),
    step({
      id: ids.compare,
      ours: true,
      title: `Does ${others} hold updates that ${system} lacks?`,
      text: `Compares what ${listWords(compared)} hold with ${system}’s history.`,
      host,
      target: system,
      action: 'compare-images',
      parameters: { base: system, others: compared.join(' ') },
      outcomes: {
        none: to(ids.next, `${system} lacks nothing.`),
        'newer-elsewhere': to(ids.overwrite, `${others} holds updates that the takeover gave up.`),
      },
      abortState,
    }),
    decide({
      id: ids.overwrite,
      ours: true,
      title: `Updates that only ${others} holds`,
      text: `The takeover lost updates; they are still on ${others}, and ${system} has gone on without them.`,
      question: `Overwrite them with ${system}’s data?`,
      // The consent that counts was given, by typed name, when the work was restarted without them.
      byDefault: 'overwrite',
      options: [
        option(
          'overwrite',
          `Overwrite with ${system}’s data`,
          'The updates named in the takeover’s verdict are gone for good.',
          { step: ids.next },
        ),
        option(
          'stop',
          'Stop here',
          `Nothing is changed; they can be read from the volumes of ${listWords(compared)} first.`,
          {
            ending: 'aborted',
            state: abortState,
          },
        ),
      ],
      abortState,
    }),
  ];
}

/** `reverse-copy` → `Reverse copy`. */
function capital(routine: string): string {
  return `${routine.charAt(0).toUpperCase()}${routine.slice(1)}`.replaceAll('-', ' ');
}

/** A system is never copied onto while a pair leads on from it. */
export function holdDownstream(words: {
  id: string;
  next: string;
  host: HostName;
  /** The pair that is to copy, and the one that leads on from its destination. */
  pair: PairName;
  kind: 'sync' | 'async';
  downstream: PairName;
  downstreamKind: 'sync' | 'async';
  abortState: string;
}): RoutineStep {
  const { pair, downstream } = words;
  const { source } = endsOfPair(downstream);
  const { destination } = endsOfPair(downstream);
  const copying = arrow(pair, words.kind);
  const held = arrow(downstream, words.downstreamKind);
  return step({
    id: words.id,
    ours: true,
    title: `Hold ${held} while ${copying} copies`,
    text: `Splits the pair between ${source} and ${destination} where ${copying} has to copy, so that ${source} is never copied onto while it is copied from.`,
    host: words.host,
    target: source,
    action: 'split-downstream',
    parameters: { pair, downstream, kind: words.kind },
    expects: [expects(downstream, ANY_STATE, 'suspending', ['absent', 'duplex', ...SUSPENDED])],
    outcomes: {
      'not-needed': to(words.next, 'Nothing flows that would be in the way.'),
      split: to(words.next, `The pair is suspended until ${copying} is in duplex; ${destination} keeps its image.`),
    },
    abortState: words.abortState,
  });
}

/** A pair of the operation that has ended rests: suspended, and asynchronous, so that it keeps its source from nothing later. */
export function restStep(words: {
  id: string;
  next: string;
  host: HostName;
  pair: PairName;
  why: string;
  abortState: string;
}): RoutineStep {
  const { pair } = words;
  const { source, destination } = endsOfPair(pair);
  return step({
    id: words.id,
    ours: true,
    title: `Let the pair of ${source} and ${destination} rest`,
    text: `Suspends it where it flows, and leaves it as an async pair: ${words.why} Both ends go on marking differences.`,
    host: words.host,
    target: source,
    action: 'rest-pair',
    parameters: { pair, kind: 'async' },
    expects: [expects(pair, ANY_STATE, 'suspending', ['absent', ...SUSPENDED])],
    outcomes: { 'at-rest': to(words.next, `Nothing flows between ${source} and ${destination}.`) },
    abortState: words.abortState,
  });
}

/** Brings a pair to duplex, from whatever it is met in. */
export function formStep(words: {
  id: string;
  ours?: boolean;
  host: HostName;
  pair: PairName;
  kind: 'sync' | 'async';
  text: string;
  /** Where both outcomes of success lead; an ending where this is the last step. */
  next: string | { state: string };
  failed: { state: string; text: string } | { state: string; text: string; step: string };
  /** Pairs that are looked at beside. */
  beside?: Parameters<typeof looksAt>[];
  during?: 'initial-copying' | 'duplex-pending';
  /** Where the pair has to be created: goes on from what the destination holds, if the numbers allow it. */
  byNumber?: ByNumber;
}): RoutineStep {
  const { pair } = words;
  const { source } = endsOfPair(pair);
  const name = arrow(pair, words.kind);
  const then = (text: string) =>
    typeof words.next === 'string' ? to(words.next, text) : end('done', words.next.state, text);
  return step({
    id: words.id,
    ours: words.ours ?? false,
    title: `Form ${name}`,
    text: words.text,
    host: words.host,
    target: source,
    action: 'form-pair',
    parameters: { pair, kind: words.kind, ...resumeOf(words.byNumber ?? false) },
    expects: [
      expects(pair, ANY_STATE, words.during ?? 'initial-copying', ['duplex']),
      ...(words.beside ?? []).map(([beside, states]) => looksAt(beside, states)),
    ],
    outcomes: {
      duplex: then(`${name} is in duplex.`),
      already: then(`${name} was in duplex already.`),
      failed:
        'step' in words.failed
          ? to(words.failed.step, words.failed.text)
          : end('failed', words.failed.state, words.failed.text),
    },
    abortState: words.failed.state,
  });
}

/** The parameter of the step that says so. */
function resumeOf(byNumber: ByNumber): Record<string, string> {
  if (!byNumber) return {};
  return { resume: byNumber === true ? 'by-number' : `by-number-${byNumber}` };
}
