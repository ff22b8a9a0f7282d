/**
 * The observer outside all processes: writes the history, follows what each system has on its disk, and takes images of it.
 * It looks at disks only, so it sees exactly what a post-mortem of that instant would.
 */
import { crc32 } from 'node:zlib';
import { pairKey, pairName, parsePairName } from '../domain/names.ts';
import type { SystemRecord } from '../replication/system-record.ts';
import { CELL_BYTES, type CellImage, CORRUPT_CELL, decodeCells, decodeInto, decodeOne, decodePlaced } from './cells.ts';
import { WriteTable } from './checkers/write-table.ts';
import {
  History,
  type HistoryEvent,
  type HistorySettings,
  type Images,
  type Observed,
  type SystemImage,
} from './history.ts';
import {
  hashOf,
  type ImageShape,
  readBitmap,
  readImageAround,
  readOwnTracks,
  readRecord,
  readVolumes,
} from './image-reader.ts';
import { type DiskImage, type FileImage, PAGE_BYTES } from './virtual-disk.ts';
import type { VirtualProcess } from './virtual-process.ts';

const CELLS_PER_PAGE = PAGE_BYTES / CELL_BYTES;

/** Reason given to a change whose report was swallowed by a kill. */
export const FOUND = 'found on disk at the start';

type PairEvent = Extract<HistoryEvent, { kind: 'pair' }>;

interface KnownRecord {
  file: FileImage;
  record: SystemRecord;
}

export class Observer {
  readonly history: History;
  readonly writes: WriteTable;
  /** Highest generation under which a system was seen to be promoted. */
  private promotedGeneration = 1;
  private readonly mixed = new Map<string, ReadonlySet<number>>();
  /** Takeovers that the operator forced, by generation. */
  readonly forced = new Set<number>();
  private readonly records = new Map<string, KnownRecord>();
  /** Told of every transition as it happens. */
  onTransition: ((event: PairEvent) => void) | null = null;
  /** The last one known of each pair, by system and pair. */
  private readonly transitions = new Map<string, Map<string, PairEvent>>();
  private readonly cells = new Map<string, CellImage>();

  constructor(
    settings: HistorySettings,
    private readonly shape: ImageShape,
    private readonly machineOf: (system: string) => VirtualProcess,
    /** Has recovered from its disk and serves. */
    private readonly serves: (system: string) => boolean,
    private readonly nowMs: () => number,
  ) {
    this.history = new History(settings);
    this.writes = new WriteTable(settings.firstHolder, settings.opaqueVolumes);
  }

  add(event: HistoryEvent): Observed {
    const observed = this.history.add(this.nowMs(), event);
    this.writes.observe(observed);
    return observed;
  }

  /** A change of pair state was reported by the process that made it. */
  noteTransition(event: PairEvent): void {
    this.onTransition?.(event);
    const ends = parsePairName(event.pair);
    // Turned round, or defined anew in the other direction, it is the same pair.
    if (ends) this.lastTransitions(event.system).set(pairKey(ends.source, ends.destination), event);
    this.add(event);
  }

  private lastTransitions(system: string): Map<string, PairEvent> {
    const known = this.transitions.get(system) ?? new Map<string, PairEvent>();
    this.transitions.set(system, known);
    return known;
  }

  /** A kill may swallow the report of a change that is on disk: whatever a starting process finds there is noted first. */
  noteFoundStates(system: string): void {
    const pairs = this.recordOf(system)?.pairs ?? {};
    const known = this.lastTransitions(system);
    for (const [key, last] of [...known]) {
      if (last.to === 'absent' || pairs[key]) continue;
      this.noteTransition({ ...last, from: last.to, to: 'absent', version: last.version + 1, reason: FOUND });
    }
    for (const [key, { definition, state, version }] of Object.entries(pairs)) {
      const last = known.get(key);
      const from = last?.to ?? 'absent';
      if (last && from !== 'absent' && last.version >= version) continue;
      const pair = pairName(definition.source, definition.destination);
      const event = { kind: 'pair', system, pair, pairKind: definition.kind, reason: FOUND } as const;
      this.noteTransition({ ...event, from, to: state, version });
    }
  }

  /** What `system` has on record now, or null before its first start. Parsed anew only when it was replaced. */
  recordOf(system: string): SystemRecord | null {
    if (!this.history.settings.systems.includes(system)) return null;
    const { image } = this.machineOf(system);
    const file = image.file('system.json');
    if (!file) return null;
    const known = this.records.get(system);
    if (known?.file === file) return known.record;
    const record = readRecord((name) => image.peek(name));
    if (!record) return null;
    this.records.set(system, { file, record });
    return record;
  }

  /** What `system` has set apart as its own now: a promotion that accepts it is to come. */
  noteMixed(system: string): void {
    const record = this.recordOf(system);
    const { image } = this.machineOf(system);
    if (record?.mixed)
      this.mixed.set(
        system,
        readOwnTracks(record, (name) => image.peek(name), this.shape),
      );
  }

  /** Records a promotion as soon as it is on the disk of the one promoted. */
  lookForPromotion(): void {
    for (const system of this.history.settings.systems) {
      const record = this.recordOf(system);
      if (!record?.holdsHostRole || record.generation.holder !== system) continue;
      const { number } = record.generation;
      if (number <= this.promotedGeneration) continue;
      this.promotedGeneration = number;
      const mixed = this.mixed.get(system);
      this.mixed.delete(system);
      this.add({
        kind: 'promoted',
        system,
        generation: number,
        forced: this.forced.has(number),
        image: this.cellsOf(system),
        ...(mixed ? { mixed } : {}),
      });
    }
  }

