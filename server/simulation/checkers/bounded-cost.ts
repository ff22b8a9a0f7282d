import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'bounded-cost';
/** Frame headers, and tracks that a host write made different again while they were under way. */
const HEADER_SHARE = 0.02;
const HEADER_BYTES = 4096;

/** A differential copy moves its set tracks and what hosts wrote meanwhile, and nothing more. */
export const boundedCost: Checker = {
  name,
  holds: 'a differential copy moves at most (set bits × track) plus headers',
  check({ history }: Evidence): Violation[] {
    const findings = new Findings(name);
    for (const event of history.of('copy')) {
      const needed = event.markedTracks * event.trackBytes + event.writtenBytes;
      if (event.movedBytes > needed * (1 + HEADER_SHARE) + HEADER_BYTES) {
        findings.add(
          event.order,
          `pair ${event.pair} moved ${event.movedBytes} bytes for ${event.markedTracks} set tracks of ${event.trackBytes} bytes and ${event.writtenBytes} bytes written meanwhile`,
        );
      }
    }
    return findings.violations;
  },
};
