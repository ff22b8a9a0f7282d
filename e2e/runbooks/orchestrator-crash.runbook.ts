import { runbook } from './words/runbook.ts';

runbook(
  'Crash of the orchestrator in mid-failover',
  {
    arrangement: 'chain-3',
    says: 'Whoever drives the failover is killed in the middle of it, and again while the run waits for its decision. Another takes over at the same step; nothing is skipped, and nothing is lost.',
  },
  async ({
    chapter,
    start,
    reach,
    step,
    decide,
    expectPair,
    expectHost,
    expectWork,
    expectVerdict,
    expectEnding,
    expectNoAlarm,
    fault,
    verifyLedger,
  }) => {
    await chapter(
      'A slow line',
      'What goes from I to R takes its time, and so will every step that asks them.',
      async () => {
        await expectPair('P-I').toBe('duplex');
        await expectPair('I-R').toBe('duplex');
        await fault.degrade('I-R', { delayMs: 400 });
        await expectWork('host-P').toGoOn(50);
      },
    );

    await chapter('Disaster', 'Every process of the production site is killed.', async () => {
      await fault.loseSite('production');
      await expectHost('host-R').toSay('from host P: lost');
    });

    await chapter('Failover', 'The control worker is killed as soon as the failover is under way.', async () => {
      await start('Failover');
      await decide('Is the production site really down?', 'It is down: fail over');
      await fault.killControl();
      await step('S230', 'ended');
      await step('S240', 'suspend');
      await expectVerdict('No data loss, proven.');
    });

    await chapter(
      'Again, at the decision',
      'It is killed once more; the question stays, and is answered.',
      async () => {
        await reach('S250');
        await fault.killControl();
        await expectVerdict('No data loss, proven.');
        await fault.restore('I-R');
        await decide('Restart the work on host R?', 'Reverse the pair, then restart');
        await step('S285', 'started');
        await expectEnding('done');
        await expectWork('host-R').toGoOn();
        await verifyLedger('host-R');
      },
    );

    await chapter('Return and failback', 'The site is back, P is brought up, and the work returns to it.', async () => {
      await fault.returnSite('production');
      await start('Reverse copy');
      await expectEnding('done');
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
      await expectWork('host-P').toGoOn();
      await verifyLedger('host-P');
      await expectNoAlarm();
    });
  },
);
