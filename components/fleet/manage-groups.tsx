'use client';

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { FleetRow } from '../../server/api/views.ts';
import type { Refusal } from '../../server/domain/refusal.ts';
import { useLostRefusal } from '../live/live-provider.tsx';
import { refusalOfError } from '../live/refusal-of.ts';
import { useTRPC } from '../live/trpc.ts';
import { messages } from '../messages/messages.ts';
import { Button, type RefusedAction } from '../ui/button.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { RefusalNote } from '../ui/refusal-note.tsx';
import { type GroupAct, groupsFor } from './derive.ts';

const { manage: text } = messages.fleet;
const ACTS: readonly GroupAct[] = ['on', 'off', 'delete'];

interface ManageGroupsProps {
  groups: readonly Pick<FleetRow, 'group' | 'powered' | 'activeRun'>[];
  /** Everything asked for was done. */
  onDone: (act: GroupAct) => void;
}

/** Starts, stops or deletes one group or several at once; each act is asked back, and deleting has the names typed. */
export function ManageGroups({ groups, onDone }: ManageGroupsProps) {
  const trpc = useTRPC();
  const lost = useLostRefusal();
  const power = useMutation(trpc.groups.power.mutationOptions());
  const remove = useMutation(trpc.groups.delete.mutationOptions());
  const [chosen, setChosen] = useState<GroupAct | null>(null);
  const [busyWith, setBusyWith] = useState<string | null>(null);
  const [refusals, setRefusals] = useState<readonly Refusal[]>([]);

  const carryOut = async (act: GroupAct) => {
    const refused: Refusal[] = [];
    for (const group of groupsFor(act, groups)) {
      setBusyWith(group);
      const done =
        act === 'delete'
          ? remove.mutateAsync({ group, typedName: group })
          : power.mutateAsync({ group, powered: act === 'on' });
      // One group that is refused keeps none of the others from being served.
      await done.catch((error) => refused.push(refusalOfError(error)));
    }
    setBusyWith(null);
    setChosen(null);
    setRefusals(refused);
    if (refused.length === 0) onDone(act);
  };

  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        {ACTS.map((act) => (
          <Button key={act} refused={whyNot(act, groups) ?? lost} onClick={() => setChosen(act)}>
            {text.act[act]}
          </Button>
        ))}
      </div>
      {chosen ? (
        <Confirm
          key={chosen}
          consequence={text.consequence[chosen](groupsFor(chosen, groups))}
          act={text.actNow[chosen](groupsFor(chosen, groups))}
          typed={chosen === 'delete' ? groupsFor(chosen, groups).join(' ') : null}
          refused={lost ?? (busyWith ? { reason: text.busyWith(busyWith), cure: text.wait } : null)}
          onConfirm={() => void carryOut(chosen)}
          onCancel={() => setChosen(null)}
        />
      ) : null}
      {refusals.map((refusal) => (
        <RefusalNote key={refusal.message} refusal={refusal} />
      ))}
    </div>
  );
}

function whyNot(act: GroupAct, groups: ManageGroupsProps['groups']): RefusedAction | null {
  if (act !== 'on') {
    const busy = groups.find((group) => group.activeRun !== null);
    if (busy) {
      const routine = messages.wizard.routineTitle(busy.activeRun?.routine ?? '');
      return { reason: text.underWay(routine, busy.group), cure: text.underWayCure };
    }
  }
  return groupsFor(act, groups).length > 0 ? null : { reason: text.nothingTo[act], cure: text.nothingCure };
}
