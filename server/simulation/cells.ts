/**
 * Numbered blocks: what the simulator's host writes are made of. Every 512-byte cell says which write put it there, so
 * that an image alone tells which writes it holds, in the simulator as well as on the disks of real processes.
 */

export const CELL_BYTES = 512;
const CELL_WORDS = CELL_BYTES / 4;

/** Cell that holds nothing but zeros: never written, or zeroed by a numbered update. */
export const EMPTY_CELL = 0;
/** Cell that no single write left: torn, damaged, or foreign. */
export const CORRUPT_CELL = 0xffff_ffff;

/** Which write each cell of each volume holds, by volume. */
export type CellImage = readonly Uint32Array[];

function wordOf(writeId: number, volume: number, cell: number, word: number): number {
  return (
    (Math.imul(writeId, 0x9e37_79b1) ^
      Math.imul(cell + 1, 0x85eb_ca6b) ^
      Math.imul(volume + 1, 0xc2b2_ae35) ^
      Math.imul(word, 0x27d4_eb2f)) >>>
    0
  );
}

/** Content of `count` cells from `firstCell`, as write `writeId` (1 … 2^32 − 2) leaves them. */
export function encodeCells(writeId: number, volume: number, firstCell: number, count: number): Uint8Array {
  const words = new Uint32Array(count * CELL_WORDS);
  for (let index = 0; index < count; index += 1) {
    const base = index * CELL_WORDS;
    words[base] = writeId;
    for (let word = 1; word < CELL_WORDS; word += 1)
      words[base + word] = wordOf(writeId, volume, firstCell + index, word);
  }
  return new Uint8Array(words.buffer);
}

/** Which write each cell of `content` holds. `content` is one whole volume; its length is a multiple of a cell. */
export function decodeCells(content: Uint8Array, volume: number): Uint32Array {
  const cells = new Uint32Array(content.length / CELL_BYTES);
  decodeInto(cells, content, volume, 0, cells.length);
  return cells;
}

/** As `decodeCells`, for cells `from` to `to` (not included) only. */
export function decodeInto(cells: Uint32Array, content: Uint8Array, volume: number, from: number, to: number): void {
  const aligned = content.byteOffset % 4 === 0 ? content : content.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
  for (let cell = from; cell < to; cell += 1) cells[cell] = decodeCell(words, cell * CELL_WORDS, volume, cell);
}

/** Which write cell `cell` of `content`, one whole volume, holds. */
export function decodeOne(content: Uint8Array, volume: number, cell: number): number {
  return decodePlaced(content, volume, cell, cell);
}

/** Which write cell `cell` of `volume` holds, where `content` has it as its `place`-th cell. */
export function decodePlaced(content: Uint8Array, volume: number, cell: number, place: number): number {
  const words = new Uint32Array(content.slice(place * CELL_BYTES, (place + 1) * CELL_BYTES).buffer);
  return decodeCell(words, 0, volume, cell);
}

function decodeCell(words: Uint32Array, base: number, volume: number, cell: number): number {
  const writeId = words[base] ?? 0;
  if (writeId === EMPTY_CELL) {
    for (let word = 1; word < CELL_WORDS; word += 1) if (words[base + word] !== 0) return CORRUPT_CELL;
    return EMPTY_CELL;
  }
  for (let word = 1; word < CELL_WORDS; word += 1) {
    if (words[base + word] !== wordOf(writeId, volume, cell, word)) return CORRUPT_CELL;
  }
  return writeId;
}
