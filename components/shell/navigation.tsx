'use client';

import { Activity, Clapperboard, GitBranch, History, LayoutList, type LucideIcon, Network, Zap } from 'lucide-react';
import Link from 'next/link';
import { usePathname, useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { groupOfPath } from '../live/group-of-path.ts';
import { useFleet } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { cn } from '../ui/cn.ts';
import { useKeyAction } from './key-provider.tsx';
import { routes } from './routes.ts';

interface Place {
  label: string;
  icon: LucideIcon;
  href: string;
  current: boolean;
}

const LAST_GROUP = 'switchback-last-group';

/** The group on screen; elsewhere the one looked at last, or the first there is. */
export function useCurrentGroup(): string | null {
  const onScreen = groupOfPath(usePathname());
  const fleet = useFleet();
  const [last, setLast] = useState<string | null>(null);
  useEffect(() => {
    if (onScreen) sessionStorage.setItem(LAST_GROUP, onScreen);
    setLast(sessionStorage.getItem(LAST_GROUP));
  }, [onScreen]);
  if (onScreen) return onScreen;
  const known = fleet?.some((row) => row.group === last);
  return known ? last : (fleet?.[0]?.group ?? null);
}

function usePlaces(): Place[] {
  const pathname = usePathname();
  const group = useCurrentGroup();
  const base = group ? routes.topology(group) : null;
  const inGroup = (path: string, icon: LucideIcon, label: string, current: boolean): Place[] =>
    group ? [{ label, icon, href: path, current }] : [];
  return [
    { label: messages.shell.fleet, icon: LayoutList, href: routes.fleet(), current: pathname === '/' },
    ...inGroup(base ?? '', Network, messages.shell.topology, pathname === base),
    ...inGroup(routes.routines(group ?? ''), GitBranch, messages.shell.routines, pathname.startsWith(`${base}/runs`)),
    ...inGroup(routes.faults(group ?? ''), Zap, messages.shell.faults, pathname.startsWith(`${base}/faults`)),
    ...inGroup(
      routes.runbooks(group ?? ''),
      Clapperboard,
      messages.shell.runbooks,
      pathname.startsWith(`${base}/runbooks`),
    ),
    { label: messages.shell.history, icon: History, href: routes.history(), current: pathname === '/history' },
  ];
}

/** `g` then a letter goes to a screen. */
export function useGoKeys(): void {
  const router = useRouter();
  const group = useCurrentGroup();
  const go = (path: ((group: string) => string) | null, otherwise: string) =>
    router.push(group && path ? path(group) : otherwise);
  useKeyAction('go-fleet', () => router.push(routes.fleet()));
  useKeyAction('go-topology', () => go(routes.topology, routes.fleet()));
  useKeyAction('go-routines', () => go(routes.routines, routes.fleet()));
  useKeyAction('go-faults', () => go(routes.faults, routes.fleet()));
  useKeyAction('go-runbooks', () => go(routes.runbooks, routes.fleet()));
  useKeyAction('go-history', () => router.push(routes.history()));
}

/** Desktop: links in the top bar. */
export function TopNavigation() {
  return (
    <nav aria-label={messages.shell.navigation} className="hidden h-full items-stretch md:flex">
      {usePlaces().map((place) => (
        <Link
          key={place.label}
          href={place.href}
          aria-current={place.current ? 'page' : undefined}
          className={cn(
            'flex items-center border-b-2 border-transparent px-3 text-base text-muted hover:text-text',
            place.current && 'border-ink font-medium text-text',
          )}
        >
          {place.label}
        </Link>
      ))}
    </nav>
  );
}

/** Phone: a bar under the thumb. */
export function BottomNavigation() {
  return (
    <nav
      aria-label={messages.shell.navigation}
      className="no-print fixed inset-x-0 bottom-0 z-30 flex h-14 border-t border-line-strong bg-surface md:hidden"
    >
      {usePlaces().map((place) => (
        <Link
          key={place.label}
          href={place.href}
          aria-current={place.current ? 'page' : undefined}
          className={cn(
            'flex flex-1 flex-col items-center justify-center gap-0.5 text-sm text-muted',
            place.current && 'font-semibold text-text',
          )}
        >
          <place.icon size={20} aria-hidden="true" strokeWidth={place.current ? 2.25 : 1.75} />
          {place.label}
        </Link>
      ))}
    </nav>
  );
}

/** Which group the group screens are about; with several, a way to the others. */
export function GroupSwitch() {
  const group = useCurrentGroup();
  const fleet = useFleet();
  const pathname = usePathname();
  const router = useRouter();
  if (!group) return null;
  const names = [...new Set([group, ...(fleet ?? []).map((row) => row.group)])].sort();
  if (names.length < 2) {
    return (
      <span className="num inline-flex items-center gap-1.5 rounded-sm bg-raised px-2 py-1 text-sm">
        <Activity size={12} aria-hidden="true" />
        {group}
      </span>
    );
  }
  const onGroupScreen = groupOfPath(pathname) !== null;
  return (
    <select
      aria-label={messages.shell.group}
      value={group}
      onChange={(event) => {
        const rest = onGroupScreen && pathname.endsWith('/faults') ? routes.faults : routes.topology;
        router.push(rest(event.target.value));
      }}
      className="num h-8 min-w-0 max-w-72 truncate rounded-md border border-line-strong bg-surface px-2 text-sm phone:h-11 phone:flex-1"
    >
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
