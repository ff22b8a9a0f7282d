import { runbook } from './words/runbook.ts';

runbook(
  'Loss of P and I together',
  {
    arrangement: 'chain-3',
    says: 'R trails when both near sites are lost. Its image is consistent but older: how much is lost is said, held against the ledger, and accepted by name before the work goes on.',
  },
  async ({
    chapter,
    start,
    step,
    decide,
    expectPair,
    expectStorage,
    expectHost,
    expectLine,
    expectWork,
    expectVerdict,
    expectEnding,
    expectNoAlarm,
    fault,
    verifyLedger,
    verifyLoss,
  }) => {
    await chapter('R trails', 'The long line is cut. The work goes on at P and I, and R stays behind.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await fault.cut('I-R');
      await expectLine('I-R').toSay('not connected');
      await expectWork('host-P').toGoOn(60);
    });

    await chapter('Disaster', 'The production site and the intermediate site are lost.', async () => {
      await fault.loseSite('production');
      await fault.loseSite('intermediate');
      await expectHost('host-R').toSay('from host P: lost');
      await expectStorage('R').toSay('consistent');
    });

    await chapter('Failover', 'Nobody is left who could give R what it lacks.', async () => {
      await start('Failover');
      await decide('Is the production site really down?', 'It is down: fail over');
      await step('S245', 'data-loss');
      await expectVerdict('Data loss: at least');
      await verifyLoss('host-R');
      await decide('Restart the work on R’s older data?', 'Restart on older data');
      await expectEnding('done');
      await expectStorage('R').toSay('takes host writes');
      await expectWork('host-R').toGoOn();
    });

    await chapter('Return', 'Both sites are back; what only they hold is given up by name.', async () => {
      await fault.returnSite('intermediate');
      await fault.returnSite('production');
      await fault.restore('I-R');
      await expectStorage('P').toSay('refuses host writes');
      await start('Reverse copy');
      await decide('Overwrite them with R’s data?', 'Overwrite with R’s data');
      await step('S330');
      await expectEnding('done');
    });

    await chapter('Failback', 'The work goes on on host P; of what R completed nothing is lost.', async () => {
      await start('Failback');
      await decide('Stop the work on host R now?', 'Stop the work on host R');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host P?', 'Restart on host P');
      await expectEnding('done');
    });

    await chapter('Normal again', 'Both pairs are formed again.', async () => {
      await start('Initial copy');
      await expectEnding('done');
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectWork('host-P').toGoOn();
      await verifyLedger('host-P');
      await expectNoAlarm();
    });
  },
);
