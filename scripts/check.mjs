/**
 * Types and style of everything: one type check per runtime, so that an import a runtime does not have fails to type,
 * then lint and format. Runs all of it even after a failure, two at a time, and ends non-zero if any part failed.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (path) => `${root}node_modules/${path}`
const tsc = (folder) => ({ name: `types of ${folder}`, cwd: root, args: [bin('@typescript/native/bin/tsc'), '-p', folder] })

// The longest first, so that none of them is left alone at the end.
const steps = [
  {
    name: 'types of src-renderer',
    // Its generated files must lie beside the tsconfig it extends.
    cwd: `${root}src-renderer`,
    args: [bin('svelte-check/bin/svelte-check'), '--tsgo', '--tsconfig', './tsconfig.json', '--fail-on-warnings', '--output', 'human'],
  },
  ...['test', 'src-main/engine', 'src-main/common', 'src-main/main', 'src-main/preload'].map(tsc),
  { name: 'lint and format', cwd: root, args: [bin('@biomejs/biome/bin/biome'), 'check', '--max-diagnostics=60', '.'] },
]

const failed = []

/** Ends when there is no step left to take. */
async function takeSteps() {
  for (let step = steps.shift(); step; step = steps.shift()) {
    const { name, cwd, args } = step
    const started = performance.now()
    const { status, output } = await new Promise((resolve) => {
      execFile(process.execPath, args, { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
        resolve({ status: error ? (error.code ?? 1) : 0, output: stdout + stderr }),
      )
    })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
    if (status !== 0) {
      console.log(output)
      failed.push(name)
    }
  }
}

await Promise.all([takeSteps(), takeSteps()])
if (failed.length > 0) {
  console.error(`Check failed: ${failed.join(', ')}.`)
  process.exitCode = 1
}
