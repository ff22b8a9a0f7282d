/** Watches formation copies from outside: what a copy had to move, and what it moved. */
import { isCopying } from '../domain/pair-states.ts';
import type { Transport } from '../domain/storage-controller.ts';
import { CELL_BYTES } from './cells.ts';
import type { HistoryEvent } from './history.ts';
import type { Observer } from './observer.ts';

interface CopyUnderWay {
  /** Tracks marked at either end when the destination was told of the copy. */
  markedTracks: number;
  /** Place in the history at which it began. */
  order: number;
  /** Payload the source had sent before, since its start. */
  sentBefore: number | null;
}

export class CopyWatch {
  private readonly copies = new Map<string, CopyUnderWay>();
  /** Tracks there are, of all volumes. */
  private readonly allTracks: number;
  /** Writes issued so shortly before the copy was seen to begin may be on its stream too, or in a set that its source still gets. */
  private readonly inFlightEvents: number;

  constructor(
    private readonly observer: Observer,
    private readonly trackBytes: number,
    /** Payload bytes the pair's source has sent since its process started, or null where it does not run. */
    private readonly sentBytes: (source: string, pair: string) => number | null,
    shape: { volumeCount: number; volumeBytes: number; transport: Transport },
  ) {
    this.inFlightEvents = shape.transport === 'journal' ? 20 : 400;
    this.allTracks = shape.volumeCount * Math.ceil(shape.volumeBytes / trackBytes);
  }

  /** Follows one change of state; `copy` events come out where a differential copy ended undisturbed. */
  follow({ system, pair, to }: Extract<HistoryEvent, { kind: 'pair' }>): void {
    const [source = '', destination = ''] = pair.split('-');
    if (isCopying(to) && system === destination)
      this.observer.add({
        kind: 'copy-begun',
        destination,
        pair,
        markedTracks: Math.min(this.allTracks, this.markedAtEitherEnd(source, destination)),
        allTracks: this.allTracks,
      });
    if (to === 'duplex-pending' && !this.copies.has(pair)) {
      const markedTracks = this.markedAtEitherEnd(source, destination);
      this.copies.set(pair, {
        markedTracks,
        order: this.observer.history.events.length,
        sentBefore: this.sentBytes(source, pair),
      });
    } else if (to === 'duplex' && system === source) {
      this.ended(source, pair);
    } else if (to !== 'duplex' && to !== 'duplex-pending') {
      this.copies.delete(pair);
    }
  }

  private ended(source: string, pair: string): void {
    const copy = this.copies.get(pair);
    this.copies.delete(pair);
    const sent = this.sentBytes(source, pair);
    if (!copy || copy.sentBefore === null || sent === null || this.wasDisturbed(copy.order)) return;
    this.observer.add({
      kind: 'copy',
      system: source,
      pair,
      markedTracks: copy.markedTracks,
      trackBytes: this.trackBytes,
      movedBytes: sent - copy.sentBefore,
      writtenBytes: this.writtenSince(copy.order),
    });
  }

  /** What was in flight when a session broke is rightly sent again: such a copy proves nothing. */
  private wasDisturbed(order: number): boolean {
    // What a ledger writes beside the numbered blocks is on the stream too, and nobody has counted it.
    if (this.observer.history.settings.opaqueVolumes.length > 0) return true;
    return this.observer.history.events.slice(order).some(({ kind }) => kind === 'process' || kind === 'fault');
  }

  private markedAtEitherEnd(source: string, destination: string): number {
    const union = new Set<number>();
    for (const [system, peer] of [
      [source, destination],
      [destination, source],
    ] as const) {
      const tracks = this.observer.setTracks(system, peer);
      if (tracks === 'all') return Number.POSITIVE_INFINITY;
      for (const track of tracks) union.add(track);
    }
    return union.size;
  }

  /** Host writes travel in the same stream, and may make tracks different again that were copied already. */
  private writtenSince(order: number): number {
    let bytes = 0;
    for (const event of this.observer.history.events.slice(Math.max(0, order - this.inFlightEvents))) {
      if (event.kind !== 'write-issued') continue;
      const tracks = Math.ceil((event.cells * CELL_BYTES) / this.trackBytes) + 1;
      bytes += event.cells * CELL_BYTES + tracks * this.trackBytes;
    }
    return bytes;
  }
}
