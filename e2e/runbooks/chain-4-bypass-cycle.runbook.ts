import { runbook } from './words/runbook.ts';

runbook(
  'Site loss and return past an intermediate site',
  {
    arrangement: 'chain-4-bypass',
    says: 'Each direction leaves one intermediate site out: P ⇒ I → R in normal operation, R ⇒ J → P in reverse. The production site is lost, and the work goes to R and comes back with nothing lost.',
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
    await chapter('Normal operation', 'P ⇒ I → R, both pairs in duplex; J is idle.', async () => {
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

    await chapter(
      'Return',
      'R has a sync copy at J, and J one at P: a switching device passes it on past I.',
      async () => {
        await fault.returnSite('production');
        await expectStorage('P').toSay('refuses host writes');
        await start('Reverse copy');
        await step('S800');
        await step('S810');
        await expectEnding('done');
        await expectPair('R-J').toBe('duplex');
        await expectPair('J-P').toBe('duplex');
        await expectWork('host-R').toGoOn();
      },
    );

    await chapter('Failback', 'What J still holds is drained into P, and the work goes on there.', async () => {
      await start('Failback');
      await decide('Stop the work on host R now?', 'Stop the work on host R');
      await step('S910');
      await step('S920', 'suspend');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host P?', 'Restart on host P');
      await expectEnding('done');
    });

    await chapter('Normal again', 'P ⇒ I → R are formed again.', async () => {
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
