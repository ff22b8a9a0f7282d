/**
 * The routines of fan (US 7 143 254). Each goes either way, for 1 and 2 are each other's mirror image: its first step asks on
 * which side the work is, and the steps that follow are those of that side. Step ids are ours: the sources have no flow
 * chart. `return` forms whatever the standing operation needs, the very first time as well.
 */
import { ANY_STATE, decide, end, expects, option, step, to } from './graph-words.ts';
import { type Cast, hostWords, stoppedUntil } from './parts/cast.ts';
import { detection, fence, orderlyStop } from './parts/detect.ts';
import { type JoinWords, joinByNumber } from './parts/join.ts';
import { calledOff, restartAfterTakeover } from './parts/restart.ts';
import { formStep, reverseStart } from './parts/reverse-start.ts';
import { type VerdictTexts, verdict } from './parts/verdict.ts';
import type { RoutineGraph, RoutineStep } from './step-graph.ts';

const ARRANGEMENT = 'fan';
const THIRD = '3';
const UNTOUCHED = 'nothing was changed: the work is where it was';

/** The work goes from one of the two to the other. */
interface Side {
  cast: Cast;
  /** Ids of its steps are counted from here, so that the two sides read alike. */
  base: number;
}

function sides(first: number): { normal: Side; reverse: Side } {
  const roles = (survivor: string, writer: string) => ({
    survivor,
    survivorHost: `host-${survivor}`,
    writer,
    writerHost: `host-${writer}`,
    middle: [THIRD],
  });
  return {
    normal: { cast: { move: 'over', ...roles('2', '1') }, base: first },
    reverse: { cast: { move: 'back', ...roles('1', '2') }, base: first + 100 },
  };
}

const id = (base: number, offset: number) => `F${base + offset}`;

/** How every routine begins. `nobody`: what follows where no system holds the host role. */
function whichSide(ids: { find: string }, next: { normal: string; reverse: string }, nobody: ReturnType<typeof to>) {
  return step({
    id: ids.find,
    ours: true,
    title: 'Where is the work?',
    text: 'Reads the register, through whichever host answers: 1 and 2 may each be the first system.',
    host: null,
    action: 'find-side',
    outcomes: {
      normal: to(next.normal, '1 is the system that takes the host writes.'),
      reverse: to(next.reverse, 'The roles are swapped: 2 is the system that takes the host writes.'),
      nobody,
    },
    abortState: UNTOUCHED,
  });
}

const unfinished = end(
  'failed',
  UNTOUCHED,
  'A takeover was begun and not ended: nobody holds the host role. Run takeover to its end first.',
);

function texts({ survivor, survivorHost, writer, writerHost }: Cast, routine: string): VerdictTexts {
  const near = hostWords(survivorHost);
  return {
    routine,
    kept: `${survivor} holds every write that was completed to a host.`,
    lost: `${survivor}’s data is consistent but older than what was completed on ${writer}.`,
    restart: `Restart the work on ${near}?`,
    restartConsequence: `${survivor} works without a synchronous copy until return is run.`,
    givenUp: `Updates that ${survivor} lacks are given up: return will overwrite them wherever they still are. If ${writer} is not proven fenced, this is a forced takeover and two writers are possible.`,
    stayConsequence: 'The work stays stopped. Nobody holds the host role until takeover is run again.',
    stayState: `work stopped by choice: ${survivor} holds the data judged here, nobody holds the host role; run takeover again to go on`,
    giveBackConsequence: `The swap is called off: ${writer} takes host writes again, the work starts on ${hostWords(writerHost)}.`,
    attest: 'Restart on my word that the site is destroyed',
    attestConsequence:
      'The verdict will say that the takeover rests on your word, and whose. It proves nothing about the data.',
    noImageState: `${survivor} never held a consistent image; nobody holds the host role. Restore ${writer}, then run takeover again`,
    noImageText: `${survivor} cannot take over.`,
    abortState: stoppedUntil(routine),
  };
}

