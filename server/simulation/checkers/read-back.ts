import { CORRUPT_CELL, EMPTY_CELL } from '../cells.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'read-back';

/** A read returns the last completed write, or one that was under way. */
export const readBack: Checker = {
  name,
  holds: 'reads return the last completed write',
  check({ history, writes }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const event of history.of('read')) {
      const stretch = writes.stretches.findLast(
        (candidate) => candidate.order < event.order && candidate.system === event.system,
      );
      if (!stretch) continue;
      for (const [index, content] of event.found.entries()) {
        const cell = event.firstCell + index;
        if (content === CORRUPT_CELL)
          findings.add(event.order, `${event.system} volume ${event.volume} cell ${cell} reads as what no write left`);
        const known = writes
          .writesOf(event.volume, cell)
          .filter((write) => write.stretch === stretch.index && write.completedOrder < event.startedOrder);
        const shown = content === EMPTY_CELL ? null : writes.writes.get(content);
        for (const write of known) {
          const isShown =
            write.id === content ||
            (content === EMPTY_CELL &&
              writes
                .writesOf(event.volume, cell)
                .some((zero) => zero.zeroes && zero.completedOrder > write.issuedOrder));
          const isOverwritten =
            shown !== null &&
            shown !== undefined &&
            shown.stretch === write.stretch &&
            shown.completedOrder > write.issuedOrder;
          if (!isShown && !isOverwritten) {
            findings.add(
              event.order,
              `${event.system} volume ${event.volume} cell ${cell} reads as write ${content}, though write ${write.id} was completed before`,
            );
          }
        }
      }
      if (findings.enough) break;
    }
    return findings.violations;
  },
};
