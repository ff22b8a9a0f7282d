/**
 * One process per folder. The lock dies with its holder, however it died, because a holder is believed only while that
 * very process is alive.
 *
 * Claims are files `000001`, `000002`, … each naming a process. The highest claim counts; a claim is made only above
 * one whose process is dead, by linking a finished file to the next number, which one contender alone can do. A
 * contender that was slow finds a higher claim afterwards and withdraws. The highest claim is never removed, so numbers
 * never start again, and there is no instant at which two processes hold the folder.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

export type LockOutcome = { held: true } | { held: false; holderPid: number };

/** Takes `folder` for the process that calls, until it ends. Taking it again is harmless. */
export function lockFolder(folder: string, self: ProcessIdentity = ownIdentity()): LockOutcome {
  const claims = path.join(folder, 'lock');
  mkdirSync(claims, { recursive: true, mode: 0o700 });
  const highest = highestClaim(claims);
  const holder = highest === 0 ? null : readClaim(claims, highest);
  if (holder && isAlive(holder)) return outcomeFor(holder, self);
  return claim(claims, highest + 1, self);
}

function claim(claims: string, number: number, self: ProcessIdentity): LockOutcome {
  const draft = path.join(claims, `draft-${self.pid}`);
  writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    linkSync(draft, path.join(claims, nameOf(number)));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  // Ours, or that of whoever was faster; a higher one shows that ours came too late.
  const winner = readClaim(claims, highestClaim(claims));
  const outcome = outcomeFor(winner, self);
  if (outcome.held) removeBelow(claims, number);
  return outcome;
}

function outcomeFor(holder: ProcessIdentity | null, self: ProcessIdentity): LockOutcome {
  if (holder?.pid === self.pid && holder.lifeMark === self.lifeMark) return { held: true };
  return { held: false, holderPid: holder?.pid ?? 0 };
}

function highestClaim(claims: string): number {
  let highest = 0;
  for (const name of readdirSync(claims)) if (/^\d{6,}$/.test(name)) highest = Math.max(highest, Number(name));
  return highest;
}

function readClaim(claims: string, number: number): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path.join(claims, nameOf(number)), 'utf8'));
    if (typeof value !== 'object' || value === null) return null;
    const { pid, lifeMark } = value as Record<string, unknown>;
    return typeof pid === 'number' && typeof lifeMark === 'string' ? { pid, lifeMark } : null;
  } catch {
    return null; // Removed by a higher claim, or never finished by a machine that lost power: no living process stands behind it.
  }
}

function removeBelow(claims: string, number: number): void {
  for (const name of readdirSync(claims)) {
    if (/^\d{6,}$/.test(name) && Number(name) < number) rmSync(path.join(claims, name), { force: true });
  }
}

function nameOf(number: number): string {
  return String(number).padStart(6, '0');
}
