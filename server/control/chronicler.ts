/**
 * From what agents announce to entries of the history. Every worker hears every announcement and writes it down under a
 * key of its own, so that it is recorded once whichever worker lives.
 */

import type { Severity } from '../domain/group-status.ts';
import type { HeartbeatView } from '../domain/host.ts';
import type { Log } from '../domain/ports.ts';
import type { AgentNotices, ProcessView } from '../site/agent-protocol.ts';
import { type Database, isDatabaseAway } from './database.ts';
import { appendEvents, type NewEvent } from './event-log.ts';
import type { EventKind } from './views.ts';

const RETRY_MS = 500;
const SETTLED_LOOK_MS = 20;
/** Beyond this the oldest give way: a database that is away for so long is the greater loss. */
const MAX_WAITING = 10_000;

/** Kinds of the agent's events that have a name of their own in the history. */
const KIND_OF: Record<string, EventKind> = { started: 'process-started', exited: 'process-exited' };

const SEVERITY_OF_STATE: Record<string, Severity> = { 'failure-suspend': 'major', suspend: 'minor' };

interface KnownEnd {
  state: string;
  version: number;
}

export class Chronicler {
  private waiting: NewEvent[] = [];
  private writing = false;
  private timer: NodeJS.Timeout | null = null;
  /** By group, system and pair: what the history says last. */
  private readonly ends = new Map<string, KnownEnd>();
  private dirtyEnds = new Map<string, KnownEnd>();
  private readonly heartbeats = new Map<string, boolean>();

  constructor(
    private readonly database: Database,
    private readonly log: Log,
    /** False at workers that do not lead: they write only what agents announce, not what they conclude from views. */
    private readonly leads: () => boolean,
  ) {}

  /** What the history said last, for a worker that begins to lead. */
  async load(): Promise<void> {
    for (const end of await this.database.prisma.pairEnd.findMany()) {
      this.ends.set(`${end.group}/${end.system}/${end.pair}`, { state: end.state, version: end.version });
    }
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  add(event: NewEvent): void {
    this.waiting.push(event);
    if (this.waiting.length > MAX_WAITING) this.waiting.shift();
    this.flushSoon();
  }

  /** Writes one event before it resolves, for a process that is about to end. */
  async write(event: NewEvent): Promise<void> {
    await appendEvents(this.database.pool, [event]);
  }

  /** Resolves once everything added so far is written, or after `boundMs`. */
  async settled(boundMs: number): Promise<void> {
    const end = performance.now() + boundMs;
    while ((this.writing || this.waiting.length > 0) && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, SETTLED_LOOK_MS));
  }

  transition(notice: AgentNotices['pair.transition']): void {
    const { group, system, pair, from, to, reason, at, version } = notice;
    const key = `${group}/${system}/${pair}`;
    this.noteEnd(key, { state: to, version });
    this.add({
      at,
      group,
      kind: 'pair-transition',
      subject: pair,
      observer: system,
      text: `${pair} at ${system}: ${from} → ${to}${reason ? ` (${reason})` : ''}`,
      severity: SEVERITY_OF_STATE[to] ?? 'none',
      facts: { system, from, to, reason, version },
      dedupeKey: `transition/${key}/${version}/${at}`,
    });
  }

  processEvent(notice: AgentNotices['process.event']): void {
    const { group, process, at, kind, text, facts } = notice;
    this.add({
      at,
      group,
      kind: KIND_OF[kind] ?? 'process-event',
      subject: process,
      observer: process,
      text,
      severity: kind === 'exited' ? 'minor' : 'none',
      facts: { ...facts, event: kind },
      dedupeKey: `process/${group}/${process}/${kind}/${at}`,
    });
  }

  /** Notices what no announcement told: a transition that got lost, heartbeats that stopped or came back. */
  view(view: ProcessView): void {
    if (!this.leads() || !view.facts || view.factsAt === null) return;
    if ('storage' in view.facts) this.compareEnds(view, view.factsAt);
    else if ('host' in view.facts) this.compareHeartbeats(view.group, view.facts.host.heartbeats, view.factsAt);
    else if ('witness' in view.facts) this.compareHeartbeats(view.group, view.facts.witness.heartbeats, view.factsAt);
  }

