/**
 * Types and style of everything: one type check per runtime, so that an import a runtime does not have fails to type,
 * then lint and format. Runs all of it even after a failure, and ends non-zero if any part failed.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (path) => `${root}node_modules/${path}`
const tsc = (folder) => ({ name: `types of ${folder}`, cwd: root, args: [bin('@typescript/native/bin/tsc'), '-p', folder] })

const steps = [
  ...['src-main/common', 'src-main/engine', 'src-main/main', 'src-main/preload', 'test'].map(tsc),
  {
    name: 'types of src-renderer',
    // Its generated files must lie beside the tsconfig it extends.
    cwd: `${root}src-renderer`,
    args: [bin('svelte-check/bin/svelte-check'), '--tsgo', '--tsconfig', './tsconfig.json', '--fail-on-warnings', '--output', 'human'],
  },
  { name: 'lint and format', cwd: root, args: [bin('@biomejs/biome/bin/biome'), 'check', '--max-diagnostics=60', '.'] },
]

const failed = []
for (const { name, cwd, args } of steps) {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
  if (status !== 0) {
    console.log(stdout + stderr)
    failed.push(name)
  }
}
if (failed.length > 0) {
  console.error(`Check failed: ${failed.join(', ')}.`)
  process.exitCode = 1
}
