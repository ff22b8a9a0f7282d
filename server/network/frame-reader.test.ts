/** Frames out of bytes: however they are cut, whatever they are, and never more memory than a frame may have. */
import { describe, expect, it } from 'vitest';
import { Random } from '../simulation/random.ts';
import { frame } from '../simulation/testing/wire-world.ts';
import { FRAME_BINARY, FRAME_HEADER_BYTES, FRAME_JSON, FrameReader } from './frame-reader.ts';

type Found = [kind: number, body: string];

const MAX = 2000;

/** Feeds `chunks`, each lent only until the call returns and with foreign bytes around it, as the network lends them. */
function read(
  chunks: readonly Uint8Array[],
  max = MAX,
): { frames: Found[]; fault: string | null; reader: FrameReader } {
  const frames: Found[] = [];
  const reader = new FrameReader(max, (kind, body) => frames.push([kind, Buffer.from(body).toString('latin1')]));
  for (const chunk of chunks) {
    const lent = new Uint8Array(chunk.length + 32).fill(0xee);
    lent.set(chunk, 16);
    const fault = reader.take(lent.subarray(16, 16 + chunk.length));
    if (Buffer.compare(lent.subarray(16, 16 + chunk.length), chunk) !== 0) throw new Error('the chunk was changed');
    lent.fill(0xdd);
    if (fault !== null) return { frames, fault, reader };
  }
  return { frames, fault: null, reader };
}

/** What `bytes` mean, read all at once by the definition of a frame. */
function meaning(bytes: Uint8Array, max = MAX): { frames: Found[]; isFaulty: boolean } {
  const all = Buffer.from(bytes);
  const frames: Found[] = [];
  let at = 0;
  while (all.length - at >= 4) {
    const length = all.readUInt32LE(at);
    if (length < 1 || length > max) return { frames, isFaulty: true };
    if (all.length - at < 4 + length) break;
    frames.push([all[at + 4] ?? -1, all.subarray(at + 5, at + 4 + length).toString('latin1')]);
    at += 4 + length;
  }
  return { frames, isFaulty: false };
}

