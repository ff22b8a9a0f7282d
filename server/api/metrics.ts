/** The status of every group as Prometheus reads it. */
import type { GroupStatus } from '../domain/group-status.ts';
import { PAIR_STATES } from '../domain/pair-states.ts';

interface Sample {
  labels: Record<string, string>;
  value: number | null;
}

const escapeLabel = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function family(name: string, help: string, type: 'gauge' | 'counter', samples: readonly Sample[]): string {
  const lines = samples
    .filter((sample) => sample.value !== null)
    .map(({ labels, value }) => {
      const inside = Object.entries(labels)
        .map(([key, text]) => `${key}="${escapeLabel(text)}"`)
        .join(',');
      return `${name}${inside ? `{${inside}}` : ''} ${value}`;
    });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n');
}

const flag = (value: boolean | null): number | null => (value === null ? null : Number(value));

/** What is not known has no sample: an old value would pass for a present one. */
export function prometheusText(statuses: readonly GroupStatus[], streams: number): string {
  const perGroup = (value: (status: GroupStatus) => number | null): Sample[] =>
    statuses.map((status) => ({
      labels: { group: status.name, arrangement: status.arrangement },
      value: value(status),
    }));
  const perSystem = (value: (system: GroupStatus['systems'][number]) => number | null): Sample[] =>
    statuses.flatMap((status) =>
      status.systems.map((system) => ({
        labels: { group: status.name, system: system.name, site: system.site },
        value: value(system),
      })),
    );
  const perPair = (value: (pair: GroupStatus['pairs'][number]) => number | null): Sample[] =>
    statuses.flatMap((status) =>
      status.pairs.map((pair) => ({
        labels: { group: status.name, pair: pair.name, kind: pair.kind },
        value: value(pair),
      })),
    );
  const states = statuses.flatMap((status) =>
    status.pairs.flatMap((pair) =>
      [...PAIR_STATES, 'absent', 'unknown'].map((state) => ({
        labels: { group: status.name, pair: pair.name, state },
        value: Number(pair.state === state),
      })),
    ),
  );
  const operations = statuses.map((status) => ({
    labels: { group: status.name, operation: status.operation, severity: status.severity },
    value: 1,
  }));
  const hosts = statuses.flatMap((status) =>
    status.hosts.map((host) => ({ labels: { group: status.name, host: host.name }, value: flag(host.up) })),
  );
  const seconds = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : ms / 1000);
  return `${[
    family('switchback_group_operation', 'Operation of the group; the labels say which.', 'gauge', operations),
    family(
      'switchback_group_alarms',
      'Alarms that need an operator.',
      'gauge',
      perGroup((status) => status.alarms.length),
    ),
    family(
      'switchback_group_rpo_seconds',
      'Data that would be lost now, in seconds.',
      'gauge',
      perGroup((status) => seconds(status.rpo.nowMs)),
    ),
    family(
      'switchback_group_rpo_objective_seconds',
      'Data that may be lost, in seconds.',
      'gauge',
      perGroup((status) => seconds(status.rpo.objectiveMs)),
    ),
    family(
      'switchback_group_generation',
      'Generation of the group.',
      'gauge',
      perGroup((status) => status.generation),
    ),
    family(
      'switchback_system_up',
      '1 where the storage system answers.',
      'gauge',
      perSystem((system) => flag(system.up)),
    ),
    family(
      'switchback_system_journal_used_bytes',
      'Bytes in the journal.',
      'gauge',
      perSystem((system) => system.journal?.usedBytes ?? null),
    ),
    family(
      'switchback_system_journal_size_bytes',
      'Size of the journal.',
      'gauge',
      perSystem((system) => system.journal?.sizeBytes ?? null),
    ),
    family(
      'switchback_system_completed_number',
      'Highest update number completed to a host.',
      'gauge',
      perSystem((system) => system.completedNumber),
    ),
    family('switchback_host_up', '1 where the host answers.', 'gauge', hosts),
    family('switchback_pair_state', '1 for the state the pair is in.', 'gauge', states),
    family(
      'switchback_pair_lag_updates',
      'Updates the destination is behind.',
      'gauge',
      perPair((pair) => pair.lag?.updates ?? null),
    ),
    family(
      'switchback_pair_lag_bytes',
      'Bytes the destination is behind.',
      'gauge',
      perPair((pair) => pair.lag?.bytes ?? null),
    ),
    family(
      'switchback_pair_lag_seconds',
      'Seconds the destination is behind.',
      'gauge',
      perPair((pair) => seconds(pair.lag?.ms)),
    ),
    family(
      'switchback_pair_dirty_tracks',
      'Tracks marked in the difference bitmap.',
      'gauge',
      perPair((pair) => pair.dirtyTracks),
    ),
    family('switchback_streams', 'Tabs and scripts that follow live.', 'gauge', [{ labels: {}, value: streams }]),
  ].join('\n')}\n`;
}
