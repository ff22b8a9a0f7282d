import { runbook } from './words/runbook.ts';

runbook(
  'Line cut, then site loss',
  {
    arrangement: 'chain-3',
    says: 'The line between P and I is cut, P goes on alone, and only then is the production site lost. What P completed alone is nowhere else: the verdict must say so, though I and R agree to the last update.',
  },
  async ({
    chapter,
    start,
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
    verifyLoss,
  }) => {
    await chapter('The line is cut', 'P splits the pair, has that recorded, and goes on alone.', async () => {
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await fault.cut('P-I');
      await expectPair('P-I').toBe('failure-suspend');
      await expectPair('I-R').toBe('duplex');
      await expectWork('host-P').toGoOn(60);
    });

    await chapter('Disaster', 'The production site is lost, with everything that only P has.', async () => {
      await fault.loseSite('production');
      await expectHost('host-R').toSay('from host P: lost');
    });

    await chapter('Failover', 'R has all of I, and that is not enough.', async () => {
      await start('Failover');
      await decide('Is the production site really down?', 'It is down: fail over');
      await step('S240', 'suspend');
      await step('S245', 'data-loss');
      await expectVerdict('Data loss: at least');
      await verifyLoss('host-R');
      await decide('Restart the work on R’s older data?', 'Restart on older data');
      await expectEnding('done');
      await expectWork('host-R').toGoOn();
    });

    await chapter('Return', 'The site and its line are back; what only P holds is given up by name.', async () => {
      await fault.restore('P-I');
      await fault.returnSite('production');
      await start('Reverse copy');
      await step('S294', 'newer-elsewhere');
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
