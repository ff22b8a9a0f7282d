import { runbook } from './words/runbook.ts';

runbook(
  'Twin: master cut off, lost, and back',
  {
    arrangement: 'twin',
    says: 'The master is cut off, writes on, and is lost with what it had not sent. The backup takes over; the master returns, follows by the tracks that either changed, and takes the work back. Nothing is ever copied whole.',
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
    attach,
  }) => {
    await chapter('Normal operation', 'The master M copies to its backup B1; the work runs on host M.', async () => {
      await expectPair('M-B1').toBe('duplex');
      await expectStorage('M').toSay('takes host writes');
      await expectHost('host-M').toSay('ledger running');
    });

    await chapter('Cut off', 'The line is cut. M goes on, and marks in its table what B1 does not get.', async () => {
      await fault.cut('M-B1');
      await expectLine('M-B1').toSay('not connected');
      await expectWork('host-M').toGoOn(60);
    });

    await chapter('Disaster', 'The production site is lost.', async () => {
      await fault.loseSite('production');
      await expectHost('host-B1').toSay('from host M: lost');
    });

    await chapter('Takeover', 'B1 takes over with older data, and marks every track it writes.', async () => {
      await start('Takeover');
      await decide('Is the production site really down?', 'It is down: fail over');
      await step('B1112', 'data-loss');
      await expectVerdict('Data loss: at least');
      await verifyLoss('host-B1');
      await decide('Restart the work on B1’s older data?', 'Restart on older data');
      await step('B1030');
      await expectEnding('done');
      await expectStorage('B1').toSay('takes host writes');
      await expectWork('host-B1').toGoOn();
    });

    await chapter('Return', 'Both tables are joined: M ends equal to B1, and follows it.', async () => {
      await fault.restore('M-B1');
      await fault.returnSite('production');
      await expectStorage('M').toSay('refuses host writes');
      await start('Resync');
      await decide('Overwrite them with B1’s data?', 'Overwrite with B1’s data');
      await step('B3020');
      await step('B3040');
      await expectEnding('done');
      await expectPair('B1-M').toBe('duplex');
      await attach.table('Pairs', 'The pair after the resync');
      await expectWork('host-B1').toGoOn();
    });

    await chapter('Switch back', 'The remaining tracks are sent, and the work goes to host M.', async () => {
      await start('Switch back');
      await decide('Stop the work on host B1 now?', 'Stop the work on host B1');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host M?', 'Restart on host M');
      await expectEnding('done');
    });

    await chapter('Normal again', 'The table of M is cleared, and M copies its differences to B1.', async () => {
      await start('Pair recovery');
      await expectEnding('done');
      await expectPair('M-B1').toBe('duplex');
      await expectWork('host-M').toGoOn();
      await verifyLedger('host-M');
      await expectNoAlarm();
    });
  },
);
