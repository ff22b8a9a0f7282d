/** Links of several paths: up when all are, down when one is, and what becomes of frames, calls and addresses. */
import { describe, expect, it } from 'vitest';
import type { ByteStream } from '../domain/ports.ts';
import { SIM_TIMING } from '../simulation/node.ts';
import { type EndSettings, tagsOf, tap, WireWorld, watched } from '../simulation/testing/wire-world.ts';
import type { StreamChannel } from './channel.ts';
import { ChannelServer } from './channel-server.ts';
import type { LineConditions } from './channel-types.ts';
import { Link } from './link.ts';
import { LineDirection } from './shaped-stream.ts';

const REDIAL_MS = 10;
const MAX_REDIAL_MS = 80;

interface LinkEnd {
  link: Link;
  ups: number;
  downs: string[];
  frames: number[];
  notices: unknown[];
}

function watch(link: Link): LinkEnd {
  const end: LinkEnd = { link, ups: 0, downs: [], frames: [], notices: [] };
  link.onUp = () => {
    end.ups += 1;
  };
  link.onDown = (reason) => end.downs.push(reason);
  link.onFrame = (body) => end.frames.push(Buffer.from(body).readUInt32LE(0));
  link.onNotice = (_method, params) => end.notices.push(params);
  return end;
}

/** A link that P dials and I accepts. Every stream P dials is in `dialled`. */
class Line {
  readonly wire: WireWorld;
  readonly dialled: { stream: ByteStream; atMs: number; address: string; written: Uint8Array[] }[] = [];
  readonly attached: StreamChannel[] = [];
  readonly p: LinkEnd;
  readonly i: LinkEnd;
  private server: ChannelServer | null = null;

  constructor(
    seed: string,
    readonly paths: number,
    private readonly settings: { P?: EndSettings; I?: EndSettings } = {},
    make: (wire: WireWorld) => { P?: EndSettings; I?: EndSettings } = () => ({}),
  ) {
    this.wire = new WireWorld(seed);
    const made = make(this.wire);
    this.settings = { P: { ...settings.P, ...made.P }, I: { ...settings.I, ...made.I } };
    const redial = { redialMs: REDIAL_MS, maxRedialMs: MAX_REDIAL_MS };
    const network = watched(this.wire.ports('P').network, (stream, address) => {
      const written: Uint8Array[] = [];
      tap(stream, (bytes) => written.push(bytes));
      this.dialled.push({ stream, atMs: this.wire.nowMs, address, written });
    });
    const dialer = { peer: 'I', paths, address: 'I:7000', ...redial };
    this.p = watch(new Link(network, this.wire.options('P', this.settings.P), dialer));
    const options = this.wire.options('I', this.settings.I);
    const acceptor = { peer: 'P', paths, address: null, ...redial };
    this.i = watch(new Link(this.wire.ports('I').network, options, acceptor));
  }

  async serve(address = 'I:7000'): Promise<void> {
    this.server = new ChannelServer(
      this.wire.ports('I').network,
      this.wire.options('I', this.settings.I),
      (channel) => {
        this.attached.push(channel);
        this.i.link.attach(channel);
      },
    );
    await this.server.listen(address);
  }

  stopServing(): void {
    this.server?.close();
  }

  get isUp(): boolean {
    return this.p.link.up && this.i.link.up;
  }

  /** Serves and dials; resolves once both ends are up. */
  async comeUp(): Promise<void> {
    await this.serve();
    this.p.link.start();
    if (!(await this.wire.until(() => this.isUp, 2000))) throw new Error('the link never came up');
  }
}

/** Runs `story` on a line of `paths`. */
async function on(
  seed: string,
  paths: number,
  story: (line: Line) => Promise<void>,
  make?: (wire: WireWorld) => { P?: EndSettings; I?: EndSettings },
): Promise<void> {
  const line = new Line(seed, paths, {}, make);
  await line.wire.run(() => story(line));
}

const numbered = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32LE(value, 0);
  return bytes;
};

const count = (length: number): number[] => Array.from({ length }, (_, index) => index);

