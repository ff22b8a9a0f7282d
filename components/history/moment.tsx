'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { EventView } from '../../server/api/views.ts';
import { type Arrangement, findArrangement } from '../../server/domain/arrangement.ts';
import { sketchOf } from '../fleet/sketch.ts';
import { SketchBox } from '../fleet/sketch-box.tsx';
import { Instant } from '../live/age.tsx';
import { useFleet } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { PairStateWord } from '../pair-state/pair-state-word.tsx';
import { PairShaft } from '../topology/pair-shaft.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { type Standing, type StandingPair, standingOf, stateOf } from './standing.ts';

const { history: text } = messages;

/** The group as the history says it stood when the event at the cursor was recorded. Nothing newer is looked at. */
export function Moment({ at }: { at: EventView }) {
  const fleet = useFleet();
  const row = fleet?.find((each) => each.group === at.group);
  const arrangement = row ? findArrangement(row.arrangement) : null;
  return (
    <section aria-label={text.moment} className="flex flex-col gap-3 border-t border-line p-3">
      <div>
        <h3 className="font-semibold">
          {text.momentOf(at.group ?? '')} <Instant at={at.at} withDate />
        </h3>
        <p className="line-clamp-2 text-muted">{at.text}</p>
      </div>
      {at.group === null ? <p className="text-muted">{text.momentNoGroup}</p> : null}
      {at.group !== null && fleet && !arrangement ? <p className="text-muted">{text.momentGone(at.group)}</p> : null}
      {at.group !== null && arrangement ? (
        <StandingView group={at.group} seq={at.seq} arrangement={arrangement} />
      ) : null}
    </section>
  );
}

function StandingView({ group, seq, arrangement }: { group: string; seq: number; arrangement: Arrangement }) {
  const trpc = useTRPC();
  // What was recorded up to an event never changes any more.
  const read = useQuery({
    ...trpc.events.standing.queryOptions({ group, seq }),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
  if (read.error) return <RefusalNote refusal={refusalOfError(read.error)} />;
  if (!read.data) return <Skeleton className="h-32" />;
  const standing = standingOf(arrangement, read.data);
  return (
    <div className="flex flex-wrap items-start gap-x-8 gap-y-3">
      <StandingSketch arrangement={arrangement} standing={standing} />
      <div className="flex min-w-64 flex-1 flex-col gap-2">
        <PairLines pairs={standing.pairs} />
        <Sentences standing={standing} />
        <p className="text-sm text-muted">{text.momentBasis}</p>
      </div>
    </div>
  );
}

function StandingSketch({ arrangement, standing }: { arrangement: Arrangement; standing: Standing }) {
  const operation = { holder: '', pairs: standing.pairs.map(({ pair }) => pair) };
  const { width, height, systems, pairs } = sketchOf(arrangement, operation);
  const process = (name: string) => standing.processes.find((each) => each.name === name);
  const words = standing.pairs.map((pair) => `${pair.name} ${messages.states.word(stateOf(pair))}`).join(', ');
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      width={width * 1.5}
      height={height * 1.5}
      role="img"
      aria-label={text.sketch(words)}
      className="h-auto max-w-full shrink-0"
    >
      {pairs.map(({ pair, from, to, arc }, index) => {
        const stood = standing.pairs[index];
        return (
          <PairShaft
            key={`${pair.source}-${pair.destination}`}
            from={from}
            to={to}
            arc={arc}
            kind={pair.kind}
            state={stood ? stateOf(stood) : 'unknown'}
            moving={false}
            bold={false}
          />
        );
      })}
      {systems.map((system) => {
        const up = process(system.name)?.up ?? null;
        const colour = up === null ? 'var(--unknown)' : up ? 'var(--border-strong)' : 'var(--failure)';
        return (
          <SketchBox
            key={system.name}
            box={system}
            label={`${system.name}${up === null ? '?' : up ? '' : '✕'}`}
            stroke={colour}
            strokeWidth={up ? 1 : 2}
            strokeDasharray={up === null ? '2 3' : undefined}
            fontWeight={600}
            ink={up ? 'var(--text)' : colour}
          />
        );
      })}
    </svg>
  );
}

export function PairLines({ pairs }: { pairs: readonly StandingPair[] }) {
  if (pairs.length === 0) return <p className="text-muted">{text.momentNoPairs}</p>;
  return (
    <ul className="flex flex-col gap-1">
      {pairs.map(({ name, ends }) => (
        <li key={name} className="flex flex-wrap items-baseline gap-x-3">
          <span className="num font-medium">{name}</span>
          {ends.map((end) => (
            <span key={end.system} className="inline-flex flex-wrap items-baseline gap-x-1.5">
              <span className="text-muted">{text.atEnd(end.system)}</span>
              <PairStateWord state={end.state} />
              {end.state === end.told ? null : (
                <span className="text-sm text-muted">{text.toldLast(messages.states.word(end.told))}</span>
              )}
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** Only what departs from normal: who was down or not heard, faults, the routine under way. */
export function Sentences({ standing }: { standing: Standing }) {
  const { observer } = messages.common;
  const down = standing.processes.filter((process) => process.up === false).map((process) => observer(process.name));
  const unknown = standing.processes.filter((process) => process.up === null).map((process) => observer(process.name));
  return (
    <ul className="flex flex-col gap-1">
      {standing.routine ? <li>{text.momentRoutine(standing.routine.text)}</li> : null}
      {down.length > 0 ? <li className="text-failure">{text.momentDown(down.join(', '))}</li> : null}
      {unknown.length > 0 ? <li className="text-unknown">{text.momentUnknown(unknown.join(', '))}</li> : null}
      {standing.unheard.map(({ by, of }) => (
        <li key={`${by}:${of}`}>{text.momentUnheard(observer(by), observer(of))}</li>
      ))}
      {standing.faults.map((fault) => (
        <li key={`${fault.target}:${fault.since}`}>{text.momentFault(fault.text)}</li>
      ))}
      {down.length + unknown.length === 0 ? <li>{text.momentAllUp}</li> : null}
    </ul>
  );
}
