import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const recordSchema = z.object({
  ports: z.record(z.string(), z.number().int()),
  processes: z.record(z.string(), z.object({ pid: z.number().int(), identity: z.string() })),
});

type RecordContent = z.infer<typeof recordSchema>;

/** A process as remembered across the supervisor's own death. */
export type RememberedProcess = RecordContent['processes'][string];

/**
 * What the next supervisor must know after this one was killed: the ports peers were told and the processes that may
 * still run. Kept in `supervisor.json` in the data folder, replaced whole at each change.
 */
export class SupervisorRecord {
  readonly #file: string;
  readonly #content: RecordContent;

  constructor(dataFolder: string) {
    this.#file = path.join(dataFolder, 'supervisor.json');
    this.#content = read(this.#file);
  }

  port(name: string): number | undefined {
    return this.#content.ports[name];
  }

  setPorts(ports: Record<string, number>): void {
    this.#content.ports = { ...ports };
    this.#write();
  }

  processes(): [name: string, process: RememberedProcess][] {
    return Object.entries(this.#content.processes);
  }

  remember(name: string, process: RememberedProcess): void {
    this.#content.processes[name] = process;
    this.#write();
  }

  forget(name: string): void {
    delete this.#content.processes[name];
    this.#write();
  }

  #write(): void {
    const aside = `${this.#file}.new`;
    writeFileSync(aside, `${JSON.stringify(this.#content, null, 2)}\n`, { mode: 0o600 });
    renameSync(aside, this.#file);
  }
}

/** An absent or unreadable record is an empty one: ports are chosen anew, and orphans notice by themselves that they are. */
function read(file: string): RecordContent {
  try {
    const parsed = recordSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (parsed.success) return parsed.data;
  } catch {
    // Falls through to the empty record.
  }
  return { ports: {}, processes: {} };
}