describe('a link', () => {
  it('is up when every path is, and not before', () =>
    on('all-paths', 3, async (line) => {
      await line.serve();
      line.p.link.start();
      // The last path is held up before its first byte.
      line.dialled[2]?.stream.pause();
      await line.wire.sleep(300);
      expect([line.p.link.up, line.i.link.up]).toEqual([false, false]);
      expect(line.attached).toHaveLength(2);
      line.dialled[2]?.stream.resume();
      await line.wire.sleep(10);
      expect([line.p.link.up, line.i.link.up]).toEqual([true, true]);
      expect([line.p.ups, line.p.link.epoch, line.i.link.epoch]).toEqual([1, 1, 1]);
    }));

  it('goes down as a whole where one path is lost, once at each end, and comes up anew with the next epoch', () =>
    on('one-lost', 3, async (line) => {
      await line.comeUp();
      line.dialled[1]?.stream.destroy();
      await line.wire.until(() => !line.p.link.up && !line.i.link.up, 100);
      expect([line.p.downs.length, line.i.downs.length]).toEqual([1, 1]);
      expect(line.attached.map(({ open }) => open)).toEqual([false, false, false]);
      await line.wire.until(() => line.isUp, 500);
      expect([line.p.link.epoch, line.i.link.epoch]).toEqual([2, 2]);
      expect([line.p.downs.length, line.i.downs.length]).toEqual([1, 1]);
      expect(line.dialled).toHaveLength(6);
      const rounds = line.attached.map(({ round }) => round);
      expect(new Set(rounds.slice(0, 3)).size).toBe(1);
      expect(new Set(rounds).size).toBe(2);
    }));

  it('brings no frame of a former epoch once it is down', () =>
    on('former-epoch', 2, async (line) => {
      await line.comeUp();
      line.wire.distance('P', 'I', 30);
      for (const value of count(10)) line.p.link.sendFrame([numbered(value)]);
      await line.wire.sleep(5);
      line.i.link.drop('test');
      await line.wire.until(() => line.isUp && line.i.link.epoch === 2, 2000);
      line.p.link.sendFrame([numbered(99)]);
      await line.wire.sleep(100);
      expect(line.i.frames).toEqual([99]);
    }));

  it('spreads frames over its paths in turn', () =>
    on('spread', 3, async (line) => {
      await line.comeUp();
      for (const value of count(30)) line.p.link.sendFrame([numbered(value)]);
      const each = line.dialled.map(({ written }) => tagsOf(written).filter((tag) => tag === 'binary').length);
      expect(each).toEqual([10, 10, 10]);
      await line.wire.sleep(20);
      expect([...line.i.frames].sort((a, b) => a - b)).toEqual(count(30));
    }));

  it('lets frames overtake each other where the paths’ jitter differs, and notices never', () =>
    on(
      'reordering',
      4,
      async (line) => {
        await line.comeUp();
        for (const value of count(80)) {
          line.p.link.sendFrame([numbered(value)]);
          line.p.link.notify('note', value);
          await line.wire.sleep(0.5);
        }
        await line.wire.sleep(100);
        expect(line.i.notices).toEqual(count(80));
        expect(line.i.frames).not.toEqual(count(80));
        expect([...line.i.frames].sort((a, b) => a - b)).toEqual(count(80));
      },
      (wire) => {
        const { clock, entropy } = wire.ports('P');
        const conditions = { delayMs: 1, jitterMs: 8, rateBytesPerSecond: null, loss: 0, cut: false };
        const direction = new LineDirection(clock, entropy, conditions);
        return { P: { shapeFor: () => direction } };
      },
    ));

  it('measures its round trip, and knows none while it is down', () =>
    on('rtt', 2, async (line) => {
      line.wire.distance('P', 'I', 4);
      expect(line.p.link.rttMs).toBeNull();
      await line.comeUp();
      await line.wire.sleep(20);
      expect(line.p.link.rttMs).toBeCloseTo(8, 5);
      line.stopServing();
      await line.wire.sleep(20);
      expect(line.p.link.rttMs).toBeNull();
    }));

  it('refuses calls and drops notices and frames while it is down', () =>
    on('down', 2, async (line) => {
      await expect(line.p.link.call('ask', 1, 100)).rejects.toThrow('I is not reachable over its line.');
      line.p.link.notify('note', 1);
      expect(line.p.link.sendFrame([numbered(1)])).toBe(true);
      await line.comeUp();
      expect(await line.p.link.call('ask', 1, 100)).toEqual(['I', 'ask', 1]);
      await line.wire.sleep(20);
      expect([line.i.notices, line.i.frames]).toEqual([[], []]);
    }));

  it('ends the calls under way when it goes down', () =>
    on(
      'calls',
      2,
      async (line) => {
        await line.comeUp();
        const call = line.p.link.call('ask', 1, 60_000).catch((error: unknown) => String(error));
        await line.wire.sleep(5);
        const beforeMs = line.wire.nowMs;
        line.dialled[1]?.stream.destroy();
        expect(await call).toMatch('was lost before it answered ask');
        expect(line.wire.nowMs - beforeMs).toBeLessThan(5);
      },
      () => ({ I: { handle: () => new Promise(() => undefined) } }),
    ));
});

