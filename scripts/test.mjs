/**
 * Everything that can be tested on this machine: types and style, the build, the tests of engine and window code, and the
 * window itself. What cannot run here is counted as skipped, with the reason. The last line is the sum; the exit code is
 * zero when nothing failed.
 *
 * The window is tested beside the code, because either alone leaves one of two cores idle now and then; what is said there is printed
 * in one piece afterwards.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ask = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const results = join(root, 'test-results')
const resolver = join(root, 'src-main/dev/electronRuntime.mjs')
/** Data sets that are kept beside the project, never in it. */
const realFiles = join(root, '../shared/data')
const bin = (path) => join(root, 'node_modules', path)

const total = { passed: 0, failed: 0, skipped: 0 }
const notes = []
/** What steps beside others have printed. */
const aside = []

/** @param beside  another step is running, so that what this one prints has to wait for its end */
async function run(title, file, args, { beside = false } = {}) {
  if (!beside) console.log(`\n== ${title}`)
  const started = performance.now()
  const child = spawn(process.execPath, [file, ...args], { cwd: root, stdio: beside ? ['ignore', 'pipe', 'pipe'] : 'inherit' })
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => said.push(data))
  const status = await new Promise((resolve) => child.once('close', resolve))
  const end = `== ${title}: ${status === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(0)} s`
  if (beside) aside.push(`\n== ${title}\n${Buffer.concat(said)}${end}`)
  else console.log(end)
  return status === 0
}

/** A step that has no tests of its own counts when it fails. */
async function step(title, file, args, options) {
  const ok = await run(title, file, args, options)
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

async function testCode() {
  const ok = await run('tests of the code', bin('vitest/vitest.mjs'), ['run'])
  const found = report('vitest.json')
  if (!found) return fail('The tests of the code ended without a report.')
  total.passed += found.numPassedTests
  total.failed += found.numFailedTests
  total.skipped += found.numPendingTests + found.numTodoTests
  for (const { name, assertionResults } of found.testResults) {
    const file = name.replace(root, '')
    const skipped = assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed').length
    if (skipped > 0) notes.push(`skipped: ${skipped} of ${assertionResults.length} tests in ${file}`)
    for (const { status, fullName } of assertionResults) if (status === 'failed') notes.push(`failed: ${file}: ${fullName}`)
  }
  if (!ok && found.numFailedTests === 0) fail('The tests of the code failed outside of a test; see above.')
}

/** What a command prints, whether or not it ends well. */
const answerOf = (file, args) =>
  ask(file, args, { cwd: root, maxBuffer: 1 << 26 }).then(
    ({ stdout, stderr }) => ({ ok: true, stdout, stderr }),
    ({ stdout = '', stderr = '' }) => ({ ok: false, stdout, stderr }),
  )

/** Why no window can be opened here, or null. */
async function noWindowBecause() {
  const hasDisplay = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY
  if (!hasDisplay && !(await answerOf('which', ['xvfb-run'])).ok) return 'there is no display and no xvfb-run (package xvfb)'
  const found = await answerOf(process.execPath, [resolver, 'path'])
  if (!found.ok) return `no Electron could be had: ${found.stderr.trim().split('\n').at(-1)}`
  if (process.platform !== 'linux') return null
  const missing = (await answerOf('ldd', [found.stdout.trim()])).stdout.match(/\S+(?= => not found)/g)
  return missing ? `system libraries are missing: ${missing.join(', ')} (see ./run setup)` : null
}

async function testWindow() {
  const reason = await noWindowBecause()
  if (reason) {
    const { stdout } = await answerOf(process.execPath, [bin('@playwright/test/cli.js'), 'test', '--list', '--reporter=json'])
    const count = JSON.parse(stdout).stats.skipped
    total.skipped += count
    notes.push(`skipped: all ${count} window tests, because ${reason}`)
    return
  }
  const ok = await run('tests of the window', resolver, ['exec', 'playwright', 'test'], { beside: true })
  const found = report('e2e.json')
  if (!found) return fail('The tests of the window ended without a report.')
  const { expected, unexpected, flaky, skipped } = found.stats
  total.passed += expected + flaky
  total.failed += unexpected
  total.skipped += skipped
  if (skipped > 0) notes.push(`skipped: ${skipped} tests of the window`)
  if (flaky > 0) notes.push(`${flaky} window tests passed only when repeated`)
  if (!ok && unexpected === 0) fail('The tests of the window failed outside of a test; see above.')
}

async function buildAndTestWindow() {
  const args = ['build', '--logLevel', 'warn']
  if (await step('build', bin('electron-vite/bin/electron-vite.js'), args, { beside: true })) await testWindow()
  else notes.push('The window tests did not run, because the build failed.')
}

async function checkAndTestCode() {
  await step('check', join(root, 'scripts/check.mjs'), [])
  await testCode()
}

rmSync(results, { recursive: true, force: true })
mkdirSync(results)
await Promise.all([checkAndTestCode(), buildAndTestWindow()])
if (!existsSync(realFiles)) notes.push(`There is no folder ${realFiles}: tests on real files were skipped.`)
for (const words of aside) console.log(words)
console.log(`\n${notes.join('\n')}\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1
