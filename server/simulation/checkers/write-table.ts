/**
 * The host writes of a history, and the question all checkers ask of an image: which of them does it hold? Works on
 * order of issue and completion and on content alone: of two writes the later is the one issued after the other was
 * completed; where they overlapped, either may come last.
 */

import type { SystemName } from '../../domain/names.ts';
import { type CellImage, CORRUPT_CELL, EMPTY_CELL } from '../cells.ts';
import type { Observed } from '../history.ts';

export interface WriteRecord {
  id: number;
  system: string;
  /** Which stretch of the group's life it belongs to: how often a system had been promoted before, see `Stretch`. */
  stretch: number;
  volume: number;
  firstCell: number;
  cells: number;
  zeroes: boolean;
  issuedOrder: number;
  /** Infinity while not known to be completed. */
  completedOrder: number;
  /** Completed in duplex, or flushed: no loss of power may take it. */
  isSafe: boolean;
}

/** From one promotion of a host's system to the next. Stretch 0 begins empty at the first holder. */
export interface Stretch {
  index: number;
  system: string;
  generation: number;
  forced: boolean;
  /** Place of the promotion in the history. */
  order: number;
  /** What its system held when it was promoted; null for the first. */
  base: CellImage | null;
}

/** Cells of which nothing is asked: a mixed image holds its system's own updates there, and says so. */
export type IsApart = (volume: number, cell: number) => boolean;

const NOTHING_APART: IsApart = () => false;

export class WriteTable {
  readonly writes = new Map<number, WriteRecord>();
  readonly stretches: Stretch[];
  /** The same image is asked about by several checkers, and is often the one of the look before. */
  private readonly judged = new WeakMap<CellImage, { why: string | null; writes: number; order: number }>();
  private lastOrder = -1;
  /** Writes by `volume`, `cell` and stretch, in order of issue. */
  private readonly byCell = new Map<number, WriteRecord[]>();

  constructor(
    firstHolder: SystemName,
    private readonly opaqueVolumes: readonly number[],
  ) {
    this.stretches = [{ index: 0, system: firstHolder, generation: 0, forced: false, order: -1, base: null }];
  }

  /** Takes in one event; those that are not about writes or promotions say nothing to it. */
  observe(event: Observed): void {
    this.lastOrder = event.order;
    if (event.kind === 'promoted') {
      const { system, generation, forced, order, image } = event;
      this.stretches.push({ index: this.stretches.length, system, generation, forced, order, base: image });
    } else if (event.kind === 'write-issued') {
      const stretch = this.stretches.findLast((candidate) => candidate.system === event.system);
      const { system, volume, firstCell, cells, zeroes, order } = event;
      this.add({
        id: event.write,
        system,
        stretch: stretch?.index ?? 0,
        volume,
        firstCell,
        cells,
        zeroes,
        issuedOrder: order,
        completedOrder: Number.POSITIVE_INFINITY,
        isSafe: false,
      });
    } else if (event.kind === 'write-completed') {
      const write = this.writes.get(event.write);
      if (write) Object.assign(write, { completedOrder: event.order, isSafe: event.syncState === 'duplex' });
    } else if (event.kind === 'flushed') {
      this.flushed(event.system, event.startedOrder);
    } else if (event.kind === 'process' && event.what === 'power-loss') {
      this.forgetUnsafe(event.process);
    }
  }

  private flushed(system: SystemName, startedOrder: number): void {
    for (const write of this.writes.values()) {
      if (write.system === system && write.completedOrder < startedOrder) write.isSafe = true;
    }
  }

  /** To its hosts a system without a copy is a disk: what was not flushed may go with the power, as if never completed. */
  private forgetUnsafe(system: SystemName): void {
    for (const write of this.writes.values()) {
      if (write.system === system && !write.isSafe) write.completedOrder = Number.POSITIVE_INFINITY;
    }
  }

  private add(write: WriteRecord): void {
    this.writes.set(write.id, write);
    for (let cell = write.firstCell; cell < write.firstCell + write.cells; cell += 1) {
      const key = keyOf(write.volume, cell);
      const there = this.byCell.get(key);
      if (there) there.push(write);
      else this.byCell.set(key, [write]);
    }
  }

  /** Writes that ever touched a cell, in order of issue, all stretches. */
  writesOf(volume: number, cell: number): readonly WriteRecord[] {
    return this.byCell.get(keyOf(volume, cell)) ?? [];
  }

  /** Writes that may have left `content` in a cell: one, or for zeros every zeroing one of `stretch`. */
  private candidates(volume: number, cell: number, content: number, stretch: number): WriteRecord[] {
    if (content !== EMPTY_CELL) {
      const write = this.writes.get(content);
      return write ? [write] : [];
    }
    return this.writesOf(volume, cell).filter((write) => write.zeroes && write.stretch === stretch);
  }

  /** True where a cell shows `write`, or a write that may have come after it, of its stretch. */
  private showsCell(content: number, write: WriteRecord, cell: number): boolean {
    if (content === CORRUPT_CELL) return false;
    if (content === write.id) return true;
    return this.candidates(write.volume, cell, content, write.stretch).some(
      // A write that was completed before this one was issued cannot have come after it.
      (found) => found === write || (found.stretch === write.stretch && found.completedOrder > write.issuedOrder),
    );
  }

