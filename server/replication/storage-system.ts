/**
 * One storage system: a controller with its volumes, journal, bitmaps and pairs (003 §[0061]–[0063]). It may be killed at
 * any instant and is rebuilt from its disk; where the disk itself fails, the controller halts and is rebuilt in the same way.
 */
import { z } from 'zod';
import type { DifferenceMap, DifferenceMapQuery } from '../domain/difference-map.ts';
import { DiskError, type Ports } from '../domain/ports.ts';
import { refusalOf, refuse } from '../domain/refusal.ts';
import type { StorageController, StorageInstruction, StorageReply, SystemFacts } from '../domain/storage-controller.ts';
import type { Channel } from '../network/channel-types.ts';
import type { StorageConfig, StorageConnections, StorageObserver } from './config.ts';
import { Controller } from './controller.ts';
import { readDifferenceMap } from './difference-map.ts';
import { VolumeExports } from './exports.ts';
import { HaltedError, Incarnation } from './incarnation.ts';
import { type PairMethod, pairMethods } from './pair-messages.ts';
import { instructionSchema } from './storage-messages.ts';
import { TrackedDisk } from './tracked-disk.ts';

const relaySchema = z.object({ target: z.string(), instruction: z.unknown() });

export class StorageSystem implements StorageController {
  readonly exports: VolumeExports;
  /** Told when clients must be dropped, for what they may do has changed. */
  onExportsChanged: (() => void) | null = null;
  /** Number of NBD clients, for `facts`. */
  clients: () => number = () => 0;
  /** Null while it is being rebuilt. */
  private current: Controller | null = null;
  /** Of the controller that halted last. */
  private lastFacts: SystemFacts | null = null;
  private diskFault = '';
  private stopped = false;

  constructor(
    private readonly ports: Ports,
    private readonly config: StorageConfig,
    private readonly connections: StorageConnections,
    private readonly observer: StorageObserver,
  ) {
    this.exports = new VolumeExports(config, () => this.current);
  }

  /**
   * Recovers from disk, then takes its links in hand. Links may be started once it has resolved. Where the disk fails it
   * serves nothing, says so, and goes on trying.
   */
  async start(): Promise<void> {
    const fault = this.build(false);
    if (!fault) return;
    this.diskFault = fault.message;
    this.observer.event('disk-fault', `recovery has to wait: ${fault.message}`, { code: fault.code });
    this.rebuildLater(false);
  }

  /** Serves any call that reaches this process over a channel. Throws `RefusedError`. */
  async handle(method: string, params: unknown, from: Channel): Promise<unknown> {
    if (method === 'storage') return this.serveRelay(params, from.peer.name);
    // `hasOwn` proves that it is one of them.
    if (Object.hasOwn(pairMethods, method))
      return this.inside(({ pairService }) => pairService.serve(method as PairMethod, params, from.peer.name));
    throw refuse('bad-request', `A storage system knows no method ${method}.`, 'Call storage.');
  }

  /** Throws `RefusedError`. */
  async perform(instruction: StorageInstruction): Promise<StorageReply> {
    // A question asked every second by a host changes nothing that would have to be told.
    return this.inside(({ instructions }) => instructions.perform(instruction), instruction.verb !== 'query');
  }

  facts(): SystemFacts {
    if (this.current) return this.current.facts.system();
    const facts = this.lastFacts ?? unknownFacts(this.config);
    return { ...facts, hostWrites: { accepted: false, reason: `its disk fails: ${this.diskFault}` } };
  }

  /** A pair's difference bitmap at this end. Refuses with `unknown-pair`, `unknown-volume`, `bad-request`, `disk-fault`. */
  differences(query: DifferenceMapQuery): DifferenceMap {
    if (!this.current) throw this.refusedForDisk();
    return readDifferenceMap(this.current.core, query);
  }

  stop(): void {
    this.stopped = true;
    this.current?.stop();
    this.current = null;
  }

  /** Makes a new incarnation from what is on the disk. Returns why it could not. */
  private build(syncFailed: boolean): DiskError | null {
    const { ports, config, connections } = this;
    let failed: DiskError | null = null;
    let halting = (error: DiskError): void => {
      failed = error;
    };
    const life = new Incarnation(ports.clock, (error) => halting(error));
    const disk = new TrackedDisk(ports.disk);
    try {
      const controller = new Controller(
        {
          ports: { ...ports, disk },
          config,
          connections,
          observer: this.observer,
          clients: () => this.clients(),
          relay: (target, instruction) => this.relay(target, instruction),
          exportsChanged: () => this.onExportsChanged?.(),
        },
        life,
      );
      controller.start(syncFailed);
      if (failed) {
        disk.closeAll();
        return failed;
      }
      halting = (error) => {
        this.halted(controller, error);
        disk.closeAll();
      };
      this.current = controller;
      return null;
    } catch (error) {
      life.end();
      disk.closeAll();
      if (error instanceof HaltedError) return failed;
      if (!(error instanceof DiskError)) throw error;
      return error;
    }
  }

