import type { ByteStream, Listener, Ports } from '../domain/ports.ts';
import { NbdConnection, type NbdConnectionHost, type NbdLimits } from './connection.ts';
import type { NbdExports } from './export.ts';
import { PayloadArena } from './payload-arena.ts';
import { MAX_PAYLOAD_BYTES } from './protocol.ts';

export const DEFAULT_NBD_LIMITS: NbdLimits = {
  clients: 128,
  outstandingBytes: MAX_PAYLOAD_BYTES,
  negotiationMs: 30_000,
  lingerMs: 5_000,
};

/** Serves volumes to hosts over NBD (fixed newstyle, simple replies). */
export class NbdServer {
  readonly #ports: Pick<Ports, 'clock' | 'log'>;
  readonly #connections = new Set<NbdConnection>();
  readonly #host: NbdConnectionHost;
  #listener: Listener | null = null;

  private constructor(ports: Pick<Ports, 'clock' | 'log'>, exports: NbdExports, limits: NbdLimits) {
    this.#ports = ports;
    this.#host = {
      clock: ports.clock,
      log: ports.log,
      limits,
      exports,
      arena: new PayloadArena(),
      closed: (connection) => this.#connections.delete(connection),
    };
  }

  /**
   * Starts to listen on `address` (`host:port`, port 0 for a free one).
   * Rejects where the address cannot be had.
   */
  static async start(
    ports: Pick<Ports, 'network' | 'clock' | 'log'>,
    address: string,
    exports: NbdExports,
    limits: Partial<NbdLimits> = {},
  ): Promise<NbdServer> {
    const server = new NbdServer(ports, exports, { ...DEFAULT_NBD_LIMITS, ...limits });
    server.#listener = await ports.network.listen(address, (stream) => server.#accept(stream));
    return server;
  }

  /** Where clients connect to, `host:port`. */
  get address(): string {
    return this.#listener?.address ?? '';
  }

  /** Number of clients attached to an export; without a name, of all clients, choosing ones included. */
  clientCount(exportName?: string): number {
    if (exportName === undefined) return this.#connections.size;
    return this.#attachedTo(exportName).length;
  }

  /**
   * Lets go of every client of an export, because it is no longer valid or is to be offered anew (read-only clients do
   * not notice otherwise). Requests not yet answered stay unanswered. Returns the number of clients.
   */
  dropClients(exportName: string, reason = 'the export is no longer served'): number {
    const dropped = this.#attachedTo(exportName);
    for (const connection of dropped) connection.drop(reason);
    return dropped.length;
  }

  /** Stops listening and lets go of every client. */
  close(): void {
    this.#listener?.close();
    this.#listener = null;
    for (const connection of [...this.#connections]) connection.drop('the server stops');
  }

  #attachedTo(exportName: string): NbdConnection[] {
    return [...this.#connections].filter((connection) => connection.volume?.name === exportName);
  }

  #accept(stream: ByteStream): void {
    const limit = this.#host.limits.clients;
    if (this.#listener === null || this.#connections.size >= limit) {
      this.#ports.log.write('warn', 'nbd client turned away: too many clients', { limit });
      stream.destroy();
      return;
    }
    this.#connections.add(new NbdConnection(stream, this.#host));
  }
}
