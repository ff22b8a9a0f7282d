'use client';

import { useSyncExternalStore } from 'react';

const QUERY = '(width < 768px)';

function subscribe(reader: () => void): () => void {
  const list = window.matchMedia(QUERY);
  list.addEventListener('change', reader);
  return () => list.removeEventListener('change', reader);
}

/** True on narrow ground; null while the server renders and nobody knows. */
export function usePhone(): boolean | null {
  return useSyncExternalStore(
    subscribe,
    () => window.matchMedia(QUERY).matches,
    () => null,
  );
}
