/** The keys of the dashboard as data: pure, so that the help list, the listener and the tests read one table. */

export type KeyAction =
  | 'palette'
  | 'help'
  | 'go-fleet'
  | 'go-topology'
  | 'go-routines'
  | 'go-faults'
  | 'go-runbooks'
  | 'go-history'
  | 'filter'
  | 'next-row'
  | 'previous-row'
  | 'previous-pair'
  | 'next-pair'
  | 'next-alarm'
  | 'table'
  | 'motion'
  | 'fit'
  | 'nearer'
  | 'further'
  | 'current-step';

export interface KeyPress {
  key: string;
  ctrlOrMeta: boolean;
  alt: boolean;
  /** The focus is in a field, where letters are text. */
  typing: boolean;
}

const SINGLE: Readonly<Record<string, KeyAction>> = {
  '?': 'help',
  '/': 'filter',
  j: 'next-row',
  k: 'previous-row',
  '[': 'previous-pair',
  ']': 'next-pair',
  n: 'next-alarm',
  v: 'table',
  m: 'motion',
  '0': 'fit',
  '+': 'nearer',
  '=': 'nearer',
  '-': 'further',
  '.': 'current-step',
};

const AFTER_G: Readonly<Record<string, KeyAction>> = {
  f: 'go-fleet',
  t: 'go-topology',
  w: 'go-routines',
  a: 'go-faults',
  b: 'go-runbooks',
  h: 'go-history',
};

/** The second key of a chord must follow within this time, ms. */
export const CHORD_MS = 1500;

export interface ChordState {
  gAt: number | null;
}

/** The action of a key press, and what is remembered for a chord. */
export function readKey(
  state: ChordState,
  press: KeyPress,
  now: number,
): { action: KeyAction | null; state: ChordState } {
  const idle: ChordState = { gAt: null };
  if (press.ctrlOrMeta) return { action: press.key.toLowerCase() === 'k' ? 'palette' : null, state: idle };
  if (press.typing || press.alt) return { action: null, state: idle };
  if (state.gAt !== null && now - state.gAt <= CHORD_MS) return { action: AFTER_G[press.key] ?? null, state: idle };
  if (press.key === 'g') return { action: null, state: { gAt: now } };
  return { action: SINGLE[press.key] ?? null, state: idle };
}
