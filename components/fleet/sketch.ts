/** Geometry of the small drawing of an arrangement in one of its two operations. Pure; in pixels. */
import type { Arrangement, ArrangementOperation, ArrangementPair } from '../../server/domain/arrangement.ts';

const BOX = { width: 34, height: 26, gap: 48, top: 3 } as const;
/** Half the diagonal of the diamond of a switching device. */
const DIAMOND = 7;
/** A head and the bend below it must fit in. */
const ARC_HEIGHT = 38;

export interface SketchSystem {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Takes the host writes. */
  holder: boolean;
  /** Part of this operation at all. */
  used: boolean;
}

export interface SketchPair {
  pair: ArrangementPair;
  from: { x: number; y: number };
  to: { x: number; y: number };
  arc: { low: number; labelX: number } | null;
}

export interface Sketch {
  width: number;
  height: number;
  systems: readonly SketchSystem[];
  pairs: readonly SketchPair[];
  /** Middles of the diamonds. */
  switches: readonly { name: string; x: number; y: number; half: number }[];
}

/**
 * Systems in topology order on one level, pairs of neighbours straight between them, all others below. Both operations of an
 * arrangement get the same room, so that the two drawings can be compared.
 */
export function sketchOf(arrangement: Arrangement, operation: ArrangementOperation): Sketch {
  const order = arrangement.systems.map((system) => system.name);
  const step = BOX.width + BOX.gap;
  const place = (name: string) => order.indexOf(name);
  const left = (name: string) => 2 + place(name) * step;
  const bottom = BOX.top + BOX.height;
  const switches = arrangement.switches ?? [];
  /** Where an arrow from below meets a system: at the tip of the diamond before it, if there is one. */
  const leg = (name: string) => bottom + (switches.some((device) => device.system === name) ? 2 * DIAMOND : 0);
  const legs = Math.max(...order.map(leg));
  const spans = ({ source, destination }: ArrangementPair) => Math.abs(place(source) - place(destination));
  const arcsOf = (each: ArrangementOperation) =>
    each.pairs.filter((pair) => spans(pair) > 1).toSorted((one, other) => spans(one) - spans(other));
  const arcs = arcsOf(operation);
  const levels = Math.max(arcsOf(arrangement.normal).length, arcsOf(arrangement.reverse).length);
  return {
    width: order.length * step - BOX.gap + 4,
    height: legs + levels * ARC_HEIGHT + 4,
    systems: order.map((name) => ({
      name,
      x: left(name),
      y: BOX.top,
      width: BOX.width,
      height: BOX.height,
      holder: operation.holder === name,
      used: operation.pairs.some((pair) => pair.source === name || pair.destination === name),
    })),
    pairs: operation.pairs.map((pair): SketchPair => {
      const [from, to] = [left(pair.source), left(pair.destination)];
      const level = arcs.indexOf(pair);
      if (level === -1) {
        const y = BOX.top + BOX.height / 2;
        const rightwards = from < to;
        return {
          pair,
          from: { x: rightwards ? from + BOX.width : from, y },
          to: { x: rightwards ? to : to + BOX.width, y },
          arc: null,
        };
      }
      const [x0, x1] = [from + BOX.width / 2, to + BOX.width / 2];
      return {
        pair,
        from: { x: x0, y: leg(pair.source) },
        to: { x: x1, y: leg(pair.destination) },
        arc: { low: legs + (level + 1) * ARC_HEIGHT, labelX: (x0 + x1) / 2 },
      };
    }),
    switches: switches.map((device) => ({
      name: device.name,
      x: left(device.system) + BOX.width / 2,
      y: bottom + DIAMOND,
      half: DIAMOND,
    })),
  };
}
