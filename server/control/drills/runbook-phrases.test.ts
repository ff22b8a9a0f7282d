import { describe, expect, it } from 'vitest';
import { says } from '../../../e2e/runbooks/words/phrases.ts';

describe('a row of the screen', () => {
  it.each([
    ['Line P-I connected 100 km', 'connected'],
    ['Storage R, secondary up consistent, refuses host writes', 'refuses host writes'],
    ['Storage R up', 'up'],
    ['not connected since 03:12; connected again', 'connected'],
    ['Line P-I not connected', 'not connected'],
  ])('%s: says %s', (seen, phrase) => expect(says(seen, phrase)).toBe(true));

  it.each([
    ['Line P-I not connected', 'connected'],
    ['Line P-I disconnected', 'connected'],
    ['image inconsistent', 'consistent'],
    ['backup, down', 'up'],
    ['ledger running', 'ledger run'],
    ['nothing', 'connected'],
    ['anything', ''],
  ])('%s: does not say %s', (seen, phrase) => expect(says(seen, phrase)).toBe(false));
});
