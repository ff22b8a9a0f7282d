/** The routines of twin sites (004, 000), made for each variation from one description; pair recovery among them (B4080, B4090). */
import { ALL_ARRANGEMENTS } from '../domain/arrangement.ts';
import { type ForwardPair, initialCopy } from './parts/initial-copy.ts';
import type { RoutineGraph } from './step-graph.ts';
import { switchBack } from './twin-back.ts';
import { resync } from './twin-resync.ts';
import { type TwinShape, takeover } from './twin-takeover.ts';

/** The backups without a host first: nothing may lead on from B1 when it is copied onto. */
function forwardPairs({ mode, others }: TwinShape): ForwardPair[] {
  const further = others.map(
    (name, index): ForwardPair => ({
      id: `B408${index + 5}`,
      ours: true,
      pair: `M-${name}`,
      kind: 'async',
      text: `M copies to ${name}, by difference where the tables of both ends know it.`,
      hold: null,
      rest: { id: `B408${index + 3}`, pair: `B1-${name}` },
    }),
  );
  return [
    ...further,
    {
      id: 'B4090',
      pair: 'M-B1',
      kind: mode === 'sync' ? 'sync' : 'async',
      text: 'State COPY at M: copies by difference to B1, from the tables of both ends, and follows from then on. Table 1 is clear when the pair is in duplex.',
      hold: null,
    },
  ];
}

function pairRecovery(shape: TwinShape): RoutineGraph {
  return initialCopy({
    arrangement: shape.arrangement,
    compared: ['B1', ...shape.others],
    pairs: forwardPairs(shape),
    front: {
      id: 'pair-recovery',
      title: 'Pair recovery: M copies to its backups',
      host: 'host-M',
      system: 'M',
      otherHost: 'host-B1',
      ids: { holder: 'B4080', compare: 'B4081', overwrite: 'B4082' },
      holder: {
        title: 'Pair recovery request',
        text: 'Copying from M is right only while M is the system that takes host writes.',
      },
      cures: {
        elsewhere:
          'Another system takes the host writes: copying from M would overwrite newer data. Run switch-back first.',
        unfinished:
          'A takeover was begun and not ended: nobody holds the host role. Run takeover or switch-back to its end first.',
      },
    },
  });
}

export const TWIN_ROUTINES: readonly RoutineGraph[] = ALL_ARRANGEMENTS.flatMap(({ id, variation }) => {
  if (variation?.of !== 'twin') return [];
  const others = Array.from({ length: variation.backups - 1 }, (_, index) => `B${index + 2}`);
  const shape: TwinShape = { arrangement: id, mode: variation.mode, others };
  return [pairRecovery(shape), takeover(shape), resync(shape), switchBack(shape)];
});
