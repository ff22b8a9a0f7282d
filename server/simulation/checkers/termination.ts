import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'termination';

/** Every routine reaches one of its named endings in bounded virtual time once faults stop. */
export const termination: Checker = {
  name,
  holds: 'every routine reaches one of its named endings in bounded virtual time once faults stop',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const open = new Map<string, { routine: string; atMs: number }>();
    const healedAtMs = [...history.of('healed')].at(-1)?.atMs ?? 0;
    const bound = history.settings.terminationBoundMs;
    for (const event of history.events) {
      if (event.kind === 'run-started') open.set(event.run, { routine: event.routine, atMs: event.atMs });
      if (event.kind !== 'run-ended') continue;
      const began = open.get(event.run);
      open.delete(event.run);
      if (!began) continue;
      const tookMs = event.atMs - Math.max(began.atMs, healedAtMs);
      if (tookMs > bound)
        findings.add(event.order, `${began.routine} took ${Math.round(tookMs)} ms after faults had stopped`);
      if (event.text === null || event.text === '')
        findings.add(event.order, `${began.routine} ended ${event.ending} without naming the state it left`);
    }
    for (const [run, { routine }] of open)
      findings.add(history.events.length, `${routine} (run ${run}) reached no ending`);
    return findings.violations;
  },
};
