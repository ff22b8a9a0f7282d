'use client';

import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { pairKey, parsePairName } from '../../server/domain/names.ts';
import { messages } from '../messages/messages.ts';
import type { Selection } from '../shell/routes.ts';
import { isGuarded } from '../topology/graph-model.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { HostFactsView } from './host-facts.tsx';
import { LineFactsView, SwitchFactsView, WitnessFactsView } from './other-facts.tsx';
import { PairFactsView } from './pair-facts.tsx';
import { SystemFactsView } from './system-facts.tsx';

const { inspector: text, topology } = messages;

interface InspectorProps {
  status: GroupStatus;
  selection: Selection;
  /** A phone shows it as a sheet over the whole screen. */
  sheet: boolean;
  onClose: () => void;
}

function isBetween(name: string, other: string): boolean {
  const [one, two] = [parsePairName(name), parsePairName(other)];
  return one !== null && two !== null && pairKey(one.source, one.destination) === pairKey(two.source, two.destination);
}

function contentOf(status: GroupStatus, selection: Selection): { title: string; body: ReactNode } {
  const missing = { title: selection.name, body: <p className="p-4">{text.unknownPart(selection.name)}</p> };
  switch (selection.kind) {
    case 'pair': {
      // A routine may turn the pair round under the reader's eye: it stays the pair between the same two systems.
      const pair =
        status.pairs.find((each) => each.name === selection.name) ??
        status.pairs.find((each) => isBetween(each.name, selection.name));
      return pair
        ? {
            title: topology.pairTitle(pair.name, pair.kind),
            body: <PairFactsView key={pair.name} group={status.name} pair={pair} />,
          }
        : missing;
    }
    case 'system': {
      const system = status.systems.find((each) => each.name === selection.name);
      return system
        ? {
            title: topology.systemTitle(system.name, system.role),
            body: (
              <SystemFactsView
                key={system.name}
                group={status.name}
                system={system}
                forecasts={status.forecasts.filter((forecast) => forecast.system === system.name)}
              />
            ),
          }
        : missing;
    }
    case 'host': {
      const host = status.hosts.find((each) => each.name === selection.name);
      return host
        ? { title: topology.hostTitle(host.name), body: <HostFactsView key={host.name} group={status} host={host} /> }
        : missing;
    }
    case 'switch': {
      const device = status.switches.find((each) => each.name === selection.name);
      return device ? { title: topology.switchTitle(device.name), body: <SwitchFactsView device={device} /> } : missing;
    }
    case 'line': {
      const line = status.lines.find((each) => each.name === selection.name);
      return line
        ? { title: topology.lineTitle(line.name), body: <LineFactsView status={status} line={line} /> }
        : missing;
    }
    case 'witness':
      return {
        title: topology.witnessTitle,
        body: <WitnessFactsView witness={status.witness} isGuarded={isGuarded(status)} />,
      };
  }
}

/** All facts of one part of the group, and what may be done with it. Its address is the page's own. */
export function Inspector({ status, selection, sheet, onClose }: InspectorProps) {
  const { title, body } = contentOf(status, selection);
  const heading = useRef<HTMLHeadingElement>(null);
  const key = `${selection.kind}:${selection.name}`;
  const before = useRef(key);
  useEffect(() => {
    // A page opened by its address keeps its own focus; a selection made on it takes the focus along.
    if (!sheet && before.current !== key) heading.current?.focus();
    before.current = key;
  }, [key, sheet]);
  if (sheet) {
    return (
      <Dialog open onOpenChange={(open) => !open && onClose()} title={title}>
        <div className="relative min-h-0 flex-1 overflow-y-auto" data-testid="inspector">
          {body}
        </div>
      </Dialog>
    );
  }
  return (
    <aside
      aria-label={text.title}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
      className="flex w-[400px] shrink-0 flex-col border-l border-line-strong bg-surface"
      data-testid="inspector"
    >
      <div className="flex items-center gap-2 border-b border-line px-4 py-2">
        <h2 ref={heading} tabIndex={-1} className="min-w-0 flex-1 text-lg font-semibold outline-none">
          {title}
        </h2>
        <Button look="ghost" size="icon" aria-label={text.close} onClick={onClose}>
          <X size={16} aria-hidden="true" />
        </Button>
      </div>
      <div className="relative min-h-0 flex-1 overflow-y-auto">{body}</div>
    </aside>
  );
}
