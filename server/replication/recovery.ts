/**
 * What a storage system does before it answers anyone after a start: finishes what was begun, redoes the journal's tail,
 * and says so where something it had answered is missing (1b rules 5, 10, 12).
 */
import { isFlowing } from '../domain/pair-states.ts';
import type { StorageCore } from './core.ts';
import type { Fencing } from './fencing.ts';
import type { PairEnds } from './pair-ends.ts';

export function recover(core: StorageCore, ends: PairEnds, fencing: Fencing): void {
  core.finishReset();
  const powerLost = !core.firstStart && core.record.bootId !== core.ports.disk.bootId;
  if (powerLost) doubtAfterPowerLoss(core);
  findLostEvidence(core, powerLost);
  redoTail(core);
  if (core.record.bootId !== core.ports.disk.bootId) {
    core.record.bootId = core.ports.disk.bootId;
    core.save();
  }
  fencing.fenceAgain();
  resumePairs(core, ends);
}

/** Pages that were not synced may be gone, bits among them: a lost bitmap is all bits. */
function doubtAfterPowerLoss(core: StorageCore): void {
  core.observer.event('power-loss', 'the machine was restarted: unsynced pages may be lost', {});
  for (const [key, pair] of core.pairs()) {
    if (pair.state !== 'duplex') core.bitmap(key).setAll();
  }
  // Its log of old tracks may have holes, and then it is no way back.
  if (core.gold) core.dropGold();
}

/** Fewer updates than were answered, or than the journal once reached: no proof may rest on this system (rule 5). */
function findLostEvidence(core: StorageCore, powerLost: boolean): void {
  const promised = Math.max(core.answeredNumber, core.reachedFloor);
  const { damagedNumber } = core.journal.recovery;
  if (damagedNumber !== null)
    core.observer.event(
      'journal-damaged',
      `entry ${damagedNumber} of the journal failed its checksum and is not applied`,
      { number: damagedNumber },
    );
  const lost = promised > core.lastNumber || (powerLost && core.record.holdsHostRole);
  if (!lost || core.mutant('answered-entry-cut')) return;
  core.record.evidenceLost = true;
  core.save();
  core.observer.event('evidence-lost', `updates to ${promised} were answered; the journal ends at ${core.lastNumber}`, {
    promised,
    lastNumber: core.lastNumber,
  });
  for (const [key] of core.pairs()) core.bitmap(key).setAll();
}

/** A write to the data volumes may have been cut by the kill; the journal has it whole (rule 10). */
function redoTail(core: StorageCore): void {
  for (
    let number = Math.max(core.checkpointNumber, core.journal.trimmedTo) + 1;
    number <= core.lastNumber;
    number += 1
  ) {
    const entry = core.journal.read(number);
    if (!entry) return;
    core.protect(entry);
    core.volumes.apply(entry);
  }
  core.touch();
}

function resumePairs(core: StorageCore, ends: PairEnds): void {
  for (const [key, pair] of core.pairs()) {
    if (core.record.evidenceLost && isFlowing(pair.state))
      ends.suspend(key, 'fault', 'answered updates are missing at this end', 0, false);
    else if (pair.state === 'suspending') ends.armDrain(key, core.config.timing.copyTimeoutMs);
    ends.byKey.get(key)?.source.open();
  }
}
