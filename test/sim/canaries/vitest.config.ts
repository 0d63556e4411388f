import { defineConfig } from 'vitest/config';

/** `npm run sim:canaries`: not a part of `npm test`, because it takes many minutes. */
export default defineConfig({
  test: {
    include: ['test/sim/canaries/search.ts'],
    root: '.',
    testTimeout: 1_800_000,
    disableConsoleIntercept: true,
    maxConcurrency: 2,
  },
});
