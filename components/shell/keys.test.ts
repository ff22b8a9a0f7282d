import { describe, expect, it } from 'vitest';
import { CHORD_MS, type KeyPress, readKey } from './keys.ts';

const press = (key: string, change: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlOrMeta: false,
  alt: false,
  typing: false,
  ...change,
});
const IDLE = { gAt: null };

describe('keys', () => {
  it('opens the palette even from inside a field', () => {
    expect(readKey(IDLE, press('k', { ctrlOrMeta: true, typing: true }), 0).action).toBe('palette');
    expect(readKey(IDLE, press('K', { ctrlOrMeta: true }), 0).action).toBe('palette');
  });

  it('leaves every other key of a field, and the browser’s own, alone', () => {
    for (const key of ['v', 'm', '0', '/', '.', 'g', '?'])
      expect(readKey(IDLE, press(key, { typing: true }), 0).action).toBeNull();
    expect(readKey(IDLE, press('0', { ctrlOrMeta: true }), 0).action).toBeNull();
    expect(readKey(IDLE, press('n', { alt: true }), 0).action).toBeNull();
  });

  it.each([
    ['f', 'go-fleet'],
    ['t', 'go-topology'],
    ['w', 'go-routines'],
    ['a', 'go-faults'],
    ['b', 'go-runbooks'],
    ['h', 'go-history'],
  ])('goes by g then %s', (key, action) => {
    const first = readKey(IDLE, press('g'), 1000);
    expect(first.action).toBeNull();
    const second = readKey(first.state, press(key), 1000 + CHORD_MS);
    expect(second).toEqual({ action, state: IDLE });
  });

  it('forgets a g that was long ago', () => {
    const first = readKey(IDLE, press('g'), 0);
    expect(readKey(first.state, press('v'), CHORD_MS + 1).action).toBe('table');
    expect(readKey(first.state, press('t'), CHORD_MS + 1).action).toBeNull();
  });

  it('does nothing for a chord it does not know', () => {
    const first = readKey(IDLE, press('g'), 0);
    expect(readKey(first.state, press('v'), 10)).toEqual({ action: null, state: IDLE });
  });
});
