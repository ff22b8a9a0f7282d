'use client';

import { useRouter } from 'next/navigation';
import { useState } from 'react';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { messages } from '../messages/messages.ts';
import { routes } from '../shell/routes.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { ManageGroups } from './manage-groups.tsx';

const { manage: text } = messages.fleet;

/** Power and removal of the group that is looked at. */
export function ManageButton({ status }: { status: Pick<GroupStatus, 'name' | 'powered' | 'activeRun'> }) {
  const [open, setOpen] = useState(false);
  const router = useRouter();
  const { name, powered, activeRun } = status;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{text.open}</Button>
      <Dialog open={open} onOpenChange={setOpen} title={text.title(name)} description={text.powered(powered)}>
        <div className="overflow-y-auto p-4">
          <ManageGroups
            groups={[{ group: name, powered, activeRun }]}
            onDone={(act) => {
              setOpen(false);
              if (act === 'delete') router.push(routes.fleet());
            }}
          />
        </div>
      </Dialog>
    </>
  );
}
