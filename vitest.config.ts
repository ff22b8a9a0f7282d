import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['server/**/*.test.ts', 'components/**/*.test.{ts,tsx}', 'app/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'],
    environment: 'node',
    // Processes instead of threads: tests start child processes, change folders and send signals.
    pool: 'forks',
    // By itself the runner leaves one core free, which on a machine with two is half of it.
    maxWorkers: availableParallelism(),
    // A hung test must end some day, but no test may fail because a machine is slow, so the limit is far beyond any honest run.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    passWithNoTests: false,
  },
});
