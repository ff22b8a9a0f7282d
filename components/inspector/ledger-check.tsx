'use client';

import { useMutation } from '@tanstack/react-query';
import type { LedgerReport } from '../../server/domain/host.ts';
import { formatCount } from '../format/numbers.ts';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { cn } from '../ui/cn.ts';
import { Fact } from '../ui/panel.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';

const { inspector: text } = messages;

/** Compares the ledger on the volumes with every transaction that was answered as complete. Reads only. */
export function LedgerCheck({ group, on }: { group: string; on: string | null }) {
  const trpc = useTRPC();
  const verify = useMutation(trpc.ledger.verify.mutationOptions());
  return (
    <div className="flex flex-col gap-2">
      <p className="text-sm text-muted">{text.verifyText}</p>
      <div>
        <Button refused={verify.isPending ? messages.common.busy : null} onClick={() => verify.mutate({ group, on })}>
          {verify.isPending ? text.verifying : text.verify}
        </Button>
      </div>
      {verify.error ? <RefusalNote refusal={refusalOfError(verify.error)} /> : null}
      {verify.data ? <LedgerReportView report={verify.data} /> : null}
    </div>
  );
}

/** What a check of the ledger found. */
export function LedgerReportView({ report }: { report: LedgerReport }) {
  const { balance, missing } = report;
  return (
    <section aria-label={text.verified(report.verifiedOn)} data-testid="ledger-report">
      <h4 className="font-medium">{text.verified(report.verifiedOn)}</h4>
      <dl>
        <Fact name={text.ledgerCompleted}>
          <span className="num">{formatCount(report.completedThrough)}</span>
        </Fact>
        <Fact name={text.ledgerPresent}>
          <span className="num">{formatCount(report.presentThrough)}</span>
        </Fact>
        <Fact name={text.ledgerMissing}>
          <span className={cn('num', report.missingCount > 0 && 'font-semibold text-failure')}>
            {missing
              ? text.ledgerMissingOf(
                  formatCount(report.missingCount),
                  formatCount(missing.from),
                  formatCount(missing.to),
                )
              : formatCount(report.missingCount)}
          </span>
        </Fact>
        <Fact name={text.ledgerCorrupt}>
          <span className={cn('num', report.corrupt > 0 && 'font-semibold text-failure')}>
            {formatCount(report.corrupt)}
          </span>
        </Fact>
        <Fact name={text.ledgerBalance}>
          <span className={cn(!balance.adds && 'font-semibold text-failure')}>
            {balance.adds
              ? text.ledgerAdds(formatCount(balance.total))
              : text.ledgerDoesNotAdd(formatCount(balance.total), formatCount(balance.expected))}
          </span>
        </Fact>
        <Fact name={text.ledgerUncompleted}>
          <span className="num">{formatCount(report.uncompletedPresent)}</span>
        </Fact>
        <Fact name={text.ledgerSource}>{report.source}</Fact>
      </dl>
    </section>
  );
}
