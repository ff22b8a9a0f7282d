import { runbook } from './words/runbook.ts';

runbook(
  'Planned switch-over and back',
  {
    arrangement: 'chain-3',
    says: 'In peace the work is taken from P to R in an orderly way, protected there, and taken back. Nothing is lost either way, and no system is ever down.',
  },
  async ({
    chapter,
    start,
    step,
    decide,
    expectPair,
    expectStorage,
    expectHost,
    expectWork,
    expectVerdict,
    expectEnding,
    expectNoAlarm,
    verifyLedger,
  }) => {
    await chapter('Normal operation', 'Both pairs are in duplex; the work runs on host P.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectHost('host-P').toSay('ledger running');
      await expectNoAlarm();
    });

    await chapter(
      'Switch-over',
      'The work is stopped on host P first; R then has everything, and takes over.',
      async () => {
        await start('Planned switch-over');
        await step('S180', 'ready');
        await step('S185', 'stopped');
        await step('S190', 'quiet');
        await step('S205', 'fenced');
        await step('S240', 'suspend');
        await expectVerdict('No data loss, proven.');
        await decide('Restart the work on host R?', 'Reverse the pair, then restart');
        await step('S270');
        await step('S285', 'started');
        await expectEnding('done');
        await expectStorage('P').toSay('refuses host writes');
        await expectStorage('R').toSay('takes host writes');
        await expectWork('host-R').toGoOn();
        await verifyLedger('host-R');
      },
    );

    await chapter('Reverse copy', 'P gets a consistent copy of what is written on R.', async () => {
      await start('Reverse copy');
      await step('S330');
      await expectEnding('done');
      await expectPair('R-I').toBe('duplex');
      await expectPair('I-P').toBe('suspend');
    });

    await chapter('Back to P', 'The same in the other direction.', async () => {
      await start('Failback');
      await decide('Stop the work on host R now?', 'Stop the work on host R');
      await step('S530', 'suspend');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host P?', 'Restart on host P');
      await expectEnding('done');
    });

    await chapter('Normal again', 'Both pairs are formed again by their differences.', async () => {
      await start('Initial copy');
      await expectEnding('done');
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectStorage('P').toSay('takes host writes');
      await expectWork('host-P').toGoOn();
      await verifyLedger('host-P');
      await expectNoAlarm();
    });
  },
);
