import type { NbdExport, NbdExports } from './export.ts';
import { Gather } from './gather.ts';
import {
  CLIENT_FLAGS_BYTES,
  EXPORT_CAN_MULTI_CONN,
  EXPORT_HAS_FLAGS,
  EXPORT_READ_ONLY,
  EXPORT_SEND_FLUSH,
  EXPORT_SEND_FUA,
  EXPORT_SEND_TRIM,
  EXPORT_SEND_WRITE_ZEROES,
  FLAG_FIXED_NEWSTYLE,
  FLAG_NO_ZEROES,
  greeting,
  INFO_BLOCK_SIZE,
  INFO_DESCRIPTION,
  INFO_EXPORT,
  INFO_NAME,
  MAX_NAME_BYTES,
  MAX_PAYLOAD_BYTES,
  OPT_ABORT,
  OPT_EXPORT_NAME,
  OPT_GO,
  OPT_INFO,
  OPT_LIST,
  OPTION_HEADER_BYTES,
  OPTION_MAGIC_HIGH,
  OPTION_MAGIC_LOW,
  optionReply,
  PREFERRED_BLOCK_BYTES,
  REP_ACK,
  REP_ERR_INVALID,
  REP_ERR_POLICY,
  REP_ERR_TOO_BIG,
  REP_ERR_UNKNOWN,
  REP_ERR_UNSUP,
  REP_INFO,
  REP_SERVER,
} from './protocol.ts';
import type { ReplyBatch } from './reply-batch.ts';

/** Longest data of an option that is looked at: the longest name and more information requests than there are kinds. */
const MAX_OPTION_BYTES = 16 * 1024;
/** The zeros after an EXPORT_NAME answer that `NO_ZEROES` does away with. */
const EXPORT_NAME_PADDING_BYTES = 124;
const NOTHING = new Uint8Array(0);

/** How a negotiation ends. */
export interface NegotiationEvents {
  /** The client has chosen an export: the next byte is the first of its requests. */
  attached(volume: NbdExport): void;
  /** The client has taken its leave in order. */
  aborted(): void;
  /** The client broke the protocol, or asked for what can only be refused by closing. `facts` go to the log. */
  broke(reason: string, facts: Record<string, unknown>): void;
}

/** The transmission flags an export is offered with. */
export function transmissionFlags(volume: NbdExport): number {
  const always = EXPORT_HAS_FLAGS | EXPORT_SEND_FLUSH | EXPORT_SEND_FUA | EXPORT_CAN_MULTI_CONN;
  return volume.readOnly ? always | EXPORT_READ_ONLY : always | EXPORT_SEND_TRIM | EXPORT_SEND_WRITE_ZEROES;
}

/**
 * The server's half of the fixed newstyle handshake, from greeting to the choice of an export
 * (proto.md, *Handshake phase*). It gathers one item at a time (client flags, option header, option data) and holds no
 * more than `MAX_OPTION_BYTES` of what the client sends.
 */
export class Negotiation {
  readonly #exports: NbdExports;
  readonly #replies: ReplyBatch;
  readonly #events: NegotiationEvents;
  #item: 'flags' | 'header' | 'data' = 'flags';
  readonly #gather = new Gather(CLIENT_FLAGS_BYTES);
  #skipBytes = 0;
  #option = 0;
  #fixed = false;
  #noZeroes = false;
  #over = false;

  constructor(exports: NbdExports, replies: ReplyBatch, events: NegotiationEvents) {
    this.#exports = exports;
    this.#replies = replies;
    this.#events = events;
    replies.append(greeting());
  }

