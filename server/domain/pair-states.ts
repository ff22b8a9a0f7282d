/**
 * Pair states and their transition tables (003 §[0064]–[0073], Fig. 3 and 4). Everything that may happen to a pair is a
 * row here: the allowed actions, the refusals, the documentation's diagrams and the simulator's `lawful transition`
 * checker are all read from these rows.
 */
export type PairKind = 'sync' | 'async';

export const PAIR_STATES = [
  'simplex',
  'initial-copying',
  'duplex',
  'suspending',
  'suspend',
  'failure-suspend',
  'duplex-pending',
] as const;
export type PairState = (typeof PAIR_STATES)[number];

/** A deleted pair is absent, not `simplex` (1a). */
export type PairStateOrAbsent = PairState | 'absent';

export const PAIR_INSTRUCTIONS = [
  'create',
  'copy',
  'split',
  'drain',
  'resync',
  'reverse',
  'delete',
  'rollback',
] as const;
export type PairInstruction = (typeof PAIR_INSTRUCTIONS)[number];

export const PAIR_EVENTS = ['equal', 'copied', 'drained', 'fault', 'peer-suspended', 'peer-deleted'] as const;
export type PairEvent = (typeof PAIR_EVENTS)[number];

export interface TransitionRow {
  from: PairStateOrAbsent;
  on: PairInstruction | PairEvent;
  to: PairStateOrAbsent;
  does: string;
}

export interface RefusalRow {
  from: PairStateOrAbsent;
  on: PairInstruction;
  reason: string;
  cure: string;
}

const COPYING: readonly PairState[] = ['initial-copying', 'duplex-pending'];

/** Rows that both kinds share. */
const COMMON: readonly TransitionRow[] = [
  { from: 'absent', on: 'create', to: 'simplex', does: 'Both ends write the definition; nothing is copied yet.' },
  { from: 'simplex', on: 'copy', to: 'initial-copying', does: 'Formation copy of everything stored begins.' },
  { from: 'simplex', on: 'equal', to: 'duplex', does: 'Contents are known equal, so nothing has to be copied.' },
  { from: 'initial-copying', on: 'copied', to: 'duplex', does: 'The destination has reported a consistent image.' },
  {
    from: 'duplex-pending',
    on: 'copied',
    to: 'duplex',
    does: 'All set tracks are copied and the image is consistent.',
  },
  { from: 'suspend', on: 'resync', to: 'duplex-pending', does: 'Differential copy of the union of both ends’ bits.' },
  {
    from: 'failure-suspend',
    on: 'resync',
    to: 'duplex-pending',
    does: 'Differential copy of the union of both ends’ bits.',
  },
  { from: 'suspend', on: 'reverse', to: 'suspend', does: 'Source and destination change places; bits stay.' },
  {
    from: 'failure-suspend',
    on: 'reverse',
    to: 'failure-suspend',
    does: 'Source and destination change places; bits stay.',
  },
  { from: 'simplex', on: 'split', to: 'suspend', does: 'Every track is marked, for nothing was copied.' },
  { from: 'initial-copying', on: 'split', to: 'suspend', does: 'The copy stops; the destination is inconsistent.' },
  { from: 'duplex-pending', on: 'split', to: 'suspend', does: 'The copy stops; the destination is inconsistent.' },
  { from: 'failure-suspend', on: 'split', to: 'suspend', does: 'The fault is acknowledged; bits stay.' },
  { from: 'suspend', on: 'rollback', to: 'suspend', does: 'The destination returns to its last consistent image.' },
  {
    from: 'failure-suspend',
    on: 'rollback',
    to: 'failure-suspend',
    does: 'The destination returns to its last consistent image.',
  },
  ...COPYING.map(
    (from): TransitionRow => ({
      from,
      on: 'fault',
      to: 'failure-suspend',
      does: 'The copy stopped by itself; the destination is inconsistent.',
    }),
  ),
  ...COPYING.map(
    (from): TransitionRow => ({
      from,
      on: 'peer-suspended',
      to: 'suspend',
      does: 'The other end was split while copying.',
    }),
  ),
  {
    from: 'simplex',
    on: 'fault',
    to: 'failure-suspend',
    does: 'The ends disagree on the definition; every track is marked.',
  },
  { from: 'simplex', on: 'peer-suspended', to: 'suspend', does: 'The other end was split before copying began.' },
  { from: 'failure-suspend', on: 'peer-suspended', to: 'suspend', does: 'The other end was split by instruction.' },
  { from: 'suspend', on: 'fault', to: 'failure-suspend', does: 'The records of this end were found damaged.' },
  ...PAIR_STATES.map(
    (from): TransitionRow => ({ from, on: 'delete', to: 'absent', does: 'The definition and its bits are dropped.' }),
  ),
  ...PAIR_STATES.map(
    (from): TransitionRow => ({ from, on: 'peer-deleted', to: 'absent', does: 'The other end deleted the pair.' }),
  ),
];

