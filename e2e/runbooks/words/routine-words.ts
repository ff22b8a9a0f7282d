/** Words about routines: preflight, run, decisions, how it ends. */
import type { Locator } from '@playwright/test';
import { NOTHING } from './patience.ts';
import type { Stage } from './stage.ts';
import type { Attestation, Words } from './words.ts';

type RoutineWord =
  | 'start'
  | 'reach'
  | 'step'
  | 'decide'
  | 'retry'
  | 'endAfterThisCycle'
  | 'expectEnding'
  | 'expectVerdict';

/** A step, its state, and its outcome where it has one, as a box of the flow chart says them. */
const BOX = /^(\S+) (.*?), (current|done|stopped|not taken|decision needed|ahead)(?:, (.*))?$/;
const SAYS_MS = 5_000;

export function routineWords(stage: Stage): Pick<Words, RoutineWord> {
  const words = new RoutineWords(stage);
  return {
    start: (routine) => words.start(routine),
    reach: (id) => words.reach(id),
    step: (id, outcome) => words.step(id, outcome ?? null),
    decide: (question, choice, attests) => words.decide(question, choice, attests ?? null),
    retry: () => words.retry(),
    endAfterThisCycle: () => words.endAfterThisCycle(),
    expectEnding: (ending) => words.expectEnding(ending),
    expectVerdict: (headline) => words.expectVerdict(headline),
  };
}

class RoutineWords {
  constructor(private readonly stage: Stage) {}

  private get page() {
    return this.stage.page;
  }

  async start(routine: string): Promise<void> {
    const { stage, page } = this;
    const { operator, group } = stage;
    await stage.begin(`Start ${routine}`);
    let told = false;
    await operator.act({
      what: `Start ${routine}`,
      press: async () => {
        await operator.open('Routines');
        // An alarm may offer the same at the head of the page.
        const list = page.getByRole('list', { name: 'Routines' });
        const run = list.getByRole('link', { name: `Open the ${routine} run`, exact: true });
        const preflight = list.getByRole('link', { name: `Open ${routine} preflight`, exact: true });
        await run.or(preflight).first().waitFor();
        // Told of before, it was heard before the dashboard went away.
        if (told && (await run.isVisible())) return run.click();
        await preflight.click();
        if (!told) await this.preflight(routine);
        told = true;
        await operator.press(page.getByRole('button', { name: `Start ${routine}`, exact: true }), `Start ${routine}`);
      },
      took: async () => (await page.getByTestId('run-standing').isVisible()) && !page.url().includes('/runs/new'),
    });
    stage.run = page.url();
    const command = `npx switchback run ${commandName(routine)} --group ${group}`;
    await stage.acted(`${routine} is started`, command);
  }

  /** What the preflight predicts is kept, to be held against what comes. */
  private async preflight(routine: string): Promise<void> {
    const predicted = this.page.getByRole('region', { name: 'Predicted', exact: true });
    const words = await this.stage.patience.until({
      what: `The preflight of ${routine}`,
      wanted: 'what it predicts',
      read: () => predicted.innerText({ timeout: SAYS_MS }),
      holds: (seen) => /Verdict|No data loss|Data loss|Unknown/.test(seen),
    });
    const verdict = /^(No data loss|Data loss|Unknown)$/m.exec(words)?.[1] ?? null;
    const said = verdict ? `${verdict.toLowerCase()} is predicted` : 'it gives no verdict';
    await this.stage.acted(`Preflight of ${routine}: ${said}`, null, predicted);
  }

  async reach(id: string): Promise<void> {
    const { stage } = this;
    const box = this.page.locator(`[data-step="${id}"]`);
    await stage.begin(`The run comes to ${id}`);
    await this.toTheRun();
    await this.mustHave(id);
    const sight = {
      what: `Step ${id}`,
      wanted: 'current, or decision needed',
      read: async () => `${await box.getAttribute('aria-label', { timeout: SAYS_MS })} | ${await this.standing()}`,
      holds: (words: string) => /^(current|decision needed)$/.test(BOX.exec(words.split(' | ')[0] ?? '')?.[3] ?? ''),
      hopeless: (words: string) => restsWords(words.split(' | ')[1] ?? ''),
    };
    await stage.see(`The run is at ${id}`, sight, box);
  }

