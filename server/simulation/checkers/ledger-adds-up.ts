import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'ledger-adds-up';

/** The work application, read back: nothing corrupt, nothing it was told is complete is missing, and the balance adds up. */
export const ledgerAddsUp: Checker = {
  name,
  holds: 'the ledger holds every transaction that it was told is complete, and its balance adds up',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const { order, host, report } of history.of('ledger')) {
      const { balance, missingCount, corrupt, verifiedOn } = report;
      if (corrupt > 0) findings.add(order, `${host}: ${corrupt} transactions on ${verifiedOn} are corrupt`);
      if (missingCount > 0)
        findings.add(
          order,
          `${host}: ${missingCount} completed transactions are missing on ${verifiedOn}, from ${report.missing?.from} to ${report.missing?.to}`,
        );
      if (!balance.adds)
        findings.add(
          order,
          `${host}: the balance on ${verifiedOn} is ${balance.total}, ${balance.expected} was expected`,
        );
    }
    return findings.violations;
  },
};
