'use client';

import type { DrillReplay } from '../../server/api/views.ts';
import { formatCount } from '../format/numbers.ts';
import { formatSpan } from '../format/time.ts';
import { PairLines, Sentences } from '../history/moment.tsx';
import { AsOf } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { TopologyGraph } from '../topology/topology-graph.tsx';
import type { ReplayMoment } from './replay.ts';

const { player: text } = messages.runbooks;

/** The group at the moment of the film, in the drawing of the topology screen; the same in words beneath. */
export function ReplayGraph({ replay, moment }: { replay: DrillReplay; moment: ReplayMoment | null }) {
  if (!moment) return <p className="p-4 text-muted">{text.graphNone(replay.topology.arrangement)}</p>;
  const { second, standing } = moment;
  const writing = Object.entries(second?.systems ?? {}).filter(([, system]) => system.writesPerSecond > 0);
  return (
    <AsOf at={moment.at}>
      {/* Its links lead to the group as it is now; here it is a picture, and the words beneath say the same. */}
      <div inert className="flex h-[380px] phone:h-[240px]">
        <TopologyGraph status={moment.status} selection={null} step={moment.step} bare />
      </div>
      <div className="flex flex-col gap-2 border-t border-line px-4 py-3" data-testid="replay-words">
        <p className="num flex flex-wrap gap-x-6">
          {second ? (
            <>
              <span>{second.rpoMs === null ? text.rpoUnknown : text.rpoNow(formatSpan(second.rpoMs))}</span>
              {writing.map(([name, system]) => (
                <span key={name}>{text.writes(name, formatCount(system.writesPerSecond))}</span>
              ))}
              {writing.length === 0 ? <span>{text.writesNone}</span> : null}
            </>
          ) : null}
        </p>
        <PairLines pairs={standing.pairs} />
        <Sentences standing={standing} />
        <p className="text-sm text-muted">{replay.standing.length === 0 ? text.noStanding : text.graphBasis}</p>
      </div>
    </AsOf>
  );
}
