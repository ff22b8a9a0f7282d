/**
 * Outside hosts that write numbered blocks: at every system that can ever hold the host role, all the time, whatever the
 * routines think of it. Whom they must not be served by is part of what is tried. What they issued and what was completed
 * is recorded outside all processes.
 */
import type { NbdExport } from '../nbd/export.ts';
import { CELL_BYTES, decodeCells, encodeCells } from './cells.ts';
import type { Observer } from './observer.ts';
import type { Random } from './random.ts';
import type { Settings } from './schedule.ts';
import type { Scheduler } from './scheduler.ts';
import type { Life, VirtualProcess } from './virtual-process.ts';

export interface WriterTarget {
  machine: VirtualProcess;
  /** Its export of `volume`, or null while it offers none. */
  exportOf(volume: number): NbdExport | null;
}

/** Pause of a writer that finds nobody to write to, ms. */
const RETRY_MS = 90;
const MAX_CELLS = 24;
const RECENT_WRITES = 6;
const BURST_CHANCE = 0.4;

export class BlockWriters {
  /** Writers rest while false. */
  running = false;
  completed = 0;
  failed = 0;
  private nextWrite = 1;
  /** Last completed writes by system: a FLUSH is held against these. */
  private readonly recent = new Map<string, number[]>();
  /** Writes whose answer is out, by the life that owes it: they stay unanswered if it dies. */
  private readonly waiting = new Map<Life, Set<() => void>>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    private readonly observer: Observer,
    private readonly settings: Settings,
    private readonly targets: readonly WriterTarget[],
  ) {}

  /** Starts every writer; they rest until `running`. */
  start(): void {
    for (const target of this.targets) {
      for (let writer = 0; writer < this.settings.writers; writer += 1) this.later(target, this.pause());
    }
  }

  /** The process died: whoever waited for its answers goes on without. */
  died(machine: VirtualProcess): void {
    for (const [life, goOn] of this.waiting) {
      if (life.process !== machine) continue;
      this.waiting.delete(life);
      for (const go of goOn) go();
    }
  }

  private pause(): number {
    // Bursts, so that writes of several writers are under way together.
    return this.random.chance(BURST_CHANCE) ? 0 : this.settings.pauseMs * 2 * this.random.fraction();
  }

  private later(target: WriterTarget, delayMs: number): void {
    this.scheduler.after(delayMs, () => this.turn(target));
  }

  private turn(target: WriterTarget): void {
    const { life } = target.machine;
    if (!this.running || !life || life.paused) return this.later(target, RETRY_MS);
    let answered = false;
    const goOn = (): void => {
      if (answered) return;
      answered = true;
      this.waiting.get(life)?.delete(goOn);
      this.later(target, this.pause());
    };
    const mine = this.waiting.get(life) ?? new Set();
    this.waiting.set(life, mine);
    mine.add(goOn);
    // The request is carried out inside the process, as one of its events.
    this.scheduler.at(this.scheduler.nowMs, life, () => this.request(target, life, goOn));
  }

  private request(target: WriterTarget, life: Life, goOn: () => void): void {
    const volume = this.settings.ledger
      ? 1 + this.random.below(this.settings.volumeCount - 1)
      : this.random.below(this.settings.volumeCount);
    const volumeExport = target.exportOf(volume);
    if (!volumeExport || volumeExport.readOnly) {
      this.scheduler.after(RETRY_MS, goOn);
      return;
    }
    const draw = this.random.fraction();
    if (draw < 0.06) this.read(target, volumeExport, volume, goOn);
    else if (draw < 0.09) this.flush(target, life, volumeExport, goOn);
    else this.write(target, life, volumeExport, volume, goOn);
  }

  private range(): { firstCell: number; cells: number } {
    const total = this.settings.volumeBytes / CELL_BYTES;
    const cells = Math.min(
      total,
      this.random.chance(0.8) ? this.random.pick([1, 2, 4, 8]) : this.random.between(1, MAX_CELLS),
    );
    // Some places are hot, so that writes overlap and tracks change while they are copied.
    const place = this.random.chance(0.4) ? this.random.below(Math.min(16, total)) : this.random.below(total);
    return { firstCell: Math.min(place, total - cells), cells };
  }

  private write(target: WriterTarget, life: Life, volumeExport: NbdExport, volume: number, goOn: () => void): void {
    const id = this.nextWrite;
    this.nextWrite += 1;
    const { firstCell, cells } = this.range();
    const zeroes = this.random.chance(0.05);
    const system = target.machine.name;
    this.observer.lookForPromotion();
    this.observer.add({ kind: 'write-issued', write: id, system, volume, firstCell, cells, zeroes });
    const done = (errno: number): void => {
      // An answer that its process did not live to give was never given.
      if (!life.alive) return;
      if (errno === 0) this.noteCompleted(id, system);
      else this.noteFailed(id, system, errno);
      goOn();
    };
    if (zeroes) volumeExport.zero(firstCell * CELL_BYTES, cells * CELL_BYTES, false, done);
    else
      volumeExport.write(
        firstCell * CELL_BYTES,
        encodeCells(id, volume, firstCell, cells),
        this.random.chance(0.03),
        done,
      );
  }

  /** Everything completed before the FLUSH was asked for survives the loss of power, at both ends of a sync pair in duplex. */
  private flush(target: WriterTarget, life: Life, volumeExport: NbdExport, goOn: () => void): void {
    const { name } = target.machine;
    const before = this.recent.get(name) ?? [];
    const generation = this.observer.recordOf(name)?.generation.number;
    const startedOrder = this.observer.history.events.length;
    const inDuplex = this.observer.syncPairOf(name)?.state === 'duplex';
    volumeExport.flush((errno) => {
      if (!life.alive) return;
      if (errno === 0 && this.observer.recordOf(name)?.generation.number === generation)
        this.noteFlushed(name, startedOrder, before, inDuplex);
      goOn();
    });
  }

  private noteFlushed(system: string, startedOrder: number, writes: readonly number[], inDuplex: boolean): void {
    const pair = this.observer.syncPairOf(system);
    const systems = inDuplex && pair?.state === 'duplex' ? [system, pair.peer] : [system];
    const stretch = this.observer.writes.stretches.findLast((candidate) => candidate.system === system)?.index;
    const missing = writes.flatMap((write) => {
      // What an earlier promotion left behind, or a loss of power took before, is another matter.
      const known = this.observer.writes.writes.get(write);
      if (!known || known.stretch !== stretch || !Number.isFinite(known.completedOrder)) return [];
      const durable = this.observer.durableOn(write, systems);
      return durable ? systems.filter((name) => !durable.includes(name)).map((name) => ({ write, system: name })) : [];
    });
    this.observer.add({ kind: 'flushed', system, startedOrder, missing });
  }

  private noteCompleted(id: number, system: string): void {
    this.completed += 1;
    this.recent.set(system, [...(this.recent.get(system) ?? []).slice(1 - RECENT_WRITES), id]);
    this.observer.lookForPromotion();
    const pair = this.observer.syncPairOf(system);
    const heldBy = pair?.state === 'duplex' ? this.observer.holdersOf(id, [system, pair.peer]) : null;
    this.observer.add({
      kind: 'write-completed',
      write: id,
      system,
      syncState: pair?.state ?? 'absent',
      syncPeer: pair?.peer ?? null,
      heldBy,
    });
  }

  private noteFailed(id: number, system: string, errno: number): void {
    this.failed += 1;
    this.observer.add({ kind: 'write-failed', write: id, system, errno });
  }

  private read(target: WriterTarget, volumeExport: NbdExport, volume: number, goOn: () => void): void {
    const { firstCell, cells } = this.range();
    const whole = new Uint8Array(this.settings.volumeBytes);
    const into = whole.subarray(firstCell * CELL_BYTES, (firstCell + cells) * CELL_BYTES);
    const startedOrder = this.observer.history.events.length;
    if (volumeExport.read(firstCell * CELL_BYTES, into) === 0) {
      const found = decodeCells(whole, volume).subarray(firstCell, firstCell + cells);
      this.observer.add({
        kind: 'read',
        system: target.machine.name,
        volume,
        firstCell,
        found: [...found],
        startedOrder,
      });
    }
    goOn();
  }
}