  async step(id: string, outcome: string | null): Promise<void> {
    const { stage } = this;
    const wanted = `done${outcome ? `, ${outcome}` : ''}`;
    await stage.begin(`Step ${id}${outcome ? `: ${outcome}` : ''}`);
    await this.toTheRun();
    const box = this.page.locator(`[data-step="${id}"]`);
    await this.mustHave(id);
    const seen = await stage.patience.until({
      what: `Step ${id}`,
      wanted,
      read: async () => `${await box.getAttribute('aria-label', { timeout: SAYS_MS })} | ${await this.standing()}`,
      holds: (words) => {
        const [, , , state, found] = BOX.exec(words.split(' | ')[0] ?? '') ?? [];
        return state === 'done' && (outcome === null || found === outcome);
      },
      hopeless: (words) => restsWords(words.split(' | ')[1] ?? ''),
    });
    const [, , title = id, , found = null] = BOX.exec(seen.split(' | ')[0] ?? '') ?? [];
    await this.choose(box);
    const target = await this.targetOf();
    const on = target ? ` (on ${target})` : '';
    await stage.recorder.show(
      { kind: 'step', step: id, title, outcome: found },
      `${id}  ${title}${on}${found ? ` → ${found}` : ''}`,
      box,
    );
  }

  /** Every graph has its own steps: one that is not there would be waited for in vain. */
  private async mustHave(id: string): Promise<void> {
    const boxes = this.page.locator('[data-step]');
    await boxes.first().waitFor();
    const steps = await boxes.evaluateAll((all) => all.map((each) => each.getAttribute('data-step') ?? ''));
    if (!steps.includes(id)) throw new Error(`The routine has no step ${id}. Its steps: ${steps.join(' ')}`);
  }

  /** Its card is shown beside the chart, until the run is followed again. The chart moves along with a run. */
  private async choose(box: Locator): Promise<void> {
    for (let tries = 0; tries < 5 && (await box.getAttribute('aria-pressed')) !== 'true'; tries += 1)
      await box.click({ timeout: SAYS_MS }).catch(() => {});
  }

  /** The storage system that the step on the card is about. */
  private async targetOf(): Promise<string | null> {
    const card = this.page.getByTestId('step-card');
    const words = await card.innerText({ timeout: SAYS_MS }).catch(() => '');
    return /On storage system\s+(\S+)/.exec(words)?.[1] ?? null;
  }

  async decide(question: string, choice: string, attests: Attestation | null): Promise<void> {
    const { stage, page } = this;
    const { operator } = stage;
    await stage.begin(`Decision: ${question}`);
    await this.toTheRun();
    const decision = page.getByRole('group', { name: question, exact: true });
    await stage.patience.until({
      what: 'The run',
      wanted: `Waits for a decision: ${question}`,
      read: async () => {
        // A step that was looked at stands where the decision would be shown.
        const button = page.getByRole('button', { name: 'Go to the decision' });
        if (!(await decision.isVisible()) && (await button.isVisible())) await button.click({ timeout: SAYS_MS });
        if (await decision.isVisible()) return question;
        const other = page.getByTestId('decision').locator('legend');
        return (await other.count()) > 0 ? `It asks: ${await other.innerText()}` : this.standing();
      },
      holds: (seen) => seen === question,
      hopeless: (seen) => (seen.startsWith('It asks: ') ? 'another decision is asked for' : restsWords(seen)),
    });
    const option = decision.getByRole('radio', { name: choice, exact: true });
    if ((await option.count()) === 0) {
      const labels = await decision.locator('label').allInnerTexts();
      throw new Error(`${question}: there is no choice “${choice}”. There are: ${labels.join('; ')}`);
    }
    const before = await this.standing();
    let told = false;
    await operator.act({
      what: `${question} ${choice}`,
      press: async () => {
        await this.toTheRun();
        if (!(await decision.isVisible())) await page.getByRole('button', { name: 'Go to the decision' }).click();
        await option.check();
        await this.fill(decision, attests);
        if (!told) await stage.acted(`${question} ${choice}.${attests ? ` “${attests.knows}”` : ''}`, null, decision);
        told = true;
        await operator.press(decision.getByRole('button', { name: choice, exact: true }), choice);
      },
      took: async () => ![before, NOTHING, ''].includes(await this.standing()),
    });
  }

