/**
 * The work of chain-4 moves from one end of the chain to the other: drain hop by hop, judge, turn the last hop into a sync
 * pair, restart (003 Fig. 20–21, §[0143]–[0150]; Fig. 24–25, §[0155]–[0160]). Failover and failback are mirror images, so
 * both are made here from one description. Ours: the fence, the looks before the drains and what follows from them, the
 * image, the verdict, the restart.
 */
import { ANY_STATE, expects, step, to } from './graph-words.ts';
import { arrow, type Cast, endsOfPair, SUSPENDED } from './parts/cast.ts';
import { fence } from './parts/detect.ts';
import { drainHop, type HopWords } from './parts/drain-hop.ts';
import { type VerdictTexts, verdict } from './parts/verdict.ts';
import type { RoutineStep } from './step-graph.ts';

export interface MoveOfFour {
  cast: Cast;
  ids: {
    fence: string;
    near: HopWords['ids'];
    far: HopWords['ids'];
    says: { settle: string; judge: string; kept: string; lost: string; unknown: string };
    delete: string;
    form: string;
    role: string;
  };
  /** The sync pair of the operation that ends, and its two async pairs in the order in which they are drained. */
  guarded: string;
  hops: readonly [string, string];
  giveBack: string | null;
  texts: VerdictTexts;
}

/** From the fence to the host role. */
export function moveOfFour(words: MoveOfFour): RoutineStep[] {
  const { cast, ids, hops, texts } = words;
  const hop = { host: cast.survivorHost, askIsOurs: true, formable: true, abortState: texts.abortState };
  return [
    fence(cast, { fence: ids.fence, next: ids.near.ask, own: ids.says.settle }, words.guarded, texts.abortState),
    ...drainHop({ ...hop, pair: hops[0], ids: ids.near, next: ids.far.ask, toSurvivor: false }),
    ...drainHop({ ...hop, pair: hops[1], ids: ids.far, next: ids.says.settle, toSurvivor: true }),
    ...verdict({
      cast,
      ids: { ...ids.says, role: ids.role },
      feeding: hops[1],
      protect: {
        id: 'protect',
        label: 'Form the sync pair, then restart',
        consequence: `${syncName(words)} is formed first (${ids.delete}, ${ids.form}), so that every write of the work is answered by two systems from the first one on.`,
        step: ids.delete,
        instead: `${ids.delete} and ${ids.form} are left out: ${cast.survivor} works alone until ${cast.move === 'over' ? 'reverse-copy' : 'initial-copy'} forms the pair.`,
        byDefault: true,
      },
      giveBack: words.giveBack,
      texts,
    }),
    ...turnLastHop(words),
  ];
}

function syncName({ hops }: MoveOfFour): string {
  const { source, destination } = endsOfPair(hops[1]);
  return arrow(`${destination}-${source}`, 'sync');
}

/** The survivor and the system before it hold the same, so the pair between them is formed anew without a copy. */
function turnLastHop({ cast, ids, hops, texts }: MoveOfFour): RoutineStep[] {
  const { source, destination } = endsOfPair(hops[1]);
  const sync = `${destination}-${source}`;
  return [
    step({
      id: ids.delete,
      title: `Delete ${arrow(hops[1])}`,
      text: `Deletes the async pair between ${source} and ${destination}.`,
      host: cast.survivorHost,
      target: destination,
      action: 'delete-pair',
      parameters: { pair: hops[1] },
      expects: [expects(hops[1], SUSPENDED, null, ['absent'])],
      outcomes: {
        deleted: to(ids.form, `${source} and ${destination} are no longer paired.`),
        absent: to(ids.form, `${source} and ${destination} were not paired.`),
      },
      abortState: texts.abortState,
    }),
    step({
      id: ids.form,
      title: `Form ${arrow(sync, 'sync')}`,
      text: `${destination} forms the sync pair with ${source}. Both hold the same, so that it goes to duplex without a copy; where that is not proven, everything is copied.`,
      host: cast.survivorHost,
      target: destination,
      action: 'form-if-possible',
      parameters: { pair: sync, kind: 'sync', resume: 'by-number' },
      expects: [expects(sync, ANY_STATE, 'initial-copying', ['duplex', 'initial-copying', ...SUSPENDED, 'absent'])],
      outcomes: {
        duplex: to(ids.role, `${arrow(sync, 'sync')} is in duplex.`),
        already: to(ids.role, `${arrow(sync, 'sync')} was in duplex already.`),
        copying: to(ids.role, 'The copy goes on by itself; the work need not wait for it.'),
        'not-formed': to(ids.role, `Not possible now: ${destination} takes over alone.`),
      },
      abortState: texts.abortState,
    }),
  ];
}
