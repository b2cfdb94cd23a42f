import { cpSync, globSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))
const from = (path: string): string => join(root, path)
const engineFolder = from('src-main/engine')

// Set by hand, because the oldest Electron the app runs on decides (src-main/dev/fallbackRuntime.mjs), not the installed one.
const nodeTarget = 'node20.18'
const browserTarget = 'chrome130'

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(from('package.json'), 'utf8'))
const installed = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]
const external = ['electron', /^node:/, ...installed.map((name) => new RegExp(`^${name}(/|$)`))]

/** Every `worker.ts` or `….worker.ts` of the engine is started by its file name, so each is a file of its own. */
const workers = Object.fromEntries(
  globSync('**/{worker,*.worker}.ts', { cwd: engineFolder }).map((file) => [basename(file, '.ts'), join(engineFolder, file)]),
)

/** Migrations and other files the engine reads lie at the same place beside the bundle (src-main/engine/resources.ts). */
const engineFiles: Plugin = {
  name: 'engine-files',
  writeBundle({ dir }) {
    for (const entry of globSync('**/*.*', { cwd: engineFolder, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name)
      if (!entry.isFile() || /\.ts$|^tsconfig/.test(entry.name)) continue
      cpSync(file, join(dir ?? from('out/main'), relative(engineFolder, file)))
    }
  },
}

export default defineConfig({
  main: {
    plugins: [engineFiles],
    build: {
      target: nodeTarget,
      rolldownOptions: {
        external,
        input: { index: from('src-main/main/index.ts'), engine: from('src-main/engine/index.ts'), ...workers },
        // One flat folder: `new URL('./worker.js', import.meta.url)` is then right from every chunk.
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      target: nodeTarget,
      externalizeDeps: false,
      // A sandboxed preload script must be CommonJS.
      rolldownOptions: { input: { index: from('src-main/preload/index.ts') }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: from('src-renderer'),
    plugins: [svelte()],
    build: {
      target: browserTarget,
      outDir: from('out/renderer'),
      emptyOutDir: true,
      rolldownOptions: { input: { index: from('src-renderer/index.html') } },
    },
  },
})
