'use client';

import { Keyboard, MonitorCog, Moon, Pause, Play, Sun } from 'lucide-react';
import { messages } from '../messages/messages.ts';
import { Button } from '../ui/button.tsx';
import { THEMES, type Theme } from './preference-cookies.ts';
import { usePreferences } from './preferences.tsx';

const WORD: Record<Theme, string> = {
  system: messages.shell.themeSystem,
  light: messages.shell.themeLight,
  dark: messages.shell.themeDark,
};
const ICON = { system: MonitorCog, light: Sun, dark: Moon } as const;

/** Theme, motion and the list of keys: each one press away. */
export function ViewControls({ onHelp }: { onHelp: () => void }) {
  const { theme, setTheme, motion, setMotion } = usePreferences();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
  const ThemeIcon = ICON[theme];
  const motionWord = motion ? messages.shell.pauseMotion : messages.shell.resumeMotion;
  return (
    <>
      <Button
        look="ghost"
        size="icon"
        aria-label={`${messages.shell.theme}: ${WORD[theme]}`}
        title={`${messages.shell.theme}: ${WORD[theme]}`}
        onClick={() => setTheme(next)}
      >
        <ThemeIcon size={16} aria-hidden="true" />
      </Button>
      <Button look="ghost" size="icon" aria-label={motionWord} title={motionWord} onClick={() => setMotion(!motion)}>
        {motion ? <Pause size={16} aria-hidden="true" /> : <Play size={16} aria-hidden="true" />}
      </Button>
      <Button
        look="ghost"
        size="icon"
        className="phone:hidden"
        aria-label={messages.shell.help}
        title={messages.shell.help}
        onClick={onHelp}
      >
        <Keyboard size={16} aria-hidden="true" />
      </Button>
    </>
  );
}
