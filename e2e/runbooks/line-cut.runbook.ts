import { runbook } from './words/runbook.ts';

runbook(
  'A cut line',
  {
    arrangement: 'chain-3',
    says: 'The line between P and I is cut under load. P goes on alone and marks what I lacks; once the line is joined that alone is copied, and nothing was lost.',
  },
  async ({ chapter, start, expectPair, expectHost, expectEnding, fault, verifyLedger }) => {
    await chapter('Normal operation', 'Both pairs are in duplex; the work runs on host P.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectHost('host-P').toSay('ledger running');
    });

    await chapter('The line is cut', 'The pair splits by itself. The work goes on.', async () => {
      await fault.cut('P-I');
      await expectPair('P-I').toBe('failure-suspend');
      await expectHost('host-P').toSay('ledger running');
    });

    await chapter('The line is joined', 'The difference is copied, and both pairs are in duplex again.', async () => {
      await fault.restore('P-I');
      await start('Initial copy');
      await expectEnding('done');
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await verifyLedger('host-P');
    });
  },
);
