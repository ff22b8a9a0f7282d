import type { CellImage } from '../cells.ts';
import type { History, Observed } from '../history.ts';
import { type Checker, type Evidence, Findings, type Violation } from './checker.ts';

const name = 'clone-apart';
const TEST = 'test-failover';

/** What a test has written to a clone, by place. */
interface Written {
  contents: Map<string, number>;
  /** Written and not answered: either content may be read. */
  open: Map<string, number>;
}

interface Made {
  run: string;
  image: CellImage;
  written: Written;
}

const placeOf = (volume: number, cell: number) => `${volume}/${cell}`;

/** A test sees the image of one moment, and nobody sees the test. */
export const cloneApart: Checker = {
  name,
  holds:
    'a clone reads as the live image did when it was made, but for what the test wrote on it; no live volume ever holds that; a test instructs clones only, and says truly whether a pair has changed meanwhile',
  check({ history, writes }: Evidence): Violation[] {
    const findings = new Findings(name);
    const clones = new Map<string, Made>();
    const testContents = new Set<number>();
    for (const event of history.events) {
      if (event.kind === 'clone' && event.what === 'made') {
        clones.set(event.system, {
          run: event.run,
          image: event.image,
          written: { contents: new Map(), open: new Map() },
        });
        const why = writes.whyNoPrefix(event.image);
        if (why)
          findings.add(
            event.order,
            `the clone of ${event.system} was made of an image that the group never had: ${why}`,
          );
      }
      if (event.kind === 'clone-write') noteWrite(event, clones.get(event.system), testContents);
      if (event.kind === 'clone' && event.what === 'read') {
        const made = clones.get(event.system);
        const why = made?.run === event.run ? whyDifferent(made, event.image) : null;
        if (why) findings.add(event.order, `the clone of ${event.system} is not the image it was made of: ${why}`);
      }
      if (event.kind === 'images' && testContents.size > 0) lookForTest(event, testContents, findings);
      if (findings.enough) break;
    }
    instructsClonesOnly(history, findings);
    saysTruly(history, findings);
    return findings.violations;
  },
};

type Of<K extends Observed['kind']> = Extract<Observed, { kind: K }>;

function noteWrite(event: Of<'clone-write'>, made: Made | undefined, testContents: Set<number>): void {
  const { volume, firstCell, contents, done } = event;
  // Only the head of a record tells one from every other.
  if (contents[0] !== undefined) testContents.add(contents[0]);
  for (const [index, content] of contents.entries()) {
    const place = placeOf(volume, firstCell + index);
    if (!done) made?.written.open.set(place, content);
    else if (made?.written.open.get(place) === content) {
      made.written.open.delete(place);
      made.written.contents.set(place, content);
    }
  }
}

function whyDifferent({ image, written }: Made, found: CellImage): string | null {
  for (const [volume, cells] of image.entries()) {
    for (const [cell, content] of cells.entries()) {
      const place = placeOf(volume, cell);
      if (written.open.has(place)) continue;
      const wanted = written.contents.get(place) ?? content;
      const read = found[volume]?.[cell];
      if (read !== wanted) return `cell ${cell} of volume ${volume} reads ${read}, not ${wanted}`;
    }
  }
  return null;
}

function lookForTest(event: Of<'images'>, testContents: ReadonlySet<number>, findings: Findings): void {
  for (const { system, cells } of Object.values(event.images)) {
    const at = cells[0]?.findIndex((content) => testContents.has(content)) ?? -1;
    if (at >= 0) findings.add(event.order, `cell ${at} of volume 0 of ${system} holds what a test wrote on a clone`);
  }
}

function instructsClonesOnly(history: History, findings: Findings): void {
  const tests = new Set<string>();
  for (const event of history.events) {
    if (event.kind === 'run-started' && event.routine === TEST) tests.add(event.run);
    if (event.kind !== 'instruction' || !('token' in event.instruction)) continue;
    const { verb, token } = event.instruction;
    if (tests.has(token.runId) && verb !== 'clone-create' && verb !== 'clone-discard')
      findings.add(event.order, `test ${token.runId} gave ${verb} to ${event.system}`);
  }
}

/** Between the look at the beginning and the clone's end, at least, every change must have been noticed. */
function saysTruly(history: History, findings: Findings): void {
  const changed = new Map<string, string[]>();
  const dropped = new Map<string, readonly string[]>();
  for (const event of history.events) {
    if (event.kind === 'pair')
      for (const seen of changed.values()) seen.push(`${event.system}: ${event.pair} → ${event.to}`);
    if (event.kind !== 'step' || event.routine !== TEST) continue;
    if (event.step === 'T110') changed.set(event.run, []);
    if (event.step === 'T190') dropped.set(event.run, [...(changed.get(event.run) ?? [])]);
    const missed = event.outcome === 'undisturbed' ? dropped.get(event.run) : [];
    if (missed && missed.length > 0)
      findings.add(event.order, `test ${event.run} says that no pair has changed, but ${missed.join(', ')}`);
  }
}
