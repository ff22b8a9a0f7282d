import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'register-monotone';

/** The register never goes back: generation and epoch only rise, and `joined` needs an epoch of its own (1b rules 1, 3). */
export const registerMonotone: Checker = {
  name,
  holds: 'generation and epoch of the register only rise, and only a higher epoch joins what was alone',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    let before: Parameters<typeof describe>[0] | null = null;
    for (const { order, record } of history.of('register')) {
      if (before) {
        const back = record.generation.number < before.generation.number || record.epoch < before.epoch;
        const rejoined = before.state === 'alone' && record.state === 'joined' && record.epoch <= before.epoch;
        if (back || rejoined) findings.add(order, `the register went from ${describe(before)} to ${describe(record)}`);
      }
      before = record;
    }
    return findings.violations;
  },
};

function describe(record: { generation: { number: number }; epoch: number; state: string }): string {
  return `generation ${record.generation.number}, epoch ${record.epoch}, ${record.state}`;
}
