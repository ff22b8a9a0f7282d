import { runbook } from './words/runbook.ts';

runbook(
  'Site loss and return over the direct line',
  {
    arrangement: 'chain-3-direct',
    says: 'The production site is lost and the work goes on at R. P follows R over a line of their own, without the intermediate site, and takes the work back with nothing lost.',
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
    fault,
    verifyLedger,
  }) => {
    await chapter('Normal operation', 'P ⇒ I → R, both pairs in duplex; the work runs on host P.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectHost('host-P').toSay('ledger running');
    });

    await chapter('Disaster', 'Every process of the production site is killed.', async () => {
      await fault.loseSite('production');
      await expectHost('host-R').toSay('from host P: lost');
    });

    await chapter('Failover', 'R takes everything that I has, and the work restarts there.', async () => {
      await start('Failover');
      await decide('Is the production site really down?', 'It is down: fail over');
      await step('S240', 'suspend');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host R?', 'Reverse the pair, then restart');
      await expectEnding('done');
      await expectWork('host-R').toGoOn();
      await verifyLedger('host-R');
    });

    await chapter('Return', 'The pair between R and I is deleted; R copies straight to P.', async () => {
      await fault.returnSite('production');
      await expectStorage('P').toSay('refuses host writes');
      await start('Reverse copy');
      await step('S600');
      await step('S610');
      await expectEnding('done');
      await expectPair('R-P').toBe('duplex');
      await expectWork('host-R').toGoOn();
    });

    await chapter('Failback', 'What R still holds is drained into P, and the work goes on there.', async () => {
      await start('Failback');
      await decide('Stop the work on host R now?', 'Stop the work on host R');
      await step('S710');
      await step('S720', 'suspend');
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
