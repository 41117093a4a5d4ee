import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * As many files at a time as there are processors: Vitest's own choice would leave one of two idle. Files of one process
 * share what they import, which would otherwise take longer than the tests.
 */
const PARALLEL = { pool: 'forks', maxWorkers: availableParallelism(), isolate: false } as const;

/** `npm test` runs the projects in the order of `groupOrder`; CONTRIBUTING.md says what belongs where. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          ...PARALLEL,
          sequence: { groupOrder: 0 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'slice',
          include: ['test/slice/**/*.test.ts'],
          ...PARALLEL,
          sequence: { groupOrder: 1 },
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Two cores: files that start the real service would measure each other.
          fileParallelism: false,
          // Tests that say they are concurrent: one per core.
          maxConcurrency: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