/** From the fence to 3's new source: takeover and swap differ in what comes before, and in what is the default. */
function move({ cast, base }: Side, routine: 'takeover' | 'swap'): RoutineStep[] {
  const { survivor, survivorHost, writer } = cast;
  const said = texts(cast, 'takeover');
  const isPlanned = routine === 'swap';
  const sync = `${survivor}⇒${writer}`;
  const works = `the work runs on ${hostWords(survivorHost)}`;
  return [
    fence(
      cast,
      { fence: id(base, 5), next: id(base, 10), own: id(base, 10) },
      `${writer}-${survivor}`,
      said.abortState,
    ),
    ...verdict({
      cast,
      ids: {
        settle: id(base, 10),
        judge: id(base, 15),
        kept: id(base, 20),
        lost: id(base, 21),
        unknown: id(base, 22),
        role: id(base, 30),
      },
      feeding: `${writer}-${survivor}`,
      protect: {
        id: 'protect',
        label: `Form ${sync}, then restart`,
        consequence: `The sync pair is turned round first (${id(base, 24)}, ${id(base, 25)}), so that every write of the work is answered by two systems from the first one on. It needs ${writer} to answer.`,
        step: id(base, 24),
        instead: `${id(base, 24)} and ${id(base, 25)} are left out: ${survivor} works without a synchronous copy until return is run.`,
        byDefault: isPlanned,
      },
      giveBack: isPlanned ? id(base, 70) : null,
      texts: said,
    }),
    releaseThird({ cast, base }, said.abortState),
    turnSync({ cast, base }, said.abortState),
    ...restartAfterTakeover(
      cast,
      { role: id(base, 30), start: id(base, 35) },
      { next: id(base, 40), again: 'takeover' },
    ),
    ...joinByNumber(
      joinWords(
        { cast, base: base + 40 },
        {
          joined: `${works}, ${THIRD} follows ${survivor}; run return once ${writer} is there, to copy to it`,
          left: {
            ending: 'done',
            state: `${works}; ${THIRD} keeps its older consistent data, run return to copy to it`,
          },
        },
      ),
    ),
    ...(isPlanned
      ? calledOff(cast, { role: id(base, 70), start: id(base, 75) }, { form: 'return', takeover: 'takeover' })
      : []),
  ];
}

/** Nothing may lead on from a system while it is copied onto, be it by one track. */
function releaseThird({ cast, base }: Side, abortState: string): RoutineStep {
  const { survivorHost, writer } = cast;
  const pair = `${writer}-${THIRD}`;
  const next = id(base, 25);
  return step({
    id: id(base, 24),
    ours: true,
    title: `${writer} feeds ${THIRD} no more`,
    text: `Deletes the pair ${writer}→${THIRD} where ${writer} answers, so that ${writer} may be copied onto. ${THIRD} keeps what it holds, and joins after the restart.`,
    host: survivorHost,
    target: writer,
    action: 'delete-pair-if-answers',
    parameters: { pair },
    expects: [expects(pair, ANY_STATE, null, ['absent'])],
    outcomes: {
      deleted: to(next, `${writer} and ${THIRD} are no longer paired.`),
      absent: to(next, `${writer} and ${THIRD} were not paired.`),
      'no-answer': to(next, `${writer} does not answer.`),
    },
    abortState,
  });
}

function turnSync({ cast, base }: Side, abortState: string): RoutineStep {
  const { survivor, survivorHost, writer } = cast;
  const pair = `${survivor}-${writer}`;
  return step({
    id: id(base, 25),
    title: `Form ${survivor}⇒${writer}`,
    text: `Turns the sync pair round: ${survivor} hands on to ${writer} what it writes, under the same numbers. Both hold the same, so that little or nothing is copied.`,
    host: survivorHost,
    target: survivor,
    action: 'form-if-possible',
    parameters: { pair, kind: 'sync', resume: 'by-number' },
    expects: [expects(pair, ANY_STATE, 'duplex-pending', ANY_STATE)],
    outcomes: {
      duplex: to(id(base, 30), `${survivor}⇒${writer} is in duplex.`),
      already: to(id(base, 30), `${survivor}⇒${writer} was in duplex already.`),
      copying: to(id(base, 30), 'The copy goes on by itself; the work need not wait for it.'),
      'not-formed': to(id(base, 30), `Not possible now: ${survivor} takes over alone.`),
    },
    abortState,
  });
}

