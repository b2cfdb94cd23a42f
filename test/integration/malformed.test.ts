/** Damaged and hostile files: each ends in an answer with a code, a place and a hint, quickly and in little memory. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../src-main/common/errors.ts'
import { rowHash } from '../../src-main/engine/data/rowHash.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const readMany = fileURLToPath(new URL('../helpers/readMany.ts', import.meta.url))

/** Milliseconds one file may take before it counts as a hang, on a busy machine; alone each takes well under 5 s. */
const hangMs = 20_000
const mostMemoryMB = 500

interface Answer {
  path: string
  ok: boolean
  ms: number
  code?: keyof typeof exitCodeOf
  message?: string
  hint?: string
  where?: Record<string, unknown>
  stack?: string
  findings?: string[]
}

/** Reads the files in a process of its own, which is killed when it stands still. */
function readInChild(paths: readonly string[]): Promise<{ answers: Answer[]; maxRssMB: number; died: string | null }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--max-old-space-size=400', readMany], { stdio: ['pipe', 'pipe', 'pipe'] })
    const answers: Answer[] = []
    let maxRssMB = Number.NaN
    let current = 'before the first file'
    let rest = ''
    let errors = ''
    let watchdog = setTimeout(() => child.kill('SIGKILL'), hangMs)
    child.stderr.on('data', (piece) => (errors += piece))
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      clearTimeout(watchdog)
      watchdog = setTimeout(() => child.kill('SIGKILL'), hangMs)
      const lines = (rest + piece).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const said = JSON.parse(line)
        if (said.begin) current = said.begin
        else if (said.maxRssMB) maxRssMB = said.maxRssMB
        else answers.push(said)
      }
    })
    child.on('close', (code, killedBy) => {
      clearTimeout(watchdog)
      resolve({ answers, maxRssMB, died: code === 0 ? null : `${killedBy ?? `exit ${code}`} at ${current}: ${errors.slice(-500)}` })
    })
    child.stdin.end(JSON.stringify(paths))
  })
}

async function expectAnswers(paths: readonly string[]): Promise<Answer[]> {
  const { answers, maxRssMB, died } = await readInChild(paths)
  expect(died).toBeNull()
  expect(answers.map((answer) => answer.path)).toEqual(paths)
  expect(maxRssMB).toBeLessThan(mostMemoryMB)
  for (const { path, ok, code, message, hint, where, stack } of answers) {
    if (ok) continue
    expect(Object.keys(exitCodeOf), path).toContain(code)
    expect(exitCodeOf[code as keyof typeof exitCodeOf], `${path}: ${stack ?? message}`).toBe(3)
    expect(message?.length, path).toBeGreaterThan(10)
    expect(hint?.length, path).toBeGreaterThan(10)
    expect(where?.path, path).toBe(path)
  }
  return answers
}

const filesBelow = (place: string): string[] =>
  readdirSync(sharedData(place), { recursive: true, encoding: 'utf8' })
    .map((name) => sharedData(join(place, name)))
    .filter((path) => statSync(path).isFile())
    .sort()

describe.skipIf(!hasSharedData)('collected malformed files', () => {
  const batches = hasSharedData
    ? readdirSync(sharedData('malformed'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    : []

  it.each(batches)('%s: every file is read or refused', async (batch) => {
    const answers = await expectAnswers(filesBelow(join('malformed', batch)))
    expect(answers.length).toBeGreaterThan(0)
  })

  it('names what is wrong with the usual accidents', async () => {
    const answers = await expectAnswers(
      [
        'derived_truncated/RGB.byte_truncated30.tif',
        'derived_truncated/pbmc68k_truncated50.h5ad',
        'derived_truncated/text_named.tif',
        'derived_truncated/zero_bytes.csv',
        'h5ad/gitlfs_pointer_pbmc3k.h5ad',
      ].map((name) => sharedData(join('malformed', name))),
    )
    expect(answers.map((answer) => answer.code)).toEqual([
      'FILE_TRUNCATED',
      'FILE_TRUNCATED',
      'FILE_CORRUPT',
      'FILE_EMPTY',
      'FORMAT_UNKNOWN',
    ])
  })
})

describe.skipIf(!hasSharedData)('good files, cut off or with bytes changed', () => {
  const sources = [
    'raster/stars/L7_ETMs.tif',
    'raster/rasterio/rgb_lzw.tif',
    'raster/rio_tiler/cog_scale.tif',
    'raster/hsi_geotiff_CONVERTED/hydice_gt_CONVERTED.tif',
    'anomaly/adbench_classical/4_breastw.npz',
    'anomaly/adbench_classical/45_wine.npz',
    'singlecell/misc/squidpy_test_data.h5ad',
    'singlecell/zellkonverter/krumsiek11.h5ad',
    'singlecell/misc/cellxgene_nan.h5ad',
    'embeddings/fashion_mlp_activations_DERIVED/labels_uint8.npy',
    'tabular/penguins/penguins.csv',
  ]
  const draws = 6

  it.each(sources)('%s, truncated at random places', async (name) => {
    const bytes = readFileSync(sharedData(name))
    const paths = Array.from({ length: draws }, (_, i) => {
      const path = folder.file(`cut${i}-${name.split('/').pop()}`)
      writeFileSync(path, bytes.subarray(0, i === 0 ? 100 : 1 + (rowHash(11, i) % (bytes.length - 1))))
      return path
    })
    const answers = await expectAnswers(paths)
    // A text may end anywhere; a binary file that lost bytes must not pass for whole. Only a lost overview is bearable, and reported.
    const whole = answers.filter((answer) => answer.ok && !answer.findings?.includes('OVERVIEW_UNREADABLE'))
    if (!name.endsWith('.csv')) expect(whole.map((answer) => answer.path)).toEqual([])
  })

  it.each(sources)('%s, with a few bytes changed in its first kilobytes', async (name) => {
    const bytes = readFileSync(sharedData(name))
    const paths = Array.from({ length: draws * 3 }, (_, i) => {
      const changed = Uint8Array.from(bytes)
      for (let k = 0; k < 4; k++) changed[rowHash(100 + i, k) % Math.min(3000, bytes.length)] = rowHash(500 + i, k) & 255
      const path = folder.file(`changed${i}-${name.split('/').pop()}`)
      writeFileSync(path, changed)
      return path
    })
    await expectAnswers(paths)
  })
})
