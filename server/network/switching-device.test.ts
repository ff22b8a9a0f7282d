/** Lines routed through switching devices, on the simulated network: what they carry, and what their death takes with it. */
import { describe, expect, it } from 'vitest';
import { type Arrangement, defaultGroup, findArrangement } from '../domain/arrangement.ts';
import type { Ports } from '../domain/ports.ts';
import { lineAddressOf, Node, switchTable } from '../simulation/node.ts';
import { World } from '../simulation/world.ts';
import { encodeRoute, parseRoute, ROUTE_MAX_BYTES } from './stream-route.ts';
import { SwitchingDevice } from './switching-device.ts';

const arrangement = mustFind('chain-4-bypass');
const definition = defaultGroup('g', arrangement);
const SYSTEMS = ['P', 'I', 'J', 'R'];
const DEVICES = ['switch-I', 'switch-J'];

function mustFind(id: string): Arrangement {
  const found = findArrangement(id);
  if (!found) throw new Error(`${id} is gone`);
  return found;
}

/** Systems that answer every call with their own name and what they were asked. */
function bypass() {
  const crashes: string[] = [];
  const world = new World('switching', {
    losesPower: false,
    onKilled: () => undefined,
    onCrash: ({ error }) => crashes.push(String(error)),
    onLog: () => undefined,
  });
  const nodes = new Map<string, Node>();
  const devices = new Map<string, SwitchingDevice>();
  const portsOf = new Map<string, Ports>();
  for (const name of [...SYSTEMS, ...DEVICES]) world.addMachine(name, 1);
  const start = (name: string): void => {
    const machine = world.machine(name);
    const ports = machine.start();
    portsOf.set(name, ports);
    world.scheduler.at(world.scheduler.nowMs, machine.life, () => {
      if (DEVICES.includes(name)) {
        const device = new SwitchingDevice(ports, name, switchTable(ports, name, arrangement, definition, true));
        devices.set(name, device);
        void device.listen(lineAddressOf(name));
      } else {
        const node = new Node(ports, name, definition, arrangement, true, async (_method, params, from) => [
          name,
          from.peer.name,
          params,
        ]);
        nodes.set(name, node);
        void node.start();
      }
    });
  };
  const link = (from: string, to: string) => {
    const node = nodes.get(from);
    if (!node) throw new Error(`${from} does not run`);
    return node.link(to);
  };
  const drive = async (story: () => Promise<void>): Promise<void> => {
    await world.scheduler.drive(async () => {
      for (const name of [...DEVICES, ...SYSTEMS]) start(name);
      await world.scheduler.sleep(1);
      await story();
    }, 1_000_000);
    expect(crashes).toEqual([]);
  };
  const LINKS = [
    ['P', 'I'],
    ['I', 'R'],
    ['J', 'R'],
    ['P', 'J'],
  ] as const;
  const up = () => LINKS.filter(([a, b]) => link(a, b).up && link(b, a).up).map((ends) => ends.join('-'));
  return { world, start, link, drive, up, devices, portsOf };
}