function joinWords({ cast, base }: Side, states: Pick<JoinWords, 'joined' | 'left'>): JoinWords {
  const { survivor, survivorHost, writer } = cast;
  return {
    ids: {
      judge: id(base, 0),
      release: id(base, 5),
      form: id(base, 10),
      excess: id(base, 11),
      leave: id(base, 12),
      repair: id(base, 13),
      offer: id(base, 15),
      clear: id(base, 18),
      copy: id(base, 20),
    },
    host: survivorHost,
    pair: `${survivor}-${THIRD}`,
    leaves: `${writer}-${THIRD}`,
    ...states,
  };
}

const STOPPED = 'work stopped: nobody holds the host role; run takeover again to go on';

/** Where a move was begun and not ended, the work may go on either way. */
function goOn(at: string, to: Side, instead: Side): RoutineStep {
  const { survivor } = to.cast;
  const { survivor: other } = instead.cast;
  return decide({
    id: at,
    ours: true,
    title: `Go on with ${survivor}?`,
    text: `Nobody takes host writes. Whichever system goes on, the verdict says what it lacks before the work restarts.`,
    question: `Which system is to take the host writes?`,
    byDefault: 'go-on',
    options: [
      option('go-on', `Go on with ${survivor}`, `The work will restart on host ${survivor}.`, { step: id(to.base, 0) }),
      option('other', `Go on with ${other}`, `The work will restart on host ${other}, which must be there.`, {
        step: id(instead.base, 0),
      }),
    ],
    abortState: STOPPED,
  });
}

function takeover(): RoutineGraph {
  const { normal, reverse } = sides(110);
  const begin = (side: Side) => id(side.base, 0);
  const lost = ({ cast, base }: Side) =>
    detection(cast, { watch: id(base, 0), confirm: id(base, 1), alive: id(base, 2), next: id(base, 5) }, 'swap');
  return {
    id: 'takeover',
    arrangement: ARRANGEMENT,
    title: 'Takeover by the second system',
    intent: 'failover',
    host: normal.cast.survivorHost,
    orHost: reverse.cast.survivorHost,
    resident: false,
    meantFor: ['normal', 'degraded', 'stopped', 'failed-over', 'reverse'],
    effects: [
      'A new generation is raised: the system that was lost refuses host writes from then on, even after it returns.',
      'The work is restarted on the other host if you choose so.',
      '3 goes on from there by update number; where the journal no longer has what it lacks, a full copy is offered.',
    ],
    first: 'F100',
    steps: [
      whichSide(
        { find: 'F100' },
        { normal: begin(normal), reverse: begin(reverse) },
        to('F101', 'A takeover was begun and not ended: it is taken up again.'),
      ),
      step({
        id: 'F101',
        ours: true,
        title: 'Where was the work?',
        text: 'Reads from the register which system held the role last; where the host that would go on is silent too, that system takes its role back.',
        host: null,
        action: 'find-last-side',
        outcomes: {
          normal: to('F102', 'The work was on 1, or 1 has nothing to go on from: 2 can.'),
          reverse: to('F103', 'The work was on 2, or 2 has nothing to go on from: 1 can.'),
        },
        abortState: STOPPED,
      }),
      goOn('F102', normal, reverse),
      goOn('F103', reverse, normal),
      ...[normal, reverse].flatMap((side) => [...lost(side), ...move(side, 'takeover')]),
    ],
  };
}

function swap(): RoutineGraph {
  const { normal, reverse } = sides(310);
  const planned = ({ cast, base }: Side) =>
    orderlyStop(
      cast,
      { ready: id(base, 0), stop: id(base, 2), quiet: id(base, 4), next: id(base, 5) },
      [`${cast.writer}-${cast.survivor}`, `${cast.writer}-${THIRD}`],
      'takeover',
    );
  return {
    id: 'swap',
    arrangement: ARRANGEMENT,
    title: 'Planned swap of the first and the second system',
    intent: 'planned',
    host: normal.cast.survivorHost,
    orHost: reverse.cast.survivorHost,
    resident: false,
    meantFor: ['normal', 'reverse'],
    effects: [
      'The work is stopped on one host; it is down until it is restarted on the other.',
      'A new generation is raised, the sync pair is turned round, and 3 goes on from the other system by update number.',
    ],
    first: 'F300',
    steps: [
      whichSide({ find: 'F300' }, { normal: id(normal.base, 0), reverse: id(reverse.base, 0) }, unfinished),
      ...[normal, reverse].flatMap((side) => [...planned(side), ...move(side, 'swap')]),
    ],
  };
}

