'use client';

import { useMutation } from '@tanstack/react-query';
import type { GroupStatus, HostStatus } from '../../server/domain/group-status.ts';
import type { HeartbeatView } from '../../server/domain/host.ts';
import { formatCount, NOTHING } from '../format/numbers.ts';
import { formatSpan } from '../format/time.ts';
import { ObservedBy } from '../live/age.tsx';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { upWord } from '../topology/derive.ts';
import { UpSign } from '../topology/up-sign.tsx';
import { Button } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Fact } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { LedgerCheck } from './ledger-check.tsx';
import { Section } from './section.tsx';

const { inspector: text, topology } = messages;

/** Everything known of a host computer: its process, its work, and what it hears of others. */
export function HostFactsView({ group, host }: { group: GroupStatus; host: HostStatus }) {
  const system = host.name.replace(/^host-/, '');
  return (
    <>
      <Section>
        <dl>
          <Fact name={text.process}>
            <span className="inline-flex gap-2">
              <UpSign up={upWord(host)} word />
              <span className="num">{host.pid === null ? '' : `${text.pid} ${host.pid}`}</span>
            </span>
          </Fact>
          <Fact name={text.site}>{topology.site(host.site)}</Fact>
          <Fact name={text.role}>{host.role}</Fact>
          <Fact name={text.observed}>
            <ObservedBy observer={host.observer} at={host.observedAt} className="whitespace-normal" />
          </Fact>
        </dl>
      </Section>
      <Section title={text.work}>
        <WorkFacts host={host} />
        {group.holder === system ? <WorkControls group={group.name} host={host} /> : null}
        <LedgerCheck group={group.name} on={system} />
      </Section>
      <TestFacts test={host.test} />
      <Section title={text.heartbeats}>
        {host.heartbeats.length === 0 ? <p className="text-muted">{text.heartbeatNever}</p> : null}
        <dl>
          {host.heartbeats.map((view) => (
            <Heartbeat key={view.of} view={view} />
          ))}
        </dl>
      </Section>
    </>
  );
}

function WorkFacts({ host }: { host: HostStatus }) {
  const { work } = host;
  if (!work) return <p className="text-muted">{topology.workUnknown}</p>;
  return (
    <dl>
      <Fact name={text.workState}>
        {work.running ? topology.workRunning(formatCount(work.ratePerSecond)) : topology.workStopped}
      </Fact>
      {work.stoppedReason ? <Fact name={text.workStoppedReason}>{work.stoppedReason}</Fact> : null}
      <Fact name={text.workLast}>
        <span className="num">{formatCount(work.lastCompletedTransaction)}</span>
      </Fact>
    </dl>
  );
}

function WorkControls({ group, host }: { group: string; host: HostStatus }) {
  const trpc = useTRPC();
  const lost = useLostRefusal();
  const start = useMutation(trpc.ledger.start.mutationOptions());
  const stop = useMutation(trpc.ledger.stop.mutationOptions());
  const running = host.work?.running === true;
  const change = running ? stop : start;
  const error = start.error ?? stop.error;
  return (
    <>
      <div>
        <Button
          refused={lost ?? (change.isPending ? messages.common.busy : null)}
          onClick={() => {
            start.reset();
            stop.reset();
            change.mutate({ group });
          }}
        >
          {running ? text.workStop : text.workStart}
        </Button>
      </div>
      {error ? <RefusalNote refusal={refusalOfError(error)} /> : null}
    </>
  );
}

function Heartbeat({ view }: { view: HeartbeatView }) {
  const age = formatSpan(view.ageMs);
  return (
    <>
      <Fact name={text.heartbeatOf(view.of)}>
        <span className={cn('num', view.lost && 'font-semibold text-failure')}>
          {view.lost
            ? text.heartbeatLost(age)
            : view.last
              ? text.heartbeatAge(age, formatCount(view.last.beat))
              : text.heartbeatNever}
        </span>
      </Fact>
      <Fact name={text.highest}>
        <span className="num">
          {view.highestCompletedNumber > 0 ? formatCount(view.highestCompletedNumber) : NOTHING}
        </span>
      </Fact>
    </>
  );
}

/** The test host, which works on a clone and nowhere else. */
function TestFacts({ test }: Pick<HostStatus, 'test'>) {
  if (!test) return null;
  return (
    <Section title={text.testHost}>
      <dl>
        <Fact name={text.testStateName}>{text.testState[test.state] ?? test.state}</Fact>
        <Fact name={text.testRecovered}>
          <span className="num">{formatCount(test.recoveredAt)}</span>
        </Fact>
        <Fact name={text.testDone}>
          <span className="num">{formatCount(test.completedTransactions)}</span>
        </Fact>
        {test.reason ? <Fact name={text.testReason}>{test.reason}</Fact> : null}
      </dl>
    </Section>
  );
}
