/** Names of the parts of a group, as operators and scripts write them (spec: contract). */

/** Storage system letter: P I J R (chain), M B1…Bn (twin), 1 2 3 (fan). */
export type SystemName = string;
/** `host-P`, `host-R`, … */
export type HostName = string;
/** `switch-I`, `switch-J`: a switching device, named after the system it stands before. */
export type SwitchName = string;
/** Site: production, intermediate, remote-intermediate, remote, witness, control. */
export type SiteName = 'production' | 'intermediate' | 'remote-intermediate' | 'remote' | 'witness' | 'control';
/** Line named by its ends, `P-I`, `host-P-host-R`. */
export type LineName = string;
/** Pair named source first, `P-I`. The same two systems reversed are `I-P`. */
export type PairName = string;

/** The one process of the monitoring host (003 §[0059]) and its register. */
export const WITNESS = 'witness';

/** `P`,`I` → `P-I`. */
export function pairName(source: SystemName, destination: SystemName): PairName {
  return `${source}-${destination}`;
}

/** `P-I` → `{ source: 'P', destination: 'I' }`; null where `name` is not two names joined by a hyphen. */
export function parsePairName(name: PairName): { source: SystemName; destination: SystemName } | null {
  const match = /^([A-Z0-9]+)-([A-Z0-9]+)$/.exec(name);
  return match?.[1] && match[2] && match[1] !== match[2] ? { source: match[1], destination: match[2] } : null;
}

/** The two systems of a pair whichever its direction: `P-I` and `I-P` have the same key `I~P`. */
export function pairKey(a: SystemName, b: SystemName): string {
  return a < b ? `${a}~${b}` : `${b}~${a}`;
}

/** The storage system that `host-P` is attached to: `P`. */
export function systemOfHost(host: HostName): SystemName {
  return host.replace(/^host-/, '');
}