function cutAt(bytes: Uint8Array, ...cuts: number[]): Uint8Array[] {
  const places = [0, ...cuts, bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

/** Memory the reader holds; it tells nobody, so the test looks into it. */
function keptBytes(reader: FrameReader): number {
  const pending: unknown = Reflect.get(reader, 'pending');
  return pending instanceof Uint8Array ? pending.length : Number.POSITIVE_INFINITY;
}

const BODIES: [number, string][] = [
  [FRAME_JSON, '{"t":"ping"}'],
  [FRAME_BINARY, ''],
  [FRAME_BINARY, 'x'],
  [200, 'four'],
  [FRAME_JSON, ''],
  [FRAME_BINARY, 'y'.repeat(40)],
];
const STREAM = Buffer.concat(BODIES.map(([kind, body]) => frame(kind, body)));

describe('a stream of frames', () => {
  it('is the same however it is cut in three', () => {
    for (let first = 0; first <= STREAM.length; first += 1) {
      for (let second = first; second <= STREAM.length; second += 1) {
        const { frames, fault } = read(cutAt(STREAM, first, second));
        const isSame = fault === null && JSON.stringify(frames) === JSON.stringify(BODIES);
        if (!isSame) expect({ first, second, fault, frames }).toEqual({ first, second, fault: null, frames: BODIES });
      }
    }
  });

  it('is the same byte by byte', () => {
    expect(read([...STREAM].map((byte) => Uint8Array.of(byte))).frames).toEqual(BODIES);
  });

  it('hands on each frame as soon as it is whole, and not before', () => {
    const { frames, reader } = read([]);
    const whole = frame(FRAME_BINARY, 'abc');
    for (const byte of whole.subarray(0, -1)) reader.take(Uint8Array.of(byte));
    expect(frames).toEqual([]);
    reader.take(whole.subarray(-1));
    expect(frames).toEqual([[FRAME_BINARY, 'abc']]);
  });

  it('hands on in place what lies whole in one chunk', () => {
    const bodies: Uint8Array[] = [];
    const reader = new FrameReader(MAX, (_kind, body) => bodies.push(body));
    const chunk = Uint8Array.from(frame(FRAME_BINARY, 'abc'));
    reader.take(chunk);
    expect(bodies[0]?.buffer).toBe(chunk.buffer);
    expect(bodies[0]?.byteOffset).toBe(FRAME_HEADER_BYTES);
  });
});

describe('the limit of a frame', () => {
  const limits: [string, number, boolean][] = [
    ['of the greatest length', MAX - 1, true],
    ['of one byte more', MAX, false],
  ];

  it.each(limits)('is kept to the byte: %s, wherever it is cut', (_what, bodyBytes, fits) => {
    const bytes = frame(FRAME_BINARY, 'x'.repeat(bodyBytes));
    for (const cut of [0, 1, 3, 4, 5, 100]) {
      const { frames, fault } = read(cutAt(bytes, cut));
      expect(frames).toHaveLength(fits ? 1 : 0);
      expect(fault === null).toBe(fits);
    }
  });

  it('is told with both numbers', () => {
    expect(read([frame(FRAME_BINARY, 'x'.repeat(MAX))]).fault).toBe(
      `a frame of ${MAX + 1} bytes where at most ${MAX} are allowed`,
    );
    expect(read([Buffer.alloc(4)]).fault).toBe('a frame of no bytes');
  });

  it('may be raised by the frame before, in the middle of a chunk and between two', () => {
    for (const cut of [0, 8, 11, 13]) {
      const sizes: number[] = [];
      const reader = new FrameReader(10, (_kind, body) => {
        sizes.push(body.length);
        reader.maxFrameBytes = MAX;
      });
      const bytes = Buffer.concat([frame(FRAME_JSON, 'proof'), frame(FRAME_BINARY, 'x'.repeat(500))]);
      for (const chunk of cutAt(bytes, cut)) expect(reader.take(chunk)).toBeNull();
      expect(sizes).toEqual([5, 500]);
    }
  });
});

describe('bytes from anywhere', () => {
  /** Frames and rubbish in any mixture: lengths at the edges, flipped bytes, cut ends. */
  function stuff(random: Random): Buffer {
    const pieces: Buffer[] = [];
    for (let count = random.between(1, 12); count > 0; count -= 1) {
      const size = random.pick([0, 1, 3, 10, 200, MAX - 1, MAX, MAX + 1]);
      const piece = frame(random.below(256), random.bytes(random.chance(0.9) ? Math.min(size, 300) : size));
      if (random.chance(0.08)) piece[random.below(piece.length)] = random.below(256);
      if (random.chance(0.05)) pieces.push(Buffer.from(random.bytes(random.between(1, 9))));
      pieces.push(piece);
    }
    const whole = Buffer.concat(pieces);
    return random.chance(0.3) ? whole.subarray(0, random.below(whole.length + 1)) : whole;
  }

  function pieces(random: Random, bytes: Uint8Array): Uint8Array[] {
    const cuts = Array.from({ length: random.below(20) }, () => random.below(bytes.length + 1));
    return cutAt(bytes, ...cuts.sort((a, b) => a - b));
  }

  it('mean what the definition says, or are refused where it says so; nothing is thrown', () => {
    let faults = 0;
    let frames = 0;
    for (let seed = 0; seed < 1500; seed += 1) {
      const random = new Random(`frames-${seed}`);
      const bytes = stuff(random);
      const expected = meaning(bytes);
      const found = read(pieces(random, bytes));
      const isSame = JSON.stringify(found.frames) === JSON.stringify(expected.frames);
      if (!isSame) expect(found.frames, `seed ${seed}`).toEqual(expected.frames);
      if ((found.fault !== null) !== expected.isFaulty) throw new Error(`seed ${seed}: ${found.fault}`);
      faults += expected.isFaulty ? 1 : 0;
      frames += expected.frames.length;
    }
    // The seeds must reach both outcomes, or nothing was tried.
    expect(faults).toBeGreaterThan(150);
    expect(frames).toBeGreaterThan(1500);
  });

  it('take no more memory than one frame may have, whatever lengths they name', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = new Random(`memory-${seed}`);
      const { reader } = read(pieces(random, Buffer.concat([stuff(random), Buffer.from([0xff, 0xff, 0xff, 0x7f])])));
      expect(keptBytes(reader)).toBeLessThanOrEqual(4096);
    }
    const { reader } = read([frame(FRAME_BINARY, 'x'.repeat(50_000)).subarray(0, 40_000)], 60_000);
    expect(keptBytes(reader)).toBeLessThanOrEqual(60_004);
    const reserved = new FrameReader(60_000, () => undefined);
    expect(reserved.take(Buffer.from([0xff, 0xff, 0, 0]))).toMatch(/65535 bytes/);
    expect(keptBytes(reserved)).toBe(0);
  });

  it('keep no memory of frames gone by beyond the largest one', () => {
    const reader = new FrameReader(10_000, () => undefined);
    const bytes = frame(FRAME_BINARY, 'x'.repeat(9000));
    for (let round = 0; round < 50; round += 1)
      for (const chunk of cutAt(bytes, 3, 5000)) expect(reader.take(chunk)).toBeNull();
    expect(keptBytes(reader)).toBeLessThanOrEqual(10_004);
  });
});
