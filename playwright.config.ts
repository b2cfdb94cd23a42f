import { defineConfig } from '@playwright/test'

/** Window tests: the built app in a real Electron (`npm run e2e`). */
export default defineConfig({
  testDir: 'test/e2e',
  testMatch: '*.spec.ts',
  // Pictures are made on demand; they check nothing.
  testIgnore: process.env.STRATUM_SCREENSHOTS ? [] : 'screenshots.spec.ts',
  // One window at a time: the tests share two cores with an engine that uses all of them, and with the tests of the code.
  workers: 1,
  retries: 1,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  outputDir: 'test-results/e2e',
  reporter: [['list'], ['json', { outputFile: 'test-results/e2e.json' }]],
})
