/** Short sentences about parts of a group, shared by graph, table and inspector. */
import type { HostStatus, LineStatus, SystemStatus } from '../../server/domain/group-status.ts';
import { formatCount } from '../format/numbers.ts';
import { messages } from '../messages/messages.ts';

const { topology: text, inspector } = messages;

/** Connection of a line in a word. */
export function connectionWord(line: LineStatus): string {
  if (line.connected === null) return inspector.unknown;
  return line.connected ? inspector.connected : inspector.notConnected;
}

/** What the work on a host does; what its test host does comes first, for that is what is out of the ordinary. */
export function workWord(host: HostStatus): string {
  if (host.test) return text.testWork(host.test.state, formatCount(host.test.completedTransactions));
  if (!host.work) return text.workUnknown;
  return host.work.running ? text.workRunning(formatCount(host.work.ratePerSecond)) : text.workStopped;
}

/** Whether a storage system takes host writes. */
export function writesWord(system: SystemStatus): string {
  if (!system.hostWrites) return text.writesUnknown;
  return system.hostWrites.accepted ? text.writesAccepted : text.writesRefused;
}

/** The clone of a system, on which somebody tests; null where there is none. */
export function cloneWord({ clone }: SystemStatus): string | null {
  if (!clone) return null;
  const number = formatCount(clone.number);
  return clone.damaged ? text.cloneBroken(number) : text.clone(number, formatCount(clone.keptTracks));
}
