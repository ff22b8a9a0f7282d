/** The ledger's volume over NBD, with the server and the protocol every other host uses. */
import type { Ports } from '../../domain/ports.ts';
import { NbdClient } from '../../nbd/client.ts';
import type { NbdError } from '../../nbd/client-error.ts';
import { type LedgerVolume, VolumeError } from './volume.ts';

/** Attaches the export `exportName` at `address` (`host:port`). Rejects with `VolumeError`. */
export async function attachNbdVolume(
  ports: Pick<Ports, 'network' | 'clock'>,
  address: string,
  exportName: string,
): Promise<LedgerVolume> {
  try {
    return new NbdLedgerVolume(await NbdClient.connect(ports, address, exportName));
  } catch (error) {
    throw new VolumeError('LOST', error instanceof Error ? error.message : String(error));
  }
}

class NbdLedgerVolume implements LedgerVolume {
  onLost: ((reason: string) => void) | null = null;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  private closed = false;
  /** Calls off every request that is unanswered when the volume is closed. */
  private readonly unanswered = new Set<(error: VolumeError) => void>();

  constructor(private readonly client: NbdClient) {
    this.sizeBytes = client.sizeBytes;
    this.readOnly = client.readOnly;
    client.onLost = (error) => {
      if (this.closed) return;
      this.closed = true;
      this.onLost?.(error.message);
    };
  }

  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const into = new Uint8Array(lengthBytes);
    return this.ask((done) => this.client.read(offsetBytes, into, done)).then(() => into);
  }

  write(offsetBytes: number, bytes: Uint8Array): Promise<void> {
    return this.ask((done) => this.client.write(offsetBytes, bytes, false, done));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const callOff of [...this.unanswered]) callOff(new VolumeError('LOST', 'this host closed the connection'));
    this.client.disconnect(() => {});
  }

  private ask(send: (done: (error: NbdError | null) => void) => void): Promise<void> {
    if (this.closed) return Promise.reject(new VolumeError('LOST', 'the connection is closed'));
    return new Promise((resolve, reject) => {
      this.unanswered.add(reject);
      send((error) => {
        // An answer after `close` settles a promise that was called off: it has no effect.
        this.unanswered.delete(reject);
        if (error) reject(volumeErrorOf(error));
        else resolve();
      });
    });
  }
}

function volumeErrorOf(error: NbdError): VolumeError {
  switch (error.code) {
    case 'EPERM':
    case 'EIO':
    case 'ENOSPC':
      return new VolumeError(error.code, error.message);
    case 'LOST':
    case 'SILENT':
    case 'DISCONNECTED':
    case 'ESHUTDOWN':
    case 'BAD_SERVER':
      return new VolumeError('LOST', error.message);
    default:
      return new VolumeError('EREFUSED', `${error.code}: ${error.message}`);
  }
}
