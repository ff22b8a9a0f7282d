import { expect, test } from 'vitest';
import { judgeResume, type Resume, type ResumeFacts } from './resume.ts';

const FIRST = [{ generation: 1, first: 1 }];
const TAKEN_OVER = [...FIRST, { generation: 2, first: 101 }];

function facts(system: string, lastNumber: number, change: Partial<ResumeFacts> = {}): ResumeFacts {
  return {
    system,
    lastNumber,
    lineage: TAKEN_OVER,
    consistent: true,
    evidenceLost: false,
    journal: { trimmedTo: 0 },
    ...change,
  };
}

const WHY = (why: string): Resume => ({ kind: 'impossible', why });

test.each<[string, ResumeFacts, ResumeFacts, Resume]>([
  ['the same number of the same history', facts('R', 120), facts('J', 120), { kind: 'equal' }],
  ['nothing on either', facts('P', 0, { lineage: FIRST }), facts('I', 0, { lineage: FIRST }), { kind: 'equal' }],
  ['behind, and all kept', facts('R', 120), facts('J', 90), { kind: 'delta', updates: 30 }],
  [
    'behind by an older history that the newer one continues',
    facts('R', 120),
    facts('J', 90, { lineage: FIRST }),
    { kind: 'delta', updates: 30 },
  ],
  [
    'behind, down to the last update kept',
    facts('R', 120, { journal: { trimmedTo: 90 } }),
    facts('J', 90),
    { kind: 'delta', updates: 30 },
  ],
  [
    'behind beyond what is kept',
    facts('R', 120, { journal: { trimmedTo: 91 } }),
    facts('J', 90),
    WHY('update 91 was trimmed from the journal of R'),
  ],
  [
    'the same number of another history',
    facts('R', 120),
    facts('P', 120, { lineage: FIRST }),
    { kind: 'differ', common: 100, missing: 20, excess: 20 },
  ],
  ['ahead', facts('R', 120), facts('J', 121), { kind: 'differ', common: 120, missing: 0, excess: 1 }],
  [
    'ahead, and it no longer tells which tracks that changed',
    facts('R', 120),
    facts('J', 125, { journal: { trimmedTo: 121 } }),
    WHY('J holds updates 121 to 125, which R does not have; update 121 was trimmed from the journal of J'),
  ],
  [
    'of another history, and the source no longer tells what it changed since',
    facts('R', 120, { journal: { trimmedTo: 110 } }),
    facts('P', 120, { lineage: FIRST }),
    WHY('P holds updates 101 to 120, which R does not have; update 101 was trimmed from the journal of R'),
  ],
  ['not whole', facts('R', 120), facts('J', 120, { consistent: false }), WHY('the image of J is part old, part new')],
  [
    'no longer to be trusted',
    facts('R', 120, { evidenceLost: true }),
    facts('J', 120),
    WHY('R has lost updates that it had answered'),
  ],
])('%s', (_name, source, destination, expected) => {
  expect(judgeResume(source, destination)).toEqual(expected);
});
