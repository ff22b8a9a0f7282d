/** What a source has sent and the destination has not answered: bounds what is under way, and remembers tracks in flight. */

interface Flight {
  sequence: number;
  bytes: number;
  track: { volume: number; track: number } | null;
}

export class SendWindow {
  private flights: Flight[] = [];
  private entryBytes = 0;
  private trackBytes = 0;

  /** Entries and tracks have a share of so many bytes each, so that neither keeps the other from getting on. */
  constructor(private readonly limitBytes: number) {}

  get hasRoomForEntry(): boolean {
    return this.entryBytes < this.limitBytes;
  }

  get hasRoomForTrack(): boolean {
    return this.trackBytes < this.limitBytes;
  }

  /** Frame `sequence` was sent, with a track or an entry. */
  add(sequence: number, bytes: number, track: { volume: number; track: number } | null): void {
    this.flights.push({ sequence, bytes, track });
    if (track) this.trackBytes += bytes;
    else this.entryBytes += bytes;
  }

  /** The destination has taken everything up to `sequence`: calls `landed` for each track among it. Returns their bytes. */
  land(sequence: number, landed: (volume: number, track: number) => void): number {
    const before = this.trackBytes;
    let count = 0;
    for (const flight of this.flights) {
      if (flight.sequence > sequence) break;
      count += 1;
      if (!flight.track) {
        this.entryBytes -= flight.bytes;
        continue;
      }
      this.trackBytes -= flight.bytes;
      landed(flight.track.volume, flight.track.track);
    }
    this.flights.splice(0, count);
    return before - this.trackBytes;
  }

  /** What was under way has not arrived, as far as this end knows. */
  clear(): void {
    this.flights = [];
    this.entryBytes = 0;
    this.trackBytes = 0;
  }
}
