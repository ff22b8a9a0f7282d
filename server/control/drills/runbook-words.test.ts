import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PARTS } from '../../../e2e/runbooks/words/names.ts';
import type { Words } from '../../../e2e/runbooks/words/words.ts';
import { ARRANGEMENTS, plannedPairs } from '../../domain/arrangement.ts';
import { pairName } from '../../domain/names.ts';
import { readLibrary } from './runbook-library.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const FOLDER = path.join(ROOT, 'e2e/runbooks');
const library = readLibrary(FOLDER);
const textOf = (name: string) => readFileSync(path.join(FOLDER, `${name}.runbook.ts`), 'utf8');

/** As the buttons say them; a title of the words without a routine here, or the other way round, fails below. */
const TITLES: Record<string, string> = {
  'initial-copy': 'Initial copy',
  failover: 'Failover',
  'switch-over': 'Planned switch-over',
  'reverse-copy': 'Reverse copy',
  'reverse-copy-control': 'Reverse copy control',
  failback: 'Failback',
  'test-failover': 'Test failover',
  return: 'Return',
  takeover: 'Takeover',
  swap: 'Planned swap',
  resync: 'Resync',
  'switch-back': 'Switch back',
  'pair-recovery': 'Pair recovery',
};
const titleOf = (routine: string) => TITLES[routine] ?? `no title for ${routine}`;

/** Where each of `parts` stands in `text`, each behind the one before; the first that does not is named. */
function expectInOrder(text: string, parts: readonly string[]): void {
  let from = 0;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    expect(at, `${part}, behind what comes before it`).toBeGreaterThanOrEqual(0);
    from = at + part.length;
  }
}

describe.each(ARRANGEMENTS.map((arrangement) => [arrangement.id, arrangement] as const))('%s', (id, arrangement) => {
  it('has the names in the words that it has itself', () => {
    const parts = Object.entries(PARTS).find(([name]) => name === id)?.[1];
    expect(parts && [...new Set(parts.systems)]).toEqual(arrangement.systems.map(({ name }) => name));
    expect(parts?.hosts).toEqual(arrangement.hosts.map(({ name }) => name));
    expect(parts?.sites).toEqual(arrangement.sites);
    expect(parts?.lines).toEqual(arrangement.lines.map(({ name }) => name));
    expect(parts?.switches).toEqual((arrangement.switches ?? []).map(({ name }) => name));
    const pairs = plannedPairs(arrangement).map(({ source, destination }) => pairName(source, destination));
    expect(new Set(parts?.pairs)).toEqual(new Set(pairs));
    expect(new Set(parts?.routines)).toEqual(new Set(arrangement.routines.map(titleOf)));
  });

  it('has a runbook of the full cycle: disaster, takeover, return, failback, normal, with what decides each', () => {
    const { takeover, protect, back } = arrangement.moves;
    const { normal, reverse } = arrangement;
    const pairsOf = ({ pairs }: typeof normal) =>
      pairs.map(({ source, destination }) => `expectPair('${pairName(source, destination)}').toBe('duplex')`);
    const cycle = library
      .filter((entry) => entry.arrangement === id)
      .map(({ name }) => textOf(name))
      .find((text) => text.includes("fault.loseSite('production')") && !text.includes('killControl'));
    expect(cycle, `a runbook of ${id} that loses the production site`).toBeDefined();
    const text = cycle ?? '';
    expectInOrder(text, [
      "fault.loseSite('production')",
      `start('${titleOf(takeover)}')`,
      'expectVerdict(',
      "expectEnding('done')",
      "fault.returnSite('production')",
      `start('${titleOf(protect)}')`,
      "expectEnding('done')",
      `start('${titleOf(back)}')`,
      "expectVerdict('No data loss, proven.')",
      "expectEnding('done')",
      ...pairsOf(normal),
      `verifyLedger('host-${normal.holder}')`,
    ]);
    expect(text).toContain(`host-${reverse.holder}`);
  });
});

/** Never called: that the compiler refuses just these lines is the test. */
async function namesThatAreNone(three: Words<'chain-3'>, fan: Words<'fan'>): Promise<void> {
  await three.expectPair('I-P').toBe('suspend');
  // @ts-expect-error chain-3 has no J.
  await three.expectPair('I-J').toBe('duplex');
  // @ts-expect-error There is no such state.
  await three.expectPair('P-I').toBe('duplexed');
  // @ts-expect-error The site is called remote.
  await three.fault.loseSite('distant');
  await three.fault.cut('host-P-host-R');
  // @ts-expect-error No line leads from P to R in chain-3.
  await three.fault.cut('P-R');
  // @ts-expect-error A fan has a takeover, and no failover.
  await fan.start('Failover');
  // @ts-expect-error Steps of a fan are called F….
  await fan.step('S230');
  // @ts-expect-error System 3 has no host.
  await fan.verifyLedger('host-3');
}

describe('the words', () => {
  it('are typed by the arrangement', () => expect(namesThatAreNone).toBeTypeOf('function'));

  const words = readFileSync(path.join(FOLDER, 'words/words.ts'), 'utf8');
  const docs = readFileSync(path.join(ROOT, 'docs/runbooks.md'), 'utf8');
  /** Members of `Words`, those of its groups as `fault.cut`. */
  const names = [...words.slice(words.indexOf('export interface Words<')).matchAll(/^( {2,4})([a-zA-Z]+)[(:]/gm)];

  it('are all in docs/runbooks.md', () => {
    let group = '';
    const missing: string[] = [];
    for (const [, indent, name = ''] of names) {
      if (indent === '  ') group = name;
      const word = indent === '  ' ? name : `${group}.${name}`;
      const isGroup = ['fault', 'attach'].includes(word);
      if (!isGroup && !docs.includes(`\`${word}(`)) missing.push(word);
    }
    expect(names.length).toBeGreaterThan(30);
    expect(missing).toEqual([]);
  });

  it('and every runbook that is shipped is there too', () => {
    for (const { name } of library) expect(docs, name).toContain(`\`${name}\``);
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.runbook.ts'));
    expect(files).toHaveLength(library.length);
  });
});