/** The other system is copied to, and 3 follows. `cast.survivor` is the one that takes the host writes. */
function formed({ cast, base }: Side): RoutineStep[] {
  const { survivor, survivorHost, writer: other, writerHost: otherHost } = cast;
  const pair = `${survivor}-${other}`;
  const alone = `the work runs on ${hostWords(survivorHost)}; ${other} holds older consistent data or is being copied onto, run return again`;
  const synced = `${survivor}⇒${other} in duplex`;
  return [
    ...reverseStart({
      routine: 'return',
      ids: {
        holder: id(base, 0),
        faults: id(base, 1),
        spread: id(base, 2),
        compare: id(base, 3),
        overwrite: id(base, 4),
        next: id(base, 5),
      },
      host: survivorHost,
      system: survivor,
      otherHost,
      abortState: UNTOUCHED,
      // 3 need not be there: it joins when it is.
      needed: [other, survivor],
      demoted: [other],
      compared: [other],
    }),
    step({
      id: id(base, 5),
      title: `${other} feeds ${THIRD} no more`,
      text: `Deletes the pair ${other}→${THIRD} of the time before, so that nothing leads on from ${other} while it is copied onto.`,
      host: survivorHost,
      target: other,
      action: 'delete-pair',
      parameters: { pair: `${other}-${THIRD}` },
      expects: [expects(`${other}-${THIRD}`, ANY_STATE, null, ['absent'])],
      outcomes: {
        deleted: to(id(base, 10), `${other} and ${THIRD} are no longer paired.`),
        absent: to(id(base, 10), `${other} and ${THIRD} were not paired.`),
      },
      abortState: alone,
    }),
    formStep({
      id: id(base, 10),
      host: survivorHost,
      pair,
      kind: 'sync',
      text: `${survivor} forms the sync pair with ${other}, under the same numbers; by difference where the bitmaps allow it.`,
      next: id(base, 20),
      failed: {
        state: alone,
        text: `The copy from ${survivor} to ${other} stopped by itself. Clear the fault and run return again.`,
      },
      byNumber: true,
    }),
    ...joinByNumber(
      joinWords(
        { cast, base: base + 20 },
        {
          joined:
            cast.move === 'back'
              ? 'normal operation: 1⇒2 and 1→3 in duplex'
              : 'roles swapped: 2⇒1 and 2→3 in duplex; swap brings 1 back to the front',
          left: { ending: 'failed', state: `${synced}; ${THIRD} is not yet a copy, run return again` },
        },
      ),
    ),
  ];
}

function comeBack(): RoutineGraph {
  // Whoever holds the role after a move to its side is the one that copies.
  const { normal: onTwo, reverse: onOne } = sides(510);
  return {
    id: 'return',
    arrangement: ARRANGEMENT,
    title: 'Return of a system: sync pair and third system in duplex',
    intent: 'maintenance',
    host: onOne.cast.survivorHost,
    orHost: onTwo.cast.survivorHost,
    resident: false,
    meantFor: ['forming', 'degraded', 'normal', 'failed-over', 'reverse'],
    effects: [
      'The other system is overwritten with the data of the one that takes the host writes, where they differ.',
      'A destination that is copied onto is inconsistent until the copy ends; it keeps its last consistent image meanwhile.',
    ],
    first: 'F500',
    steps: [
      whichSide({ find: 'F500' }, { normal: id(onOne.base, 0), reverse: id(onTwo.base, 0) }, unfinished),
      ...formed(onTwo),
      ...formed(onOne),
    ],
  };
}

export const FAN_ROUTINES: readonly RoutineGraph[] = [comeBack(), takeover(), swap()];
