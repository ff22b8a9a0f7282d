/** What a runbook is written in: an operator's words, each of which drives the real dashboard and is written into the recording. */
import { expect } from '@playwright/test';
import type { Dashboard } from '../../support/dashboard.ts';
import type { Recorder } from './recorder.ts';

/** A step may wait for a whole site to be missed, and for a copy to end. */
const WAIT = { timeout: 120_000 };

export interface Words {
  /** A part of the drill: its card is shown in the film, and the report is divided by it. */
  chapter(title: string, text: string, body: () => Promise<void>): Promise<void>;
  /** Opens the preflight of a routine, by its title, and starts it. */
  start(routine: string): Promise<void>;
  /** Waits until the run has walked this step; with `outcome`, that it ended so. */
  step(id: string, outcome?: string): Promise<void>;
  /** Answers the decision the run waits at. Where it is dangerous the group’s name is typed. */
  decide(question: string, choice: string): Promise<void>;
  /** `expectEnding('done')`: how the run that is shown ends. */
  expectEnding(ending: string): Promise<void>;
  /** `expectVerdict('No data loss, proven.')` */
  expectVerdict(headline: string): Promise<void>;
  /** `expectPair('P-I').toBe('duplex')`, as the topology screen shows it. */
  expectPair(pair: string): { toBe(state: string): Promise<void> };
  /** `expectStorage('P').toSay('refuses host writes')`: the row of a storage system; likewise of a host. */
  expectStorage(system: string): { toSay(words: string): Promise<void> };
  expectHost(host: string): { toSay(words: string): Promise<void> };
  fault: {
    loseSite(site: string): Promise<void>;
    returnSite(site: string): Promise<void>;
    /** Any fault, by the heading it stands under and what stands on its button: `inject('P', 'Kill P')`. */
    inject(target: string, label: string): Promise<void>;
    clear(target: string): Promise<void>;
  };
  /** The ledger is verified on the host's storage: nothing completed is missing, and the balance adds up. */
  verifyLedger(host: string): Promise<void>;
  /** Presses a button of the screen that is shown, by what stands on it. */
  press(button: string): Promise<void>;
  /** Puts a remark of the operator into the report. */
  remark(words: string): Promise<void>;
}

export function wordsFor(dashboard: Dashboard, recorder: Recorder, enter: (where: string) => void): Words {
  return new Vocabulary(dashboard, recorder, enter).words();
}

class Vocabulary {
  constructor(
    private readonly dashboard: Dashboard,
    private readonly recorder: Recorder,
    /** Told where the drill is, so that a drill that stops can say where. */
    private readonly enter: (where: string) => void,
  ) {}

  words(): Words {
    return {
      chapter: (title, text, body) => this.chapter(title, text, body),
      start: (routine) => this.start(routine),
      step: (id, outcome) => this.step(id, outcome ?? null),
      decide: (question, choice) => this.decide(question, choice),
      expectEnding: (ending) => this.expectEnding(ending),
      expectVerdict: (headline) => this.expectVerdict(headline),
      expectPair: (pair) => ({ toBe: (state) => this.expectPair(pair, state) }),
      expectStorage: (system) => ({
        toSay: (words) => this.expectRow(`storage ${system}`, new RegExp(`^Storage ${system}\\b`), words),
      }),
      expectHost: (host) => ({
        toSay: (words) => this.expectRow(`host ${host}`, new RegExp(`^Host ${host}$`), words),
      }),
      fault: {
        loseSite: (site) => this.loseSite(site),
        returnSite: (site) => this.returnSite(site),
        inject: (target, label) => this.inject(target, label),
        clear: (target) => this.clear(target),
      },
      verifyLedger: (host) => this.verifyLedger(host),
      press: (button) => this.press(button),
      remark: async (text) => this.recorder.note({ kind: 'act', text, command: null }),
    };
  }

  private async chapter(title: string, text: string, body: () => Promise<void>): Promise<void> {
    this.enter(title);
    await this.recorder.chapter(title, text);
    await body();
  }

  private async start(routine: string): Promise<void> {
    const { dashboard } = this;
    this.enter(`start ${routine}`);
    await dashboard.page.goto(`/groups/${dashboard.group}/runs`);
    await dashboard.page.getByRole('link', { name: `Open ${routine} preflight`, exact: true }).click();
    await dashboard.page.getByRole('button', { name: `Start ${routine}`, exact: true }).click();
    await expect(dashboard.page.getByRole('heading', { name: `${routine} of ${dashboard.group}` })).toBeVisible();
    await this.acted(`${routine} is started`, `npx switchback run ${slug(routine)} --group ${dashboard.group}`);
  }

