/** The storage systems of a group on the simulator's world, and what a test may do to the lines between them. */
import { type PeekedFrame, peekFrame } from '../../replication/stream-frames.ts';
import { StorageGroup } from '../../replication/testing/storage-group.ts';
import type { TestSettings } from '../../replication/testing/test-world.ts';
import { Node } from '../node.ts';
import type { Life } from '../virtual-process.ts';
import { World } from '../world.ts';

export class SimulatedStorage extends StorageGroup<Life, World> {
  /** The node of each process that runs, or ran last. */
  readonly nodes: Map<string, Node>;

  constructor(seed: string, settings: TestSettings = {}) {
    const nodes = new Map<string, Node>();
    super(
      {
        world: (hooks) => new World(seed, hooks),
        node: (ports, name, definition, arrangement, handle) => {
          const node = new Node(ports, name, definition, arrangement, true, handle);
          nodes.set(name, node);
          return node;
        },
      },
      settings,
    );
    this.nodes = nodes;
  }

  /** Runs `act` as an event of `name`'s process, now; not at all where it is dead. */
  as(name: string, act: (node: Node) => void): void {
    const { life } = this.machine(name);
    const node = this.nodes.get(name);
    if (life && node) this.world.scheduler.at(this.world.scheduler.nowMs, life, () => act(node));
  }

  /** The line between two systems is lost and dialled again at once: a blip shorter than any time-out. */
  blip(a: string, b: string): void {
    this.as(a, (node) => node.link(b).drop('blip'));
  }

  /** Shows every frame that reaches `at` from `from` to `look`; where that answers, these frames are received instead. */
  intercept(
    at: string,
    from: string,
    look: (bytes: Uint8Array, head: PeekedFrame) => readonly Uint8Array[] | null,
  ): void {
    const link = this.nodes.get(at)?.link(from);
    const receive = link?.onFrame;
    if (!link || !receive) throw new Error(`${at} does not hear ${from}`);
    link.onFrame = (bytes) => {
      const head = peekFrame(bytes);
      for (const frame of (head ? look(bytes, head) : null) ?? [bytes]) receive(frame);
    };
  }
}
