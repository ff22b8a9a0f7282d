/**
 * Channels: authenticated, framed conversations between two named processes. Storage systems, hosts, the witness, site
 * agents and the control plane all speak through them, over one listening port per process.
 */
import type { Refusal } from '../domain/refusal.ts';

/** Who is at an end. `group` is empty for agents and the control plane. */
export interface Identity {
  group: string;
  /** `P`, `host-P`, `witness`, `agent:production`, `control:<id>`. */
  name: string;
}

export type CallHandler = (method: string, params: unknown, from: Channel) => Promise<unknown>;

export interface Channel {
  /** Proven by the shared secret. */
  readonly peer: Identity;
  /** Path number of a line with several; 0 otherwise. */
  readonly path: number;
  readonly open: boolean;
  /** Bytes accepted and not yet handed to the network. */
  readonly queuedBytes: number;
  /**
   * Asks the other end and resolves with its answer. Rejects with `RefusedError`: the other end's refusal,
   * `unreachable` where the channel was not open (nothing was sent), `timeout` where no answer came (outcome unknown).
   */
  call(method: string, params: unknown, timeoutMs: number): Promise<unknown>;
  /** Tells the other end; lost if the channel is not open. */
  notify(method: string, params: unknown): void;
  /** A binary frame, `parts` joined; the parts are taken over. False asks to wait for `onDrain`. */
  sendFrame(parts: readonly Uint8Array[]): boolean;
  onNotice: ((method: string, params: unknown) => void) | null;
  /** The frame belongs to the receiver until the call returns. */
  onFrame: ((frame: Uint8Array) => void) | null;
  onDrain: (() => void) | null;
  onClose: ((reason: string) => void) | null;
  close(reason: string): void;
}

export type Answer = { ok: true; value: unknown } | { ok: false; refusal: Refusal };

/** What a line does to the bytes that leave this end. Each end shapes its own direction. */
export interface LineConditions {
  /** One-way delay, ms. */
  delayMs: number;
  /** Added at random, 0…jitter, per chunk; paths then overtake each other. */
  jitterMs: number;
  /** null: unlimited. */
  rateBytesPerSecond: number | null;
  /** Share of chunks that are lost and sent again one timeout later, 0…1. */
  loss: number;
  /** Bytes that leave this end vanish. */
  cut: boolean;
}
