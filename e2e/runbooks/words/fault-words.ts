/** Words about faults: pressed on the Faults screen, and seen to stand there, or to be gone. */
import type { Locator } from '@playwright/test';
import type { Stage } from './stage.ts';
import type { LineConditions, Words } from './words.ts';

interface Fault {
  /** Heading it stands under. */
  target: string;
  /** What stands on its button. */
  label: string;
  /** In the list of active faults, while it stands. */
  stands: string;
  /** It ends that fault instead of beginning it. */
  ends?: boolean;
  /** What happened, where that is more than the button says. */
  text?: string;
  /** The same on the command line, behind `fault`. */
  command: string;
  /** Loss of a site asks back, a degraded line asks how. */
  conditions?: LineConditions;
  asksBack?: boolean;
}

export function faultWords(stage: Stage): Words['fault'] {
  const words = new FaultWords(stage);
  return {
    loseSite: (site) =>
      words.play({
        target: site,
        label: `Lose site ${site}`,
        stands: `site ${site} lost`,
        text: `Site ${site} is lost: all its processes are killed`,
        command: `site-loss --site ${site}`,
        asksBack: true,
      }),
    returnSite: (site) =>
      words.play({
        target: site,
        label: `Return site ${site}`,
        stands: `site ${site} lost`,
        ends: true,
        text: `Site ${site} returns`,
        command: `site-return --site ${site}`,
      }),
    kill: (name) =>
      words.play({ target: name, label: `Kill ${name}`, stands: `SIGKILL ${name} `, command: `kill --on ${name}` }),
    restart: (name) =>
      words.play({
        target: name,
        label: `Restart ${name}`,
        stands: `SIGKILL ${name} `,
        ends: true,
        command: `restart --on ${name}`,
      }),
    killControl: () => words.killControl(),
    cut: (line) =>
      words.play({ target: line, label: `Cut ${line}`, stands: `line ${line} cut`, command: `cut --line ${line}` }),
    degrade: (line, conditions) =>
      words.play({
        target: line,
        label: `Degrade ${line}`,
        stands: `line ${line} degraded`,
        command: `degrade --line ${line}${optionsOf(conditions)}`,
        conditions,
        asksBack: true,
      }),
    restore: (line) =>
      words.play({
        target: line,
        label: `Restore ${line}`,
        stands: `line ${line} `,
        ends: true,
        command: `restore --line ${line}`,
      }),
    isolate: (name) =>
      words.play({
        target: name,
        label: `Isolate ${name}`,
        stands: `${name} isolated`,
        command: `isolate --on ${name}`,
      }),
    failDisk: (system) =>
      words.play({
        target: system,
        label: `Disk of ${system} fails`,
        stands: `disk of ${system}`,
        command: `write-error --on ${system}`,
      }),
    fillDisk: (system) =>
      words.play({
        target: system,
        label: `Disk of ${system} is full`,
        stands: `disk of ${system}`,
        command: `disk-full --on ${system}`,
      }),
    clear: (what) => words.clear(what),
  };
}

class FaultWords {
  constructor(private readonly stage: Stage) {}

  async play({
    target,
    label,
    stands,
    ends = false,
    text = label,
    command,
    conditions,
    asksBack,
  }: Fault): Promise<void> {
    const { stage } = this;
    const { operator, page } = stage;
    await stage.begin(text);
    const stood = this.standing(stands);
    await operator.act({
      what: label,
      press: async () => {
        await operator.open('Faults');
        await this.button(target, label).waitFor();
        await operator.press(this.button(target, label), label);
        if (!asksBack) return;
        if (conditions) await this.fill(label, conditions);
        await operator.press(page.getByRole('button', { name: `${label} now`, exact: true }), `${label} now`);
      },
      took: async () => (await stood.count()) > 0 !== ends,
    });
    await stage.acted(text, `npx switchback fault ${command} --group ${stage.group}`, ends ? null : stood.first());
  }

  /** Nothing stands afterwards: a supervisor starts them again. */
  async killControl(): Promise<void> {
    const { stage } = this;
    const label = 'Kill the control worker';
    await stage.begin(label);
    const button = this.button('control', label);
    await stage.operator.act({
      what: label,
      press: async () => {
        await stage.operator.open('Faults');
        await button.waitFor();
        await stage.operator.press(button, label);
      },
      // Until it is answered the button says that it was asked.
      took: async () => (await button.getAttribute('aria-disabled')) !== 'true',
    });
    await stage.acted('The control worker is killed', 'npx switchback fault kill --on control', button);
  }

  async clear(what: string): Promise<void> {
    const { stage } = this;
    const stood = this.standing(what);
    await stage.begin(`Clear ${what}`);
    await stage.operator.act({
      what: `Clear ${what}`,
      press: async () => {
        await stage.operator.open('Faults');
        await stage.operator.press(stood.first().getByRole('button', { name: /^Clear/ }), `Clear ${what}`);
      },
      took: async () => (await stood.count()) === 0,
    });
    await stage.acted(`Cleared: ${what}`, 'npx switchback fault clear');
  }

  private button(target: string, label: string): Locator {
    return this.stage.page
      .getByRole('list', { name: target, exact: true })
      .getByRole('button', { name: label, exact: true });
  }

  private standing(words: string): Locator {
    return this.stage.page
      .getByRole('list', { name: 'Active faults' })
      .getByRole('listitem')
      .filter({ hasText: words });
  }

  private async fill(label: string, { delayMs, lossPercent, rateMib }: LineConditions): Promise<void> {
    const form = this.stage.page.getByRole('group', { name: `${label} now` });
    await form.getByLabel('Delay added, ms one way').fill(delayMs?.toString() ?? '');
    await form.getByLabel('Share lost, %').fill(lossPercent?.toString() ?? '');
    await form.getByLabel('Rate limit, MiB/s').fill(rateMib?.toString() ?? '');
  }
}

function optionsOf({ delayMs, lossPercent, rateMib }: LineConditions): string {
  const options = [
    delayMs === undefined ? '' : ` --delay-ms ${delayMs}`,
    lossPercent === undefined ? '' : ` --loss ${lossPercent / 100}`,
    rateMib === undefined ? '' : ` --rate ${rateMib}MiB`,
  ];
  return options.join('');
}
