/** Both ends of every pair of this system, by pair key: each of the two is idle where this system is the other end. */
import { pairKey, type SystemName } from '../domain/names.ts';
import { refuse } from '../domain/refusal.ts';
import type { Link } from '../network/link.ts';
import type { StorageConnections } from './config.ts';
import type { StorageCore } from './core.ts';
import { DestinationEnd, type DestinationEndEvents } from './destination-end.ts';
import type { Entry } from './entry.ts';
import { SourceEnd, type SourceEndEvents } from './source-end.ts';
import type { PairRecord } from './system-record.ts';

export interface Ends {
  peer: SystemName;
  link: Link;
  source: SourceEnd;
  destination: DestinationEnd;
}

export class PairEnds {
  private readonly byKey = new Map<string, Ends>();

  constructor(
    private readonly core: StorageCore,
    connections: StorageConnections,
    events: SourceEndEvents & DestinationEndEvents,
  ) {
    for (const [peer, link] of connections.links) {
      const key = pairKey(core.config.system, peer);
      const source = new SourceEnd(core, key, link, events);
      const destination = new DestinationEnd(core, key, link, events);
      this.byKey.set(key, { peer, link, source, destination });
    }
  }

  /** Throws `RefusedError` where there is no line to the other system. */
  at(key: string): Ends {
    const ends = this.byKey.get(key);
    if (!ends)
      throw refuse(
        'unknown-pair',
        `${this.core.config.system} has no line for pair ${key}.`,
        'Name a pair whose systems are joined by a line.',
      );
    return ends;
  }

  keys(): string[] {
    return [...this.byKey.keys()];
  }

  /** The pair `key`. Throws `RefusedError` where there is none. */
  mustFind(key: string): PairRecord {
    const pair = this.core.pairs.get(key);
    if (!pair)
      throw refuse(
        'unknown-pair',
        `${this.core.config.system} knows no pair ${key}.`,
        'It was deleted at that end alone: delete it at the other end too (pair delete), then create it anew.',
      );
    return pair;
  }

  /** An entry was stored here: every pair that leads on carries it. */
  stored(entry: Entry): void {
    for (const { source } of this.byKey.values()) source.stored(entry);
  }

  frame(key: string, bytes: Uint8Array): void {
    const pair = this.core.pairs.get(key);
    const ends = this.byKey.get(key);
    if (!pair || !ends) return;
    if (this.core.pairs.isSource(pair)) ends.source.frame(bytes);
    else ends.destination.frame(bytes);
  }

  /** Ends both sessions of a pair: the line is gone, or the pair stops. */
  close(key: string): void {
    const { source, destination } = this.at(key);
    source.close();
    destination.close();
  }

  /** Opens every session that may be open and is not. */
  openAll(): void {
    for (const { source } of this.byKey.values()) source.open();
  }

  /** A synchronous destination has answered more, or may be done without: other pairs of this system may show it. */
  released(): void {
    for (const { source } of this.byKey.values()) source.released();
  }

  /** One of those that this system feeds has confirmed more, or is fed no more: the others are told. */
  tellProgress(): void {
    for (const { source } of this.byKey.values()) source.tellProgress();
  }

  unblock(): void {
    for (const { destination } of this.byKey.values()) destination.unblock();
  }

  checkpointed(): void {
    for (const { source, destination } of this.byKey.values()) {
      source.checkpointed();
      destination.checkpointed();
    }
  }

  stop(): void {
    for (const { source, destination } of this.byKey.values()) {
      source.stop();
      destination.stop();
    }
  }
}