describe('the dialing end', () => {
  it('waits twice as long after each failure, up to a limit, and starts short again once it was up', () =>
    on('backoff', 1, async (line) => {
      const gaps = () =>
        line.dialled.slice(1).map(({ atMs }, index) => Math.round(atMs - (line.dialled[index]?.atMs ?? 0)));
      line.p.link.start();
      await line.wire.sleep(500);
      expect(gaps().slice(0, 6)).toEqual([10, 20, 40, 80, 80, 80]);
      await line.serve();
      await line.wire.until(() => line.isUp, 500);
      const tries = line.dialled.length;
      line.stopServing();
      await line.wire.sleep(200);
      expect(gaps().slice(tries, tries + 3)).toEqual([20, 40, 80]);
      expect(line.p.ups).toBe(1);
    }));

  it('gives up paths that are refused for another secret, again and again, and is never up', () =>
    on(
      'secret',
      2,
      async (line) => {
        await line.serve();
        line.p.link.start();
        await line.wire.sleep(1000);
        expect([line.p.ups, line.i.ups]).toEqual([0, 0]);
        expect(line.dialled.length).toBeGreaterThan(10);
        expect(line.attached).toEqual([]);
      },
      () => ({ P: { secret: new Uint8Array(32).fill(1) } }),
    ));

  it('follows its peer to another address, at once where it is up, and at once where it waits to dial again', () =>
    on('moved', 2, async (line) => {
      await line.comeUp();
      await line.serve('I:7001');
      line.p.link.readdress('I:7001');
      expect([line.p.link.up, line.p.downs]).toEqual([false, ['the other end has moved']]);
      await line.wire.until(() => line.isUp && line.i.link.epoch === 2, 200);
      expect(line.dialled.map(({ address }) => address)).toEqual(['I:7000', 'I:7000', 'I:7001', 'I:7001']);
      line.p.link.readdress('I:9999');
      await line.wire.sleep(400);
      const askedMs = line.wire.nowMs;
      line.p.link.readdress('I:7000');
      await line.wire.sleep(1);
      expect(line.dialled.at(-1)?.address).toBe('I:7000');
      expect(line.dialled.at(-1)?.atMs).toBeCloseTo(askedMs, 6);
    }));

  it('dials nobody while it knows no address, and the same address changes nothing', () =>
    on('no-address', 1, async (line) => {
      await line.comeUp();
      line.p.link.readdress('I:7000');
      expect(line.p.link.up).toBe(true);
      line.p.link.readdress(null);
      await line.wire.sleep(1000);
      expect([line.p.link.up, line.i.link.up, line.dialled.length]).toEqual([false, false, 1]);
      line.p.link.readdress('I:7000');
      await line.wire.until(() => line.isUp, 100);
      expect(line.p.link.epoch).toBe(2);
    }));

  it('stops for good when it is told to', () =>
    on('stop', 2, async (line) => {
      await line.comeUp();
      line.p.link.stop();
      line.p.link.stop();
      await line.wire.sleep(1000);
      expect([line.p.downs, line.i.link.up]).toEqual([['this end is stopping'], false]);
      expect(line.dialled).toHaveLength(2);
      line.p.link.readdress('I:7001');
      await line.wire.sleep(1000);
      expect(line.dialled).toHaveLength(2);
    }));
});

