'use client';

import { Command } from 'cmdk';
import { useRouter } from 'next/navigation';
import { findArrangement } from '../../server/domain/arrangement.ts';
import { useFleet, useGroupStatus } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { Dialog } from '../ui/dialog.tsx';
import { useCurrentGroup } from './navigation.tsx';
import { usePreferences } from './preferences.tsx';
import { routes } from './routes.ts';

interface Entry {
  id: string;
  label: string;
  run: () => void;
}

/** Screens, preflights and parts of the group. It goes places and starts nothing. */
function useEntries(): { heading: string; entries: Entry[] }[] {
  const router = useRouter();
  const group = useCurrentGroup();
  const fleet = useFleet();
  const status = useGroupStatus();
  const preferences = usePreferences();
  const arrangementId = status?.arrangement ?? fleet?.find((row) => row.group === group)?.arrangement;
  const arrangement = arrangementId ? findArrangement(arrangementId) : null;
  const to = (label: string, href: string): Entry => ({ id: href, label, run: () => router.push(href) });
  const { shell } = messages;
  return [
    {
      heading: shell.paletteScreens,
      entries: [
        to(shell.fleet, routes.fleet()),
        ...(group
          ? [
              to(`${shell.topology} · ${group}`, routes.topology(group)),
              to(`${shell.routines} · ${group}`, routes.routines(group)),
              to(`${shell.faults} · ${group}`, routes.faults(group)),
              to(`${shell.runbooks} · ${group}`, routes.runbooks(group)),
            ]
          : []),
        to(shell.history, routes.history()),
      ],
    },
    {
      heading: shell.paletteRoutines,
      entries: group
        ? (arrangement?.routines ?? []).map((id) =>
            to(shell.preflightOf(messages.wizard.routineTitle(id), group), routes.preflight(group, id)),
          )
        : [],
    },
    {
      heading: shell.paletteParts,
      entries: status
        ? [
            ...status.pairs.map((pair) =>
              to(
                messages.topology.pairTitle(pair.name, pair.kind),
                routes.inspect(status.name, { kind: 'pair', name: pair.name }),
              ),
            ),
            ...status.systems.map((system) =>
              to(
                messages.topology.systemTitle(system.name, system.role),
                routes.inspect(status.name, { kind: 'system', name: system.name }),
              ),
            ),
            ...status.hosts.map((host) =>
              to(
                messages.topology.hostTitle(host.name),
                routes.inspect(status.name, { kind: 'host', name: host.name }),
              ),
            ),
          ]
        : [],
    },
    {
      heading: shell.paletteGroups,
      entries: (fleet ?? [])
        .filter((row) => row.group !== group)
        .map((row) => to(row.group, routes.topology(row.group))),
    },
    {
      heading: shell.paletteView,
      entries: [
        { id: 'theme-light', label: `${shell.theme}: ${shell.themeLight}`, run: () => preferences.setTheme('light') },
        { id: 'theme-dark', label: `${shell.theme}: ${shell.themeDark}`, run: () => preferences.setTheme('dark') },
        {
          id: 'theme-system',
          label: `${shell.theme}: ${shell.themeSystem}`,
          run: () => preferences.setTheme('system'),
        },
        {
          id: 'motion',
          label: preferences.motion ? shell.pauseMotion : shell.resumeMotion,
          run: () => preferences.setMotion(!preferences.motion),
        },
      ],
    },
  ];
}

/** Search over everything that can be gone to. */
export function CommandPalette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const sections = useEntries();
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={messages.shell.palette}
      description={messages.shell.paletteHint}
    >
      <Command label={messages.shell.palette} className="flex min-h-0 flex-1 flex-col">
        <Command.Input
          autoFocus
          placeholder={messages.shell.paletteSearch}
          className="h-12 shrink-0 border-b border-line bg-transparent px-4 text-lg outline-offset-[-2px]"
        />
        <Command.List className="min-h-0 flex-1 overflow-y-auto p-2">
          <Command.Empty className="p-4 text-muted">{messages.shell.paletteEmpty}</Command.Empty>
          {sections
            .filter((section) => section.entries.length > 0)
            .map((section) => (
              <Command.Group
                key={section.heading}
                heading={section.heading}
                className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-sm [&_[cmdk-group-heading]]:text-muted"
              >
                {section.entries.map((entry) => (
                  <Command.Item
                    key={entry.id}
                    value={`${entry.label} ${entry.id}`}
                    onSelect={() => {
                      onOpenChange(false);
                      entry.run();
                    }}
                    className="flex min-h-8 cursor-pointer items-center rounded-md px-2 data-[selected=true]:bg-ink data-[selected=true]:text-on-ink phone:min-h-11"
                  >
                    {entry.label}
                  </Command.Item>
                ))}
              </Command.Group>
            ))}
        </Command.List>
      </Command>
    </Dialog>
  );
}
