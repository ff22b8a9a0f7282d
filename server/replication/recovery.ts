/**
 * What a storage system does before it answers anyone after a start: redoes the journal's tail, and says so where
 * something it had answered may be missing (1b rules 5, 10, 12).
 */
import { isCopying, isFlowing, isSuspended } from '../domain/pair-states.ts';
import type { StorageCore } from './core.ts';
import type { Drains } from './drains.ts';
import { type Entry, eachTrack } from './entry.ts';
import type { Fencing } from './fencing.ts';
import type { PairEnds } from './pair-ends.ts';
import type { Reflecting } from './snapshots.ts';
import type { Suspension } from './suspension.ts';

export interface RecoveryParts {
  core: StorageCore;
  ends: PairEnds;
  suspension: Suspension;
  drains: Drains;
  fencing: Fencing;
}

/** `syncFailed`: the incarnation before this one could not make its pages durable, and they may be lost. Throws `DiskError`. */
export function recover(parts: RecoveryParts, syncFailed: boolean): void {
  const { core, suspension } = parts;
  // A copy that has ended, or a rollback, may have been cut off before it could drop the image that nobody needs now.
  if (core.record.imageConsistent && core.gold) core.dropGold();
  const { powerLost } = core;
  if (powerLost) core.observer.event('power-loss', 'the machine was restarted: unsynced pages may be lost', {});
  reuseNumber(core);
  const promised = Math.max(core.marks.answered, core.marks.completed, core.marks.checkpoint);
  nameDamage(core, promised);
  const { reflecting } = core.record;
  // What was applied is older than the journal's tail, and a kill does not undo it; what was not is newer.
  if (reflecting?.applied && powerLost) redoSet(parts, reflecting);
  redoTail(core);
  if (reflecting && !reflecting.applied) redoSet(parts, reflecting);
  if (powerLost || promised > core.lastNumber) beginDoubt(core, promised);
  if (powerLost || syncFailed) loseCopies(parts, powerLost);
  if (powerLost) {
    core.record.bootId = core.ports.disk.bootId;
    core.save();
  }
  parts.fencing.fenceAgain();
  suspension.endDoubtfulSources();
  resumePairs(parts);
}

/** An entry that cannot be read although it was promised is named; it is never applied. */
function nameDamage(core: StorageCore, promised: number): void {
  const { cutNumber, lostThrough } = core.journal.recovery;
  if (cutNumber === null || (lostThrough === null && cutNumber > promised)) return;
  core.observer.event('journal-damaged', `entry ${cutNumber} of the journal failed its checksum and is not applied`, {
    number: cutNumber,
    lostThrough,
  });
}

/** A write to the data volumes may have been cut by the kill; the journal has it whole (rule 10). */
function redoTail(core: StorageCore): void {
  const first = Math.max(core.checkpointNumber, core.journal.trimmedTo) + 1;
  for (let number = first; number <= core.lastNumber; number += 1) {
    const entry = core.journal.read(number);
    if (!entry) continue;
    core.protect(entry);
    core.volumes.apply(entry);
    if (number === core.lastNumber) markRefused(core, entry);
  }
  core.touch();
}

/** A difference snapshot was going into the data volumes: it is put there once more, all of it (rule 21). */
function redoSet({ core, suspension }: RecoveryParts, reflecting: Reflecting): void {
  if (core.snapshots.redo(reflecting)) return;
  const { record, pairs } = core;
  record.reflecting = null;
  record.evidenceLost = true;
  record.imageConsistent = false;
  for (const [key] of pairs.all()) pairs.bitmap(key).setAll();
  core.save();
  core.observer.event('set-lost', `set ${reflecting.id} was half reflected and cannot be read any more`, {
    ...reflecting,
  });
  suspension.suspend(reflecting.key, 'fault', 'a difference snapshot was lost half reflected', null, false);
}

/**
 * The last entry may be one that the disk refused although all of it was there: its write failed, and pairs that were
 * suspended afterwards counted without it.
 */
