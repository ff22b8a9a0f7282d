/** What an agent remembers of a group, so that it brings everything back by itself after its own death. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { GroupDefinition } from '../../domain/arrangement.ts';
import type { Log } from '../../domain/ports.ts';
import type { LineConditions } from '../../network/channel-types.ts';
import type { AddressBook, DiskFault } from '../agent-protocol.ts';
import { readRecord, replaceRecord } from '../processes/durable-file.ts';
import {
  addressBookSchema,
  conditionsSchema,
  diskFaultKindSchema,
  groupDefinitionSchema,
  processNameSchema,
} from '../processes/group-schema.ts';
import { groupFolder } from '../processes/layout.ts';

export interface GroupRecord {
  definition: GroupDefinition;
  addresses: AddressBook;
  powered: boolean;
  /** Processes that stay down until they are restarted. */
  heldDown: string[];
  lineFaults: { process: string; peer: string; conditions: Partial<LineConditions> }[];
  diskFaults: { process: string; kind: DiskFault['kind'] }[];
}

const groupRecordSchema: z.ZodType<GroupRecord> = z.object({
  definition: groupDefinitionSchema,
  addresses: addressBookSchema,
  powered: z.boolean(),
  heldDown: z.array(processNameSchema),
  lineFaults: z.array(z.object({ process: processNameSchema, peer: processNameSchema, conditions: conditionsSchema })),
  diskFaults: z.array(z.object({ process: processNameSchema, kind: diskFaultKindSchema })),
});

/** Replaces the record of its group at the site, durably. */
export function writeGroupRecord(site: string, record: GroupRecord): void {
  replaceRecord(recordFile(site, record.definition.name), record);
}

/** Every group the site has. One whose record cannot be read is named in the log and left alone, for its data may be whole. */
export function readGroupRecords(site: string, log: Log): GroupRecord[] {
  const records: GroupRecord[] = [];
  for (const entry of readdirSync(site, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    try {
      const record = readRecord(recordFile(site, entry.name), groupRecordSchema);
      if (record) records.push(record);
    } catch (error) {
      log.write('error', 'group record unreadable; define the group again to go on with its data', {
        group: entry.name,
        error: String(error),
      });
    }
  }
  return records;
}

function recordFile(site: string, group: string): string {
  return path.join(groupFolder(site, group), 'group.json');
}
