'use client';

import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { ManageButton } from '../fleet/manage-button.tsx';
import { EventStrip } from '../history/event-strip.tsx';
import { Inspector } from '../inspector/inspector.tsx';
import { messages } from '../messages/messages.ts';
import { GroupScreen } from '../shell/group-screen.tsx';
import { useKeyAction } from '../shell/key-provider.tsx';
import { parseSelection } from '../shell/routes.ts';
import { Segmented } from '../ui/segmented.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { usePhone } from '../ui/use-phone.ts';
import { drawnPairs } from './derive.ts';
import { GroupSummary } from './group-summary.tsx';
import { Legend } from './legend.tsx';
import { TopologyCards } from './topology-cards.tsx';
import { TopologyGraph } from './topology-graph.tsx';
import { TopologyTable } from './topology-table.tsx';
import { useStepMark } from './use-step-mark.ts';

const { topology: text } = messages;
type View = 'graph' | 'table';

/** What the address says, and ways to change it: every view and every selection can be linked to. */
function useTopologyAddress(phone: boolean | null) {
  const router = useRouter();
  const pathname = usePathname();
  const search = useSearchParams();
  const asked = search.get('view');
  const view: View = asked === 'table' || asked === 'graph' ? asked : phone ? 'table' : 'graph';
  const go = (change: Record<string, string | null>) => {
    const next = new URLSearchParams(search);
    for (const [key, value] of Object.entries(change)) {
      if (value === null) next.delete(key);
      else next.set(key, value);
    }
    router.replace(next.size > 0 ? `${pathname}?${next}` : pathname, { scroll: false });
  };
  return {
    view,
    selection: parseSelection(search.get('inspect')),
    setView: (next: View) => go({ view: next }),
    select: (value: string | null) => go({ inspect: value }),
  };
}

/** The heart of the dashboard: the group as it is now, drawn in the sources' language. */
export function TopologyScreen({ group }: { group: string }) {
  return <GroupScreen group={group}>{(status) => <Topology status={status} />}</GroupScreen>;
}

function Topology({ status }: { status: GroupStatus }) {
  const phone = usePhone();
  const { view, selection, setView, select } = useTopologyAddress(phone);
  const step = useStepMark(status);
  useKeyAction('table', () => setView(view === 'graph' ? 'table' : 'graph'));
  const pairs = drawnPairs(status.pairs).map((pair) => pair.name);
  const turnTo = (by: number) => {
    const at = selection?.kind === 'pair' ? pairs.indexOf(selection.name) : by > 0 ? -1 : 0;
    const next = pairs[(at + by + pairs.length) % pairs.length];
    if (next) select(`pair:${next}`);
  };
  useKeyAction('next-pair', () => turnTo(1));
  useKeyAction('previous-pair', () => turnTo(-1));
  useKeyAction('current-step', () => step?.system && select(`system:${step.system}`));
  if (phone === null) return <Skeleton className="m-4 flex-1" />;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <GroupSummary status={status}>
        <ManageButton status={status} />
        <Segmented
          label={text.view}
          value={view}
          options={[
            { value: 'graph', label: text.graph },
            { value: 'table', label: text.table },
          ]}
          onChange={setView}
        />
      </GroupSummary>
      <div className="flex min-h-0 flex-1">
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          {view === 'graph' ? (
            <div className="relative flex min-h-[480px] flex-1">
              <TopologyGraph status={status} selection={selection} step={step} />
              <Legend />
            </div>
          ) : (
            <div className="relative min-h-0 flex-1 overflow-y-auto">
              {phone ? <TopologyCards status={status} /> : <TopologyTable status={status} />}
            </div>
          )}
          <EventStrip group={status.name} />
        </div>
        {selection ? (
          <Inspector status={status} selection={selection} sheet={phone} onClose={() => select(null)} />
        ) : null}
      </div>
    </div>
  );
}
