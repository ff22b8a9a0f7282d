/**
 * Twin sites (004, 000): a master M and 1 to n backups B1 … Bn, each with a difference table at both ends. Described once and
 * varied by the number of backups and by what becomes of updates that M had not sent when it was lost. The work moves to B1;
 * further backups have no host, and follow whoever works.
 */
import type { Arrangement, ArrangementLine, ArrangementPair, TwinMode } from '../arrangement.ts';
import type { SiteName, SystemName } from '../names.ts';

const MODES: readonly TwinMode[] = ['merge', 'no-merge', 'sync'];
const WORDS: Record<TwinMode, string> = {
  merge: 'what the master had not sent is overwritten when it returns',
  'no-merge': 'what the master had not sent is left on it when it returns',
  sync: 'the first backup has every completed write',
};
/** Sites of B1, B2, B3; a site of its own for each. */
const BACKUP_SITES: readonly SiteName[] = ['remote', 'intermediate', 'remote-intermediate'];
/** In topology order. */
const SITES: readonly SiteName[] = ['production', 'intermediate', 'remote-intermediate', 'remote'];

const backupName = (index: number): SystemName => `B${index + 1}`;

function twinOf(count: number, mode: TwinMode): Arrangement {
  const backups = BACKUP_SITES.slice(0, count).map((site, index) => ({
    name: backupName(index),
    site,
    role: 'backup',
  }));
  const [first, ...others] = backups.map(({ name }) => name);
  if (first === undefined) throw new Error('a twin has one backup at least');
  const copies = (source: SystemName, destination: SystemName): ArrangementPair => ({
    source,
    destination,
    // Of several backups the first alone answers before a write is complete: a split of one other must not stop the work.
    kind: mode === 'sync' && source === 'M' && destination === first ? 'sync' : 'async',
  });
  const line = (a: SystemName, b: SystemName, defaultKm: number): ArrangementLine => ({
    name: `${a}-${b}`,
    ends: [a, b],
    defaultKm,
    defaultPaths: 2,
  });
  const near = mode === 'sync' ? 100 : 1000;
  return {
    id: ['twin', ...(count > 1 ? [`${count}`] : []), ...(mode === 'merge' ? [] : [mode])].join('-'),
    title: `Twin sites with difference tables at both ends: ${WORDS[mode]}`,
    variation: { of: 'twin', backups: count, mode },
    systems: [{ name: 'M', site: 'production', role: 'master' }, ...backups],
    hosts: [
      { name: 'host-M', site: 'production', system: 'M' },
      { name: `host-${first}`, site: 'remote', system: first },
    ],
    sites: SITES.filter((site) => site === 'production' || backups.some((backup) => backup.site === site)),
    lines: [
      line('M', first, near),
      ...others.map((name) => line('M', name, 1000)),
      ...others.map((name) => line(first, name, 1000)),
    ],
    normal: { holder: 'M', pairs: [first, ...others].map((name) => copies('M', name)) },
    reverse: { holder: first, pairs: ['M', ...others].map((name) => copies(first, name)) },
    neverWhole: true,
    routines: ['pair-recovery', 'takeover', 'resync', 'switch-back'],
    moves: {
      form: 'pair-recovery',
      takeover: 'takeover',
      planned: null,
      protect: 'resync',
      control: null,
      back: 'switch-back',
    },
  };
}

/** Every variation, the plainest first: one backup, merge. */
export const TWINS: readonly Arrangement[] = BACKUP_SITES.flatMap((_, index) =>
  MODES.map((mode) => twinOf(index + 1, mode)),
);
