/** What a storage system tells of itself: read off, never judged here. */
import { MOST_NAMED_TRACKS } from '../domain/difference-table.ts';
import { pairName } from '../domain/names.ts';
import { isFlowing } from '../domain/pair-states.ts';
import { DiskError } from '../domain/ports.ts';
import type { JournalEntryFacts, PairFacts, StorageReply, SystemFacts } from '../domain/storage-controller.ts';
import type { StorageConnections } from './config.ts';
import type { StorageCore } from './core.ts';
import type { Entry } from './entry.ts';
import type { HostWrites } from './host-writes.ts';
import type { PairEnds } from './pair-ends.ts';
import type { PairRecord } from './system-record.ts';

/** A rate is told from samples at least so far apart, ms. */
const SAMPLE_MS = 1000;
const MAX_JOURNAL_ENTRIES = 1000;

export class FactsReader {
  private sample: { at: number; usedBytes: number } | null = null;
  private growthBytesPerSecond = 0;

  constructor(
    private readonly core: StorageCore,
    private readonly ends: PairEnds,
    private readonly writes: HostWrites,
    private readonly connections: StorageConnections,
    private readonly consistentNumber: () => number,
    private readonly clients: () => number,
  ) {}

  system(): SystemFacts {
    const { core } = this;
    core.probe();
    const { record, volumes } = core;
    const acceptance = this.writes.gate.acceptance();
    return {
      system: core.config.system,
      generation: record.generation,
      lineage: record.lineage,
      hostWrites: { accepted: acceptance.accepted, reason: acceptance.reason },
      lastNumber: core.lastNumber,
      completedNumber: core.marks.completed,
      completedAt: this.writes.completedAt,
      lastIoAgeMs: Math.max(0, core.ports.clock.monotonic() - volumes.lastIoAtMs),
      consistent: record.imageConsistent,
      consistentNumber: this.consistentNumber(),
      evidenceLost: record.evidenceLost,
      ...(record.mixed ? { mixedTracks: core.own.count, mixedNamed: core.own.first(MOST_NAMED_TRACKS) } : {}),
      volumes: Array.from({ length: volumes.count }, (_, volume) => ({
        sizeBytes: volumes.volumeBytes,
        dirtyTracks: this.dirtyTracksOf(volume),
      })),
      journal: this.journalFacts(),
      pairs: core.pairs.all().map(([key]) => this.pair(key)),
      lines: [...this.connections.links].map(([peer, link]) => ({ peer, connected: link.up, rttMs: link.rttMs })),
      clients: this.clients(),
      writesCompleted: this.writes.completedWrites,
      bytesWritten: this.writes.writtenBytes,
      ...(core.clones.current ? { clone: core.clones.current.facts() } : {}),
    };
  }

  /** Set bits of the pair that has most; a pair without any is not counted through. */
  private dirtyTracksOf(volume: number): number {
    const bitmaps = this.core.pairs.all().map(([key]) => this.core.pairs.bitmap(key));
    return Math.max(0, ...bitmaps.map((bitmap) => (bitmap.count > 0 ? bitmap.countOf(volume) : 0)));
  }

  pair(key: string): PairFacts {
    const { core } = this;
    const pair = core.pairs.get(key);
    if (!pair) throw new Error(`no pair ${key}`);
    const ends = this.ends.at(key);
    const source = core.pairs.isSource(pair);
    const set = source ? ends.source.sets.progress : ends.destination.sets.progress;
    const applied = source ? Math.min(core.pairs.peerAccepted(key), core.lastNumber) : core.lastNumber;
    return {
      name: pairName(pair.definition.source, pair.definition.destination),
      definition: pair.definition,
      end: source ? 'source' : 'destination',
      state: pair.state,
      version: pair.version,
      changedAt: pair.changedAt,
      reason: pair.reason,
      dirtyTracks: core.pairs.bitmap(key).count,
      trackBytes: core.volumes.trackBytes,
      consistent: source || core.record.imageConsistent,
      givenNumber: core.lastNumber,
      appliedNumber: applied,
      lag: this.lag(key, pair, source, applied),
      copy: source ? ends.source.copy : ends.destination.copy,
      ...(set ? { set } : {}),
      ...(source && ends.source.lastCopyBytes !== null ? { lastCopyBytes: ends.source.lastCopyBytes } : {}),
      transferredBytes: source ? ends.source.transferredBytes : ends.destination.receivedBytes,
      connected: ends.link.up,
      gold: core.gold
        ? {
            number: core.gold.base.number,
            generation: core.gold.base.lineage.at(-1)?.generation ?? 0,
            usedBytes: core.gold.usedBytes,
          }
        : null,
    };
  }

