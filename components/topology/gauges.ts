import type { PairStatus } from '../../server/domain/group-status.ts';
import { formatBytes, formatCount, formatRate, formatShare, shareOf } from '../format/numbers.ts';
import { formatClock, formatSpan } from '../format/time.ts';
import { messages } from '../messages/messages.ts';

const { topology: text } = messages;

/** The difference snapshot on its way over a pair that carries them. */
export function setText({ set }: PairStatus): string {
  if (!set) return text.setNone;
  return text.setOf(formatBytes(set.doneBytes), formatBytes(set.bytes), formatCount(set.number));
}

/** At most four short rows: what matters in this state, and nothing that is not known. */
export function gaugeRows(pair: PairStatus): string[] {
  const rows: string[] = [];
  if (pair.copy) {
    rows.push(text.copyOf(formatBytes(pair.copy.doneBytes), formatBytes(pair.copy.totalBytes)));
    if (pair.rateBytesPerSecond !== null) rows.push(formatRate(pair.rateBytesPerSecond));
    return rows;
  }
  if (pair.snapshotIntervalMs !== null) rows.push(setText(pair));
  if (pair.givenNumber !== null) rows.push(text.given(formatCount(pair.givenNumber)));
  if (pair.appliedNumber !== null) rows.push(text.applied(formatCount(pair.appliedNumber)));
  if (pair.lag && pair.lag.updates > 0) {
    rows.push(`${formatBytes(pair.lag.bytes)} · ${formatSpan(pair.lag.ms)}`);
  } else if (pair.rateBytesPerSecond) rows.push(formatRate(pair.rateBytesPerSecond));
  if (pair.dirtyTracks && pair.state !== 'duplex') rows.push(text.dirty(formatCount(pair.dirtyTracks)));
  if (pair.journal?.fullInMs != null) {
    rows.push(
      text.journalFull(
        formatShare(shareOf(pair.journal.usedBytes, pair.journal.sizeBytes)),
        formatClock(pair.journal.fullInMs),
      ),
    );
  }
  return rows.slice(0, 4);
}
