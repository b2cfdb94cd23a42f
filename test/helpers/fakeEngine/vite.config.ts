/** The renderer in a plain browser against the fake engine: `npx vite --config test/helpers/fakeEngine/vite.config.ts`. Never part of a build. */
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('../../../src-renderer'),
  cacheDir: here('../../../node_modules/.vite-fake'),
  server: { port: 5179, fs: { allow: [here('../../..')] } },
  plugins: [
    svelte(),
    { name: 'fake-bridge', enforce: 'pre', resolveId: (source) => (/(^|\/)bridge\.ts$/.test(source) ? here('bridge.ts') : null) },
  ],
})
