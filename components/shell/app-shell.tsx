'use client';

import { Tooltip } from '@base-ui/react/tooltip';
import { Search, Zap } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { LiveProvider, useLive } from '../live/live-provider.tsx';
import { messages } from '../messages/messages.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { Kbd } from '../ui/kbd.tsx';
import { CommandPalette } from './command-palette.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { KeyProvider, useKeyAction } from './key-provider.tsx';
import { LiveRegions } from './live-regions.tsx';
import { BottomNavigation, GroupSwitch, TopNavigation, useCurrentGroup, useGoKeys } from './navigation.tsx';
import type { Theme } from './preference-cookies.ts';
import { PreferencesProvider, usePreferences } from './preferences.tsx';
import { routes } from './routes.ts';
import { StreamBanner, StreamSign } from './stream-banner.tsx';
import { ViewControls } from './view-menu.tsx';

interface AppShellProps {
  theme: Theme;
  motion: boolean;
  children: ReactNode;
}

/** Everything around a screen: bars, keys, palette, live regions, and the one stream. */
export function AppShell({ theme, motion, children }: AppShellProps) {
  return (
    <PreferencesProvider theme={theme} motion={motion}>
      <KeyProvider>
        <LiveProvider>
          <Tooltip.Provider delay={300}>
            <Frame>{children}</Frame>
          </Tooltip.Provider>
        </LiveProvider>
      </KeyProvider>
    </PreferencesProvider>
  );
}

function Frame({ children }: { children: ReactNode }) {
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const { motion, setMotion } = usePreferences();
  useGoKeys();
  useKeyAction('palette', () => setPalette((open) => !open));
  useKeyAction('help', () => setHelp(true));
  useKeyAction('motion', () => setMotion(!motion));
  return (
    <>
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-ink focus:px-3 focus:py-2 focus:text-on-ink"
      >
        {messages.shell.skip}
      </a>
      <div className="flex min-h-dvh flex-col md:h-dvh phone:pb-14 print:h-auto print:pb-0">
        <header className="no-print sticky top-0 z-30 flex h-12 items-center gap-3 border-b border-line-strong bg-surface px-4 phone:gap-1 phone:px-3">
          <Link href={routes.fleet()} className="flex items-center gap-2 pr-2 text-base font-semibold">
            <Mark />
            <span className="phone:sr-only">{messages.common.product}</span>
          </Link>
          <TopNavigation />
          <div className="ml-auto flex min-w-0 items-center gap-2 phone:gap-0.5">
            <DrillSign />
            <GroupSwitch />
            <span className="phone:hidden">
              <StreamSign />
            </span>
            <Button
              look="ghost"
              size="small"
              aria-label={messages.shell.palette}
              className="phone:size-11 phone:px-0"
              onClick={() => setPalette(true)}
            >
              <Search size={16} aria-hidden="true" />
              <span className="flex gap-0.5 phone:hidden">
                <Kbd>Ctrl</Kbd>
                <Kbd>K</Kbd>
              </span>
            </Button>
            <ViewControls onHelp={() => setHelp(true)} />
          </div>
        </header>
        <StreamBanner />
        <main
          id="main"
          tabIndex={-1}
          className="relative flex min-h-0 flex-1 flex-col outline-none md:overflow-y-auto print:overflow-visible"
        >
          {children}
        </main>
      </div>
      <BottomNavigation />
      <CommandPalette open={palette} onOpenChange={setPalette} />
      <HelpDialog open={help} onOpenChange={setHelp} />
      <LiveRegions />
    </>
  );
}

/** Faults injected on purpose are named on every screen, so that nobody takes a drill for the real thing, or the other way round. */
function DrillSign() {
  const active = useLive((state) => state.faults).filter((fault) => fault.clearedAt === null);
  const group = useCurrentGroup();
  if (active.length === 0 || !group) return null;
  return (
    <Link href={routes.faults(group)} className={buttonClass({ size: 'small' })}>
      <Zap size={14} aria-hidden="true" />
      <span className="phone:hidden">{messages.shell.drill(active.length)}</span>
      <span className="md:hidden">{messages.shell.drillShort(active.length)}</span>
    </Link>
  );
}

/** Two arrows that turn back on each other. */
function Mark() {
  return (
    <svg
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      aria-hidden="true"
    >
      <path d="M3 5h9a3.5 3.5 0 0 1 0 7H6" />
      <path d="m8.5 9-3 3 3 3" strokeLinejoin="round" strokeLinecap="round" />
      <path d="M14 16h3" strokeLinecap="round" />
    </svg>
  );
}