const SYNC: readonly TransitionRow[] = [
  ...COMMON,
  {
    from: 'duplex',
    on: 'split',
    to: 'suspend',
    does: 'In-flight tracks are marked; later writes complete by the fence level.',
  },
  {
    from: 'duplex',
    on: 'fault',
    to: 'failure-suspend',
    does: 'In-flight tracks are marked; later writes complete by the fence level.',
  },
  { from: 'duplex', on: 'peer-suspended', to: 'suspend', does: 'The other end was split by instruction.' },
];

const ASYNC: readonly TransitionRow[] = [
  ...COMMON,
  {
    from: 'duplex',
    on: 'split',
    to: 'suspending',
    does: 'The log taken so far is drained; later writes only set bits.',
  },
  {
    from: 'duplex',
    on: 'drain',
    to: 'suspending',
    does: 'The log taken so far is drained; later writes only set bits.',
  },
  { from: 'duplex', on: 'peer-suspended', to: 'suspending', does: 'The other end has begun to drain.' },
  {
    from: 'suspending',
    on: 'drained',
    to: 'suspend',
    does: 'The destination applied everything up to the frozen number.',
  },
  {
    from: 'suspending',
    on: 'fault',
    to: 'failure-suspend',
    does: 'The drain could not finish; what is missing is in the bits.',
  },
  {
    from: 'duplex',
    on: 'fault',
    to: 'suspending',
    does: 'A fault of line, disk or journal: the pair passes through suspending …',
  },
];

export const TRANSITIONS: Readonly<Record<PairKind, readonly TransitionRow[]>> = { sync: SYNC, async: ASYNC };

const WAIT = 'Wait until the copy has ended (pair wait), or split the pair first.';
const SPLIT_FIRST = 'Split the pair first (pair split).';

function refusalRows(kind: PairKind): RefusalRow[] {
  const rows: RefusalRow[] = [];
  for (const on of PAIR_INSTRUCTIONS) {
    for (const from of ['absent', ...PAIR_STATES] as const) {
      if (TRANSITIONS[kind].some((row) => row.from === from && row.on === on)) continue;
      rows.push({ from, on, ...explain(kind, from, on) });
    }
  }
  return rows;
}

function explain(kind: PairKind, from: PairStateOrAbsent, on: PairInstruction): { reason: string; cure: string } {
  if (from === 'absent') return { reason: 'there is no such pair', cure: 'Create it first (pair create).' };
  if (on === 'create') return { reason: 'the pair exists already', cure: 'Use resync, or delete it first.' };
  if (on === 'drain' && kind === 'sync')
    return { reason: 'a synchronous pair holds no log to drain', cure: 'Use split.' };
  if (on === 'drain')
    return { reason: 'only a pair in duplex can be drained', cure: 'Resync the pair to duplex first.' };
  if (on === 'copy') return { reason: 'the initial copy begins from simplex only', cure: 'Use resync.' };
  if (from === 'suspending')
    return { reason: 'the pair is draining', cure: 'Wait for suspend or failure-suspend (pair wait).' };
  if (on === 'resync' && from === 'duplex')
    return { reason: 'the pair is in duplex already', cure: 'Nothing needs to be done.' };
  if (on === 'resync' && from === 'simplex')
    return { reason: 'nothing was ever copied', cure: 'Start the initial copy (pair create).' };
  if (on === 'resync') return { reason: 'a copy is under way already', cure: WAIT };
  if (on === 'split') return { reason: 'the pair is suspended already', cure: 'Nothing needs to be done.' };
  return { reason: `a pair in ${from} cannot be ${on === 'rollback' ? 'rolled back' : 'reversed'}`, cure: SPLIT_FIRST };
}

export const REFUSALS: Readonly<Record<PairKind, readonly RefusalRow[]>> = {
  sync: refusalRows('sync'),
  async: refusalRows('async'),
};

/** Why `on` is refused in `from`, or null where it is allowed. */
export function whyRefused(kind: PairKind, from: PairStateOrAbsent, on: PairInstruction): RefusalRow | null {
  return REFUSALS[kind].find((row) => row.from === from && row.on === on) ?? null;
}

/** True where an observed change of state is a row of the table. */
export function isLawful(kind: PairKind, from: PairStateOrAbsent, to: PairStateOrAbsent): boolean {
  return from === to || TRANSITIONS[kind].some((row) => row.from === from && row.to === to);
}

/** A formation copy is under way: the destination is inconsistent and closed to its host. */
export function isCopying(state: PairStateOrAbsent): boolean {
  return state === 'initial-copying' || state === 'duplex-pending';
}

/** Writes flow to the destination in this state. */
export function isFlowing(state: PairStateOrAbsent): boolean {
  return state === 'duplex' || state === 'suspending' || isCopying(state);
}

export function isSuspended(state: PairStateOrAbsent): boolean {
  return state === 'suspend' || state === 'failure-suspend';
}
