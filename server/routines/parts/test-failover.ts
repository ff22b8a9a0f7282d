/**
 * Test failover of a chain: the drill that does not disturb (ADR 0012). The steps are ours; no source has them. Replication goes
 * on throughout, and a failover that is needed meanwhile does not wait: it ends the test.
 */
import { type Arrangement, findArrangement } from '../../domain/arrangement.ts';
import { pairName } from '../../domain/names.ts';
import { end, looksAt, step, to } from '../graph-words.ts';
import type { RoutineGraph, RoutineStep } from '../step-graph.ts';
import { hostWords } from './cast.ts';

const UNTOUCHED = 'nothing was changed';
const NOTHING_LEFT =
  'the test was given up; its host is stopped and the clone dropped, and nothing of the group was changed';
const LEFT_OVER =
  'the test was given up; nothing of the group was changed, and what is left of the clone goes with its process, or by itself once it is not used';

export function testFailover(id: string): RoutineGraph {
  const arrangement = findArrangement(id);
  if (!arrangement) throw new Error(`there is no arrangement ${id}`);
  const target = arrangement.reverse.holder;
  const host = arrangement.hosts.find(({ system }) => system === target)?.name;
  if (!host) throw new Error(`${id}: ${target} has no host`);
  return {
    id: 'test-failover',
    arrangement: id,
    title: `Test failover on a clone of ${target}`,
    intent: 'test',
    host,
    resident: false,
    meantFor: ['normal'],
    effects: [
      `${target} keeps the old content of what replication overwrites, for as long as the test lasts; replication, RPO and ${target}’s image stay as they are.`,
    ],
    first: 'T110',
    onAbort: 'T220',
    steps: stepsOf(arrangement, host, target),
  };
}

function stepsOf(arrangement: Arrangement, host: string, target: string): RoutineStep[] {
  const writer = arrangement.normal.holder;
  const pairs = arrangement.normal.pairs.map(({ source, destination }) => pairName(source, destination));
  const common = {
    ours: true,
    host,
    target,
    expects: pairs.map((pair) => looksAt(pair, ['duplex'])),
    abortState: NOTHING_LEFT,
  };
  const at = hostWords(host);
  return [
    step({
      ...common,
      id: 'T110',
      title: `${target} ready to be tested?`,
      text: `${target}’s image must be consistent, every pair in duplex and ${writer} the holder: what stands now must stand at the end.`,
      action: 'check-test',
      parameters: { writer, pairs: pairs.join(' ') },
      expects: pairs.map((pair) => looksAt(pair)),
      outcomes: {
        ready: to('T120', `${target} is consistent and every pair in duplex.`),
        'not-ready': end('failed', UNTOUCHED, 'There is nothing that could be tested without disturbing it.'),
      },
      abortState: UNTOUCHED,
    }),
    step({
      ...common,
      id: 'T120',
      title: `Clone ${target}`,
      text: `${target} makes a clone of all its volumes at its present update number, and goes on applying what comes.`,
      action: 'make-clone',
      parameters: { writer },
      outcomes: {
        made: to('T130', 'The clone stands at an exact update number.'),
        refused: to('T220', `${target} could not make a clone.`),
      },
    }),
    step({
      ...common,
      id: 'T130',
      title: 'Start the test host',
      text: `At ${at} a test host attaches the clone, and nothing else, and recovers the ledger on it as after a takeover.`,
      action: 'start-test-host',
      outcomes: {
        started: to('T140', 'The test host has recovered the ledger.'),
        'no-ledger': to('T170', 'The group has no ledger: the clone alone is the test.'),
        'not-started': to('T220', 'The ledger on the clone could not be recovered.'),
      },
    }),
    verifyStep('T140', 'T150', 'Verify the ledger', 'as a takeover would have found it'),
    step({
      ...common,
      id: 'T150',
      title: 'Work on the clone',
      text: 'The test host completes transactions on the clone. None of them reaches a volume of the group.',
      action: 'work-on-clone',
      outcomes: {
        worked: to('T160', 'The work goes on where it would have gone on.'),
        'not-worked': to('T220', 'The clone did not take the work.'),
      },
    }),
    verifyStep('T160', 'T170', 'Verify again', 'with the test’s own transactions'),
    step({
      ...common,
      id: 'T170',
      title: 'What a failover would have found',
      text: `Which update ${target} stood at, how far behind ${writer} that was, and what became of the ledger.`,
      action: 'judge-test',
      parameters: { writer },
      outcomes: { stated: to('T180', 'It is on record.') },
    }),
    step({
      ...common,
      id: 'T180',
      title: 'Stop the test host',
      text: 'The test host ends its work and lets go of the clone.',
      action: 'stop-test-host',
      outcomes: {
        stopped: to('T190', 'Nobody works on the clone any more.'),
        'no-answer': to('T190', `${at} does not answer; the clone is dropped all the same.`),
      },
    }),
    step({
      ...common,
      id: 'T190',
      title: 'Drop the clone',
      text: `${target} drops the clone with all that was written on it, and keeps nothing any more.`,
      action: 'discard-clone',
      outcomes: {
        discarded: to('T200', 'The clone is gone.'),
        'no-answer': end('failed', LEFT_OVER, `${target} does not answer.`),
      },
    }),
    step({
      ...common,
      id: 'T200',
      title: 'Nothing moved?',
      text: `Each end of each pair is asked again: it must be what it was, unchanged all along, and ${target} must have followed.`,
      action: 'prove-undisturbed',
      parameters: { pairs: pairs.join(' ') },
      expects: pairs.map((pair) => looksAt(pair)),
      outcomes: {
        undisturbed: end(
          'done',
          `tested; normal operation went on throughout, and no trace of the test is left`,
          'No pair has changed.',
        ),
        disturbed: end(
          'failed',
          'the test ended and left nothing behind, but a pair changed while it ran: look at its reason, then test again',
          'A pair has changed meanwhile, by itself or by another hand.',
        ),
      },
    }),
    step({
      ...common,
      id: 'T220',
      title: 'Give the test up',
      text: 'Whatever is left of it is cleared away: the test host stopped, the clone dropped.',
      action: 'end-test',
      expects: pairs.map((pair) => looksAt(pair)),
      outcomes: {
        ended: end('failed', NOTHING_LEFT, 'Nothing of the test is left.'),
        'no-answer': end('failed', LEFT_OVER, `${at} or ${target} does not answer.`),
      },
      abortState: LEFT_OVER,
    }),
  ];

  function verifyStep(id: string, next: string, title: string, how: string): RoutineStep {
    return step({
      ...common,
      id,
      title,
      text: `The test host reads the ledger on the clone, ${how}: no gap, nothing damaged, the balances add up.`,
      action: 'verify-test',
      outcomes: {
        verified: to(next, 'The ledger is whole.'),
        'not-verified': to(
          'T220',
          'The ledger on the clone is not whole, or cannot be read: a failover would have found it so.',
        ),
      },
    });
  }
}
