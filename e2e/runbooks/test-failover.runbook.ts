import { runbook } from './words/runbook.ts';

runbook(
  'Test failover',
  {
    arrangement: 'chain-3',
    says: 'What a failover now would find is tried on a clone of R, with a ledger of its own that works there and is thrown away. The group goes on meanwhile as if nothing were.',
  },
  async ({
    chapter,
    start,
    step,
    expectPair,
    expectHost,
    expectStorage,
    expectWork,
    expectEnding,
    expectNoAlarm,
    attach,
    verifyLedger,
  }) => {
    await chapter('Normal operation', 'P ⇒ I → R, both pairs in duplex; the work runs on host P.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectHost('host-P').toSay('ledger running');
      await attach.table('Pairs', 'Pairs and their lag before the test');
    });

    await chapter('The test', 'A clone of R, a test host that works on it, and what they find.', async () => {
      await start('Test failover');
      await step('T120', 'made');
      await step('T140', 'verified');
      await step('T150', 'worked');
      await step('T160', 'verified');
      await step('T170');
      await step('T190', 'discarded');
      await step('T200', 'undisturbed');
      await expectEnding('done');
      await attach.screen('What a failover would have found, and that nothing moved');
    });

    await chapter('Nothing is left of it', 'The pairs stand as they stood, the work has gone on.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectStorage('R').toSay('refuses host writes');
      await expectHost('host-R').toSay('ledger stopped');
      await expectWork('host-P').toGoOn();
      await verifyLedger('host-P');
      await attach.table('Pairs', 'Pairs and their lag after the test');
      await expectNoAlarm();
    });
  },
);
