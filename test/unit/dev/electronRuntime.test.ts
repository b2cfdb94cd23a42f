import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const resolver = fileURLToPath(new URL('../../../src-main/dev/electronRuntime.mjs', import.meta.url))

let dist: string
beforeEach(() => {
  dist = mkdtempSync(join(tmpdir(), 'stratum-electron-'))
})
afterEach(() => rmSync(dist, { recursive: true, force: true }))

const resolve = (...words: string[]) =>
  spawnSync(process.execPath, [resolver, ...words], {
    encoding: 'utf8',
    // A display, so that no virtual one is started for a command that draws nothing.
    env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: dist, ENGINE_NODE: '/opt/node', DISPLAY: ':0' },
  })

test('a distribution that is given is taken before any other', () => {
  const { stdout, status } = resolve('path')
  expect(stdout.trim()).toBe(join(dist, process.platform === 'win32' ? 'electron.exe' : 'electron'))
  expect(status).toBe(0)
})

test('a command runs with the environment that leads electron-vite and Playwright to it, and its exit code is passed on', () => {
  const print =
    'const { ELECTRON_OVERRIDE_DIST_PATH, ENGINE_NODE } = process.env; console.log(ELECTRON_OVERRIDE_DIST_PATH, ENGINE_NODE); process.exit(7)'
  const { stdout, status } = resolve('exec', process.execPath, '-e', print)
  expect(stdout.trim()).toBe(`${dist} /opt/node`)
  expect(status).toBe(7)
})

test('a wrong use is answered with the usage and exit code 2', () => {
  for (const words of [[], ['fly'], ['exec']]) {
    const { stderr, status } = resolve(...words)
    expect(stderr).toContain('Usage:')
    expect(status).toBe(2)
  }
})
