/** Sets of tracks as bits, one for each track of all volumes in their order. */

export function noTracks({ count, tracksPerVolume }: { count: number; tracksPerVolume: number }): Uint8Array {
  return new Uint8Array(Math.ceil((count * tracksPerVolume) / 8));
}

export function hasTrack(tracks: Uint8Array, index: number): boolean {
  return ((tracks[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** Puts the track into the set, or takes it out. */
export function putTrack(tracks: Uint8Array, index: number, value: boolean): void {
  const byte = tracks[index >> 3] ?? 0;
  tracks[index >> 3] = value ? byte | (1 << (index & 7)) : byte & ~(1 << (index & 7));
}

/** Puts all of `others` into the set. */
export function joinTracks(tracks: Uint8Array, others: Uint8Array): void {
  for (let at = 0; at < tracks.length; at += 1) tracks[at] = (tracks[at] ?? 0) | (others[at] ?? 0);
}

/** What is in either set; both stay as they are. */
export function joinedTracks(some: Uint8Array, others: Uint8Array): Uint8Array {
  const joined = Uint8Array.from(some);
  joinTracks(joined, others);
  return joined;
}

/** In ascending order. */
export function indexesOf(tracks: Uint8Array): number[] {
  const found: number[] = [];
  for (const [at, byte] of tracks.entries()) {
    for (let bit = 0; byte >> bit > 0; bit += 1) if ((byte >> bit) & 1) found.push(at * 8 + bit);
  }
  return found;
}
