/** Every address of the dashboard, in one place. */

export type Selection = { kind: 'system' | 'pair' | 'host' | 'switch' | 'line' | 'witness'; name: string };

const KINDS: readonly Selection['kind'][] = ['system', 'pair', 'host', 'switch', 'line', 'witness'];

export const routes = {
  fleet: () => '/',
  topology: (group: string) => `/groups/${encodeURIComponent(group)}`,
  inspect: (group: string, selection: Selection, view: string | null = null) =>
    `/groups/${encodeURIComponent(group)}?${new URLSearchParams({
      ...(view ? { view } : {}),
      inspect: `${selection.kind}:${selection.name}`,
    })}`,
  routines: (group: string) => `/groups/${encodeURIComponent(group)}/runs`,
  preflight: (group: string, routine: string) =>
    `/groups/${encodeURIComponent(group)}/runs/new?routine=${encodeURIComponent(routine)}`,
  run: (group: string, run: string) => `/groups/${encodeURIComponent(group)}/runs/${encodeURIComponent(run)}`,
  report: (group: string, run: string) => `/groups/${encodeURIComponent(group)}/runs/${encodeURIComponent(run)}/report`,
  faults: (group: string) => `/groups/${encodeURIComponent(group)}/faults`,
  runbooks: (group: string) => `/groups/${encodeURIComponent(group)}/runbooks`,
  drill: (group: string, bundle: string) =>
    `/groups/${encodeURIComponent(group)}/runbooks/${encodeURIComponent(bundle)}`,
  compare: (group: string, a: string, b: string) =>
    `/groups/${encodeURIComponent(group)}/runbooks/compare?${new URLSearchParams({ a, b })}`,
  evidenceFile: (bundle: string, path: string) => `/api/evidence/${encodeURIComponent(bundle)}/${path}`,
  evidence: (bundle: string) => `/api/evidence/${encodeURIComponent(bundle)}/report.html`,
  evidenceArchive: (bundle: string) => `/api/evidence/${encodeURIComponent(bundle)}.zip`,
  history: (group: string | null = null) => (group ? `/history?group=${encodeURIComponent(group)}` : '/history'),
};

/** `pair:P-I` → its parts; null where it names no part of a group. */
export function parseSelection(value: string | null): Selection | null {
  const match = /^([a-z]+):(.+)$/.exec(value ?? '');
  const kind = KINDS.find((each) => each === match?.[1]);
  return kind && match?.[2] ? { kind, name: match[2] } : null;
}
