import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';
import { fedTogether } from './fed-together.ts';

const name = 'in-step';

/**
 * Where a source feeds one system synchronously and another by pull, the latter never holds an update that the former does
 * not (1b rule 20). Looked at whenever the sync pair is in duplex, and at the instant in which it breaks.
 */
export const inStep: Checker = {
  name,
  holds: 'a system that pulls is never ahead of the synchronous destination while that is in duplex',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    /** A loss of power may take from a destination what it had answered; what others know stands. */
    const forgetful = new Set<string>();
    let broken: { pair: string; order: number } | null = null;
    for (const event of history.events) {
      if (event.kind === 'process' && event.what === 'power-loss') forgetful.add(event.process);
      if (event.kind === 'pair' && event.pairKind === 'sync') {
        if (event.to === 'duplex') forgetful.delete(event.pair.split('-')[1] ?? '');
        if (event.from === 'duplex' && event.pair.startsWith(`${event.system}-`))
          broken = { pair: event.pair, order: event.order };
      }
      if (event.kind !== 'images') continue;
      for (const { source, sync, async } of fedTogether(event.images)) {
        const breaks = broken?.pair === sync.atSource.name && broken.order === event.order - 1;
        if ((sync.atSource.state !== 'duplex' && !breaks) || forgetful.has(sync.destination.system)) continue;
        const [there, ahead] = [sync.destination.journal.lastNumber, async.destination.journal.lastNumber];
        if (ahead > there)
          findings.add(
            event.order,
            `${async.destination.system} holds update ${ahead} of ${source.system} (${event.label}), while ${sync.destination.system} holds ${there}`,
          );
      }
      if (findings.enough) break;
    }
    return findings.violations;
  },
};
