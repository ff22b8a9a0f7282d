import {
  FLAG_FIXED_NEWSTYLE,
  FLAG_NO_ZEROES,
  GREETING_BYTES,
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
  REQUEST_HEADER_BYTES,
  REQUEST_MAGIC,
  SIMPLE_REPLY_BYTES,
  SIMPLE_REPLY_MAGIC,
} from '../protocol.ts';
import type { PairedNetwork, PairedStream } from './paired-network.ts';

export interface OptionReply {
  option: number;
  type: number;
  payload: Uint8Array;
}

export interface Reply {
  cookie: number;
  errno: number;
  data: Uint8Array;
}

export interface RequestFields {
  command: number;
  cookie: number;
  flags?: number;
  offsetBytes?: number;
  lengthBytes?: number;
  magic?: number;
}

/** A client that sends whatever bytes a test likes and takes the server's answers apart, strictly. */
export class RawClient {
  readonly stream: PairedStream;
  closed = false;
  #chunks: Uint8Array[] = [];
  #taken = 0;
  /** Length of the data that a successful reply to each READ must carry. */
  readonly #readBytes = new Map<number, number>();

  constructor(network: PairedNetwork, address: string) {
    this.stream = network.connect(address);
    this.stream.onData = (chunk) => {
      this.#chunks.push(chunk.slice());
    };
    this.stream.onClose = () => {
      this.closed = true;
    };
  }

  get receivedBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, -this.#taken);
  }

  send(...parts: Uint8Array[]): void {
    this.stream.write(concat(...parts));
  }

  /** Sends a request; remembers what a READ asked for. */
  request(fields: RequestFields, data: Uint8Array = new Uint8Array(0)): void {
    this.expectRead(fields);
    this.send(requestBytes(fields), data);
  }

  /** Remembers a READ that is sent by other means. */
  expectRead(fields: RequestFields): void {
    if (fields.command === 0) this.#readBytes.set(fields.cookie, fields.lengthBytes ?? 0);
  }

  takeGreeting(): number {
    const view = this.#take(GREETING_BYTES);
    expectEqual(view.getUint32(0), NBD_MAGIC_HIGH);
    expectEqual(view.getUint32(4), NBD_MAGIC_LOW);
    expectEqual(view.getUint32(8), OPTION_MAGIC_HIGH);
    expectEqual(view.getUint32(12), OPTION_MAGIC_LOW);
    return view.getUint16(16);
  }

  /** All option replies that have arrived; none may be cut short. */
  takeOptionReplies(): OptionReply[] {
    const replies: OptionReply[] = [];
    while (this.receivedBytes > 0) replies.push(this.takeOptionReply());
    return replies;
  }

  takeOptionReply(): OptionReply {
    const header = this.#take(OPTION_REPLY_HEADER_BYTES);
    expectEqual(header.getUint32(0), OPTION_REPLY_MAGIC_HIGH);
    expectEqual(header.getUint32(4), OPTION_REPLY_MAGIC_LOW);
    const payload = this.takeBytes(header.getUint32(16));
    return { option: header.getUint32(8), type: header.getUint32(12), payload };
  }

  /** All replies to requests that have arrived; none may be cut short or answer what was not asked. */
  takeReplies(): Reply[] {
    const replies: Reply[] = [];
    while (this.receivedBytes > 0) {
      const header = this.#take(SIMPLE_REPLY_BYTES);
      expectEqual(header.getUint32(0), SIMPLE_REPLY_MAGIC);
      const cookie = header.getUint32(8) * 2 ** 32 + header.getUint32(12);
      const errno = header.getUint32(4);
      const data = this.takeBytes(errno === 0 ? (this.#readBytes.get(cookie) ?? 0) : 0);
      replies.push({ cookie, errno, data });
    }
    return replies;
  }

  takeBytes(count: number): Uint8Array {
    if (this.receivedBytes < count) throw new Error(`${count} bytes expected, ${this.receivedBytes} are there`);
    if (this.#chunks.length > 1) this.#chunks = [concat(...this.#chunks)];
    const taken = (this.#chunks[0] ?? new Uint8Array(0)).slice(this.#taken, this.#taken + count);
    this.#taken += count;
    return taken;
  }

  #take(count: number): DataView {
    return new DataView(this.takeBytes(count).buffer as ArrayBuffer); // slice() above copied it into one.
  }
}

/** Connects, chooses an export with GO and expects to get it. */
export async function attach(network: PairedNetwork, address: string, exportName: string): Promise<RawClient> {
  const client = new RawClient(network, address);
  client.send(clientFlags(), option(OPT_GO, infoRequest(exportName)));
  await network.run();
  client.takeGreeting();
  const replies = client.takeOptionReplies();
  expectEqual(replies.at(-1)?.type ?? 0, REP_ACK);
  return client;
}

export function clientFlags(flags: number = FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES): Uint8Array {
  return u32(flags);
}

export function option(code: number, data: Uint8Array = new Uint8Array(0), lengthBytes = data.length): Uint8Array {
  const header = new Uint8Array(OPTION_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, OPTION_MAGIC_HIGH);
  view.setUint32(4, OPTION_MAGIC_LOW);
  view.setUint32(8, code);
  view.setUint32(12, lengthBytes);
  return concat(header, data);
}

export function infoRequest(name: string, ...kinds: number[]): Uint8Array {
  const nameBytes = text(name);
  return concat(u32(nameBytes.length), nameBytes, u16(kinds.length), ...kinds.map(u16));
}

export function requestBytes(fields: RequestFields): Uint8Array {
  const { command, cookie, flags = 0, offsetBytes = 0, lengthBytes = 0, magic = REQUEST_MAGIC } = fields;
  const bytes = new Uint8Array(REQUEST_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  view.setUint16(4, flags);
  view.setUint16(6, command);
  view.setBigUint64(8, BigInt(cookie));
  view.setBigUint64(16, BigInt(offsetBytes));
  view.setUint32(24, lengthBytes);
  return bytes;
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function u16(value: number): Uint8Array {
  return new Uint8Array([value >>> 8, value & 0xff]);
}

export function u32(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]);
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function expectEqual(actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`the server sent 0x${actual.toString(16)} for 0x${expected.toString(16)}`);
}