  /** Lag is known at the source only: the destination does not know what it has not been told. */
  private lag(key: string, pair: PairRecord, source: boolean, applied: number): PairFacts['lag'] {
    const { core } = this;
    if (!source || !isFlowing(pair.state) || applied >= core.lastNumber)
      return { updates: 0, bytes: 0, ms: source ? 0 : null };
    if (core.snapshots.feeds(pair)) return this.lagOfSets(key, applied);
    const oldest = this.entry(applied + 1);
    const ms = oldest ? Math.max(0, core.ports.clock.now() - oldest.at) : null;
    return { updates: core.lastNumber - applied, bytes: core.journal.bytesAfter(applied), ms };
  }

  /** What is not confirmed is in the bits; the oldest of it is as old as the set it is in. */
  private lagOfSets(key: string, applied: number): PairFacts['lag'] {
    const { core } = this;
    const sets = core.snapshots.of(key);
    const since = sets.oldest?.changedAt ?? sets.changedAt;
    return {
      updates: core.lastNumber - applied,
      bytes: core.pairs.bitmap(key).count * core.volumes.trackBytes,
      ms: since === null ? null : Math.max(0, core.ports.clock.now() - since),
    };
  }

  /** Null where it is not held or cannot be read. */
  private entry(number: number): Entry | null {
    try {
      return this.core.journal.read(number);
    } catch (error) {
      if (error instanceof DiskError) return null;
      throw error;
    }
  }

  private journalFacts(): SystemFacts['journal'] {
    const { journal, ports } = this.core;
    const now = ports.clock.monotonic();
    const usedBytes = journal.usedBytes;
    if (this.sample === null || now - this.sample.at >= SAMPLE_MS) {
      const grown = this.sample ? ((usedBytes - this.sample.usedBytes) * 1000) / (now - this.sample.at) : 0;
      this.growthBytesPerSecond = 0.5 * this.growthBytesPerSecond + 0.5 * grown;
      this.sample = { at: now, usedBytes };
    }
    // Below a quarter full, the ordinary breath between two trims is no trend.
    const rising = this.growthBytesPerSecond > 0 && usedBytes > journal.sizeBytes / 4;
    const fullInMs = rising ? Math.round(((journal.sizeBytes - usedBytes) / this.growthBytesPerSecond) * 1000) : null;
    const kept = this.core.retention.all().map(({ consumer, number }) => ({
      consumer,
      number,
      bytes: journal.bytesAfter(Math.max(number, journal.trimmedTo)),
    }));
    const { sizeBytes, trimmedTo } = journal;
    return { usedBytes, sizeBytes, trimmedTo, fullInMs, ...(kept.length > 0 ? { kept } : {}) };
  }

  journal(after: number, limit: number): StorageReply {
    const { journal } = this.core;
    const entries: JournalEntryFacts[] = [];
    const first = Math.max(after, journal.trimmedTo) + 1;
    const last = Math.min(journal.lastNumber, first + Math.min(limit, MAX_JOURNAL_ENTRIES) - 1);
    for (let number = first; number <= last; number += 1) {
      const entry = this.entry(number);
      if (!entry) break;
      const { data: _, ...facts } = entry;
      entries.push(facts);
    }
    return { verb: 'journal', entries, trimmedTo: journal.trimmedTo, lastNumber: journal.lastNumber };
  }
}