  /** Takes at most one item of `chunk`, from `at` on. Returns where it stopped. */
  take(chunk: Uint8Array, at: number): number {
    if (this.#skipBytes > 0) return this.#skip(chunk.length, at);
    const stoppedAt = this.#gather.take(chunk, at);
    // An option without data is complete with its header, so a complete item may lead straight to the next.
    while (!this.#over && this.#skipBytes === 0 && this.#gather.complete) this.#complete();
    return stoppedAt;
  }

  #skip(end: number, at: number): number {
    const count = Math.min(this.#skipBytes, end - at);
    this.#skipBytes -= count;
    if (this.#skipBytes === 0) {
      this.#refuse(REP_ERR_TOO_BIG, `option data is limited to ${MAX_OPTION_BYTES} bytes`);
      this.#expect('header', OPTION_HEADER_BYTES);
    }
    return at + count;
  }

  #expect(item: 'header' | 'data', lengthBytes: number): void {
    this.#item = item;
    this.#gather.expect(lengthBytes);
  }

  #complete(): void {
    switch (this.#item) {
      case 'flags':
        this.#takeFlags(this.#gather.view.getUint32(0));
        return;
      case 'header':
        this.#takeHeader(this.#gather.view);
        return;
      case 'data': {
        const data = this.#gather.bytes;
        this.#expect('header', OPTION_HEADER_BYTES);
        this.#answer(data);
      }
    }
  }

  #takeFlags(flags: number): void {
    if ((flags & ~(FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES)) !== 0) {
      this.#break('client flags that this server did not offer', { flags });
      return;
    }
    this.#fixed = (flags & FLAG_FIXED_NEWSTYLE) !== 0;
    this.#noZeroes = (flags & FLAG_NO_ZEROES) !== 0;
    this.#expect('header', OPTION_HEADER_BYTES);
  }

  #takeHeader(header: DataView): void {
    if (header.getUint32(0) !== OPTION_MAGIC_HIGH || header.getUint32(4) !== OPTION_MAGIC_LOW) {
      this.#break('not an NBD option: wrong magic number', { magicHigh: header.getUint32(0) });
      return;
    }
    this.#option = header.getUint32(8);
    const lengthBytes = header.getUint32(12);
    // EXPORT_NAME has no way to say no, and a client that is not `fixed` understands nothing else.
    if (this.#option === OPT_EXPORT_NAME && lengthBytes > MAX_NAME_BYTES) {
      this.#break('export name is too long', { lengthBytes, limitBytes: MAX_NAME_BYTES });
    } else if (this.#option !== OPT_EXPORT_NAME && !this.#fixed) {
      this.#break('option from a client that is not fixed newstyle', { option: this.#option });
    } else if (lengthBytes > MAX_OPTION_BYTES) {
      this.#skipBytes = lengthBytes;
    } else {
      this.#expect('data', lengthBytes);
    }
  }

  #answer(data: Uint8Array<ArrayBuffer>): void {
    switch (this.#option) {
      case OPT_EXPORT_NAME:
        this.#exportName(data);
        return;
      case OPT_ABORT:
        this.#reply(REP_ACK, NOTHING);
        this.#over = true;
        this.#events.aborted();
        return;
      case OPT_LIST:
        this.#list(data);
        return;
      case OPT_INFO:
      case OPT_GO:
        this.#infoOrGo(data);
        return;
      default:
        this.#refuse(REP_ERR_UNSUP, `option ${this.#option} is not supported`);
    }
  }

  #exportName(data: Uint8Array): void {
    const name = decodeName(data);
    const found = name === null ? null : this.#exports.find(name);
    if (found === null || 'refused' in found) {
      this.#break(found === null ? 'no such export' : `export refused: ${found.refused}`, { export: name });
      return;
    }
    const answer = new Uint8Array(10 + (this.#noZeroes ? 0 : EXPORT_NAME_PADDING_BYTES));
    const view = new DataView(answer.buffer);
    view.setBigUint64(0, BigInt(found.sizeBytes));
    view.setUint16(8, transmissionFlags(found));
    this.#replies.append(answer);
    this.#attach(found);
  }

  #list(data: Uint8Array): void {
    if (data.length > 0) {
      this.#refuse(REP_ERR_INVALID, 'LIST carries no data');
      return;
    }
    for (const { name, description } of this.#exports.list()) {
      const nameBytes = encode(name);
      const descriptionBytes = encode(description);
      const payload = new Uint8Array(4 + nameBytes.length + descriptionBytes.length);
      new DataView(payload.buffer).setUint32(0, nameBytes.length);
      payload.set(nameBytes, 4);
      payload.set(descriptionBytes, 4 + nameBytes.length);
      this.#reply(REP_SERVER, payload);
    }
    this.#reply(REP_ACK, NOTHING);
  }

  #infoOrGo(data: Uint8Array<ArrayBuffer>): void {
    const asked = parseInfoRequest(data);
    if (typeof asked === 'string') {
      this.#refuse(REP_ERR_INVALID, asked);
      return;
    }
    const found = this.#exports.find(asked.name);
    if (found === null) {
      this.#refuse(
        REP_ERR_UNKNOWN,
        `no export is named "${asked.name.slice(0, 200)}"; list the exports to see the names`,
      );
      return;
    }
    if ('refused' in found) {
      this.#refuse(REP_ERR_POLICY, found.refused);
      return;
    }
    this.#describe(found, asked.kinds);
    this.#reply(REP_ACK, NOTHING);
    if (this.#option === OPT_GO) this.#attach(found);
  }

  #describe(volume: NbdExport, kinds: ReadonlySet<number>): void {
    const size = info(INFO_EXPORT, 10);
    size.setBigUint64(2, BigInt(volume.sizeBytes));
    size.setUint16(10, transmissionFlags(volume));
    this.#info(size);
    if (kinds.has(INFO_NAME)) this.#info(infoText(INFO_NAME, volume.name));
    if (kinds.has(INFO_DESCRIPTION)) this.#info(infoText(INFO_DESCRIPTION, volume.description));
    if (kinds.has(INFO_BLOCK_SIZE)) {
      const blocks = info(INFO_BLOCK_SIZE, 12);
      blocks.setUint32(2, 1);
      blocks.setUint32(6, PREFERRED_BLOCK_BYTES);
      blocks.setUint32(10, MAX_PAYLOAD_BYTES);
      this.#info(blocks);
    }
  }

  #attach(volume: NbdExport): void {
    this.#over = true;
    this.#events.attached(volume);
  }

  #break(reason: string, facts: Record<string, unknown>): void {
    this.#over = true;
    this.#events.broke(reason, facts);
  }

  #info(payload: DataView<ArrayBuffer>): void {
    this.#reply(REP_INFO, new Uint8Array(payload.buffer));
  }

  #refuse(type: number, message: string): void {
    this.#reply(type, encode(message));
  }

  #reply(type: number, payload: Uint8Array): void {
    this.#replies.append(optionReply(this.#option, type, payload));
  }
}

