'use client';

import { createContext, type ReactNode, useContext, useEffect, useRef } from 'react';
import { type ChordState, type KeyAction, readKey } from './keys.ts';

type Handler = () => void;
/** The handler mounted last stands on top, so that a screen may take a key over from the shell. */
type Handlers = Map<KeyAction, Handler[]>;

const KeyContext = createContext<Handlers | null>(null);

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** Listens for the dashboard's keys and hands each to the screen that asked for it last. */
export function KeyProvider({ children }: { children: ReactNode }) {
  const handlers = useRef<Handlers>(new Map());
  const chord = useRef<ChordState>({ gAt: null });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const press = {
        key: event.key,
        ctrlOrMeta: event.ctrlKey || event.metaKey,
        alt: event.altKey,
        // A dialog has keys of its own; only the palette's key reaches through it.
        typing: isTyping(event.target) || document.querySelector('[role="dialog"]') !== null,
      };
      const { action, state } = readKey(chord.current, press, Date.now());
      chord.current = state;
      const handler = action ? handlers.current.get(action)?.at(-1) : undefined;
      if (!handler) return;
      event.preventDefault();
      handler();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return <KeyContext.Provider value={handlers.current}>{children}</KeyContext.Provider>;
}

/** Runs `handler` when the key of `action` is pressed, while the caller is on screen. */
export function useKeyAction(action: KeyAction, handler: Handler): void {
  const handlers = useContext(KeyContext);
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    if (!handlers) return;
    const entry: Handler = () => latest.current();
    handlers.set(action, [...(handlers.get(action) ?? []), entry]);
    return () => {
      handlers.set(
        action,
        (handlers.get(action) ?? []).filter((each) => each !== entry),
      );
    };
  }, [handlers, action]);
}
