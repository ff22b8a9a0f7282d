'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { usePathname } from 'next/navigation';
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { FleetRow } from '../../server/api/views.ts';
import type { GroupStatus } from '../../server/domain/group-status.ts';
import { messages } from '../messages/messages.ts';
import type { RefusedAction } from '../ui/button.tsx';
import { ageFleetRow, ageStatus } from './freshness.ts';
import { groupOfPath } from './group-of-path.ts';
import { type Connection, LiveSource } from './live-source.ts';
import { EMPTY_LIVE, type LiveState } from './live-store.ts';
import { useNow } from './now.ts';
import { makeClient, TRPCProvider } from './trpc.ts';

const SourceContext = createContext<LiveSource | null>(null);
const NO_CONNECTION: Connection = { lost: false, tries: 0 };

/** Gives all screens the API, its cache and the one live stream of this tab. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const group = groupOfPath(usePathname());
  const [client] = useState(makeClient);
  const [source] = useState(() => new LiveSource(client));
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: false, staleTime: 2000 } } }),
  );
  useEffect(() => {
    source.open(group);
    return () => source.close();
  }, [source, group]);
  useEffect(() => {
    const timer = setInterval(() => source.check(), 1000);
    // A tab that slept has missed its timers; look at once.
    const onWake = () => document.visibilityState === 'visible' && source.check();
    document.addEventListener('visibilitychange', onWake);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onWake);
    };
  }, [source]);
  return (
    <QueryClientProvider client={queries}>
      <TRPCProvider trpcClient={client} queryClient={queries}>
        <SourceContext.Provider value={source}>{children}</SourceContext.Provider>
      </TRPCProvider>
    </QueryClientProvider>
  );
}

/** The source itself, for those who must hear every message. */
export function useLiveSource(): LiveSource {
  const source = useContext(SourceContext);
  if (!source) throw new Error('useLiveSource needs a LiveProvider above it');
  return source;
}

/** A part of the live state; `select` must return a part of it, not a new object. */
export function useLive<T>(select: (state: LiveState) => T): T {
  const source = useLiveSource();
  return useSyncExternalStore(
    source.subscribe,
    () => select(source.getState()),
    () => select(EMPTY_LIVE),
  );
}

/** Whether updates still come. */
export function useConnection(): Connection {
  const source = useLiveSource();
  return useSyncExternalStore(source.subscribe, source.getConnection, () => NO_CONNECTION);
}

const AsOfContext = createContext<number | null>(null);

/** Everything beneath is shown as of that moment: ages count up to it, not to now. */
export function AsOf({ at, children }: { at: number; children: ReactNode }) {
  return <AsOfContext.Provider value={at}>{children}</AsOfContext.Provider>;
}

/** The server's wall clock as this tab knows it, ms, renewed once a second; the moment in question beneath an `AsOf`. */
export function useServerNow(): number {
  const offset = useLive((state) => state.offsetMs);
  const asOf = useContext(AsOfContext);
  const now = useNow() + (offset ?? 0);
  return asOf ?? now;
}

/** Status of the group this page is about, aged where the stream is lost. Null until the first snapshot. */
export function useGroupStatus(): GroupStatus | null {
  const status = useLive((state) => state.status);
  const { lost } = useConnection();
  const serverNow = useServerNow();
  return status && lost ? ageStatus(status, serverNow) : status;
}

/** All rows of the fleet, aged where the stream is lost. Null until the first snapshot. */
export function useFleet(): readonly FleetRow[] | null {
  const fleet = useLive((state) => state.fleet);
  const { lost } = useConnection();
  const serverNow = useServerNow();
  return fleet && lost ? fleet.map((row) => ageFleetRow(row, serverNow)) : fleet;
}

/** Why no changing action may be taken now, or null: one must not act on a picture that no longer moves. */
export function useLostRefusal(): RefusedAction | null {
  return useConnection().lost ? messages.shell.refusedWhileLost : null;
}
