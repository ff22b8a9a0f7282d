/** Short forms in which the routine files are written, so that a graph reads as a table of steps. */
import type { HostName, PairName, SystemName } from '../domain/names.ts';
import type { PairStateOrAbsent } from '../domain/pair-states.ts';
import { PAIR_STATES } from '../domain/pair-states.ts';
import type { DecisionOption, Ending, Next, PairExpectation, RoutineStep, StepOutcome } from './step-graph.ts';

/** Outcome that leads to another step. */
export function to(step: string, text: string): StepOutcome {
  return { next: { step }, text };
}

/** Outcome that ends the run, leaving the group in `state`. */
export function end(ending: Ending, state: string, text: string): StepOutcome {
  return { next: { ending, state }, text };
}

export interface StepWords {
  id: string;
  ours?: boolean;
  title: string;
  text: string;
  host: HostName | null;
  target?: SystemName;
  action: string;
  parameters?: Record<string, string>;
  expects?: readonly PairExpectation[];
  outcomes: Record<string, StepOutcome>;
  abortState: string;
}

export function step(words: StepWords): RoutineStep {
  return {
    id: words.id,
    ours: words.ours ?? false,
    title: words.title,
    text: words.text,
    host: words.host,
    target: words.target ?? null,
    action: words.action,
    parameters: words.parameters ?? {},
    expects: words.expects ?? [],
    decision: null,
    outcomes: words.outcomes,
    abortState: words.abortState,
  };
}

export interface OptionWords extends DecisionOption {
  next: Next;
}

/** A decision: its outcomes are its options. The first option named in `byDefault` is what `--yes` takes. */
export function decide(words: {
  id: string;
  ours?: boolean;
  title: string;
  text: string;
  question: string;
  options: readonly OptionWords[];
  byDefault: string | null;
  abortState: string;
  /** What is said before the question, where it is not the verdict. */
  says?: Record<string, string>;
}): RoutineStep {
  return {
    id: words.id,
    ours: words.ours ?? false,
    title: words.title,
    text: words.text,
    host: null,
    target: null,
    action: 'announce',
    parameters: words.says ?? {},
    expects: [],
    decision: {
      question: words.question,
      options: words.options.map(({ next: _, ...option }) => option),
      default: words.byDefault,
    },
    outcomes: Object.fromEntries(
      words.options.map((option) => [option.id, { next: option.next, text: option.consequence }]),
    ),
    abortState: words.abortState,
  };
}

export function option(
  id: string,
  label: string,
  consequence: string,
  next: Next,
  marks: { dangerous?: boolean; attests?: boolean } = {},
): OptionWords {
  return {
    id,
    label,
    consequence,
    next,
    dangerous: marks.dangerous ?? false,
    ...(marks.attests ? { attests: true } : {}),
  };
}

export const ANY_STATE: readonly PairStateOrAbsent[] = ['absent', ...PAIR_STATES];

/** What a step expects of a pair. */
export function expects(
  pair: PairName,
  before: readonly PairStateOrAbsent[],
  during: PairStateOrAbsent | null,
  after: readonly PairStateOrAbsent[],
): PairExpectation {
  return { pair, before, during, after };
}

/** Pairs that are only looked at. */
export function looksAt(pair: PairName, states: readonly PairStateOrAbsent[] = ANY_STATE): PairExpectation {
  return { pair, before: states, during: null, after: states };
}
