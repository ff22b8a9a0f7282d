/** Cookies, so that the very first paint is right without a script. Read by the server, written by the browser. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export const THEME_COOKIE = 'switchback-theme';
export const MOTION_COOKIE = 'switchback-motion';

/** A cookie's value as a theme; anything unknown is the system's choice. */
export function readTheme(value: string | undefined): Theme {
  return THEMES.find((theme) => theme === value) ?? 'system';
}
