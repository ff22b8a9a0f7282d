import { runbook } from './words/runbook.ts';

runbook(
  'Site loss and return with a warm fourth copy',
  {
    arrangement: 'chain-4-bypass-backup',
    says: 'As with bypass, but J follows R all the time: when the production site is lost, R is protected again by a short resync and not by a full copy. The work goes to R and comes back with nothing lost.',
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
    attach,
  }) => {
    await chapter('Normal operation', 'P ⇒ I → R → J, all pairs in duplex.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectPair('R-J').toBe('duplex');
      await expectHost('host-P').toSay('ledger running');
    });

    await chapter('Disaster', 'Every process of the production site is killed.', async () => {
      await fault.loseSite('production');
      await expectHost('host-R').toSay('from host P: lost');
    });

    await chapter(
      'Failover',
      'R takes everything that I has; J has a copy already, so the work restarts at once.',
      async () => {
        await start('Failover');
        await decide('Is the production site really down?', 'It is down: fail over');
        await step('S240', 'suspend');
        await expectVerdict('No data loss, proven.');
        await decide('Restart the work on host R?', 'Restart at once');
        await expectEnding('done');
        await expectWork('host-R').toGoOn();
        await verifyLedger('host-R');
      },
    );

    await chapter('Return', 'R ⇒ J by what differs alone, then J → P and P → I.', async () => {
      await fault.returnSite('production');
      await expectStorage('P').toSay('refuses host writes');
      await start('Reverse copy');
      await step('S800');
      await step('S810');
      await expectEnding('done');
      await expectPair('R-J').toBe('duplex');
      await expectPair('J-P').toBe('duplex');
      await expectPair('P-I').toBe('duplex');
      await attach.table('Pairs', 'Pairs in reverse operation, with what the copies moved');
      await expectWork('host-R').toGoOn();
    });

    await chapter('Failback', 'What J still holds is drained into P, and the work goes on there.', async () => {
      await start('Failback');
      await decide('Stop the work on host R now?', 'Stop the work on host R');
      await step('S920', 'suspend');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host P?', 'Restart on host P');
      await expectEnding('done');
    });

    await chapter('Normal again', 'P ⇒ I → R → J are formed again.', async () => {
      await start('Initial copy');
      await expectEnding('done');
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectPair('R-J').toBe('duplex');
      await expectWork('host-P').toGoOn();
      await verifyLedger('host-P');
      await expectNoAlarm();
    });
  },
);
