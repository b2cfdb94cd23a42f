/** Each runtime may import what it has, and nothing else: a type error or a lint error for everything below. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsc = join(root, 'node_modules/@typescript/native/bin/tsc')
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')

// Inside the project, because types are looked for from the tsconfig upwards.
let folder: string
beforeAll(() => {
  mkdirSync(join(root, '.cache'), { recursive: true })
  folder = mkdtempSync(join(root, '.cache/runtimes-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function typeErrors(runtime: string, source: string): string {
  writeFileSync(join(folder, 'probe.ts'), source)
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, runtime, 'tsconfig.json'), include: [], files: ['probe.ts'] }),
  )
  return spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' }).stdout
}

/** Lints a file at that place in a copy of the tree that holds nothing but the configuration. */
function lintErrors(file: string, source: string): string {
  const copy = join(folder, 'lint')
  const configuration = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'))
  mkdirSync(join(copy, dirname(file)), { recursive: true })
  writeFileSync(join(copy, 'biome.json'), JSON.stringify({ ...configuration, root: true, vcs: { enabled: false } }))
  writeFileSync(join(copy, file), source)
  const { stdout, stderr } = spawnSync(process.execPath, [biome, 'lint', file], { cwd: copy, encoding: 'utf8' })
  return stdout + stderr
}

const usesNode = "import { readFileSync } from 'node:fs'\nexport const text = readFileSync('a', 'utf8')\n"
const usesDom = 'export const title = document.title\n'
const usesCommon = "import { ok } from '#common/result.ts'\nexport const one = ok(1)\n"

describe('a type error', () => {
  test.each([
    { runtime: 'src-main/common', what: 'Node', source: usesNode },
    { runtime: 'src-main/common', what: 'the page', source: usesDom },
    { runtime: 'src-main/engine', what: 'the page', source: usesDom },
    { runtime: 'src-main/main', what: 'the page', source: usesDom },
    { runtime: 'src-renderer', what: 'Node', source: usesNode },
    { runtime: 'src-renderer', what: 'Node globals', source: 'export const home = process.env.HOME\n' },
  ])('when $runtime uses $what', ({ runtime, source }) => {
    expect(typeErrors(runtime, source)).toMatch(/error TS(2307|2304|2580|2584|2591)/)
  })

  test.each(['src-main/common', 'src-main/engine', 'src-main/main', 'src-renderer'])('is absent when %s uses common', (runtime) => {
    expect(typeErrors(runtime, usesCommon)).toBe('')
  })
})

describe('a lint error', () => {
  test.each([
    { file: 'src-main/engine/probe.ts', source: "import { app } from 'electron'\nexport const name = app.name\n" },
    {
      file: 'src-main/common/probe.ts',
      source: "import { engineFile } from '#engine/resources.ts'\nexport const file = engineFile('a')\n",
    },
    {
      file: 'src-renderer/lib/probe.ts',
      source: "import { engineFile } from '#engine/resources.ts'\nexport const file = engineFile('a')\n",
    },
  ])('when $file imports what belongs to another process', ({ file, source }) => {
    expect(lintErrors(file, source)).toContain('noRestrictedImports')
  })

  test('is absent when the window imports common', () => {
    expect(lintErrors('src-renderer/lib/probe.ts', usesCommon)).toContain('Checked 1 file')
    expect(lintErrors('src-renderer/lib/probe.ts', usesCommon)).not.toContain('noRestrictedImports')
  })
})