  private async step(id: string, outcome: string | null): Promise<void> {
    this.enter(`step ${id}`);
    const box = this.dashboard.step(id);
    const walked = outcome ? `, done, ${outcome}` : ', done';
    await expect(box, `step ${id}${outcome ? ` with ${outcome}` : ''}`).toHaveAttribute(
      'aria-label',
      new RegExp(`^${escaped(id)} .*${escaped(walked)}`),
      WAIT,
    );
    await box.click();
    const label = (await box.getAttribute('aria-label')) ?? id;
    const [title = '', , found = null] = label.slice(id.length + 1).split(/, (?=done)|, (?=[^,]*$)/);
    await this.recorder.show(
      { kind: 'step', step: id, title: title.replace(/,.*$/, ''), outcome: found },
      `${id}  ${title.replace(/,.*$/, '')}${found ? ` → ${found}` : ''}`,
    );
  }

  private async decide(question: string, choice: string): Promise<void> {
    const { dashboard } = this;
    this.enter(`decision: ${question}`);
    const decision = dashboard.page.getByRole('group', { name: question });
    await expect(dashboard.standing).toContainText('Waits for a decision', WAIT);
    // A step that was looked at stands where the decision would be shown.
    await dashboard.page.getByRole('button', { name: 'Go to the decision' }).click();
    await expect(decision).toBeVisible();
    await decision.getByRole('radio', { name: choice }).check();
    const typed = decision.getByLabel(`Type ${dashboard.group} to confirm`);
    if (await typed.isVisible()) await typed.fill(dashboard.group);
    await this.acted(`${question} ${choice}.`, null);
    await decision.getByRole('button', { name: choice }).click();
    await expect(decision).toBeHidden();
  }

  private async expectEnding(ending: string): Promise<void> {
    this.enter(`the run ends: ${ending}`);
    await expect(this.dashboard.standing.getByText(/^Run ended: /)).toHaveText(`Run ended: ${ending}`, WAIT);
    await this.held(`The run ended: ${ending}`);
  }

  private async expectVerdict(headline: string): Promise<void> {
    this.enter(`the verdict: ${headline}`);
    await expect(this.dashboard.verdict).toContainText(headline, WAIT);
    await this.held(`Verdict: ${headline}`);
  }

  private async expectPair(pair: string, state: string): Promise<void> {
    const [source, destination] = pair.split('-');
    const row = this.dashboard.page.getByRole('row').filter({
      has: this.dashboard.page.getByRole('link', { name: new RegExp(`^Pair ${source} [⇒→] ${destination} `) }),
    });
    this.enter(`pair ${pair} ${state}`);
    await this.dashboard.openTable();
    await expect(row.getByRole('cell').nth(1)).toHaveText(new RegExp(`^${escaped(state)}`), WAIT);
    await this.held(`Pair ${pair}: ${state}`);
  }

  private async expectRow(what: string, name: RegExp, words: string): Promise<void> {
    this.enter(`${what}: ${words}`);
    await this.dashboard.openTable();
    const row = this.dashboard.page.getByRole('row').filter({ has: this.dashboard.page.getByRole('link', { name }) });
    await expect(row).toContainText(words, WAIT);
    await this.held(`${what}: ${words}`);
  }

  private async loseSite(site: string): Promise<void> {
    this.enter(`lose site ${site}`);
    await this.dashboard.loseSite(site);
    await this.acted(`Site ${site} is lost: all its processes are killed`, this.faultCommand('site-loss', site));
  }

  private async returnSite(site: string): Promise<void> {
    this.enter(`return site ${site}`);
    await this.dashboard.returnSite(site);
    await this.acted(`Site ${site} returns`, null);
  }

  private async inject(target: string, label: string): Promise<void> {
    this.enter(label);
    await this.dashboard.openFaults();
    await this.dashboard.inject(target, label);
    await this.acted(label, null);
  }

  private async clear(target: string): Promise<void> {
    this.enter(`clear ${target}`);
    await this.dashboard.openFaults();
    await this.dashboard.activeFaults
      .getByRole('listitem')
      .filter({ hasText: target })
      .getByRole('button', { name: /^Clear/ })
      .click();
    await expect(this.dashboard.activeFaults).not.toContainText(target);
    await this.acted(`Cleared: ${target}`, null);
  }

  private async verifyLedger(host: string): Promise<void> {
    this.enter(`ledger on ${host}`);
    const report = await this.dashboard.verifyLedgerOn(host);
    await expect(report).toContainText('adds up');
    await expect(report).toContainText(/Missing transactions\s*0\D/);
    await this.held(`Ledger verified on ${host}: nothing completed is missing, the balance adds up`);
  }

  private async press(button: string): Promise<void> {
    this.enter(`press ${button}`);
    await this.dashboard.page.getByRole('button', { name: button, exact: true }).click();
    await this.acted(button, null);
  }

  private acted(text: string, command: string | null): Promise<void> {
    return this.recorder.show({ kind: 'act', text, command }, text);
  }

  private held(text: string): Promise<void> {
    return this.recorder.show({ kind: 'check', text }, text);
  }

  private faultCommand(kind: string, target: string): string {
    return `npx switchback fault inject ${kind} --group ${this.dashboard.group} --target ${target}`;
  }
}

const slug = (title: string) => title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
const escaped = (words: string) => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
