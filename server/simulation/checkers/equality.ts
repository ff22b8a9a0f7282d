import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'equality';

/** A sync pair that says duplex is identical at both ends but for writes in flight. */
export const equality: Checker = {
  name,
  holds: 'on entering duplex the ends of a sync pair are equal but for writes in flight',
  check({ history, writes }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const seen of history.of('entered-duplex')) {
      for (const [volume, cells] of seen.source.entries()) {
        if (history.settings.opaqueVolumes.includes(volume)) continue;
        const others = seen.destination[volume];
        for (let cell = 0; cell < cells.length; cell += 1) {
          if (cells[cell] === others?.[cell]) continue;
          const inFlight = writes
            .writesOf(volume, cell)
            .some((write) => write.issuedOrder < seen.order && write.completedOrder > seen.order);
          if (!inFlight)
            findings.add(
              seen.order,
              `pair ${seen.pair} entered duplex, and volume ${volume} cell ${cell} holds write ${cells[cell]} at the source, ${others?.[cell]} at the destination`,
            );
        }
      }
      if (findings.enough) break;
    }
    return findings.violations;
  },
};
