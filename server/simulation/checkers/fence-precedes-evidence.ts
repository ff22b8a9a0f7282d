import { findArrangement } from '../../domain/arrangement.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'fence-precedes-evidence';

/** Only what was answered in or after the fence step is evidence: each survivor is fenced before it is drained or promoted. */
export const fencePrecedesEvidence: Checker = {
  name,
  holds: 'a takeover raises the generation at its survivor before it drains, and before it says anything of the data',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    const fencedBy = new Map<string, Set<string>>();
    const takeovers = new Set<string>();
    const takeover = findArrangement(history.settings.arrangement)?.moves.takeover;
    for (const event of history.of('run-started')) if (event.routine === takeover) takeovers.add(event.run);
    for (const event of history.events) {
      if (event.kind === 'instruction' && event.outcome === 'done') {
        const { instruction } = event;
        if (!('token' in instruction) || !takeovers.has(instruction.token.runId)) continue;
        const fenced = fencedBy.get(instruction.token.runId) ?? new Set();
        fencedBy.set(instruction.token.runId, fenced);
        if (instruction.verb === 'raise-generation') fenced.add(event.system);
        else if (instruction.verb === 'drain' && !fenced.has(event.system)) {
          findings.add(event.order, `run ${instruction.token.runId} drained at ${event.system} before that was fenced`);
        }
      } else if (
        event.kind === 'verdict' &&
        takeovers.has(event.run) &&
        !fencedBy.get(event.run)?.has(event.survivor)
      ) {
        findings.add(event.order, `run ${event.run} gave a verdict on ${event.survivor} before that was fenced`);
      }
    }
    return findings.violations;
  },
};
