/** Every fault that can be injected into a group now, each with what pressing its button would do. Pure. */

import type { Arrangement, GroupDefinition } from '../domain/arrangement.ts';
import type { GroupStatus } from '../domain/group-status.ts';
import { type Refusal, refuse } from '../domain/refusal.ts';
import { processesOf } from './agents.ts';
import { namesOfLines } from './line-faults.ts';
import type { FaultKind, FaultOption, FaultView } from './views.ts';

export interface FaultFacts {
  definition: GroupDefinition;
  arrangement: Arrangement;
  status: GroupStatus;
  standing: readonly FaultView[];
}

const HEARTBEAT_LOST = 'heartbeat loss within 5 s';

/** What others notice once a process is gone. */
function noticed({ hosts }: Arrangement, name: string, kind: ProcessKind): string {
  if (kind === 'host') return HEARTBEAT_LOST;
  if (kind === 'witness') return 'no takeover can be proven safe without its register';
  const host = hosts.find((each) => each.system === name);
  return host ? `${host.name} says within 5 s that its storage does not answer` : 'its lines are down at once';
}

function already(what: string, cure: string): Refusal {
  return refuse('wrong-state', what, cure).refusal;
}

/** Site by site in topology order: its processes, disks, then the site as a whole; lines last. */
export function faultOptions(facts: FaultFacts): FaultOption[] {
  const { arrangement, definition } = facts;
  const processes = processesOf(arrangement);
  const sites = [...new Set(processes.map((process) => process.site))];
  return [
    ...sites.flatMap((site) => [
      ...processes.filter((process) => process.site === site).flatMap((process) => processOptions(facts, process)),
      ...siteOptions(facts, site),
    ]),
    ...namesOfLines(arrangement, definition).flatMap(({ name, ends }) => lineOptions(facts, name, ends)),
    {
      site: 'control',
      kind: 'kill',
      target: 'control',
      label: 'Kill the control worker',
      preview:
        'SIGKILL to every control worker of this machine; its supervisor starts it again and runs go on at their step',
      disabled: null,
      input: { kind: 'kill', target: 'control' },
    },
  ];
}

type GroupProcess = ReturnType<typeof processesOf>[number];
type ProcessKind = GroupProcess['kind'];

interface LiveProcess {
  pid: number | null;
  up: boolean | null;
}

function liveOf(status: GroupStatus, name: string): LiveProcess {
  const found = [...status.systems, ...status.hosts, ...status.switches].find((process) => process.name === name);
  return found ? { pid: found.pid, up: found.up } : { pid: null, up: status.witness.up };
}

function processOptions(
  { definition, arrangement, status, standing }: FaultFacts,
  { name, site, kind }: GroupProcess,
): FaultOption[] {
  const { pid, up } = liveOf(status, name);
  const group = definition.name;
  const held =
    standing.some((fault) => fault.kind === 'kill' && fault.target === name) ||
    standing.some((fault) => fault.kind === 'site-loss' && fault.target === site);
  const option = (fault: FaultKind, label: string, preview: string, disabled: Refusal | null): FaultOption => ({
    site,
    kind: fault,
    target: name,
    label,
    preview,
    disabled,
    input: { kind: fault, group, target: name },
  });
  const options = [
    option(
      'kill',
      `Kill ${name}`,
      `SIGKILL ${pid === null ? name : `pid ${pid}`}, held down; ${noticed(arrangement, name, kind)}`,
      held ? already(`${name} is held down already`, 'Restart it first.') : null,
    ),
    option(
      'restart',
      `Restart ${name}`,
      `${name} is started again and recovers from its own disk`,
      held || up !== true ? null : already(`${name} runs`, 'Nothing needs to be done.'),
    ),
    option(
      'isolate',
      `Isolate ${name}`,
      `every line of ${name} is cut; the process runs on`,
      standing.some((fault) => fault.kind === 'isolate' && fault.target === name)
        ? already(`${name} is isolated already`, 'Clear that fault first.')
        : null,
    ),
  ];
  if (kind !== 'storage') return options;
  const failing = standing.find(
    (fault) => (fault.kind === 'disk-full' || fault.kind === 'write-error') && fault.target === name,
  );
  const disabled = failing ? already(`the disk of ${name} fails already`, 'Clear that fault first.') : null;
  return [
    ...options,
    option(
      'write-error',
      `Disk of ${name} fails`,
      'every write of data and journal fails with an input/output error',
      disabled,
    ),
    option('disk-full', `Disk of ${name} is full`, 'every write of data and journal fails for want of space', disabled),
  ];
}

function siteOptions({ definition, arrangement, standing }: FaultFacts, site: string): FaultOption[] {
  const names = processesOf(arrangement)
    .filter((process) => process.site === site)
    .map((process) => process.name);
  const lost = standing.some((fault) => fault.kind === 'site-loss' && fault.target === site);
  const gone = arrangement.hosts.some((host) => host.site === site) ? HEARTBEAT_LOST : 'its lines are down at once';
  const input = { group: definition.name, target: site };
  return [
    {
      site,
      kind: 'site-loss',
      target: site,
      label: `Lose site ${site}`,
      preview: `SIGKILL ${names.join(', ')} at once, held down; ${gone}`,
      disabled: lost ? already(`site ${site} is lost already`, 'Let it return first.') : null,
      input: { kind: 'site-loss', ...input },
    },
    {
      site,
      kind: 'site-return',
      target: site,
      label: `Return site ${site}`,
      preview: `${names.join(', ')} started again`,
      disabled:
        lost || standing.some((fault) => fault.kind === 'kill' && names.includes(fault.target))
          ? null
          : already(`site ${site} is not lost`, 'Nothing needs to be done.'),
      input: { kind: 'site-return', ...input },
    },
  ];
}

function lineOptions({ definition, standing }: FaultFacts, line: string, ends: [string, string]): FaultOption[] {
  const faulty = standing.some((fault) => (fault.kind === 'cut' || fault.kind === 'degrade') && fault.target === line);
  const cut = standing.some((fault) => fault.kind === 'cut' && fault.target === line);
  const input = { group: definition.name, target: line };
  const disabled = cut ? already(`line ${line} is cut already`, 'Restore it first.') : null;
  return [
    {
      site: 'lines',
      kind: 'cut',
      target: line,
      label: `Cut ${line}`,
      preview: 'bytes of both directions vanish; both ends notice by silence within 3 s',
      disabled,
      input: { kind: 'cut', ...input },
    },
    ...ends.map(
      (from): FaultOption => ({
        site: 'lines',
        kind: 'cut',
        target: line,
        label: `Cut ${line} from ${from}`,
        preview: `bytes that leave ${from} vanish, the other direction works`,
        disabled,
        input: { kind: 'cut', ...input, from },
      }),
    ),
    {
      site: 'lines',
      kind: 'degrade',
      target: line,
      label: `Degrade ${line}`,
      preview: '50 ms more delay each way, 2 % of the chunks lost and sent again',
      disabled,
      input: { kind: 'degrade', ...input, conditions: { delayMs: 50, loss: 0.02 } },
    },
    {
      site: 'lines',
      kind: 'restore',
      target: line,
      label: `Restore ${line}`,
      preview: 'the line is as it was defined again',
      disabled: faulty ? null : already(`line ${line} has no fault`, 'Nothing needs to be done.'),
      input: { kind: 'restore', ...input },
    },
  ];
}
