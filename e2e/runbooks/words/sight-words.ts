/** Words about what is seen: pairs, systems, hosts, lines, alarms, and the ledger. */
import type { Locator } from '@playwright/test';
import { NOTHING } from './patience.ts';
import { says } from './phrases.ts';
import type { Stage } from './stage.ts';
import type { Words } from './words.ts';

type SightWord =
  | 'expectPair'
  | 'expectStorage'
  | 'expectHost'
  | 'expectLine'
  | 'expectWork'
  | 'expectAlarm'
  | 'expectNoAlarm'
  | 'verifyLedger'
  | 'verifyLoss';

const READ_MS = 5_000;
const TRANSACTIONS = 10;

export function sightWords(stage: Stage): Pick<Words, SightWord> {
  const words = new SightWords(stage);
  return {
    expectPair: (pair) => ({ toBe: (state) => words.pair(pair, state) }),
    expectStorage: (system) => ({ toSay: (said) => words.row(`Storage ${system}`, said) }),
    expectHost: (host) => ({ toSay: (said) => words.row(titleOf(host), said) }),
    expectLine: (line) => ({ toSay: (said) => words.row(`Line ${line}`, said) }),
    expectWork: (host) => ({ toGoOn: (transactions) => words.work(host, transactions ?? TRANSACTIONS) }),
    expectAlarm: (said) => words.alarm(said),
    expectNoAlarm: () => words.noAlarm(),
    verifyLedger: (host) => words.ledger(host, false),
    verifyLoss: (host) => words.ledger(host, true),
  };
}

class SightWords {
  constructor(private readonly stage: Stage) {}

  private get page() {
    return this.stage.page;
  }

  async pair(pair: string, state: string): Promise<void> {
    const { stage, page } = this;
    const name = new RegExp(`^Pair ${pair.replace('-', ' [⇒→] ')} `);
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name }) });
    await stage.begin(`Pair ${pair}: ${state}`);
    await stage.operator.openTable();
    const sight = {
      what: `Pair ${pair}`,
      wanted: state,
      // Below the state stands what the ends say, where they disagree.
      read: async () => (await row.getByRole('cell').nth(1).innerText({ timeout: READ_MS })).split('\n')[0] ?? NOTHING,
      holds: (seen: string) => seen.trim().split(' ')[0] === state,
    };
    await stage.see(`Pair ${pair}: ${state}`, sight, row);
  }

  async row(part: string, said: string): Promise<void> {
    const { stage } = this;
    const row = stage.operator.row(part);
    await stage.begin(`${part}: ${said}`);
    await stage.operator.openTable();
    const sight = {
      what: part,
      wanted: said,
      read: () => textOf(row),
      holds: (seen: string) => says(seen, said),
    };
    await stage.see(`${part}: ${said}`, sight, row);
  }

  async work(host: string, transactions: number): Promise<void> {
    const { stage } = this;
    const name = titleOf(host);
    const inspector = this.inspector();
    await stage.begin(`${name}: ${transactions} transactions more`);
    await stage.operator.inspect(name);
    let first: number | null = null;
    const sight = {
      what: `The work on ${name}`,
      wanted: `${transactions} transactions more`,
      read: async () => {
        const said = /Last completed transaction\s+([\d,]+)/.exec(await textOf(inspector))?.[1];
        if (said === undefined) return NOTHING;
        const now = Number(said.replaceAll(',', ''));
        first ??= now;
        return `${now - first} more`;
      },
      holds: (seen: string) => Number.parseInt(seen, 10) >= transactions,
    };
    await stage.see(
      `${name}: the work goes on`,
      sight,
      inspector.getByText('Last completed transaction').locator('..'),
    );
  }

  async alarm(said: string): Promise<void> {
    const { stage } = this;
    await stage.begin(`Alarm: ${said}`);
    await stage.operator.openTable();
    const sight = {
      what: 'The alarm',
      wanted: said,
      read: () => textOf(this.attention),
      holds: (seen: string) => says(seen, said),
    };
    await stage.see(`Alarm: ${said}`, sight, this.attention);
  }

  async noAlarm(): Promise<void> {
    const { stage } = this;
    await stage.begin('No alarm');
    await stage.operator.openTable();
    const sight = {
      what: 'The alarm',
      wanted: 'none',
      read: async () => ((await this.attention.count()) === 0 ? 'none' : textOf(this.attention)),
      holds: (seen: string) => seen === 'none',
    };
    await stage.see('No alarm stands', sight);
  }

  async ledger(host: string, lossy: boolean): Promise<void> {
    const { stage, page } = this;
    const name = titleOf(host);
    const report = page.getByTestId('ledger-report');
    await stage.begin(`Ledger on ${name}`);
    await stage.operator.act({
      what: `Verify the ledger on ${name}`,
      press: async () => {
        await stage.operator.inspect(name);
        await stage.operator.press(page.getByRole('button', { name: 'Verify ledger' }), 'Verify ledger');
      },
      took: () => report.isVisible(),
    });
    const words = await textOf(report);
    const missing = numberIn(words, 'Missing transactions');
    const wanted = lossy ? `at least ${Math.max(1, stage.lostUpdates)} missing` : 'none missing';
    const isAsSaid = lossy ? missing >= Math.max(1, stage.lostUpdates) : missing === 0;
    const isWhole = numberIn(words, 'Corrupt records') === 0 && /Balance\s+adds up/.test(words);
    if (!isAsSaid || !isWhole)
      throw new Error(
        `The ledger on ${name}: expected “${wanted}, none corrupt, the balance adds up”, seen “${words}”`,
      );
    const found = lossy
      ? `${missing} transactions are missing, what is there is whole, the balance adds up`
      : 'nothing completed is missing, nothing is damaged, the balance adds up';
    await stage.held(`Ledger verified on ${name}: ${found}`, report);
  }

  private inspector(): Locator {
    return this.page.getByRole('complementary', { name: 'Inspector' });
  }

  private get attention(): Locator {
    return this.page.getByRole('region', { name: 'Attention' });
  }
}

/** `host-R` as the screens call it: `Host R`. */
const titleOf = (host: string) => host.replace(/^host-/, 'Host ');

/** In one line, as it is read. */
async function textOf(part: Locator): Promise<string> {
  return (await part.innerText({ timeout: READ_MS })).replace(/\s+/g, ' ');
}

/** The figure behind a name; none is no figure at all. */
function numberIn(words: string, name: string): number {
  const found = new RegExp(`${name}\\s+([\\d,]+)`).exec(words)?.[1];
  return found === undefined ? Number.NaN : Number(found.replaceAll(',', ''));
}
