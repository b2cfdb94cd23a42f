import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPreferences } from '../../../src-main/main/preferences.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stratum-preferences-'))
  file = join(folder, 'profile/preferences.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a first start follows the desktop and knows no project', () => {
  expect(openPreferences(file).read()).toEqual({ theme: 'system', recent: [] })
})

test('what was changed is there at the next start, and no half-written file stays behind', () => {
  const preferences = openPreferences(file)
  preferences.setTheme('dark')
  preferences.remember('/a.stratum')
  expect(openPreferences(file).read()).toEqual({ theme: 'dark', recent: [{ path: '/a.stratum', openedAt: expect.any(String) }] })
  expect(readdirSync(join(folder, 'profile'))).toEqual(['preferences.json'])
})

test('the latest project comes first, once, and at most twenty are kept', () => {
  const preferences = openPreferences(file)
  for (let i = 0; i < 25; i++) preferences.remember(`/${i}.stratum`)
  preferences.remember('/20.stratum')
  const paths = preferences.read().recent.map(({ path }) => path)
  expect(paths.slice(0, 3)).toEqual(['/20.stratum', '/24.stratum', '/23.stratum'])
  expect(new Set(paths).size).toBe(20)
  preferences.forget('/20.stratum')
  expect(preferences.read().recent[0].path).toBe('/24.stratum')
})

test('a damaged file is a first start, and one wrong entry costs only itself', () => {
  openPreferences(file).setTheme('dark')
  writeFileSync(file, '{ "theme": "dark", ')
  expect(openPreferences(file).read()).toEqual({ theme: 'system', recent: [] })
  writeFileSync(file, '{ "theme": "pink", "recent": [{ "path": "/a.stratum", "openedAt": "2024-01-01" }] }')
  expect(openPreferences(file).read()).toEqual({ theme: 'system', recent: [{ path: '/a.stratum', openedAt: '2024-01-01' }] })
  expect(readFileSync(file, 'utf8')).toContain('pink')
})