function markRefused({ pairs, volumes }: StorageCore, entry: Entry): void {
  for (const [key, { state }] of pairs.all()) {
    if (!isSuspended(state)) continue;
    eachTrack(entry.offsetBytes, entry.lengthBytes, volumes.trackBytes, (track) =>
      pairs.bitmap(key).mark(entry.volume, track),
    );
  }
}

/**
 * Updates that were answered, or completed to hosts, may be gone, and pages of such that came later may be there: the image
 * is none the group ever had, and the numbers are no evidence (rule 5). A lost bitmap is all bits (rule 12).
 */
function beginDoubt(core: StorageCore, promised: number): void {
  const { record, pairs } = core;
  record.evidenceLost = true;
  if (record.holdsHostRole) {
    // To a host it is a disk that lost its power. What others hold of its updates must be had back before the next one.
    record.awaits = destinationsThatKnow(core);
    record.doubt = record.awaits.length > 0;
    if (record.doubt) record.imageConsistent = false;
  } else if (record.imageConsistent || record.mixed) {
    record.doubt = true;
    record.imageConsistent = false;
  }
  for (const [key, pair] of pairs.all()) {
    core.snapshots.beginDoubt(key, pair);
    pairs.bitmap(key).setAll();
    pair.bitsAreOwn = false;
  }
  core.save();
  core.observer.event('evidence-lost', `updates to ${promised} were promised; the journal ends at ${core.lastNumber}`, {
    promised,
    lastNumber: core.lastNumber,
  });
}

/** Pairs over whose other ends everything that this system completed, or gave a number that anybody has seen, can be had back. */
function destinationsThatKnow({ pairs, record, lastNumber }: StorageCore): string[] {
  // Of a doubt that goes on, whatever has become of the pair meanwhile.
  const isOwed = (key: string) => record.doubt && (record.awaits ?? []).includes(key);
  const mayHold = pairs
    .all()
    .filter(
      ([key, pair]) => pairs.isSource(pair) && (isFlowing(pair.state) || isOwed(key) || lastNumber < pair.agreedNumber),
    );
  // The others see only what a synchronous one in duplex has answered (rule 20).
  const guard = mayHold.filter(
    ([key, { definition, state }]) => definition.kind === 'sync' && (state === 'duplex' || isOwed(key)),
  );
  return (guard.length > 0 ? guard : mayHold).map(([key]) => key);
}

/** Copied tracks are in no journal: what of them was not durable yet is lost, and so is what was known of the other ends. */
function loseCopies({ core, suspension }: RecoveryParts, powerLost: boolean): void {
  // The log of old tracks may have holes as well, and then it is no way back.
  if (powerLost && core.gold) core.dropGold();
  if (powerLost) core.own.lost();
  if (powerLost) core.snapshots.lost();
  for (const [key, pair] of core.pairs.all()) {
    if (isCopying(pair.state)) {
      core.pairs.bitmap(key).setAll();
      suspension.suspend(key, 'fault', 'this end lost what was copied', null, false);
    }
    if (powerLost) core.pairs.notePeer(key, 0, 0);
  }
}

function resumePairs({ core, ends, drains }: RecoveryParts): void {
  for (const [key, pair] of core.pairs.all()) {
    // What differs from a source's end in duplex is in the journal; a kill may have come before the bits were cleared.
    const isInJournal = core.pairs.isSource(pair) && !core.record.doubt && !core.snapshots.feeds(pair);
    if (pair.state === 'duplex' && isInJournal) core.pairs.bitmap(key).clear();
    if (pair.state === 'suspending') drains.arm(key, core.config.timing.copyTimeoutMs);
    ends.at(key).destination.awaitCopy();
  }
  ends.openAll();
}

/** Seeded defect `number-reused`. */
function reuseNumber(core: StorageCore): void {
  if (core.mutant('number-reused') && core.record.holdsHostRole && core.lastNumber > 0)
    core.journal.reset(core.lastNumber - 1, core.record.history);
}
