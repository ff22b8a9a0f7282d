'use client';

import type { PairStatus } from '../../server/domain/group-status.ts';
import { formatBytes, formatCount, formatRate, formatShare, NOTHING, shareOf } from '../format/numbers.ts';
import { formatAge, formatClock, formatSpan } from '../format/time.ts';
import { ObservedBy } from '../live/age.tsx';
import { useServerNow } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { PairStateWord } from '../pair-state/pair-state-word.tsx';
import { copyShare } from '../topology/derive.ts';
import { Meter } from '../ui/meter.tsx';
import { Fact } from '../ui/panel.tsx';
import { DifferenceHeatMap } from './difference-map.tsx';
import { DifferenceTableView } from './difference-table.tsx';
import { LagChart } from './lag-chart.tsx';
import { PairActions } from './pair-actions.tsx';
import { Section } from './section.tsx';

const { inspector: text } = messages;

/** Everything known of a pair: states at both ends, numbers, lag, copy, journal, gold copy, and what may be done. */
export function PairFactsView({ group, pair }: { group: string; pair: PairStatus }) {
  return (
    <>
      <Section>
        <dl>
          <Fact name={text.state}>
            <PairStateWord state={pair.state} share={copyShare(pair)} />
          </Fact>
          <Fact name={text.atSource}>
            <PairStateWord state={pair.stateAtSource} />
          </Fact>
          <Fact name={text.atDestination}>
            <PairStateWord state={pair.stateAtDestination} />
          </Fact>
          <LastKnown pair={pair} />
          {pair.reason ? <Fact name={text.reason}>{pair.reason}</Fact> : null}
          <Fact name={text.observed}>
            <ObservedBy observer={pair.observer} at={pair.observedAt} className="whitespace-normal" />
          </Fact>
        </dl>
      </Section>
      <Section title={text.actions}>
        <PairActions group={group} pair={pair} />
      </Section>
      <CopySection pair={pair} />
      <Section title={text.lag}>
        <dl>
          <Fact name={text.given}>
            <span className="num">{formatCount(pair.givenNumber)}</span>
          </Fact>
          <Fact name={text.applied}>
            <span className="num">{formatCount(pair.appliedNumber)}</span>
          </Fact>
          <Fact name={text.lag}>
            <span className="num">
              {pair.lag
                ? text.lagOf(formatCount(pair.lag.updates), formatBytes(pair.lag.bytes), formatSpan(pair.lag.ms))
                : NOTHING}
            </span>
          </Fact>
          <Fact name={text.rate}>
            <span className="num">{formatRate(pair.rateBytesPerSecond)}</span>
          </Fact>
          <Fact name={text.moved}>
            <span className="num">{formatBytes(pair.movedBytes)}</span>
          </Fact>
          <Fact name={text.lastCopy}>
            <span className="num">{formatBytes(pair.lastCopyBytes)}</span>
          </Fact>
        </dl>
        {pair.kind === 'async' ? <LagChart group={group} pair={pair.name} /> : null}
      </Section>
      <Section title={text.differences}>
        <dl>
          <Fact name={text.dirty}>
            <span className="num">
              {pair.dirtyTracks === null
                ? NOTHING
                : text.dirtyOf(formatCount(pair.dirtyTracks), formatBytes(pair.dirtyTracks * pair.trackBytes))}
            </span>
          </Fact>
          <Fact name={text.image}>{messages.topology.consistent[String(pair.consistentAtDestination)]}</Fact>
          <Fact name={text.gold}>
            {pair.gold ? text.goldOf(formatCount(pair.gold.number), formatBytes(pair.gold.usedBytes)) : text.goldNone}
          </Fact>
        </dl>
        {pair.state === 'absent' ? null : <DifferenceHeatMap group={group} pair={pair} />}
      </Section>
      <Section title={text.table}>
        <DifferenceTableView key={pair.name} group={group} pair={pair} />
      </Section>
      {pair.snapshotIntervalMs === null ? null : <SetSection pair={pair} />}
      <DefinitionSection pair={pair} />
    </>
  );
}

function LastKnown({ pair }: { pair: PairStatus }) {
  const now = useServerNow();
  if (pair.state !== 'unknown' || !pair.lastKnown) return null;
  return (
    <Fact name={text.lastKnown}>
      {messages.topology.lastKnown(messages.states.word(pair.lastKnown.state), formatAge(now - pair.lastKnown.at))}
    </Fact>
  );
}

function CopySection({ pair }: { pair: PairStatus }) {
  if (!pair.copy) return null;
  const label = text.copyOf(formatBytes(pair.copy.doneBytes), formatBytes(pair.copy.totalBytes));
  return (
    <Section title={text.copy}>
      <Meter
        label={text.copy}
        share={copyShare(pair)}
        text={`${label} · ${formatRate(pair.rateBytesPerSecond)}`}
        tone="copying"
      />
    </Section>
  );
}

/** Of a pair with difference snapshots: the one on its way, in place of a journal. */
function SetSection({ pair: { set, snapshotIntervalMs } }: { pair: PairStatus }) {
  return (
    <Section title={text.set}>
      {set ? (
        <>
          <Meter
            label={text.set}
            share={set.bytes === 0 ? 1 : shareOf(set.doneBytes, set.bytes)}
            text={text.copyOf(formatBytes(set.doneBytes), formatBytes(set.bytes))}
            tone="copying"
          />
          <dl>
            <Fact name={text.setId}>
              <span className="num">{formatCount(set.id)}</span>
            </Fact>
            <Fact name={text.setNumber}>
              <span className="num">{formatCount(set.number)}</span>
            </Fact>
            <Fact name={text.setTracks}>
              <span className="num">{formatCount(set.tracks)}</span>
            </Fact>
          </dl>
        </>
      ) : (
        <p className="text-muted">{text.setNone}</p>
      )}
      <dl>
        <Fact name={text.setEvery}>{text.setEveryOf(formatSpan(snapshotIntervalMs))}</Fact>
      </dl>
    </Section>
  );
}

function DefinitionSection({ pair }: { pair: PairStatus }) {
  const share = shareOf(pair.journal?.usedBytes, pair.journal?.sizeBytes);
  return (
    <Section title={pair.snapshotIntervalMs === null ? text.journal : text.definition}>
      {pair.journal ? (
        <Meter
          label={text.journal}
          share={share}
          text={text.journalOf(
            formatBytes(pair.journal.usedBytes),
            formatBytes(pair.journal.sizeBytes),
            formatShare(share),
          )}
          tone={pair.journal.fullInMs === null ? 'plain' : 'suspend'}
        />
      ) : null}
      <dl>
        {pair.journal?.fullInMs != null ? (
          <Fact name={text.journalFull}>
            <span className="num">{formatClock(pair.journal.fullInMs)}</span>
          </Fact>
        ) : null}
        <Fact name={text.transport}>{messages.fleet.transportName[pair.transport]}</Fact>
        {pair.pullIntervalMs === null ? null : (
          <Fact name={text.pull}>{text.pullOf(formatSpan(pair.pullIntervalMs))}</Fact>
        )}
        {pair.fence ? <Fact name={text.fence}>{text.fenceText[pair.fence] ?? pair.fence}</Fact> : null}
      </dl>
    </Section>
  );
}