  /** The disk has failed where the controller could not bear it: all it held in memory is given up. */
  private halted(controller: Controller, error: DiskError): void {
    if (this.current !== controller || this.stopped) return;
    this.diskFault = error.message;
    this.observer.event('disk-fault', `the controller halts: ${error.message}`, { code: error.code });
    this.lastFacts = controller.facts.system();
    this.current = null;
    controller.stop();
    for (const link of this.connections.links.values()) if (link.up) link.drop('the disk of the other end fails');
    this.onExportsChanged?.();
    this.observer.changed();
    this.rebuildLater(true);
  }

  private rebuildLater(syncFailed: boolean): void {
    this.ports.clock.after(this.config.timing.retryMs, () => {
      if (this.stopped || this.current) return;
      const fault = this.build(syncFailed);
      if (fault) {
        this.diskFault = fault.message;
        return this.rebuildLater(syncFailed);
      }
      this.observer.event('disk-recovered', 'the controller was rebuilt from its disk', {});
      this.onExportsChanged?.();
      this.observer.changed();
    });
  }

  /** Runs a call in the controller that lives now; a disk failure ends that life and refuses the call. */
  private async inside<T>(run: (controller: Controller) => Promise<T>, changes = true): Promise<T> {
    const controller = this.current;
    if (!controller) throw this.refusedForDisk();
    try {
      const answer = await run(controller);
      if (changes) controller.core.life.enter(() => controller.poke());
      return answer;
    } catch (error) {
      if (error instanceof DiskError) controller.core.life.fail(error);
      if (error instanceof DiskError || error instanceof HaltedError) throw this.refusedForDisk();
      throw error;
    }
  }

  private refusedForDisk(): Error {
    return refuse(
      'disk-fault',
      `The disk of ${this.config.system} fails: ${this.diskFault || 'it is being recovered'}.`,
      'Repair the disk or make room on it; the system recovers by itself.',
    );
  }

  private serveRelay(params: unknown, from: string): Promise<StorageReply> {
    const parsed = relaySchema.safeParse(params);
    if (!parsed.success)
      throw refuse('bad-request', 'An instruction names its target and what to do.', 'Send { target, instruction }.');
    const instruction = instructionSchema.safeParse(parsed.data.instruction);
    if (!instruction.success) {
      const issue = instruction.error.issues[0];
      throw refuse(
        'bad-request',
        `The instruction is malformed: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`,
        'Send an instruction of this version.',
      );
    }
    return parsed.data.target === this.config.system
      ? this.perform(instruction.data)
      : this.relay(parsed.data.target, instruction.data, from);
  }

  /**
   * Instructs another system of the group, through the neighbour that leads there (003 §[0077]: I is instructed through P).
   * Where a way is closed the next one is tried; never back to `from`, which has sent it here.
   */
  private async relay(target: string, instruction: StorageInstruction, from = ''): Promise<StorageReply> {
    const ways = (this.connections.routes[target] ?? []).flatMap((hop) => this.connections.links.get(hop) ?? []);
    const open = ways.filter((link) => link.peer !== from);
    const timeoutMs = this.config.timing.callMs + ('timeoutMs' in instruction ? instruction.timeoutMs : 0);
    for (const [index, link] of open.entries()) {
      try {
        // The other end checks what it gets and answers in kind.
        return (await link.call('storage', { target, instruction }, timeoutMs)) as StorageReply;
      } catch (error) {
        if (index === open.length - 1 || refusalOf(error).code !== 'unreachable') throw error;
      }
    }
    throw ways.length > 0
      ? refuse('unreachable', `${this.config.system} has no other way to ${target}.`, 'Restore the line to it.')
      : refuse('unknown-system', `${this.config.system} knows no way to ${target}.`, 'Name a system of this group.');
  }
}

/** Before it has ever read its disk, a system knows nothing of itself. */
function unknownFacts({ system, definition }: StorageConfig): SystemFacts {
  return {
    system,
    generation: { number: 0, runId: '', holder: null },
    lineage: [],
    hostWrites: { accepted: false, reason: '' },
    lastNumber: 0,
    completedNumber: 0,
    completedAt: null,
    lastIoAgeMs: 0,
    consistent: false,
    consistentNumber: 0,
    evidenceLost: false,
    volumes: Array.from({ length: definition.volumeCount }, () => ({ sizeBytes: definition.volumeBytes })),
    journal: { usedBytes: 0, sizeBytes: definition.journalBytes, trimmedTo: 0, fullInMs: null },
    pairs: [],
    lines: [],
    clients: 0,
    writesCompleted: 0,
    bytesWritten: 0,
  };
}
