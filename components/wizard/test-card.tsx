import type { RunView } from '../../server/routines/step-graph.ts';
import { formatCount, NOTHING } from '../format/numbers.ts';
import { formatSpan } from '../format/time.ts';
import { messages } from '../messages/messages.ts';
import { Fact } from '../ui/panel.tsx';

const { test: text } = messages.wizard;

/** What a test on a clone has found so far. It is no verdict: nothing was lost, and nothing proven of what a disaster takes. */
export function TestBody({ test }: { test: NonNullable<RunView['test']> }) {
  const { clone, behind, recoveredAt, verified, worked, wentOn, disturbed } = test;
  return (
    <>
      <h2 className="text-lg font-semibold">{text.title}</h2>
      <dl>
        <Fact name={text.image}>
          <span className="num">{clone ? text.imageAt(formatCount(clone.number)) : NOTHING}</span>
        </Fact>
        <Fact name={text.behind}>
          <span className="num">
            {behind
              ? text.behindBy(formatCount(behind.updates), behind.ms === null ? null : formatSpan(behind.ms))
              : NOTHING}
          </span>
        </Fact>
        <Fact name={text.ledger}>
          {recoveredAt === null ? NOTHING : text.ledgerAt(formatCount(recoveredAt), verified, formatCount(worked))}
        </Fact>
        <Fact name={text.undisturbed}>
          {disturbed === null ? NOTHING : disturbed ? text.changed : text.unchanged(formatCount(wentOn ?? 0))}
        </Fact>
      </dl>
    </>
  );
}

export function TestCard({ test }: { test: NonNullable<RunView['test']> }) {
  return (
    <section
      aria-label={text.title}
      className="flex flex-col gap-2 rounded-lg border-2 border-ink bg-surface p-4"
      data-testid="test-result"
    >
      <TestBody test={test} />
    </section>
  );
}
