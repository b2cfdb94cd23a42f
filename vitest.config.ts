import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'

// Threads and programs that tests start take their modules from here; reading TypeScript anew is most of what starting a thread costs.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url))

/** Numbers in, numbers out: nothing that one file could leave for the next, so that modules are loaded once for all of them. */
const calculations = [
  'common',
  ...['analysis', 'optim', 'layers', 'data/pipeline', 'data/split', 'cli'].map((folder) => `engine/${folder}`),
  ...['emit', 'graph', 'passes', 'gradients', 'wasm'].map((folder) => `engine/compute/${folder}`),
].map((folder) => `test/unit/${folder}/**/*.test.ts`)

/** Their made-up engine begins with another project, which it takes when it is loaded. */
const otherScenes = ['anomalies', 'anomalyEvents'].map((view) => `test/unit/renderer/views/${view}.test.ts`)

export default defineConfig({
  test: {
    // Two cores, and each file may start an engine or train a small model.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Tests of the chunk store name a folder of their own.
    env: { STRATUM_CACHE: 'off' },
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'engine',
          environment: 'node',
          include: ['test/{unit,numeric,contract,integration,fuzz}/**/*.test.ts'],
          exclude: ['test/unit/renderer/**', ...calculations],
        },
      },
      {
        extends: true,
        test: { name: 'calculations', environment: 'node', isolate: false, include: calculations },
      },
      {
        extends: true,
        plugins: [svelte(), svelteTesting()],
        // One document for many files: making it takes longer than the tests, which leave nothing in it.
        test: { name: 'window', environment: 'jsdom', isolate: false, include: ['test/unit/renderer/**/*.test.ts'], exclude: otherScenes },
      },
      {
        extends: true,
        plugins: [svelte(), svelteTesting()],
        test: { name: 'window, other scenes', environment: 'jsdom', include: otherScenes },
      },
    ],
  },
})
