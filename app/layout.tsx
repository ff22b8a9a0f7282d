import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import type { Metadata, Viewport } from 'next';
import { cookies } from 'next/headers';
import type { ReactNode } from 'react';
import { messages } from '../components/messages/messages.ts';
import { AppShell } from '../components/shell/app-shell.tsx';
import { MOTION_COOKIE, readTheme, THEME_COOKIE } from '../components/shell/preference-cookies.ts';
import './globals.css';

export const metadata: Metadata = {
  title: { default: messages.common.product, template: `%s · ${messages.common.product}` },
  description: messages.common.description,
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const jar = await cookies();
  const theme = readTheme(jar.get(THEME_COOKIE)?.value);
  const motion = jar.get(MOTION_COOKIE)?.value !== 'off';
  return (
    <html
      lang="en"
      data-theme={theme}
      data-motion={motion ? 'on' : 'off'}
      className={`${GeistSans.variable} ${GeistMono.variable}`}
    >
      <body>
        <AppShell theme={theme} motion={motion}>
          {children}
        </AppShell>
      </body>
    </html>
  );
}
