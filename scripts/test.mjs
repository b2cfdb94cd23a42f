/**
 * Everything that can be tested on this machine: types and style, the build, the tests of engine and window code, and the
 * window itself. What cannot run here is counted as skipped, with the reason. The last line is the sum; the exit code is
 * zero when nothing failed.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const results = join(root, 'test-results')
const resolver = join(root, 'src-main/dev/electronRuntime.mjs')
const bin = (path) => join(root, 'node_modules', path)

const total = { passed: 0, failed: 0, skipped: 0 }
const notes = []

function run(title, file, args) {
  console.log(`\n== ${title}`)
  const started = performance.now()
  const { status } = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' })
  console.log(`== ${title}: ${status === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(0)} s`)
  return status === 0
}

/** A step that has no tests of its own counts when it fails. */
function step(title, file, args) {
  const ok = run(title, file, args)
  if (!ok) fail(`${title} failed.`)
  return ok
}

function fail(note) {
  total.failed += 1
  notes.push(note)
}

function report(name) {
  const file = join(results, name)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
}

function testCode() {
  const ok = run('tests of the code', bin('vitest/vitest.mjs'), ['run'])
  const found = report('vitest.json')
  if (!found) return fail('The tests of the code ended without a report.')
  total.passed += found.numPassedTests
  total.failed += found.numFailedTests
  total.skipped += found.numPendingTests + found.numTodoTests
  for (const { name, assertionResults } of found.testResults) {
    for (const { status, fullName } of assertionResults) {
      if (status !== 'passed') notes.push(`${status === 'failed' ? 'failed' : 'skipped'}: ${name.replace(root, '')}: ${fullName}`)
    }
  }
  if (!ok && found.numFailedTests === 0) fail('The tests of the code failed outside of a test; see above.')
}

/** Why no window can be opened here, or null. */
function noWindowBecause() {
  const hasDisplay = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY
  if (!hasDisplay && spawnSync('which', ['xvfb-run']).status !== 0) return 'there is no display and no xvfb-run (package xvfb)'
  const found = spawnSync(process.execPath, [resolver, 'path'], { encoding: 'utf8' })
  if (found.status !== 0) return `no Electron could be had: ${found.stderr.trim().split('\n').at(-1)}`
  if (process.platform !== 'linux') return null
  const missing = execFileSync('ldd', [found.stdout.trim()], { encoding: 'utf8' }).match(/\S+(?= => not found)/g)
  return missing ? `system libraries are missing: ${missing.join(', ')} (see ./run setup)` : null
}

function testWindow() {
  const reason = noWindowBecause()
  if (reason) {
    const { stdout } = spawnSync(process.execPath, [bin('@playwright/test/cli.js'), 'test', '--list', '--reporter=json'], {
      cwd: root,
      encoding: 'utf8',
    })
    const count = JSON.parse(stdout).stats.skipped
    total.skipped += count
    notes.push(`skipped: all ${count} window tests, because ${reason}`)
    return
  }
  const ok = run('tests of the window', resolver, ['exec', 'playwright', 'test'])
  const found = report('e2e.json')
  if (!found) return fail('The tests of the window ended without a report.')
  const { expected, unexpected, flaky, skipped } = found.stats
  total.passed += expected + flaky
  total.failed += unexpected
  total.skipped += skipped
  if (flaky > 0) notes.push(`${flaky} window tests passed only when repeated`)
  if (!ok && unexpected === 0) fail('The tests of the window failed outside of a test; see above.')
}

rmSync(results, { recursive: true, force: true })
mkdirSync(results)
step('check', join(root, 'scripts/check.mjs'), [])
const built = step('build', bin('electron-vite/bin/electron-vite.js'), ['build', '--logLevel', 'warn'])
testCode()
if (built) testWindow()
else notes.push('The window tests did not run, because the build failed.')

console.log(`\n${notes.join('\n')}\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1
