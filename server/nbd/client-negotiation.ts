import { NbdError } from './client-error.ts';
import { Gather } from './gather.ts';
import {
  CLIENT_FLAGS_BYTES,
  EXPORT_READ_ONLY,
  FLAG_FIXED_NEWSTYLE,
  FLAG_NO_ZEROES,
  GREETING_BYTES,
  INFO_EXPORT,
  NBD_MAGIC_HIGH,
  NBD_MAGIC_LOW,
  OPT_GO,
  OPTION_HEADER_BYTES,
  OPTION_MAGIC_HIGH,
  OPTION_MAGIC_LOW,
  OPTION_REPLY_HEADER_BYTES,
  OPTION_REPLY_MAGIC_HIGH,
  OPTION_REPLY_MAGIC_LOW,
  REP_ACK,
  REP_ERR_BIT,
  REP_ERR_POLICY,
  REP_ERR_UNKNOWN,
  REP_INFO,
} from './protocol.ts';

/** No honest server says more than this in one option reply. */
const MAX_REPLY_BYTES = 64 * 1024;

/** What a client learns of the export it chose. */
export interface ExportFacts {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
}

/** The client's half of the fixed newstyle handshake: flags, then GO with the export's name. */
export class ClientNegotiation {
  readonly #exportName: string;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #gather = new Gather(GREETING_BYTES);
  #item: 'greeting' | 'header' | 'payload' = 'greeting';
  #replyType = 0;
  #facts: ExportFacts | null = null;
  /** What was negotiated, once the server has acknowledged it. */
  agreed: ExportFacts | null = null;

  constructor(exportName: string, send: (bytes: Uint8Array) => void) {
    this.#exportName = exportName;
    this.#send = send;
  }

  /**
   * Takes at most one item of `chunk`, from `at` on. Returns where it stopped. Throws an `NbdError` where the server
   * refuses or does not speak the protocol.
   */
  take(chunk: Uint8Array, at: number): number {
    const stoppedAt = this.#gather.take(chunk, at);
    while (this.agreed === null && this.#gather.complete) this.#complete();
    return stoppedAt;
  }

  #complete(): void {
    switch (this.#item) {
      case 'greeting':
        this.#takeGreeting(this.#gather.view);
        return;
      case 'header':
        this.#takeHeader(this.#gather.view);
        return;
      case 'payload':
        this.#takePayload(this.#gather.bytes);
    }
  }

  #takeGreeting(view: DataView): void {
    const known =
      view.getUint32(0) === NBD_MAGIC_HIGH &&
      view.getUint32(4) === NBD_MAGIC_LOW &&
      view.getUint32(8) === OPTION_MAGIC_HIGH &&
      view.getUint32(12) === OPTION_MAGIC_LOW &&
      (view.getUint16(16) & FLAG_FIXED_NEWSTYLE) !== 0;
    if (!known) throw new NbdError('BAD_SERVER', 'the server does not greet as an NBD server of the fixed newstyle');
    this.#send(openingOf(this.#exportName, view.getUint16(16) & (FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES)));
    this.#expectHeader();
  }

  #expectHeader(): void {
    this.#item = 'header';
    this.#gather.expect(OPTION_REPLY_HEADER_BYTES);
  }

  #takeHeader(view: DataView): void {
    const ours =
      view.getUint32(0) === OPTION_REPLY_MAGIC_HIGH &&
      view.getUint32(4) === OPTION_REPLY_MAGIC_LOW &&
      view.getUint32(8) === OPT_GO;
    const lengthBytes = view.getUint32(16);
    if (!ours || lengthBytes > MAX_REPLY_BYTES) {
      throw new NbdError('BAD_SERVER', 'the server answers something that was not asked');
    }
    this.#replyType = view.getUint32(12);
    this.#item = 'payload';
    this.#gather.expect(lengthBytes);
  }

  #takePayload(payload: Uint8Array<ArrayBuffer>): void {
    this.#expectHeader();
    if (this.#replyType >= REP_ERR_BIT) throw this.#refusal(payload);
    if (this.#replyType === REP_ACK) {
      if (this.#facts === null) throw new NbdError('BAD_SERVER', 'the server does not say how large the export is');
      this.agreed = this.#facts;
    } else if (this.#replyType === REP_INFO && payload.length === 12) {
      const view = new DataView(payload.buffer);
      if (view.getUint16(0) !== INFO_EXPORT) return;
      this.#facts = {
        sizeBytes: Number(view.getBigUint64(2)),
        readOnly: (view.getUint16(10) & EXPORT_READ_ONLY) !== 0,
      };
    }
  }

  #refusal(payload: Uint8Array): NbdError {
    const said = new TextDecoder().decode(payload) || 'no reason given';
    if (this.#replyType === REP_ERR_UNKNOWN) return new NbdError('NO_SUCH_EXPORT', said);
    if (this.#replyType === REP_ERR_POLICY) return new NbdError('EXPORT_REFUSED', said);
    return new NbdError('BAD_SERVER', `the server does not accept GO: ${said}`);
  }
}

/** Client flags and the GO option in one piece. */
function openingOf(exportName: string, flags: number): Uint8Array {
  const name = new TextEncoder().encode(exportName);
  const dataBytes = 4 + name.length + 2;
  const bytes = new Uint8Array(CLIENT_FLAGS_BYTES + OPTION_HEADER_BYTES + dataBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, flags);
  view.setUint32(4, OPTION_MAGIC_HIGH);
  view.setUint32(8, OPTION_MAGIC_LOW);
  view.setUint32(12, OPT_GO);
  view.setUint32(16, dataBytes);
  view.setUint32(20, name.length);
  bytes.set(name, 24);
  return bytes;
}
