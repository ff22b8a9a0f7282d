import { runbook } from './words/runbook.ts';

runbook(
  'Site loss and failback',
  {
    arrangement: 'chain-3',
    says: 'The production site is lost under load. The work goes on at R with nothing lost, comes back to P, and all three systems are in duplex again.',
  },
  async ({
    chapter,
    start,
    step,
    decide,
    expectPair,
    expectStorage,
    expectHost,
    expectVerdict,
    expectEnding,
    fault,
    verifyLedger,
  }) => {
    await chapter('Normal operation', 'Both pairs are in duplex; the work runs on host P.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectStorage('P').toSay('takes host writes');
      await expectHost('host-P').toSay('ledger running');
    });

    await chapter('Disaster', 'Every process of the production site is killed.', async () => {
      await fault.loseSite('production');
      await expectHost('host-R').toSay('from host P: lost');
    });

    await chapter(
      'Failover',
      'R takes everything that I has, the loss is judged, the work restarts on host R.',
      async () => {
        await start('Failover');
        await decide('Is the production site really down?', 'It is down: fail over');
        await step('S230');
        await step('S240', 'suspend');
        await expectVerdict('No data loss, proven.');
        await decide('Restart the work on host R?', 'Reverse the pair, then restart');
        await expectEnding('done');
        await verifyLedger('host-R');
      },
    );

    await chapter(
      'Return',
      'The site is back; its storage refuses host writes until it is told otherwise.',
      async () => {
        await fault.returnSite('production');
        await expectStorage('P').toSay('refuses host writes');
      },
    );

    await chapter('Reverse copy', 'P gets a consistent copy of what was written on R.', async () => {
      await start('Reverse copy');
      await step('S330');
      await expectEnding('done');
    });

    await chapter('Failback', 'The work is stopped on host R and goes on, with nothing lost, on host P.', async () => {
      await start('Failback');
      await decide('Stop the work on host R now?', 'Stop the work on host R');
      await expectVerdict('No data loss, proven.');
      await decide('Restart the work on host P?', 'Restart on host P');
      await expectEnding('done');
    });

    await chapter('Normal again', 'Both pairs are formed again by their differences.', async () => {
      await start('Initial copy');
      await expectEnding('done');
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await verifyLedger('host-P');
    });
  },
);
