/** One clock for all ages on a page: a reader per value, one timer for all of them. */
import { useSyncExternalStore } from 'react';

const readers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
let now = 0;

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of readers) each();
  }, 1000);
  return () => {
    readers.delete(reader);
    if (readers.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** This machine's wall clock, renewed once a second; the same value for every reader. 0 while the server renders. */
export function useNow(): number {
  return useSyncExternalStore(
    subscribe,
    () => {
      if (now === 0 || timer === null) now = Math.max(now, Math.floor(Date.now() / 1000) * 1000);
      return now;
    },
    () => 0,
  );
}