describe('the accepting end', () => {
  /** A channel of a caller of its own making, proven at I. */
  async function caller(line: Line, path: number, round: string) {
    const before = line.attached.length;
    const stream = line.wire.ports('P').network.connect('I:7000');
    const end = line.wire.end('P', stream, { path, round }, 'I');
    await line.wire.until(() => line.attached.length > before, 100);
    return end;
  }

  it('lets a new round replace what is left of an old one', () =>
    on('new-round', 2, async (line) => {
      await line.serve();
      const old = [await caller(line, 0, 'old'), await caller(line, 1, 'old')];
      expect(line.i.link.up).toBe(true);
      const fresh = await caller(line, 1, 'new');
      expect([line.i.link.up, line.i.downs]).toEqual([false, ['the other end began anew']]);
      await line.wire.sleep(10);
      expect(old.map(({ closes }) => closes.length)).toEqual([1, 1]);
      await caller(line, 0, 'new');
      expect([line.i.link.up, line.i.link.epoch]).toEqual([true, 2]);
      expect(fresh.closes).toEqual([]);
    }));

  it('goes down where a path is dialled a second time in one round', () =>
    on('replaced', 2, async (line) => {
      await line.serve();
      const first = [await caller(line, 0, 'r'), await caller(line, 1, 'r')];
      const again = await caller(line, 1, 'r');
      expect(line.i.downs).toEqual(['replaced']);
      await line.wire.sleep(10);
      expect(first.map(({ closes }) => closes.length)).toEqual([1, 1]);
      expect([again.closes, line.i.link.up]).toEqual([[], false]);
      await caller(line, 0, 'r');
      expect([line.i.link.up, line.i.link.epoch]).toEqual([true, 2]);
    }));

  it('refuses a path the line does not have', () =>
    on('no-such-path', 2, async (line) => {
      await line.serve();
      const first = [await caller(line, 0, 'r'), await caller(line, 1, 'r')];
      const third = await caller(line, 2, 'r');
      await line.wire.sleep(10);
      expect([third.closes.length, first.map(({ closes }) => closes.length)]).toEqual([1, [0, 0]]);
      expect(line.i.link.up).toBe(true);
    }));

  it('takes nothing any more when it has stopped, and dials nobody', () =>
    on('stopped', 1, async (line) => {
      await line.comeUp();
      line.i.link.stop();
      await line.wire.sleep(500);
      expect(line.isUp).toBe(false);
      expect(line.i.ups).toBe(1);
    }));
});

describe('a line cut one way', () => {
  const CALM: LineConditions = { delayMs: 1, jitterMs: 0, rateBytesPerSecond: null, loss: 0, cut: false };

  it.each([
    ['from the dialing end', 'P'],
    ['from the accepting end', 'I'],
    ['both ways', 'PI'],
  ])('takes the link down at both ends, and neither takes it for whole until it is: %s', async (_what, from) => {
    const directions = new Map<string, LineDirection>();
    const shaped = (wire: WireWorld, name: string): EndSettings => {
      const { clock, entropy } = wire.ports(name);
      const direction = new LineDirection(clock, entropy, CALM);
      directions.set(name, direction);
      return { shapeFor: () => direction };
    };
    await on(
      'one-way',
      2,
      async (line) => {
        await line.comeUp();
        for (const name of from) directions.get(name)?.set({ ...CALM, cut: true });
        await line.wire.sleep(3 * SIM_TIMING.silenceMs);
        expect([line.p.link.up, line.i.link.up]).toEqual([false, false]);
        await line.wire.sleep(20_000);
        expect([line.p.link.up, line.i.link.up]).toEqual([false, false]);
        expect([line.p.ups, line.i.ups]).toEqual([1, 1]);
        for (const direction of directions.values()) direction.set(CALM);
        await line.wire.until(() => line.isUp, 3000);
        await line.wire.sleep(1000);
        expect([line.p.link.up, line.i.link.up]).toEqual([true, true]);
      },
      (wire) => ({ P: shaped(wire, 'P'), I: shaped(wire, 'I') }),
    );
  });
});
