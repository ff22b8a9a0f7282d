/** What a test hands to a storage group: the world it runs in, its machines, and the group's shape. */
import { type Arrangement, defaultGroup, type GroupDefinition, transportOfAll } from '../../domain/arrangement.ts';
import type { Ports } from '../../domain/ports.ts';
import type { FenceLevel, Transport } from '../../domain/storage-controller.ts';
import type { CallHandler } from '../../network/channel-types.ts';
import type { Link } from '../../network/link.ts';
import type { StorageTiming } from '../config.ts';

/** One machine of the world. `L` is whatever the world calls an incarnation of its process. */
export interface TestMachine<L> {
  readonly name: string;
  readonly life: L | null;
  readonly image: { peek(name: string): Uint8Array | null };
  start(): Ports;
  kill(reason: string): void;
}

export interface TestWorld<L> {
  readonly scheduler: {
    readonly nowMs: number;
    at(atMs: number, life: L | null, run: () => void): unknown;
    sleep(delayMs: number): Promise<void>;
    until(condition: () => boolean, withinMs: number): Promise<boolean>;
    drive<T>(story: () => Promise<T>, limitEvents: number): Promise<T>;
  };
  readonly network: { setWay(from: string, to: string, change: { cut: boolean }): void };
  addMachine(name: string, clockRate: number): TestMachine<L>;
}

export interface TestHooks {
  losesPower: boolean;
  onKilled(process: { readonly name: string }): void;
  onCrash(crash: { process: string | null; error: unknown }): void;
  onLog(line: { atMs: number; process: string; level: string; message: string; facts: unknown }): void;
}

/** A process on the network, joined to its neighbours as the arrangement says. */
export interface TestNode {
  link(peer: string): Link;
  lines(arrangement: Arrangement): Map<string, Link>;
  start(): Promise<void>;
}

export interface TestParts<L, W extends TestWorld<L>> {
  world(hooks: TestHooks): W;
  node(
    ports: Ports,
    name: string,
    definition: GroupDefinition,
    arrangement: Arrangement,
    handle: CallHandler,
  ): TestNode;
}

export interface TestSettings {
  /** chain-3 where nothing is said. */
  arrangement?: string;
  fence?: FenceLevel;
  volumeCount?: number;
  volumeBytes?: number;
  trackBytes?: number;
  journalBytes?: number;
  journalSegments?: number;
  /** Of the asynchronous pairs. */
  transport?: Transport;
  timing?: Partial<StorageTiming>;
  mutants?: readonly string[];
  /** Bytes per second of the line I–R; null for unlimited. */
  farRate?: number | null;
}

export const TEST_TIMING: StorageTiming = {
  syncTimeoutMs: 250,
  copyTimeoutMs: 1500,
  holdWritesMs: 700,
  retryMs: 60,
  checkpointMs: 40,
  pullIntervalMs: 20,
  snapshotIntervalMs: 30,
  callMs: 500,
  cloneLeaseMs: 5000,
};

/** Errno of a write whose process died before it answered. */
export const UNANSWERED = -1;
export const GROUP = 'test';
export function definitionOf(arrangement: Arrangement, settings: TestSettings): GroupDefinition {
  return {
    ...defaultGroup(GROUP, arrangement),
    volumeCount: settings.volumeCount ?? 2,
    volumeBytes: settings.volumeBytes ?? 256 * 1024,
    trackBytes: settings.trackBytes ?? 16 * 1024,
    journalBytes: settings.journalBytes ?? 512 * 1024,
    fence: settings.fence ?? 'status',
    transport: transportOfAll(arrangement, settings.transport ?? 'journal'),
    lines: Object.fromEntries(
      arrangement.lines.map((line) => {
        const rateBytesPerSecond = line.name === 'I-R' ? (settings.farRate ?? null) : null;
        return [line.name, { km: line.defaultKm, paths: line.defaultPaths, rateBytesPerSecond }];
      }),
    ),
  };
}
