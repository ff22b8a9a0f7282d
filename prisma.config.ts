import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

// Prisma's own schema engine is a binary from its vendor's site, which an air-gapped machine cannot fetch. The stand-in runs the same
// engine from npm, as WebAssembly. An engine set by hand wins.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(
  new URL('./scripts/prisma-schema-engine.mjs', import.meta.url),
);

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // `prisma generate` needs no database; `prisma migrate dev` says so itself when this one does not answer.
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://switchback@127.0.0.1:5432/switchback' },
});
