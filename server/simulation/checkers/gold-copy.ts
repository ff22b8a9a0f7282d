import type { Images } from '../history.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'gold-copy';

/** From the first duplex on, whatever single site is lost, some surviving system holds a consistent image or can roll back to one. */
export const goldCopy: Checker = {
  name,
  holds:
    'from the first duplex on, after the loss of any one site a surviving system holds (or can roll back to) a consistent image',
  check({ history, writes }: Evidence): Violation[] {
    const findings = new Findings(name);
    const firstDuplex = history.events.find((event) => event.kind === 'pair' && event.to === 'duplex');
    if (!firstDuplex) return [];
    // A system that lost its power is the one site that was lost, until it holds a consistent image again.
    const damaged = new Set<string>();
    for (const seen of history.events) {
      if (seen.kind === 'process' && seen.what === 'power-loss') damaged.add(seen.process);
      if (seen.kind !== 'images' || seen.order < firstDuplex.order) continue;
      for (const image of Object.values(seen.images)) if (image.consistent) damaged.delete(image.system);
      if ([...damaged].some((system) => seen.images[system])) continue;
      // What a process that is down would find on its disk is known once it has recovered.
      if (Object.values(seen.images).some((image) => !image.up)) continue;
      for (const lost of Object.keys(seen.images)) {
        if (hasConsistentSurvivor(seen.images, lost, (image) => writes.whyNoPrefix(image) === null)) continue;
        findings.add(
          seen.order,
          `with ${lost} lost (${seen.label}) no surviving system holds a consistent image: ${describe(seen.images, lost)}`,
        );
      }
      if (findings.enough) break;
    }
    return findings.violations;
  },
};

function hasConsistentSurvivor(
  images: Images,
  lost: string,
  isPrefix: (cells: Images[string]['cells']) => boolean,
): boolean {
  return Object.values(images).some(
    (image) =>
      image.system !== lost &&
      ((image.consistent && isPrefix(image.cells)) || (image.gold !== null && isPrefix(image.gold))),
  );
}

function describe(images: Images, lost: string): string {
  return Object.values(images)
    .filter((image) => image.system !== lost)
    .map(
      (image) =>
        `${image.system} ${image.consistent ? 'consistent' : 'inconsistent'}, ${image.gold ? 'gold' : 'no gold'}`,
    )
    .join('; ');
}
