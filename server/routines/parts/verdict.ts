/** From the survivor's image to what is announced of it, and what the operator may choose then. */
import type { PairName } from '../../domain/names.ts';
import { ANY_STATE, decide, end, expects, type OptionWords, option, step, to } from '../graph-words.ts';
import type { RoutineStep } from '../step-graph.ts';
import { type Cast, hostWords, rolesOf, SUSPENDED } from './cast.ts';

export interface VerdictWords {
  cast: Cast;
  ids: {
    settle: string;
    judge: string;
    /** The three announcements, and the step that gives the survivor the host role. */
    kept: string;
    lost: string;
    unknown: string;
    role: string;
  };
  /** The last pair on the way to the survivor. */
  feeding: PairName;
  /** Protecting the survivor before the work restarts. Null where the sources have no such step. */
  protect: { id: string; label: string; consequence: string; step: string; instead: string; byDefault: boolean } | null;
  /** Step that gives the role back to the writer; null where it is not known to answer. */
  giveBack: string | null;
  texts: VerdictTexts;
}

/** Failover and failback say the same of different systems. */
export interface VerdictTexts {
  routine: string;
  /** What the survivor holds where nothing was lost, and what it lacks otherwise. */
  kept: string;
  lost: string;
  restart: string;
  restartConsequence: string;
  givenUp: string;
  stayConsequence: string;
  stayState: string;
  giveBackConsequence: string;
  attest: string;
  attestConsequence: string;
  noImageState: string;
  noImageText: string;
  abortState: string;
}

/** Settle, judge, announce. */
export function verdict(words: VerdictWords): RoutineStep[] {
  return [settle(words), judge(words), ...announcements(words)];
}

/** What a takeover by `cast.survivor` says. */
export function takeoverTexts(cast: Cast, abortState: string): VerdictTexts {
  const { survivor, writer } = cast;
  const near = hostWords(cast.survivorHost);
  return {
    routine: 'failover',
    kept: `${survivor} holds every write that was completed to a host.`,
    lost: `${survivor}’s data is consistent but older than what was completed on ${writer}.`,
    restart: `Restart the work on ${near}?`,
    restartConsequence: `${survivor} works alone until reverse-copy is run.`,
    givenUp: `Updates that ${survivor} lacks are given up: reverse-copy will overwrite them wherever they still are. If ${writer} is not proven fenced, this is a forced takeover and two writers are possible.`,
    stayConsequence: 'The work stays stopped. Nobody holds the host role until failover is run again.',
    stayState: `work stopped by choice: ${survivor} holds the data judged here, nobody holds the host role; run failover again to go on`,
    giveBackConsequence: `The switch-over is called off: ${writer} takes host writes again, the work starts on ${hostWords(cast.writerHost)}.`,
    attest: 'Restart on my word that the site is destroyed',
    attestConsequence:
      'The verdict will say that the takeover rests on your word, and whose. It proves nothing about the data.',
    noImageState: `${survivor} never held a consistent image; nobody holds the host role. Restore ${cast.middle[0] ?? writer} or ${writer}, then run failover again`,
    noImageText: `${survivor} cannot take over.`,
    abortState,
  };
}

/** What going back to `cast.survivor` says. */
export function failbackTexts(cast: Cast, abortState: string, holders: string): VerdictTexts {
  const { survivor, writer } = cast;
  const near = hostWords(cast.survivorHost);
  return {
    routine: 'failback',
    kept: `${survivor} holds every write that was completed on ${writer}.`,
    lost: `${survivor}’s data is consistent but older than what was completed on ${writer}.`,
    restart: `Restart the work on ${near}?`,
    restartConsequence: `${survivor} takes host writes; initial-copy then returns to normal operation.`,
    givenUp: `Updates that only ${holders} holds are given up: initial-copy will ask before it overwrites them. If ${writer} is not proven fenced, this is forced and two writers are possible.`,
    stayConsequence: 'The work stays stopped. Nobody holds the host role until failback or failover is run again.',
    stayState: `work stopped by choice: ${survivor} holds the data judged here, nobody holds the host role`,
    giveBackConsequence: `The failback is called off: ${writer} takes host writes again, the work starts on ${hostWords(cast.writerHost)}.`,
    attest: `Restart on my word that the site of ${writer} is destroyed`,
    attestConsequence:
      'The verdict will say that going back rests on your word, and whose. It proves nothing about the data.',
    noImageState: abortState,
    noImageText: `${survivor} holds no consistent image: it cannot take the work back.`,
    abortState,
  };
}

