import { runbook } from './words/runbook.ts';

runbook(
  'Fan: first system lost, delta resync, roles swapped back',
  {
    arrangement: 'fan',
    says: 'The first system is lost while the third trails. The second takes over with nothing lost, the third resumes from it by the missing updates alone, and the roles are swapped back. No full copy at any point.',
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
  }) => {
    await chapter('Normal operation', '1 ⇒ 2, and 3 pulls from 1; the work runs on host 1.', async () => {
      await expectPair('1-2').toBe('duplex');
      await expectPair('1-3').toBe('duplex');
      await expectHost('host-1').toSay('ledger running');
    });

    await chapter('3 trails', 'The line between 1 and 3 is cut: 2 keeps what 3 does not get.', async () => {
      await fault.cut('1-3');
      await expectLine('1-3').toSay('not connected');
      await expectWork('host-1').toGoOn(20);
    });

    await chapter('Disaster', 'Every process of the production site is killed.', async () => {
      await fault.loseSite('production');
      await expectHost('host-2').toSay('from host 1: lost');
    });

    await chapter('Takeover', 'The work goes to host 2; 3 reads what it lacks from 2, and goes on there.', async () => {
      await start('Takeover');
      await decide('Is the production site really down?', 'It is down: fail over');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host 2?', 'Restart at once');
      await step('F150', 'delta');
      await step('F160', 'duplex');
      await expectEnding('done');
      await expectPair('2-3').toBe('duplex');
      await expectStorage('2').toSay('takes host writes');
      await expectWork('host-2').toGoOn();
      await verifyLedger('host-2');
    });

    await chapter('Return', '1 is back and becomes the sync copy of 2, under the same numbers.', async () => {
      await fault.restore('1-3');
      await fault.returnSite('production');
      await expectStorage('1').toSay('refuses host writes');
      await start('Return');
      await step('F520', 'duplex');
      await expectEnding('done');
      await expectPair('2-1').toBe('duplex');
      await expectPair('2-3').toBe('duplex');
      await expectWork('host-2').toGoOn();
    });

    await chapter('Roles swapped back', 'The same moves in the other direction bring 1 to the front.', async () => {
      await start('Planned swap');
      await step('F425', 'no-data-loss');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host 1?', 'Form 1⇒2, then restart');
      await step('F435', 'duplex');
      await step('F460', 'duplex');
      await expectEnding('done');
    });

    await chapter('Normal again', '1 ⇒ 2, and 3 pulls from 1.', async () => {
      await expectPair('1-2').toBe('duplex');
      await expectPair('1-3').toBe('duplex');
      await expectStorage('1').toSay('takes host writes');
      await expectWork('host-1').toGoOn();
      await verifyLedger('host-1');
      await expectNoAlarm();
    });
  },
);
