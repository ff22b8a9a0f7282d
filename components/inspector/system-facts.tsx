'use client';

import type { JoinForecast, SystemStatus } from '../../server/domain/group-status.ts';
import { formatBytes, formatCount, formatRate, formatShare, NOTHING, shareOf } from '../format/numbers.ts';
import { formatClock } from '../format/time.ts';
import { Ago, ObservedBy } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { upWord } from '../topology/derive.ts';
import { UpSign } from '../topology/up-sign.tsx';
import { Meter } from '../ui/meter.tsx';
import { Fact } from '../ui/panel.tsx';
import { JournalTail } from './journal-tail.tsx';
import { LedgerCheck } from './ledger-check.tsx';
import { Section } from './section.tsx';

const { inspector: text, topology } = messages;

interface SystemFactsProps {
  group: string;
  system: SystemStatus;
  forecasts: readonly JoinForecast[];
}

/** Everything known of a storage system. */
export function SystemFactsView({ group, system, forecasts }: SystemFactsProps) {
  const share = shareOf(system.journal?.usedBytes, system.journal?.sizeBytes);
  return (
    <>
      <Section>
        <dl>
          <Fact name={text.process}>
            <span className="inline-flex gap-2">
              <UpSign up={upWord(system)} word />
              <span className="num">{system.pid === null ? '' : `${text.pid} ${system.pid}`}</span>
            </span>
          </Fact>
          <Fact name={text.site}>{topology.site(system.site)}</Fact>
          <Fact name={text.role}>{system.role}</Fact>
          <Fact name={text.generation}>
            {system.generation
              ? text.generationOf(system.generation.number, system.generation.holder ?? text.holderNone)
              : NOTHING}
          </Fact>
          <Fact name={text.hostWrites}>
            {system.hostWrites
              ? system.hostWrites.accepted
                ? topology.writesAccepted
                : topology.writesRefused
              : NOTHING}
            {system.hostWrites && !system.hostWrites.accepted ? (
              <span className="block text-sm text-muted">{system.hostWrites.reason}</span>
            ) : null}
          </Fact>
          {forecasts.map((forecast) => (
            <Fact key={forecast.source} name={text.forecast}>
              {forecast.text}
            </Fact>
          ))}
          {system.fault ? <Fact name={text.fault}>{system.fault}</Fact> : null}
          <Fact name={text.observed}>
            <ObservedBy observer={system.observer} at={system.observedAt} className="whitespace-normal" />
          </Fact>
        </dl>
      </Section>
      <Section title={text.writes}>
        <dl>
          <Fact name={text.writes}>
            <span className="num">
              {system.writesPerSecond === null
                ? NOTHING
                : topology.writes(formatCount(system.writesPerSecond), formatRate(system.bytesPerSecond))}
            </span>
          </Fact>
          <Fact name={text.lastNumber}>
            <span className="num">{formatCount(system.lastNumber)}</span>
          </Fact>
          <Fact name={text.completed}>
            <span className="num">{formatCount(system.completedNumber)}</span>
          </Fact>
          <Fact name={text.image}>{topology.consistent[String(system.consistent)]}</Fact>
          <Fact name={text.clients}>
            <span className="num">{formatCount(system.clients)}</span>
          </Fact>
          <Fact name={text.nbd}>
            <span className="num">{system.port ?? NOTHING}</span>
          </Fact>
        </dl>
      </Section>
      <CloneFacts clone={system.clone} />
      <Section title={text.volumes}>
        <dl>
          {system.volumes.map((volume) => (
            <Fact key={volume.index} name={topology.volume(volume.index)}>
              <span className="num">
                {text.volumeOf(formatBytes(volume.sizeBytes), formatCount(volume.dirtyTracks))}
              </span>
            </Fact>
          ))}
        </dl>
      </Section>
      <Section title={text.journal}>
        {system.journal ? (
          <Meter
            label={text.journal}
            share={share}
            text={text.journalOf(
              formatBytes(system.journal.usedBytes),
              formatBytes(system.journal.sizeBytes),
              formatShare(share),
            )}
            tone={system.journal.fullInMs === null ? 'plain' : 'suspend'}
          />
        ) : (
          NOTHING
        )}
        <KeptFacts journal={system.journal} />
        {system.journal?.fullInMs != null ? (
          <p className="num">
            {text.journalFull} {formatClock(system.journal.fullInMs)}
          </p>
        ) : null}
        <JournalTail group={group} system={system} />
      </Section>
      <Section title={text.verify}>
        <LedgerCheck group={group} on={system.name} />
      </Section>
    </>
  );
}

/** What of the journal is still there, and for whom. */
function KeptFacts({ journal }: Pick<SystemStatus, 'journal'>) {
  if (!journal) return null;
  return (
    <dl>
      <Fact name={text.trimmed}>
        <span className="num">{text.trimmedOf(formatCount(journal.trimmedTo))}</span>
      </Fact>
      {journal.kept.map(({ consumer, number, bytes }) => (
        <Fact key={consumer} name={text.kept}>
          <span className="num">{text.keptOf(formatBytes(bytes), formatCount(number), consumer)}</span>
        </Fact>
      ))}
    </dl>
  );
}

/** The clone on which somebody tests. */
function CloneFacts({ clone }: Pick<SystemStatus, 'clone'>) {
  if (!clone) return null;
  return (
    <Section title={text.testClone}>
      <dl>
        <Fact name={text.cloneNumber}>
          <span className="num">{formatCount(clone.number)}</span>
        </Fact>
        <Fact name={text.cloneMade}>
          <Ago at={clone.at} />
        </Fact>
        <Fact name={text.cloneKept}>
          <span className="num">{text.cloneKeptOf(formatCount(clone.keptTracks), formatCount(clone.roomTracks))}</span>
        </Fact>
        <Fact name={text.cloneWritten}>
          <span className="num">{formatCount(clone.writtenTracks)}</span>
        </Fact>
        {clone.damaged ? <Fact name={text.cloneBroken}>{clone.damaged}</Fact> : null}
      </dl>
    </Section>
  );
}
