/** Finds a shorter schedule that still fails in the same way. */
import type { Schedule, Story, TimedFault } from './schedule.ts';

/** Name of what fails, or null where the schedule passes. */
export type Trial = (schedule: Schedule) => Promise<string | null>;

export interface Shrunk {
  schedule: Schedule;
  /** Schedules tried. */
  trials: number;
}

/**
 * Leaves out faults (halves first, then one by one) and simplifies the story, as long as `trial` names the same failure.
 * Tries at most `budget` schedules.
 */
export async function shrink(schedule: Schedule, failure: string, trial: Trial, budget: number): Promise<Shrunk> {
  let best = schedule;
  let trials = 0;
  const accept = async (candidate: Schedule): Promise<boolean> => {
    if (trials >= budget) return false;
    trials += 1;
    if ((await trial(candidate)) !== failure) return false;
    best = candidate;
    return true;
  };
  for (let improved = true; improved && trials < budget; ) {
    improved = false;
    for (let size = Math.ceil(best.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < best.faults.length; ) {
        const faults = without(best.faults, at, size);
        if (await accept({ ...best, faults })) improved = true;
        else at += size;
      }
    }
    for (const story of simplerStories(best.story)) if (await accept({ ...best, story })) improved = true;
    for (const settings of simplerSettings(best.settings)) if (await accept({ ...best, settings })) improved = true;
  }
  return { schedule: best, trials };
}

function without(faults: readonly TimedFault[], at: number, count: number): TimedFault[] {
  return [...faults.slice(0, at), ...faults.slice(at + count)];
}

function simplerStories(story: Story): Story[] {
  const simpler: Story[] = [];
  if (story.controlKills.length > 0)
    simpler.push(
      { ...story, controlKills: story.controlKills.slice(1) },
      { ...story, controlKills: story.controlKills.slice(0, -1) },
    );
  if (story.controlCycles > 1) simpler.push({ ...story, controlCycles: 1 });
  if (story.loadMs > 20) simpler.push({ ...story, loadMs: Math.floor(story.loadMs / 2) });
  if (story.reverseLoadMs > 20) simpler.push({ ...story, reverseLoadMs: Math.floor(story.reverseLoadMs / 2) });
  return simpler;
}

function simplerSettings(settings: Schedule['settings']): Schedule['settings'][] {
  const simpler: Schedule['settings'][] = [];
  if (settings.writers > 1) simpler.push({ ...settings, writers: 1 });
  if (settings.ledger) simpler.push({ ...settings, ledger: false });
  if (settings.rateFarBytesPerSecond !== null) simpler.push({ ...settings, rateFarBytesPerSecond: null });
  return simpler;
}