function settle({ cast, ids, feeding, texts }: VerdictWords): RoutineStep {
  const { survivor, survivorHost } = cast;
  return step({
    id: ids.settle,
    ours: true,
    title: `Settle ${survivor}’s image`,
    text: `Makes sure that no pair flows into ${survivor} and that its image is one the group really had; otherwise returns ${survivor} to its last consistent image.`,
    host: survivorHost,
    target: survivor,
    action: 'settle-image',
    parameters: { pair: feeding },
    expects: [expects(feeding, ANY_STATE, null, ['absent', ...SUSPENDED])],
    outcomes: {
      consistent: to(ids.judge, `${survivor}’s image is consistent.`),
      'rolled-back': to(ids.judge, `${survivor} returned to its last consistent image.`),
      'no-image': end('failed', texts.noImageState, texts.noImageText),
    },
    abortState: texts.abortState,
  });
}

export function judge({ cast, ids, texts }: Pick<VerdictWords, 'cast' | 'ids' | 'texts'>): RoutineStep {
  const { survivor, survivorHost } = cast;
  return step({
    id: ids.judge,
    ours: true,
    title: 'Judge',
    text: `Draws the verdict from the fence’s evidence, the heartbeats and ${survivor}’s number, and records it.`,
    host: survivorHost,
    target: survivor,
    action: 'judge',
    parameters: rolesOf(cast),
    outcomes: {
      'no-data-loss': to(ids.kept, `Every completed write is proven to be on ${survivor}.`),
      'data-loss': to(ids.lost, `At least one completed write is proven to be missing on ${survivor}.`),
      unknown: to(ids.unknown, 'Neither is proven.'),
    },
    abortState: texts.abortState,
  });
}

export function announcements(words: Omit<VerdictWords, 'feeding'>): RoutineStep[] {
  const { cast, ids, protect, texts } = words;
  const { survivor } = cast;
  const role = { step: ids.role };
  const risky = [
    option('attest', texts.attest, texts.attestConsequence, role, { dangerous: true, attests: true }),
    ...always(words),
  ];
  const atOnce = protect
    ? option('restart', 'Restart at once', protect.instead, role)
    : option('restart', `Restart on ${hostWords(cast.survivorHost)}`, texts.restartConsequence, role);
  return [
    decide({
      id: ids.kept,
      title: 'Announce no data loss',
      text: texts.kept,
      question: texts.restart,
      byDefault: protect?.byDefault ? protect.id : 'restart',
      options: [
        ...(protect ? [option(protect.id, protect.label, protect.consequence, { step: protect.step })] : []),
        atOnce,
        ...always(words),
      ],
      abortState: texts.abortState,
    }),
    decide({
      id: ids.lost,
      title: 'Announce data loss',
      text: texts.lost,
      question: `Restart the work on ${survivor}’s older data?`,
      byDefault: 'stay',
      options: [option('restart', 'Restart on older data', texts.givenUp, role, { dangerous: true }), ...risky],
      abortState: texts.abortState,
    }),
    decide({
      id: ids.unknown,
      ours: true,
      title: 'Announce: unknown',
      text: `Whether ${survivor} lacks completed writes cannot be told from the evidence at hand.`,
      question: `Restart the work on ${survivor} all the same?`,
      byDefault: 'stay',
      options: [option('restart', 'Restart without proof', texts.givenUp, role, { dangerous: true }), ...risky],
      abortState: texts.abortState,
    }),
  ];
}

/** Whatever was found, the work may stay stopped, and where the writer answers it may have its role back. */
function always({ cast, giveBack, texts }: Omit<VerdictWords, 'feeding'>): OptionWords[] {
  return [
    option('stay', 'Do not restart', texts.stayConsequence, { ending: 'done', state: texts.stayState }),
    ...(giveBack
      ? [
          option('return', `Give the role back to ${cast.writer}`, texts.giveBackConsequence, {
            step: giveBack,
          }),
        ]
      : []),
  ];
}
