/**
 * Simulated network between processes: addresses, connections, and what may go wrong on the way from one process to
 * another. The bytes themselves are moved by `virtual-stream.ts`.
 */
import type { ByteStream, Listener, Network } from '../domain/ports.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Life } from './virtual-process.ts';
import { StreamPair } from './virtual-stream.ts';

/** One direction between two processes. */
export interface Way {
  /** Nothing arrives; what was sent waits, as TCP would send it again, until the way is whole or the stream given up. */
  cut: boolean;
  /** One way, ms. */
  delayMs: number;
  /** Added at random to each segment, 0…jitter; streams then overtake each other. */
  jitterMs: number;
  /** Share of segments that need to be sent again, each costing `RETRANSMIT_MS`. */
  loss: number;
  /** Bytes per second, or null for unlimited. */
  rateBytesPerSecond: number | null;
}

/** Loopback of one machine: fast, but never in the same instant. */
export const DEFAULT_WAY: Way = { cut: false, delayMs: 0.02, jitterMs: 0.03, loss: 0, rateBytesPerSecond: null };

const CONNECT_RETRY_MS = 200;
const CONNECT_TIMEOUT_MS = 3000;

interface ListenerEntry {
  life: Life;
  accept: (stream: ByteStream) => void;
}

export class VirtualNetwork {
  private readonly listeners = new Map<string, ListenerEntry>();
  private readonly ways = new Map<string, Way>();
  private readonly normal = new Map<string, Way>();
  private readonly streams = new Map<Life, Set<StreamPair>>();
  private nextPort = 20_000;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
  ) {}

  /** State of the way from one process to another; change it through `setWay`. */
  way(from: string, to: string): Way {
    const key = `${from}>${to}`;
    let way = this.ways.get(key);
    if (!way) {
      way = { ...DEFAULT_WAY };
      this.ways.set(key, way);
    }
    return way;
  }

  /** What one direction is like while no fault is on it. */
  setNormal(from: string, to: string, conditions: Omit<Way, 'cut'>): void {
    const { delayMs, jitterMs, loss, rateBytesPerSecond } = conditions;
    const normal = {
      ...DEFAULT_WAY,
      delayMs: DEFAULT_WAY.delayMs + delayMs,
      jitterMs: DEFAULT_WAY.jitterMs + jitterMs,
      loss,
      rateBytesPerSecond,
    };
    this.normal.set(`${from}>${to}`, normal);
    Object.assign(this.way(from, to), normal);
  }

  /** Takes every fault off one direction. */
  calm(from: string, to: string): void {
    this.setWay(from, to, this.normal.get(`${from}>${to}`) ?? DEFAULT_WAY);
  }

  /** Changes one direction from now on. Restoring a cut way delivers, in order, what waited on it. */
  setWay(from: string, to: string, change: Partial<Way>): void {
    const way = this.way(from, to);
    const wasCut = way.cut;
    Object.assign(way, change);
    if (!wasCut || way.cut) return;
    const seen = new Set<StreamPair>();
    for (const pairs of this.streams.values()) {
      for (const pair of pairs) {
        if (!seen.has(pair)) pair.wayRestored(from, to);
        seen.add(pair);
      }
    }
  }

  /** The network as one incarnation sees it. */
  portOf(life: Life): Network {
    return {
      listen: async (address, accept) => this.listen(life, address, accept),
      connect: (address) => this.connect(life, address),
    };
  }

  private listen(life: Life, address: string, accept: (stream: ByteStream) => void): Listener {
    const moment = life.enter();
    if (moment?.when === 'torn') life.strike();
    const actual = address.endsWith(':0') ? `${address.slice(0, -1)}${this.nextPort++}` : address;
    if (this.listeners.has(actual)) throw new Error(`${actual} is in use`);
    this.listeners.set(actual, { life, accept });
    if (moment) life.strike();
    return {
      address: actual,
      close: () => {
        life.check();
        this.listeners.delete(actual);
      },
    };
  }

  private connect(life: Life, address: string): ByteStream {
    const moment = life.enter();
    if (moment?.when === 'torn') life.strike();
    const pair = new StreamPair(this.scheduler, this.random, life, (from, to) => this.way(from, to));
    this.register(life, pair);
    this.attempt(pair, life, address, this.scheduler.nowMs + CONNECT_TIMEOUT_MS);
    if (moment) life.strike();
    return pair.client;
  }

  /** One SYN on its way. Where the way is cut it is sent again until the time-out. */
  private attempt(pair: StreamPair, life: Life, address: string, untilMs: number): void {
    const entry = this.listeners.get(address);
    const target = entry?.life.process.name ?? address.replace(/:\d+$/, '');
    const there = this.way(life.process.name, target);
    const back = this.way(target, life.process.name);
    const { scheduler } = this;
    const arrivalMs = scheduler.nowMs + there.delayMs + this.random.fraction() * there.jitterMs;
    scheduler.at(arrivalMs, null, () => {
      if (!life.alive || pair.closed) return;
      if (there.cut || back.cut) {
        if (scheduler.nowMs >= untilMs) pair.fail('connect timed out');
        else scheduler.at(scheduler.nowMs + CONNECT_RETRY_MS, null, () => this.attempt(pair, life, address, untilMs));
        return;
      }
      const listener = this.listeners.get(address);
      if (!listener?.life.alive) {
        scheduler.at(scheduler.nowMs + back.delayMs, null, () => pair.fail('connection refused'));
        return;
      }
      this.register(listener.life, pair);
      pair.accepted(listener.life, listener.accept, back.delayMs);
    });
  }

  private register(life: Life, pair: StreamPair): void {
    let pairs = this.streams.get(life);
    if (!pairs) {
      pairs = new Set();
      this.streams.set(life, pairs);
    }
    pairs.add(pair);
    pair.onceClosed(() => pairs.delete(pair));
  }

  /** Its listeners vanish, its streams are reset; `silent` where the whole machine is gone and nobody tells the peers. */
  dropLife(life: Life, silent: boolean): void {
    for (const [address, entry] of this.listeners) if (entry.life === life) this.listeners.delete(address);
    const pairs = this.streams.get(life);
    this.streams.delete(life);
    if (pairs) for (const pair of [...pairs]) pair.endDied(life, silent);
  }
}
