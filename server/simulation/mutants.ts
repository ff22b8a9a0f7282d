/**
 * Seeded defects. Each is one switch point in production code, `config.mutants.has('…')`, whose set is empty in
 * production; switched on in the simulator, its checker must catch it. `where` says what the switch point does when on.
 */
import type { Arrangement } from '../domain/arrangement.ts';
import { NEEDS, type Need } from './mutant-needs.ts';

export interface Mutant {
  /** Part of the product that holds the switch point. */
  part: 'replication' | 'hosts' | 'routines';
  /** What is done wrongly, and where. */
  where: string;
  /** Checkers of which at least one must fail while it is on. */
  caughtBy: readonly string[];
  /** What an arrangement must do for the defect to show in it. */
  needs?: Need;
  /** The test that shows it, where what it lets in never comes about by itself: another guard stands before it. */
  shownIn?: string;
}

/** By name. Names are what `switchback rehearse --mutant` takes. */
export const MUTANTS = {
  'complete-before-answer': {
    part: 'replication',
    where: 'Sync source in duplex: completes the host write as soon as it was sent, without waiting for the answer.',
    caughtBy: ['sync-durability'],
    needs: 'sync-pair',
  },
  'apply-out-of-order': {
    part: 'replication',
    where: 'Destination of a pair: accepts and applies entries as they arrive from the paths, not in number order.',
    caughtBy: ['prefix', 'equality', 'bitmap-soundness', 'convergence'],
  },
  'forget-bit': {
    part: 'replication',
    where: 'Write while a pair marks changes: every fourth update number leaves its bits unset.',
    caughtBy: ['bitmap-soundness', 'ledger-adds-up', 'prefix'],
  },
  'bits-from-source-only': {
    part: 'replication',
    where: 'Start of a resync: the destination’s bits are not joined to the source’s.',
    caughtBy: ['bitmap-soundness', 'convergence'],
    needs: 'changed-at-both-ends',
  },
  'resync-all-tracks': {
    part: 'replication',
    where: 'Start of a differential copy: every track is marked.',
    caughtBy: ['bounded-cost', 'never-whole'],
  },
  'trim-early': {
    part: 'replication',
    where: 'Journal trim: follows the number sent (or given) instead of the minimum the consumers confirmed durable.',
    caughtBy: ['journal-trim'],
  },
  'keep-generation': {
    part: 'replication',
    where: 'raise-generation: answers as if persisted, but keeps the older generation and goes on serving.',
    caughtBy: ['single-writer', 'truthful-verdict', 'read-back', 'old-holder-stops'],
  },
  'demotion-as-line-fault': {
    part: 'replication',
    where: 'Source told of a newer generation by a peer or the register: treated as a lost line, so it goes alone.',
    caughtBy: ['single-writer', 'truthful-verdict', 'old-holder-stops', 'confirmed-first'],
  },
  'restart-serves-unconfirmed': {
    part: 'replication',
    where: 'Restarted source: completes host writes before its generation was confirmed.',
    caughtBy: ['confirmed-first', 'single-writer'],
  },
  'register-skipped': {
    part: 'replication',
    where: 'Sync source leaving duplex under fence level `status`: goes on without the `alone` record.',
    caughtBy: ['truthful-verdict'],
    needs: 'sync-pair',
  },
  'answered-entry-cut': {
    part: 'replication',
    where: 'Sync destination: answers before the entry is in its journal and data (memory only until the next turn).',
    caughtBy: ['sync-durability', 'truthful-verdict'],
    needs: 'sync-pair',
  },
  'drain-target-not-frozen': {
    part: 'replication',
    where:
      'Drain: reports `suspend` as soon as what had been pulled is applied, though entries up to the frozen number are missing.',
    caughtBy: ['truthful-verdict', 'bitmap-soundness', 'prefix'],
    needs: 'drain-at-takeover',
  },
  'duplex-before-durable': {
    part: 'replication',
    where: 'Destination of a formation copy: says that its image is whole before it is durable there.',
    caughtBy: ['equality', 'prefix', 'sync-durability', 'convergence', 'truthful-verdict'],
  },
  'trim-on-applied': {
    part: 'replication',
    where: 'Journal trim: follows what consumers applied instead of what they made durable.',
    caughtBy: ['journal-trim'],
    needs: 'async-pair',
  },
  'flush-local-only': {
    part: 'replication',
    where: 'FLUSH and FUA in duplex: answered when only the source has synced.',
    caughtBy: ['flush-durability'],
    needs: 'sync-pair',
  },
  'copied-track-overtakes': {
    part: 'replication',
    where: 'Copier: reads the track, then enqueues it a turn later, so that a newer write goes before the stale track.',
    caughtBy: ['equality', 'convergence', 'sync-durability', 'read-back'],
    needs: 'sync-pair',
  },
  'inconsistent-not-marked': {
    part: 'replication',
    where: 'Destination at the begin of a formation copy: keeps claiming a consistent image, and opens no gold copy.',
    caughtBy: ['prefix', 'gold-copy'],
  },
  'gold-dropped-early': {
    part: 'replication',
    where:
      'Destination: drops its gold copy when the resync begins to receive tracks (or was interrupted), not after the pair is consistent.',
    caughtBy: ['gold-copy'],
  },
  'gold-misses-overwrites': {
    part: 'replication',
    where:
      'Gold copy: only tracks overwritten by the copier are kept, not those overwritten by forwarded writes; rollback yields a mixture.',
    caughtBy: ['prefix', 'gold-copy', 'bitmap-soundness'],
  },
  'both-copiers': {
    part: 'replication',
    where: 'I, asked to resync one pair: does not refuse while the other pair still copies or flows.',
    caughtBy: ['one-copier'],
    needs: 'copy-in-turn',
  },
  'suspending-skipped': {
    part: 'replication',
    where: 'Async drain: goes from duplex to suspend at once, draining afterwards.',
    caughtBy: ['lawful-transition'],
  },
  'number-reused': {
    part: 'replication',
    where: 'Recovery of a system that gives numbers: starts again one below the last number it gave.',
    caughtBy: ['number-unique', 'prefix', 'convergence'],
  },
  'stale-instruction-accepted': {
    part: 'replication',
    where: 'Instruction with an older driver token: carried out instead of refused.',
    caughtBy: ['stale-token'],
  },
  'partial-snapshot-reflected': {
    part: 'replication',
    where: 'Destination of difference snapshots: puts each track of a set into its data volumes as it comes.',
    caughtBy: ['prefix', 'gold-copy', 'truthful-verdict'],
    needs: 'async-pair',
  },
  'set-dropped-early': {
    part: 'replication',
    where: 'Source of difference snapshots: takes a set for confirmed once it has sent all of it.',
    caughtBy: ['bitmap-soundness', 'prefix', 'convergence'],
    needs: 'async-pair',
  },
  'overwrite-not-copied': {
    part: 'replication',
    where: 'Source of difference snapshots: overwrites a track of a set without copying it before.',
    caughtBy: ['prefix', 'truthful-verdict'],
    needs: 'async-pair',
  },
  'mixed-image-served': {
    part: 'replication',
    where: 'Destination of a copy that left its own updates: calls the image consistent, and serves it.',
    caughtBy: ['prefix'],
    needs: 'updates-left',
  },
  'own-tracks-forgotten': {
    part: 'replication',
    where:
      'Promotion on a mixed image: the tracks that were left are not joined to the differences of the pairs that lead on.',
    caughtBy: ['convergence', 'bitmap-soundness'],
    needs: 'updates-left',
  },
  'bits-after-data': {
    part: 'replication',
    where: 'Write while a pair marks changes: its bits are set a millisecond after its data.',
    caughtBy: ['bitmap-soundness', 'prefix', 'convergence'],
  },
  'rollback-unmarked': {
    part: 'replication',
    where: 'Rollback: tracks that get their old content back are not marked as differences.',
    caughtBy: ['bitmap-soundness', 'convergence', 'prefix'],
  },
  'duplex-before-copy-end': {
    part: 'replication',
    where:
      'Source: in duplex as soon as the last track was sent, before the destination has reported a consistent image.',
    caughtBy: ['equality', 'sync-durability', 'prefix', 'lawful-transition', 'convergence'],
  },
  'old-session-accepted': {
    part: 'replication',
    where: 'Destination: applies frames of an older session as if they were of this one.',
    caughtBy: [],
    shownIn: 'server/simulation/stream-defects.test.ts',
  },
  'answer-over-gap': {
    part: 'replication',
    where: 'Destination: takes and answers an entry although the one before it is missing.',
    caughtBy: [],
    shownIn: 'server/simulation/stream-defects.test.ts',
  },
  'reads-beyond-answered': {
    part: 'replication',
    where: 'Source with a synchronous destination: whoever pulls from it gets updates that this one has not answered.',
    caughtBy: ['in-step'],
    needs: 'pulled-beside-sync',
  },
  'forgets-consumers': {
    part: 'replication',
    where: 'Journal trim of a destination: what another one of the same source has not confirmed is let go.',
    caughtBy: ['kept-for-others'],
    needs: 'pulled-beside-sync',
  },
  'trim-by-one-consumer': {
    part: 'replication',
    where: 'Journal trim of a source of several pairs: follows what one destination confirmed instead of all.',
    caughtBy: ['journal-trim'],
    needs: 'pulled-beside-sync',
  },
  'lineage-ignored': {
    part: 'replication',
    where: 'Joining by number: numbers are compared without asking under which generation they were given.',
    caughtBy: ['prefix', 'convergence', 'bitmap-soundness'],
    needs: 'pulled-beside-sync',
  },
  'table-before-fence': {
    part: 'replication',
    where: 'Holder told of a newer generation: surrenders its table and is copied onto, but goes on serving its hosts.',
    caughtBy: ['old-holder-stops', 'single-writer', 'truthful-verdict', 'read-back', 'convergence'],
  },
  'evidence-before-fence': {
    part: 'routines',
    where: 'Failover: takes facts read before the fence step as its evidence.',
    caughtBy: ['fence-precedes-evidence', 'truthful-verdict'],
  },
  'verdict-from-async-pair-alone': {
    part: 'routines',
    where: 'Verdict: says `no data loss` whenever the async pair ended in suspend, as the source’s flow chart does.',
    caughtBy: ['truthful-verdict'],
  },
  'always-unknown': {
    part: 'routines',
    where: 'Verdict: says `unknown` though the proof exists.',
    caughtBy: ['verdict-usefulness'],
    needs: 'sync-pair',
  },
  'clone-writes-through': {
    part: 'replication',
    where: 'Clone: what a test writes on it goes to the live volume as well.',
    caughtBy: ['clone-apart'],
    needs: 'test-failover',
  },
  'clone-keeps-too-late': {
    part: 'replication',
    where: 'Clone: a track is kept a turn after it was overwritten, so that its new content is kept.',
    caughtBy: ['clone-apart'],
    needs: 'test-failover',
  },
  'skip-step-on-resume': {
    part: 'routines',
    where: 'Runner: a resumed run goes on with the step after the one that was interrupted.',
    caughtBy: ['crash-equivalence', 'truthful-verdict', 'convergence', 'termination'],
  },
  'generation-raised-twice-on-resume': {
    part: 'routines',
    where: 'Resume: the new driver gives itself out for a run of its own, so that one run gets two generations.',
    caughtBy: ['fence-precedes-evidence', 'crash-equivalence'],
  },
  'wait-for-ever': {
    part: 'routines',
    where: 'Runner or action: a step that meets silence waits without a bound instead of ending in a named outcome.',
    caughtBy: ['termination'],
  },
  'resync-wrong-way': {
    part: 'routines',
    where: 'The way back: resyncs P⇒I where I⇒P is meant, so that old data overwrites new.',
    caughtBy: ['verdict-usefulness', 'truthful-verdict', 'convergence', 'prefix'],
    needs: 'copy-on-the-way-back',
  },
  'register-answers-early': {
    part: 'hosts',
    where: 'Register: answers before its record is on disk, so that a kill takes back what was answered.',
    caughtBy: ['register-monotone', 'single-writer', 'truthful-verdict'],
  },
  'late-joined-accepted': {
    part: 'hosts',
    where: 'Register: takes a `joined` that was overtaken by a later `alone`.',
    caughtBy: [],
    shownIn: 'server/hosts/witness.test.ts',
  },
  'delayed-heartbeat-fresh': {
    part: 'hosts',
    where: 'Heartbeat view: age is counted from arrival instead of by echo.',
    caughtBy: ['heartbeat-age'],
  },
} as const satisfies Record<string, Mutant>;

export type MutantName = keyof typeof MUTANTS;

export function isMutantName(name: string): name is MutantName {
  return Object.hasOwn(MUTANTS, name);
}

/** Why the defect cannot show in `arrangement`, or null where it can. */
export function whyUnfit(mutant: MutantName, arrangement: Arrangement): string | null {
  const { needs }: Mutant = MUTANTS[mutant];
  return needs && !NEEDS[needs].fits(arrangement) ? NEEDS[needs].otherwise : null;
}