  /** The sync pair of which `system` is the source, as that has it on record. */
  syncPairOf(system: string): { state: SystemRecord['pairs'][string]['state']; peer: string; name: string } | null {
    const record = this.recordOf(system);
    for (const pair of Object.values(record?.pairs ?? {})) {
      const { kind, source, destination } = pair.definition;
      if (kind === 'sync' && source === system)
        return { state: pair.state, peer: destination, name: pairName(source, destination) };
    }
    return null;
  }

  /** Tracks marked at `system` for its pair with `peer`; none where it has no such pair. */
  setTracks(system: string, peer: string): ReadonlySet<number> | 'all' {
    const { image } = this.machineOf(system);
    const key = pairKey(system, peer);
    return this.recordOf(system)?.pairs[key] ? readBitmap(image.peek(`bitmap-${key}`), this.shape) : new Set();
  }

  /** Which of `systems` hold write `id` where the loss of power would not reach, or null where nobody kept track. */
  durableOn(id: number, systems: readonly string[]): string[] | null {
    const write = this.writes.writes.get(id);
    if (!write || !systems.every((system) => this.machineOf(system).image.losesPower)) return null;
    return systems.filter((system) => {
      const { image } = this.machineOf(system);
      return this.writes.holdsIn((volume, cell) => syncedCellAt(image, volume, cell), write);
    });
  }

  /** Which of `systems` hold write `id` (or one that may have come after it) at this instant. */
  holdersOf(id: number, systems: readonly string[]): string[] {
    const write = this.writes.writes.get(id);
    if (!write) return [];
    return systems.filter((system) => {
      const { image } = this.machineOf(system);
      return this.writes.holdsIn((volume, cell) => cellAt(image, volume, cell), write);
    });
  }

  /** Cells of `system` now. The same object as long as nothing was written; decodes only what changed since the last look. */
  cellsOf(system: string): CellImage {
    const { image } = this.machineOf(system);
    const known = this.cells.get(system);
    const volumes = Array.from({ length: this.shape.volumeCount }, (_, volume) => volume);
    const isSame = known?.every((_, volume) => image.file(`volume-${volume}`)?.touched.size === 0) ?? false;
    if (known && isSame) return known;
    const fresh = volumes.map((volume) => this.freshCells(image, volume, known?.[volume]));
    this.cells.set(system, fresh);
    return fresh;
  }

  private freshCells(image: DiskImage, volume: number, known: Uint32Array | undefined): Uint32Array {
    const file = image.file(`volume-${volume}`);
    if (!file) return new Uint32Array((this.shape.volumeBytes / PAGE_BYTES) * CELLS_PER_PAGE);
    if (known && file.touched.size === 0) return known;
    const isOpaque = this.history.settings.opaqueVolumes.includes(volume);
    if (!known || isOpaque) {
      file.touched.clear();
      return isOpaque ? opaqueCells(file.view()) : decodeCells(file.view(), volume);
    }
    const cells = known.slice();
    for (const page of file.touched) {
      decodeInto(cells, file.view(), volume, page * CELLS_PER_PAGE, (page + 1) * CELLS_PER_PAGE);
    }
    file.touched.clear();
    return cells;
  }

  /** Volumes that were read through some other way than the disk, as cells. */
  cellsIn(volumes: readonly Uint8Array[]): CellImage {
    const { opaqueVolumes } = this.history.settings;
    return volumes.map((content, volume) =>
      opaqueVolumes.includes(volume) ? opaqueCells(content) : decodeCells(content, volume),
    );
  }

  /**
   * Takes images of all systems. `whole`: hashed too, for byte-for-byte equality. `glance`: without the journals, which are
   * the dear part.
   */
  takeImages(label: string, depth: 'glance' | 'normal' | 'whole' = 'normal'): void {
    const images: Record<string, SystemImage> = {};
    for (const system of this.history.settings.systems) {
      const machine = this.machineOf(system);
      const folder = (name: string): Uint8Array | null => machine.image.peek(name);
      const contentHash = depth === 'whole' ? hashOf(readVolumes(folder, this.shape)) : null;
      const record = this.recordOf(system);
      if (!record) continue;
      const image = readImageAround(
        record,
        system,
        this.serves(system),
        folder,
        this.shape,
        this.cellsOf(system),
        contentHash,
        depth !== 'glance',
      );
      images[system] = image;
    }
    const taken: Images = images;
    this.add({ kind: 'images', label, images: taken });
  }
}

/** A name for the content of each cell, so that equal ones can be told. */
export function opaqueCells(content: Uint8Array): Uint32Array {
  const cells = new Uint32Array(content.length / CELL_BYTES);
  for (let cell = 0; cell < cells.length; cell += 1)
    cells[cell] = crc32(content.subarray(cell * CELL_BYTES, (cell + 1) * CELL_BYTES));
  return cells;
}

function syncedCellAt(image: DiskImage, volume: number, cell: number): number {
  const page = image.file(`volume-${volume}`)?.syncedPage(Math.floor(cell / CELLS_PER_PAGE));
  if (!page) return CORRUPT_CELL;
  return decodePlaced(page, volume, cell, cell % CELLS_PER_PAGE);
}

/** One cell of a volume as the disk holds it now. */
function cellAt(image: DiskImage, volume: number, cell: number): number {
  const content = image.peek(`volume-${volume}`);
  if (!content) return CORRUPT_CELL;
  return decodeOne(content, volume, cell);
}