  /** A group's name may be given again. */
  forget(group: string): void {
    for (const map of [this.ends, this.heartbeats, this.dirtyEnds]) {
      for (const key of map.keys()) if (key.startsWith(`${group}/`)) map.delete(key);
    }
  }

  private compareEnds(view: ProcessView, at: number): void {
    if (!view.facts || !('storage' in view.facts)) return;
    for (const pair of view.facts.storage.pairs) {
      const key = `${view.group}/${view.name}/${pair.name}`;
      const known = this.ends.get(key);
      if (known?.state === pair.state || (known && known.state !== 'absent' && pair.version <= known.version)) continue;
      this.noteEnd(key, { state: pair.state, version: pair.version });
      this.add({
        at: pair.changedAt,
        group: view.group,
        kind: 'pair-transition',
        subject: pair.name,
        observer: view.name,
        text: `${pair.name} at ${view.name}: ${known?.state ?? 'unknown'} → ${pair.state} (${pair.reason}), seen afterwards`,
        severity: SEVERITY_OF_STATE[pair.state] ?? 'none',
        facts: {
          system: view.name,
          from: known?.state ?? 'unknown',
          to: pair.state,
          reason: pair.reason,
          version: pair.version,
          seenAt: at,
        },
        dedupeKey: `transition/${key}/${pair.version}/${pair.changedAt}`,
      });
    }
  }

  private compareHeartbeats(group: string, heartbeats: readonly HeartbeatView[], at: number): void {
    for (const { observer, of, lost, ageMs, last } of heartbeats) {
      const key = `${group}/${observer}/${of}`;
      const before = this.heartbeats.get(key);
      this.heartbeats.set(key, lost);
      // Heartbeats never heard are no loss, and what was so when this worker began is no news.
      if (before === undefined || before === lost || !last) continue;
      this.add({
        at,
        group,
        kind: lost ? 'heartbeat-lost' : 'heartbeat-found',
        subject: of,
        observer,
        text: lost
          ? `${observer} no longer hears ${of}: last heartbeat ${((ageMs ?? 0) / 1000).toFixed(1)} s old, completed through ${last.completedNumber}`
          : `${observer} hears ${of} again`,
        severity: lost ? 'major' : 'none',
        facts: { ageMs, completedNumber: last.completedNumber, generation: last.generation.number },
        dedupeKey: `heartbeat/${key}/${lost}/${last.incarnation}/${last.beat}`,
      });
    }
  }

  private noteEnd(key: string, end: KnownEnd): void {
    this.ends.set(key, end);
    this.dirtyEnds.set(key, end);
  }

  private flushSoon(): void {
    if (this.writing || this.timer) return;
    void this.flush();
  }

  private async flush(): Promise<void> {
    this.writing = true;
    let retry = false;
    while (this.waiting.length > 0 && !retry) {
      const batch = this.waiting.splice(0, 500);
      const ends = this.dirtyEnds;
      this.dirtyEnds = new Map();
      try {
        await appendEvents(this.database.pool, batch);
        await this.writeEnds(ends);
      } catch (error) {
        // Kept while the database is away. Anything else would fail again and again, and block what comes after it.
        retry = isDatabaseAway(error);
        if (retry) this.waiting.unshift(...batch);
        for (const [key, end] of ends) if (!this.dirtyEnds.has(key)) this.dirtyEnds.set(key, end);
        this.log.write('warn', 'events not written', {
          reason: error instanceof Error ? error.message : String(error),
          kept: retry,
        });
      }
    }
    this.writing = false;
    if (!retry) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.flushSoon();
    }, RETRY_MS);
  }

  private async writeEnds(ends: Map<string, KnownEnd>): Promise<void> {
    if (ends.size === 0) return;
    const rows = [...ends].map(([key, end]) => ({ names: key.split('/'), end }));
    await this.database.pool.query(
      `INSERT INTO pair_ends ("group", system, pair, state, version) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[])
       ON CONFLICT ("group", system, pair) DO UPDATE SET state = EXCLUDED.state, version = EXCLUDED.version`,
      [
        rows.map(({ names }) => names[0]),
        rows.map(({ names }) => names[1]),
        rows.map(({ names }) => names[2]),
        rows.map(({ end }) => end.state),
        rows.map(({ end }) => end.version),
      ],
    );
  }
}
