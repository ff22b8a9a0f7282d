/**
 * What would become, if the holder were lost now, of a system that pulls from it and would have to pull from the other side
 * (1a, fan): a delta from the other side's journal, or a full copy. Said all the time, so that nobody learns it too late.
 */
import { fedBy } from './arrangement.ts';
import type { JoinForecast } from './group-status.ts';
import { pairKey, type SystemName } from './names.ts';
import { judgeResume } from './resume.ts';
import { freshOf, type GroupFacts } from './status-facts.ts';
import type { SystemFacts } from './storage-controller.ts';
import { bytesText } from './verdict-text.ts';

/** One for each system that both sides feed; empty where there is none, or nobody holds the role. */
export function forecastsOf(facts: GroupFacts, holder: SystemName | null): JoinForecast[] {
  const { arrangement } = facts;
  if (holder === null) return [];
  const other = [arrangement.normal, arrangement.reverse].find((operation) => operation.holder !== holder)?.holder;
  if (other === undefined) return [];
  const own = fedBy(arrangement, holder, 'async');
  return fedBy(arrangement, other, 'async')
    .filter((system) => own.includes(system))
    .map((system) => forecast(facts, { lost: holder, source: other, system }));
}

function forecast(facts: GroupFacts, who: Pick<JoinForecast, 'lost' | 'source' | 'system'>): JoinForecast {
  const [source, destination] = [who.source, who.system].map((name) => freshOf(facts, name).storage);
  const say = (kind: JoinForecast['kind'], bytes: number | null, words: string): JoinForecast => ({
    ...who,
    kind,
    bytes,
    text: `if ${who.lost} is lost now: ${words}`,
  });
  if (!source || !destination)
    return say('unknown', null, `not known, ${source ? who.system : who.source} is not heard`);
  // Its destination may not have heard yet that the pair is broken.
  const holder = freshOf(facts, who.lost).storage ?? source;
  const resume = judgeResume(source, isGuarded(holder, who) ? inStep(source, destination) : destination);
  if (resume.kind === 'equal') return say('none', 0, 'delta, 0 B');
  if (resume.kind === 'delta') {
    const bytes = source.journal.kept?.find(({ consumer }) => consumer === who.system)?.bytes ?? null;
    return say('delta', bytes, `delta, ${bytes === null ? `${resume.updates} updates` : bytesText(bytes)}`);
  }
  if (resume.kind === 'differ')
    return say(
      'differ',
      null,
      `differential copy (${who.system} holds ${resume.excess} updates that ${who.source} does not have)`,
    );
  const whole = source.volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return say('full', whole, `full copy, ${bytesText(whole)} (${resume.why})`);
}

function isGuarded({ pairs }: SystemFacts, { lost, source }: Pick<JoinForecast, 'lost' | 'source'>): boolean {
  const key = pairKey(source, lost);
  return pairs.some(
    ({ definition, state }) => state === 'duplex' && pairKey(definition.source, definition.destination) === key,
  );
}

/**
 * The two are looked at one after the other. While the synchronous pair is in duplex the one that pulls is never really
 * ahead, it was only looked at later.
 */
function inStep(source: SystemFacts, destination: SystemFacts): SystemFacts {
  const { lastNumber } = source;
  return destination.lastNumber > lastNumber ? { ...destination, lastNumber } : destination;
}
