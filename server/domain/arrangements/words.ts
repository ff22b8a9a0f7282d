/** An operation of an arrangement in one line of text. */
import type { Arrangement, ArrangementOperation } from '../arrangement.ts';
import type { SystemName } from '../names.ts';

/** `P ⇒ I → R (without J)`: pairs in the order in which data flows, ⇒ for sync and → for async. */
export function wordsOfOperation(arrangement: Arrangement, { holder, pairs }: ArrangementOperation): string {
  const reached = new Set<SystemName>([holder]);
  const ways: string[] = [];
  const follow = (way: string, at: SystemName) => {
    const onward = pairs.filter((pair) => pair.source === at && !reached.has(pair.destination));
    if (onward.length === 0 && way !== at) ways.push(way);
    onward.forEach(({ destination, kind }, index) => {
      reached.add(destination);
      // A second pair of the same source begins a way of its own.
      follow(`${index === 0 ? way : at} ${kind === 'sync' ? '⇒' : '→'} ${destination}`, destination);
    });
  };
  follow(holder, holder);
  const left = arrangement.systems.map((system) => system.name).filter((name) => !reached.has(name));
  return ways.join(', ') + (left.length > 0 ? ` (without ${left.join(', ')})` : '');
}