  private async fill(decision: Locator, attests: Attestation | null): Promise<void> {
    if (attests) {
      await decision.getByLabel('What you know, in words').fill(attests.knows);
      const destroyedAt = new Date(Date.now() - attests.minutesAgo * 60_000);
      // In the zone of the browser, which is this machine's.
      const local = new Date(destroyedAt.getTime() - destroyedAt.getTimezoneOffset() * 60_000);
      await decision.getByLabel('When the site was destroyed').fill(local.toISOString().slice(0, 19));
    }
    const typed = decision.getByLabel(`Type ${this.stage.group} to confirm`);
    if (await typed.isVisible()) await typed.fill(this.stage.group);
  }

  async retry(): Promise<void> {
    const { stage, page } = this;
    await stage.begin('Retry the step');
    await this.toTheRun();
    const button = page.getByRole('button', { name: /^Retry / });
    const before = await this.standing();
    const label = (await button.innerText({ timeout: SAYS_MS }).catch(() => '')) || 'Retry';
    await stage.operator.act({
      what: label,
      press: () => stage.operator.press(button, label),
      took: async () => ![before, NOTHING].includes(await this.standing()),
    });
    await stage.acted(label);
  }

  async endAfterThisCycle(): Promise<void> {
    const { stage, page } = this;
    const label = 'End after this cycle';
    await stage.begin(label);
    await this.toTheRun();
    const asked = page.getByTestId('run-standing').getByText('Asked for the end after this cycle');
    await stage.operator.act({
      what: label,
      press: () => stage.operator.press(page.getByRole('button', { name: label, exact: true }), label),
      took: async () => (await asked.isVisible()) || (await this.standing()).startsWith('Run ended'),
    });
    await stage.acted(label);
  }

  async expectEnding(ending: string): Promise<void> {
    const { stage } = this;
    const wanted = `Run ended: ${ending}`;
    await stage.begin(`The run ends: ${ending}`);
    await this.toTheRun();
    const sight = {
      what: 'The run',
      wanted,
      read: () => this.standing(),
      holds: (seen: string) => seen === wanted,
      hopeless: restsWords,
    };
    await stage.see(`The run ended: ${ending}`, sight, this.page.getByTestId('run-standing'));
  }

  async expectVerdict(headline: string): Promise<void> {
    const { stage } = this;
    const verdict = this.page.getByTestId('verdict');
    await stage.begin(`The verdict: ${headline}`);
    await this.toTheRun();
    const said = await stage.patience.until({
      what: 'The verdict',
      wanted: headline,
      read: async () =>
        (await verdict.count()) > 0
          ? (await verdict.innerText({ timeout: SAYS_MS })).replace(/\s+/g, ' ')
          : `none yet: ${await this.standing()}`,
      holds: (seen) => seen.includes(headline),
      hopeless: (seen) => (seen.startsWith('none yet: ') ? restsWords(seen.slice(10)) : 'another one is said'),
    });
    stage.lostUpdates = Number(/Data loss: (?:at least )?([\d,]+) update/.exec(said)?.[1]?.replaceAll(',', '') ?? 0);
    await stage.held(`Verdict: ${await verdict.getByTestId('verdict-headline').innerText()}`, verdict);
  }

  /** `Running: S230 Drain I→R`, `Waits for a decision: …`, `Run ended: done`. */
  private async standing(): Promise<string> {
    const words = this.page.getByTestId('run-standing').locator('p').first();
    return (await words.count()) > 0 ? words.innerText({ timeout: SAYS_MS }) : NOTHING;
  }

  /** Another screen may have been looked at in between. */
  private async toTheRun(): Promise<void> {
    const { run } = this.stage;
    if (run === null) throw new Error('No routine was started yet: begin with start(…)');
    if (this.page.url() !== run) await this.stage.patience.goto(run);
    await this.stage.patience.until({
      what: 'The run',
      wanted: 'shown',
      read: () => this.standing(),
      holds: (seen) => seen !== NOTHING,
    });
  }
}

/** Why a run that stands so does not go on by itself; null where it does. */
function restsWords(standing: string): string | null {
  if (standing.startsWith('Waits for a decision')) return 'the run waits for a decision';
  if (standing.startsWith('Stopped')) return 'the run has stopped at that step';
  if (standing.startsWith('Paused')) return 'the run is paused';
  return standing.startsWith('Run ended') ? 'the run has ended' : null;
}

/** As the command line calls it. */
const commandName = (title: string) =>
  title
    .toLowerCase()
    .replace(/^planned /, '')
    .replaceAll(' ', '-');