describe('switching devices', () => {
  it('hand in what is addressed to their own system, and pass on the rest', async () => {
    const { world, drive, link, up, devices } = bypass();
    await drive(async () => {
      await world.scheduler.until(() => up().length === 4, 2000);
      expect(up()).toEqual(['P-I', 'I-R', 'J-R', 'P-J']);
      expect(await link('P', 'I').call('ask', 1, 500)).toEqual(['I', 'P', 1]);
      expect(await link('P', 'J').call('ask', 2, 500)).toEqual(['J', 'P', 2]);
      expect(await link('R', 'I').call('ask', 3, 500)).toEqual(['I', 'R', 3]);
      // Two paths each: P–I ends at its device, P–J and I–R pass both, J–R ends at the other.
      expect([devices.get('switch-I')?.streams, devices.get('switch-J')?.streams]).toEqual([6, 6]);
    });
  });

  it('carry whole frames of any size in both directions', async () => {
    const { world, drive, link, up } = bypass();
    await drive(async () => {
      await world.scheduler.until(() => up().length === 4, 2000);
      const heard: number[] = [];
      link('J', 'P').onFrame = (frame) => heard.push(frame.length, frame[frame.length - 1] ?? -1);
      link('P', 'J').sendFrame([new Uint8Array(300_000).fill(7)]);
      await world.scheduler.until(() => heard.length > 0, 2000);
      expect(heard).toEqual([300_000, 7]);
    });
  });

  it('take every line through them down when they die, and bring it back when they return', async () => {
    const { world, drive, start, up } = bypass();
    await drive(async () => {
      await world.scheduler.until(() => up().length === 4, 2000);
      world.machine('switch-I').kill('SIGKILL');
      await world.scheduler.sleep(200);
      expect(up()).toEqual(['J-R']);
      start('switch-I');
      await world.scheduler.until(() => up().length === 4, 3000);
      expect(up()).toHaveLength(4);
    });
  });

  it('share a cut line: whoever is reached over it is cut off', async () => {
    const { world, drive, link, up } = bypass();
    await drive(async () => {
      await world.scheduler.until(() => up().length === 4, 2000);
      for (const [from, to] of [
        ['switch-I', 'switch-J'],
        ['switch-J', 'switch-I'],
      ] as const)
        world.network.setWay(from, to, { cut: true });
      await world.scheduler.sleep(2500);
      expect(up()).toEqual(['P-I', 'J-R']);
      await expect(link('P', 'J').call('ask', 1, 100)).rejects.toThrow('not reachable');
    });
  });

  it('drop a stream that names nobody they lead to', async () => {
    const { world, drive, portsOf } = bypass();
    const ended: string[] = [];
    await drive(async () => {
      await world.scheduler.sleep(300);
      const machine = world.machine('P');
      world.scheduler.at(world.scheduler.nowMs, machine.life, () => {
        const tries: [string, Uint8Array][] = [
          ['unknown', encodeRoute({ to: 'X', by: 'P' })],
          ['not a neighbour', encodeRoute({ to: 'I', by: 'R' })],
          ['no head', new Uint8Array(600)],
        ];
        for (const [what, bytes] of tries) {
          const stream = portsOf.get('P')?.network.connect(lineAddressOf('switch-I'));
          if (!stream) throw new Error('P does not run');
          stream.onClose = () => ended.push(what);
          stream.write(bytes);
        }
      });
      await world.scheduler.sleep(500);
    });
    expect(ended.sort()).toEqual(['no head', 'not a neighbour', 'unknown']);
  });
});

describe('the head of a stream', () => {
  const head = encodeRoute({ to: 'J', by: 'P' });

  it('is found however it is cut, with what follows it', () => {
    for (let length = 0; length < head.length; length += 1) expect(parseRoute(head.subarray(0, length))).toBe('more');
    const whole = Buffer.concat([head, Buffer.from('rest')]);
    expect(parseRoute(whole)).toEqual({ route: { to: 'J', by: 'P' }, bytes: head.length });
  });

  it.each<[string, Uint8Array]>([
    ['too long', Buffer.from([255, 255, 0, 0, 1])],
    ['of no bytes', Buffer.from([0, 0, 0, 0, 1])],
    ['binary', Buffer.from([5, 0, 0, 0, 2, 1, 2, 3, 4])],
    ['no JSON', Buffer.from([3, 0, 0, 0, 1, 123, 123])],
    ['no route', Buffer.from([3, 0, 0, 0, 1, 123, 125])],
    ['with a name that is none', encodeRoute({ to: '../x', by: 'P' })],
  ])('is refused where it is %s', (_what, bytes) => {
    expect(parseRoute(bytes)).toBe('malformed');
    expect(bytes.length).toBeLessThan(ROUTE_MAX_BYTES);
  });
});