  /** True where `image` shows every cell of `write` as it left it, or as a later write of its stretch did. */
  holds(image: CellImage, write: WriteRecord): boolean {
    return this.holdsIn((volume, cell) => image[volume]?.[cell] ?? CORRUPT_CELL, write);
  }

  /** As `holds`, for an image of which `contentOf` gives single cells. */
  holdsIn(
    contentOf: (volume: number, cell: number) => number,
    write: WriteRecord,
    isApart: IsApart = NOTHING_APART,
  ): boolean {
    for (let cell = write.firstCell; cell < write.firstCell + write.cells; cell += 1) {
      if (isApart(write.volume, cell)) continue;
      if (!this.showsCell(contentOf(write.volume, cell), write, cell)) return false;
    }
    return true;
  }

  /**
   * True where a cell shows a write that overlapped with `write` in time, for nobody outside knows which of the two came
   * last; or nothing, for zeros do not tell which write left them, or that none did.
   */
  isAmbiguous(image: CellImage, write: WriteRecord): boolean {
    for (let cell = write.firstCell; cell < write.firstCell + write.cells; cell += 1) {
      const content = image[write.volume]?.[cell] ?? CORRUPT_CELL;
      if (content === EMPTY_CELL) return true;
      const shown = this.writes.get(content);
      if (!shown || shown === write || shown.stretch !== write.stretch) continue;
      if (shown.issuedOrder < write.completedOrder && shown.completedOrder > write.issuedOrder) return true;
    }
    return false;
  }

  /** Last stretch of which `image` shows a write for certain; 0 where it shows none. */
  stretchOf(image: CellImage): number {
    let last = 0;
    for (const [volume, cells] of image.entries()) {
      if (this.opaqueVolumes.includes(volume)) continue;
      for (const content of cells) {
        if (content === EMPTY_CELL || content === CORRUPT_CELL) continue;
        const stretch = this.writes.get(content)?.stretch ?? 0;
        if (stretch > last) last = stretch;
      }
    }
    return last;
  }

  /**
   * Why `image` is not what the group held after some prefix of its updates, or null where it is one. A prefix that
   * shows a write shows every write completed before that one was issued. Cells that stand apart are not asked.
   */
  whyNoPrefix(image: CellImage, isApart: IsApart = NOTHING_APART): string | null {
    if (isApart !== NOTHING_APART) return this.judge(image, isApart);
    const known = this.judged.get(image);
    if (known && known.writes === this.writes.size && known.order === this.lastOrder) return known.why;
    const why = this.judge(image, NOTHING_APART);
    this.judged.set(image, { why, writes: this.writes.size, order: this.lastOrder });
    return why;
  }

  private judge(image: CellImage, isApart: IsApart): string | null {
    const shown = this.stretchOf(image);
    let why: string | null = null;
    // A stretch of which only zeros are to be seen shows nothing for certain, so the later ones are tried too.
    for (let stretch = shown; stretch < this.stretches.length; stretch += 1) {
      const found = this.whyNoPrefixOf(image, stretch, isApart);
      if (found === null) return null;
      why ??= found;
    }
    return why;
  }

  private whyNoPrefixOf(image: CellImage, stretchIndex: number, isApart: IsApart): string | null {
    const base = this.stretches[stretchIndex]?.base ?? null;
    let newest: WriteRecord | null = null;
    for (const [volume, cells] of image.entries()) {
      if (this.opaqueVolumes.includes(volume)) continue;
      for (const [cell, content] of cells.entries()) {
        if (isApart(volume, cell)) continue;
        if (content === CORRUPT_CELL) return `volume ${volume} cell ${cell} holds what no write left`;
        const write = content === EMPTY_CELL ? undefined : this.writes.get(content);
        if (content !== EMPTY_CELL && !write)
          return `volume ${volume} cell ${cell} holds write ${content}, which nobody issued`;
        if (write && write.stretch === stretchIndex) {
          if (!newest || write.issuedOrder > newest.issuedOrder) newest = write;
        } else if (
          content !== (base?.[volume]?.[cell] ?? EMPTY_CELL) &&
          !this.zeroedIn(volume, cell, content, stretchIndex)
        ) {
          return `volume ${volume} cell ${cell} holds write ${content} of an older stretch, which its stretch did not begin with`;
        }
      }
    }
    if (!newest) return null;
    for (const write of this.writes.values()) {
      if (write.stretch !== stretchIndex || write.completedOrder > newest.issuedOrder) continue;
      const contentOf = (volume: number, cell: number) => image[volume]?.[cell] ?? CORRUPT_CELL;
      if (!this.holdsIn(contentOf, write, isApart)) {
        return `it shows write ${newest.id} but not write ${write.id}, which was completed before that one was issued`;
      }
    }
    return null;
  }

  private zeroedIn(volume: number, cell: number, content: number, stretch: number): boolean {
    return content === EMPTY_CELL && this.candidates(volume, cell, EMPTY_CELL, stretch).length > 0;
  }
}

function keyOf(volume: number, cell: number): number {
  return volume * 0x1000_0000 + cell;
}
