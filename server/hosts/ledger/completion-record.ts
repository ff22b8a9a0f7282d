/**
 * A host's own record, in a file on its own disk, of what its ledger was told is complete. A transaction counts as
 * completed only once this record says so, and so the record never claims less than anybody was told.
 */
import type { Disk } from '../../domain/ports.ts';
import { peekSlots, SlotFile } from '../slot-file.ts';

const FILE = 'ledger-completed';
const FIELDS = 2;

export interface CompletionRecord {
  /** Every transaction up to this one was told complete. */
  completedThrough: number;
  /** Under which the work ran. */
  generation: number;
}

export class CompletionFile {
  private readonly file: SlotFile;

  /** Throws `DiskError`. */
  constructor(disk: Disk) {
    this.file = new SlotFile(disk, FILE, FIELDS);
  }

  read(): CompletionRecord | null {
    return recordOf(this.file.read());
  }

  /** Survives the death of the process once it returns. Throws `DiskError`. */
  write(record: CompletionRecord): void {
    this.file.write([record.completedThrough, record.generation]);
  }
}

/** The record of a host, dead or alive, from its disk; null where its ledger never completed anything. Throws `DiskError`. */
export function readCompletionRecord(disk: Disk): CompletionRecord | null {
  return recordOf(peekSlots(disk, FILE, FIELDS));
}

function recordOf(values: readonly number[] | null): CompletionRecord | null {
  return values && { completedThrough: values[0] ?? 0, generation: values[1] ?? 0 };
}
