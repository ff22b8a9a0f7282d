'use client';

import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { MOTION_COOKIE, THEME_COOKIE, type Theme } from './preference-cookies.ts';

interface Preferences {
  theme: Theme;
  setTheme: (theme: Theme) => void;
  /** False where the operator paused motion. The system's own wish for less motion is honoured besides. */
  motion: boolean;
  setMotion: (motion: boolean) => void;
}

const PreferencesContext = createContext<Preferences | null>(null);

function keep(cookie: string, value: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox and Safari.
  document.cookie = `${cookie}=${value}; path=/; max-age=31536000; samesite=strict`;
}

interface ProviderProps {
  theme: Theme;
  motion: boolean;
  children: ReactNode;
}

/** Theme and motion, as the cookies of this browser say. */
export function PreferencesProvider({ theme: initialTheme, motion: initialMotion, children }: ProviderProps) {
  const [theme, setThemeState] = useState(initialTheme);
  const [motion, setMotionState] = useState(initialMotion);
  const setTheme = useCallback((next: Theme) => {
    setThemeState(next);
    document.documentElement.dataset.theme = next;
    keep(THEME_COOKIE, next);
  }, []);
  const setMotion = useCallback((next: boolean) => {
    setMotionState(next);
    document.documentElement.dataset.motion = next ? 'on' : 'off';
    keep(MOTION_COOKIE, next ? 'on' : 'off');
  }, []);
  const value = useMemo(() => ({ theme, setTheme, motion, setMotion }), [theme, setTheme, motion, setMotion]);
  return <PreferencesContext.Provider value={value}>{children}</PreferencesContext.Provider>;
}

export function usePreferences(): Preferences {
  const value = useContext(PreferencesContext);
  if (!value) throw new Error('usePreferences needs a PreferencesProvider above it');
  return value;
}
