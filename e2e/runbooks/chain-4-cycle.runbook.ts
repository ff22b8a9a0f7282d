import { runbook } from './words/runbook.ts';

runbook(
  'Site loss and return in mirror image',
  {
    arrangement: 'chain-4',
    says: 'Reverse operation R ⇒ J → I → P is the exact mirror of P ⇒ I → J → R. The production site is lost, and the work goes to R and comes back with nothing lost.',
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
    await chapter('Normal operation', 'P ⇒ I → J → R, all pairs in duplex.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-J').toBe('duplex');
      await expectPair('J-R').toBe('duplex');
      await expectHost('host-P').toSay('ledger running');
    });

    await chapter('Disaster', 'Every process of the production site is killed.', async () => {
      await fault.loseSite('production');
      await expectHost('host-R').toSay('from host P: lost');
    });

    await chapter(
      'Failover',
      'J drains I, R drains J; R then has everything, and J becomes its sync copy.',
      async () => {
        await start('Failover');
        await decide('Is the production site really down?', 'It is down: fail over');
        await step('S1020', 'suspend');
        await step('S1040', 'suspend');
        await expectVerdict('No data loss, proven.');
        await decide('Restart the work on host R?', 'Form the sync pair, then restart');
        await step('S1070');
        await expectEnding('done');
        await expectPair('R-J').toBe('duplex');
        await expectWork('host-R').toGoOn();
        await verifyLedger('host-R');
      },
    );

    await chapter('Return', 'The log goes back the way it came: J → I → P.', async () => {
      await fault.returnSite('production');
      await expectStorage('P').toSay('refuses host writes');
      await start('Reverse copy');
      await step('S1100');
      await step('S1110');
      await expectEnding('done');
      await expectPair('J-I').toBe('duplex');
      await expectPair('I-P').toBe('duplex');
      await expectWork('host-R').toGoOn();
    });

    await chapter('Failback', 'I drains J, P drains I, and the work goes on at P.', async () => {
      await start('Failback');
      await decide('Stop the work on host R now?', 'Stop the work on host R');
      await step('S1210', 'suspend');
      await step('S1230', 'suspend');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host P?', 'Form the sync pair, then restart');
      await step('S1260');
      await expectEnding('done');
    });

    await chapter('Normal again', 'I → J and J → R are formed again.', async () => {
      await start('Initial copy');
      await expectEnding('done');
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-J').toBe('duplex');
      await expectPair('J-R').toBe('duplex');
      await expectWork('host-P').toGoOn();
      await verifyLedger('host-P');
      await expectNoAlarm();
    });
  },
);