/** The payload of INFO and GO, or what is wrong with it. */
function parseInfoRequest(data: Uint8Array<ArrayBuffer>): { name: string; kinds: Set<number> } | string {
  const view = new DataView(data.buffer);
  if (data.length < 6) return 'too short to hold a name and a number of information requests';
  const nameBytes = view.getUint32(0);
  if (nameBytes > MAX_NAME_BYTES || nameBytes > data.length - 6) return `name length ${nameBytes} does not fit`;
  const count = view.getUint16(4 + nameBytes);
  if (data.length !== 6 + nameBytes + 2 * count) return `${count} information requests do not fill the option's length`;
  const name = decodeName(data.subarray(4, 4 + nameBytes));
  if (name === null) return 'the name is not UTF-8';
  const kinds = new Set<number>();
  for (let index = 0; index < count; index++) kinds.add(view.getUint16(6 + nameBytes + 2 * index));
  return { name, kinds };
}

function info(kind: number, bytes: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(2 + bytes));
  view.setUint16(0, kind);
  return view;
}

function infoText(kind: number, text: string): DataView<ArrayBuffer> {
  const bytes = encode(text);
  const view = info(kind, bytes.length);
  new Uint8Array(view.buffer).set(bytes, 2);
  return view;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A name from the wire, or null where it is not UTF-8. */
function decodeName(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
