import { runbook } from './words/runbook.ts';

runbook(
  'Loss of the intermediate site',
  {
    arrangement: 'chain-3',
    says: 'The intermediate site is lost under load: the work on host P goes on, without a copy of what it writes. The site comes back, the pairs are formed again, and nothing was lost.',
  },
  async ({
    chapter,
    start,
    step,
    expectPair,
    expectStorage,
    expectHost,
    expectLine,
    expectEnding,
    expectWork,
    expectAlarm,
    expectNoAlarm,
    verifyLedger,
    fault,
    attach,
    remark,
    open,
  }) => {
    await chapter('Normal operation', 'Host P works; P is copied to I, and I to R.', async () => {
      await open('Topology');
      await expectNoAlarm();
      await expectPair('P-I').toBe('duplex');
      await expectPair('I-R').toBe('duplex');
      await expectHost('host-P').toSay('ledger running');
      await expectWork('host-P').toGoOn(50);
    });

    await chapter(
      'Loss of the intermediate site',
      'Every process of the intermediate site is killed. The work on host P must go on.',
      async () => {
        await fault.loseSite('intermediate');
        await expectAlarm('Site intermediate: I down');
        await expectWork('host-P').toGoOn(50);
        await remark(
          'From here until the pairs are formed again, what host P writes is on P alone. R keeps an older, consistent image.',
        );
      },
    );

    await chapter(
      'What is protected, and what is not',
      'The pair P-I has failed; R is cut off from what P writes, and holds what it had received.',
      async () => {
        await open('Topology');
        await expectStorage('I').toSay('down');
        await expectPair('P-I').toBe('failure-suspend');
        await expectLine('P-I').toSay('not connected');
        await expectLine('I-R').toSay('not connected');
        await expectStorage('P').toSay('takes host writes');
        await expectStorage('R').toSay('consistent');
        await expectStorage('R').toSay('refuses host writes');
        await attach.table('Pairs', 'Pairs while the intermediate site is lost');
        await expectWork('host-P').toGoOn(50);
      },
    );

    await chapter(
      'The site returns',
      'The intermediate site is started again. The pair P-I stays failed until it is formed again, and the alarm says so.',
      async () => {
        await fault.returnSite('intermediate');
        await expectStorage('I').toSay('up');
        await expectLine('P-I').toSay('connected');
        await expectLine('I-R').toSay('connected');
        await expectAlarm('P-I is in failure-suspend');
        await expectWork('host-P').toGoOn();
      },
    );

    await chapter(
      'Normal operation again',
      'Initial copy forms both pairs again, by difference where it can; the work goes on meanwhile.',
      async () => {
        await start('Initial copy');
        await step('S100');
        await step('S110');
        await expectEnding('done');
        await expectPair('P-I').toBe('duplex');
        await expectPair('I-R').toBe('duplex');
        await expectWork('host-P').toGoOn(50);
        await expectNoAlarm();
        await verifyLedger('host-P');
      },
    );
  },
);
