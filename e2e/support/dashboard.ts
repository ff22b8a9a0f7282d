/** The dashboard as an operator uses it: by what stands on the buttons, never by how they are made. */
import { expect, type Locator, type Page } from '@playwright/test';

const ENDED = /^Run ended: (.*)$/;

/** Screens of one group. */
export class Dashboard {
  constructor(
    readonly page: Page,
    readonly group: string,
  ) {}

  // Topology, as tables: the same facts as the graph, and the same live stream.

  async openTable(): Promise<void> {
    await this.page.goto(`/groups/${this.group}?view=table`);
    await expect(
      this.page
        .getByRole('row')
        .filter({ has: this.page.getByRole('link', { name: /^Storage / }) })
        .first(),
    ).toBeVisible();
  }

  /** Row of a pair, system, host or line, by the name it begins with. */
  row(name: string): Locator {
    return this.page.getByRole('row').filter({ has: this.page.getByRole('link', { name, exact: true }) });
  }

  async expectPair(name: string, state: string): Promise<void> {
    await expect(this.row(name).getByRole('cell').nth(1)).toHaveText(new RegExp(`^${state}`));
  }

  /** Opens the inspector of a host and verifies the ledger from there. Answers its report. */
  async verifyLedgerOn(host: string): Promise<Locator> {
    await this.page.goto(`/groups/${this.group}?view=table&inspect=host:${host}`);
    await this.page.getByRole('button', { name: 'Verify ledger' }).click();
    const report = this.page.getByTestId('ledger-report');
    await expect(report).toBeVisible();
    return report;
  }

  get attention(): Locator {
    return this.page.getByRole('region', { name: 'Attention' });
  }

  // Faults.

  async openFaults(): Promise<void> {
    await this.page.goto(`/groups/${this.group}/faults`);
    await expect(this.page.getByRole('heading', { name: 'Faults', level: 1 })).toBeVisible();
  }

  get activeFaults(): Locator {
    return this.page.getByRole('list', { name: 'Active faults' });
  }

  /** Presses the button of a fault, and once more where it asks back. */
  async inject(target: string, label: string): Promise<void> {
    await this.page
      .getByRole('list', { name: target, exact: true })
      .getByRole('button', { name: label, exact: true })
      .click();
    if (label.startsWith('Lose site')) await this.page.getByRole('button', { name: `${label} now` }).click();
  }

  async loseSite(site: string): Promise<void> {
    await this.openFaults();
    await this.inject(site, `Lose site ${site}`);
    await expect(this.activeFaults).toContainText(`site ${site} lost: SIGKILL`);
  }

  async returnSite(site: string): Promise<void> {
    await this.openFaults();
    await this.inject(site, `Return site ${site}`);
    await expect(this.activeFaults).not.toContainText(`site ${site} lost`);
  }

  // Routines.

  /** Opens the preflight of a routine and starts it. `title` is what the button says: `Failover`. */
  async startRoutine(routine: string, title: string): Promise<void> {
    await this.page.goto(`/groups/${this.group}/runs/new?routine=${routine}`);
    await this.page.getByRole('button', { name: `Start ${title}`, exact: true }).click();
    await expect(this.page.getByRole('heading', { name: `${title} of ${this.group}` })).toBeVisible();
  }

  /** Answers the decision that the run waits at. `typed`: the group's name where the choice is dangerous. */
  async decide(question: string, choice: string, typed = false): Promise<void> {
    const decision = this.page.getByRole('group', { name: question });
    await decision.getByRole('radio', { name: choice }).check();
    if (typed) await decision.getByLabel(`Type ${this.group} to confirm`).fill(this.group);
    await decision.getByRole('button', { name: choice }).click();
    await expect(decision).toBeHidden();
  }

  /** The step that the run is at, and how it stands. */
  get standing(): Locator {
    return this.page.getByTestId('run-standing');
  }

  async expectEnding(ending: string): Promise<void> {
    await expect(this.standing.getByText(ENDED)).toHaveText(`Run ended: ${ending}`);
  }

  /** A step's box in the flow chart. */
  step(id: string): Locator {
    return this.page.locator(`[data-step="${id}"]`);
  }

  /** Chooses a step of a run under way, whose chart moves along with it. */
  async showStep(id: string): Promise<void> {
    await expect(async () => {
      await this.step(id).click();
      await expect(this.step(id)).toHaveAttribute('aria-pressed', 'true', { timeout: 500 });
    }).toPass();
  }

  get verdict(): Locator {
    return this.page.getByRole('region', { name: 'Verdict' });
  }
}
