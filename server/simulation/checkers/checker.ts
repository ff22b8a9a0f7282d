/** What a checker is, and what it says. */
import type { History } from '../history.ts';
import { WriteTable } from './write-table.ts';

export interface Violation {
  checker: string;
  /** What was seen, with the numbers that prove it. */
  text: string;
  /** Place in the history. */
  order: number;
}

/** What all checkers of one run are given. */
export interface Evidence {
  history: History;
  writes: WriteTable;
}

export function evidenceOf(history: History): Evidence {
  const writes = new WriteTable(history.settings.firstHolder, history.settings.opaqueVolumes);
  for (const event of history.events) writes.observe(event);
  return { history, writes };
}

export interface Checker {
  name: string;
  /** What must hold, in one sentence, for reports. */
  holds: string;
  check(evidence: Evidence): Violation[];
}

/** Violations beyond this many of one checker add nothing but length. */
const ENOUGH = 5;

/** Collects what one checker finds. */
export class Findings {
  readonly violations: Violation[] = [];

  constructor(private readonly checker: string) {}

  get enough(): boolean {
    return this.violations.length >= ENOUGH;
  }

  add(order: number, text: string): void {
    if (!this.enough) this.violations.push({ checker: this.checker, text, order });
  }
}
