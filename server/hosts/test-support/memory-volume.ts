/** A volume in memory for tests, with answers that can be held back, refused or lost. */
import { type LedgerVolume, VolumeError, type VolumeErrorCode } from '../ledger/volume.ts';

/** The bytes, which outlive any attachment. */
export class MemoryVolume {
  readonly bytes: Uint8Array;
  readOnly = false;
  /** Writes are refused with it while set, and not done. */
  refusal: VolumeErrorCode | null = null;
  /** Writes are done but their answers wait for `answer`. */
  holdAnswers = false;
  writes = 0;
  readonly attachments = new Set<Attachment>();
  private readonly held: { offsetBytes: number; answer: () => void }[] = [];

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  attach(): LedgerVolume {
    const attachment = new Attachment(this);
    this.attachments.add(attachment);
    return attachment;
  }

  /** Every connection ends by itself. */
  drop(): void {
    for (const attachment of [...this.attachments]) attachment.lose('dropped by the test');
  }

  hold(offsetBytes: number, answer: () => void): void {
    this.held.push({ offsetBytes, answer });
  }

  get heldAnswers(): number {
    return this.held.length;
  }

  /** Gives the held answer at `index`, in the order the writes came. */
  answer(index: number): void {
    this.held.splice(index, 1)[0]?.answer();
  }
}

class Attachment implements LedgerVolume {
  onLost: ((reason: string) => void) | null = null;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  private readonly unanswered = new Set<(error: VolumeError) => void>();
  private open = true;

  constructor(private readonly volume: MemoryVolume) {
    this.sizeBytes = volume.bytes.length;
    this.readOnly = volume.readOnly;
  }

  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    if (!this.open) return Promise.reject(new VolumeError('LOST', 'closed'));
    return Promise.resolve(this.volume.bytes.slice(offsetBytes, offsetBytes + lengthBytes));
  }

  write(offsetBytes: number, bytes: Uint8Array): Promise<void> {
    const { volume } = this;
    if (!this.open) return Promise.reject(new VolumeError('LOST', 'closed'));
    if (volume.refusal) return Promise.reject(new VolumeError(volume.refusal, 'refused by the test'));
    volume.writes += 1;
    volume.bytes.set(bytes, offsetBytes);
    if (!volume.holdAnswers) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.unanswered.add(reject);
      volume.hold(offsetBytes, () => {
        this.unanswered.delete(reject);
        resolve();
      });
    });
  }

  close(): void {
    this.open = false;
    this.volume.attachments.delete(this);
    for (const reject of this.unanswered) reject(new VolumeError('LOST', 'closed'));
  }

  lose(reason: string): void {
    this.close();
    this.onLost?.(reason);
  }
}
