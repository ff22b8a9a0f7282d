/**
 * For routines that go either way: on which side is the work, and how does a system that pulls from there join the one that
 * goes on? (001, 002; 1a, fan.)
 */
import { operationOf } from '../../domain/arrangement.ts';
import type { RegisterRecord } from '../../domain/generation.ts';
import type { SystemName } from '../../domain/names.ts';
import { judgeResume } from '../../domain/resume.ts';
import type { SystemFacts } from '../../domain/storage-controller.ts';
import type { Action, ActionContext, ActionResult } from '../action-types.ts';
import { parameter, stepHost, stepTarget } from '../action-types.ts';
import { askHost, endsOf, insist, isSilence, orNull, pairOf, queryIfAnswers, querySurely, querySystem } from './ask.ts';

/** The register, read through whichever host answers: that of the lost side will not. */
function readRegister(context: ActionContext): Promise<RegisterRecord> {
  return insist(context, async () => {
    let silence: unknown = null;
    for (const { name } of context.arrangement.hosts) {
      try {
        return (await askHost(context, name, { verb: 'register-read' }, 'register')).record;
      } catch (error) {
        if (!isSilence(error)) throw error;
        silence = error;
      }
    }
    throw silence;
  });
}

/** Which of the two operations `holder` works in; `reverse` where it is that of reverse operation. */
function sideOf({ arrangement }: ActionContext, holder: SystemName): 'normal' | 'reverse' {
  return operationOf(arrangement, holder) === arrangement.reverse ? 'reverse' : 'normal';
}

/** Step action: the side that holds the host role by the register's word. */
export const findSide: Action = async (context): Promise<ActionResult> => {
  const { holder, number } = (await readRegister(context)).generation;
  context.note(`witness: generation ${number} is held by ${holder ?? 'nobody'}.`);
  return { outcome: holder === null ? 'nobody' : sideOf(context, holder) };
};

/**
 * Step action, where nobody holds the role: the side that held it last, from which a move was begun and not ended. Where the
 * system that would go on is silent or has no image, it is that last side which takes its role back.
 */
export const findLastSide: Action = async (context): Promise<ActionResult> => {
  const { normal, reverse } = context.arrangement;
  const { lastHeld } = await readRegister(context);
  const last = sideOf(context, lastHeld?.holder ?? normal.holder);
  const survivor = last === 'normal' ? reverse.holder : normal.holder;
  const hasImage = await holdsImage(context, survivor);
  context.note(
    `The work was last on ${lastHeld?.holder ?? normal.holder}; ${survivor} ${hasImage ? 'holds an image to go on from' : 'has no image to go on from, or does not answer'}.`,
  );
  return { outcome: hasImage ? last : last === 'normal' ? 'reverse' : 'normal' };
};

/** Does `system` answer its own host, with an image that the group really had? */
async function holdsImage(context: ActionContext, system: SystemName): Promise<boolean> {
  const host = context.arrangement.hosts.find((each) => each.system === system)?.name ?? '';
  const facts = await orNull(() => querySystem(context, host, system));
  return facts !== null && (facts.consistent || facts.consistentNumber > 0);
}

/**
 * Step action: what `pair` needs so that its destination, the target, follows its source. The destination tells its latest
 * number, the source judges from its own journal (001): is an update required, and is the difference there to be had?
 */
export const judgeJoin: Action = async (context): Promise<ActionResult> => {
  const host = stepHost(context);
  const { source, destination } = endsOf(parameter(context, 'pair'));
  const theirs = await queryIfAnswers(context, host, stepTarget(context));
  if (!theirs) {
    context.note(`${destination}: no answer.`);
    return { outcome: 'no-answer' };
  }
  // The source is asked last: its numbers go on, and whoever was asked after it would look ahead.
  const own = await querySurely(context, host, source);
  const standing = pairOf(own, source, destination);
  if (standing?.definition.source === source && pairOf(theirs, source, destination)) {
    context.note(`${source}: ${standing.name} is in ${standing.state}; differences are on record at both ends.`);
    return { outcome: 'paired' };
  }
  if (!theirs.consistent && theirs.consistentNumber === 0) {
    context.note(`${destination}: nothing of this group was ever copied to it.`);
    return { outcome: 'first' };
  }
  return { outcome: joinOf(context, own, theirs) };
};

/** Says what stands between `pair` and its destination now, before somebody is asked what to do about it; nothing where an end is silent. */
export async function sayJoin(context: ActionContext): Promise<void> {
  const { source, destination } = endsOf(parameter(context, 'pair'));
  const host = parameter(context, 'askedBy');
  const theirs = await orNull(() => querySystem(context, host, destination));
  const own = await orNull(() => querySystem(context, host, source));
  if (own && theirs) joinOf(context, own, theirs);
}

function joinOf(
  context: ActionContext,
  own: SystemFacts,
  theirs: SystemFacts,
): 'none-needed' | 'delta' | 'differs' | 'impossible' {
  const { system: source, journal } = own;
  context.note(
    `${theirs.system}: latest update ${theirs.lastNumber}; ${source}: at ${own.lastNumber}, its journal begins behind ${journal.trimmedTo}.`,
  );
  const resume = judgeResume(own, theirs);
  if (resume.kind === 'impossible') {
    context.note(`A delta resync of ${theirs.system} is no longer possible: ${resume.why}.`);
    return 'impossible';
  }
  if (resume.kind === 'equal') {
    context.note(`${theirs.system} holds everything: nothing has to be sent.`);
    return 'none-needed';
  }
  if (resume.kind === 'differ') {
    const { common, missing, excess } = resume;
    context.note(
      `${theirs.system} holds ${excess} updates behind ${common} that ${source} does not have, and lacks ${missing}: both journals tell which tracks they changed.`,
    );
    return 'differs';
  }
  context.note(`${theirs.system} lacks ${resume.updates} updates, all of which ${source} still keeps: a delta.`);
  return 'delta';
}
