/** How a pair state is drawn (003 Fig. 2: filled arrow while data flows, hollow while suspended). The word is always printed too. */
import type { PairState } from '../../server/domain/pair-states.ts';

export type ShownPairState = PairState | 'absent' | 'unknown';
export type Tone = 'simplex' | 'copying' | 'duplex' | 'suspend' | 'failure' | 'unknown';
export type Head = 'none' | 'filled' | 'hollow' | 'query';

export interface Appearance {
  tone: Tone;
  head: Head;
  /** Dashes move along the shaft; only in the three copying states. */
  moving: boolean;
  /** The shaft is interrupted: data cannot get through. */
  broken: boolean;
  /** The shaft is dotted: nobody has seen it lately. */
  dotted: boolean;
}

const APPEARANCE: Readonly<Record<ShownPairState, Appearance>> = {
  absent: { tone: 'simplex', head: 'none', moving: false, broken: false, dotted: false },
  simplex: { tone: 'simplex', head: 'none', moving: false, broken: false, dotted: false },
  'initial-copying': { tone: 'copying', head: 'filled', moving: true, broken: false, dotted: false },
  duplex: { tone: 'duplex', head: 'filled', moving: false, broken: false, dotted: false },
  'duplex-pending': { tone: 'copying', head: 'filled', moving: true, broken: false, dotted: false },
  suspending: { tone: 'copying', head: 'filled', moving: true, broken: false, dotted: false },
  suspend: { tone: 'suspend', head: 'hollow', moving: false, broken: false, dotted: false },
  'failure-suspend': { tone: 'failure', head: 'hollow', moving: false, broken: true, dotted: false },
  unknown: { tone: 'unknown', head: 'query', moving: false, broken: false, dotted: true },
};

/** Appearance of `state`; a state this build does not know is drawn as unknown, never as a healthy one. */
export function appearanceOf(state: string): Appearance {
  return Object.hasOwn(APPEARANCE, state) ? APPEARANCE[state as ShownPairState] : APPEARANCE.unknown;
}

/** Worst first: decides which glyph stands for a system when there is room for one only. */
const RANK: readonly ShownPairState[] = [
  'failure-suspend',
  'unknown',
  'suspend',
  'initial-copying',
  'duplex-pending',
  'suspending',
  'simplex',
  'absent',
  'duplex',
];

/** The state that most needs an operator's eye, or null of none. */
export function worstState(states: readonly ShownPairState[]): ShownPairState | null {
  return RANK.find((state) => states.includes(state)) ?? null;
}

export const TONE_TEXT: Readonly<Record<Tone, string>> = {
  simplex: 'text-simplex',
  copying: 'text-copying',
  duplex: 'text-duplex',
  suspend: 'text-suspend',
  failure: 'text-failure',
  unknown: 'text-unknown',
};

/** Quiet states have no tint: only what departs from normal is coloured. */
export const TONE_TINT: Readonly<Record<Tone, string>> = {
  simplex: '',
  copying: 'bg-copying-tint',
  duplex: '',
  suspend: 'bg-suspend-tint',
  failure: 'bg-failure-tint',
  unknown: 'bg-unknown-tint',
};
