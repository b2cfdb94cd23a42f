import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'

// Threads and programs that tests start take their modules from here; reading TypeScript anew is most of what starting a thread costs.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url))

/**
 * Files that change what others in their process would see, or look at the process itself: memory and threads, where a driver of graphics
 * cards is found, modules replaced or loaded anew. All others share processes, so that modules are loaded once: that takes longer than most files.
 */
const alone = [
  'test/fuzz/**/*.test.ts',
  'test/integration/cycles.test.ts',
  'test/numeric/gpu.test.ts',
  'test/unit/engine/project/{diskFull,open}.test.ts',
]

/** Their made-up engine begins with another project, which it takes when it is loaded; or they stand in for a module. */
const aloneInWindow = ['views/anomalies', 'views/anomalyEvents', 'ui/plot/LinePlot'].map((name) => `test/unit/renderer/${name}.test.ts`)

export default defineConfig({
  test: {
    // Two cores, and each file may start an engine or train a small model.
    maxWorkers: 2,
    // For what hangs, not for what is slow: other work may be going on beside.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    // Tests of the chunk store name a folder of their own.
    env: { STRATUM_CACHE: 'off' },
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'engine',
          environment: 'node',
          isolate: false,
          // Short-lived tensors are most of what is allocated: with room for more of them less is swept, a tenth of the time.
          execArgv: ['--max-semi-space-size=64'],
          include: ['test/{unit,numeric,contract,integration}/**/*.test.ts'],
          exclude: ['test/unit/renderer/**', ...alone],
        },
      },
      { extends: true, test: { name: 'engine, alone', environment: 'node', include: alone } },
      {
        extends: true,
        plugins: [svelte(), svelteTesting()],
        // One document for many files: making it takes longer than the tests, which leave nothing in it.
        test: {
          name: 'window',
          environment: 'jsdom',
          isolate: false,
          include: ['test/unit/renderer/**/*.test.ts'],
          exclude: aloneInWindow,
        },
      },
      {
        extends: true,
        plugins: [svelte(), svelteTesting()],
        test: { name: 'window, alone', environment: 'jsdom', include: aloneInWindow },
      },
    ],
  },
})
