/** Examining through the runner: what is written, cached, cancelled and printed, on small files made here and on real ones. */
import { writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { DatasetMeta } from '#common/domain/dataset.ts'
import { ExaminationMeta } from '#common/domain/examination.ts'
import { StratumError } from '#common/errors.ts'
import { examineSource } from '#engine/analysis/data/examine.ts'
import { summariseSource } from '#engine/data/import.ts'
import { previewSource } from '#engine/data/previewSource.ts'
import { readExamination } from '#engine/service/examinations.ts'
import { command } from '../helpers/commandLine.ts'
import { memorySource } from '../helpers/memorySource.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()
let bench: Workbench | null = null
afterEach(async () => {
  await bench?.close()
  bench = null
})

/** id numbers the rows; b = 2a + 1; c repeats a; flat is constant; kind follows from a; −999 stands 40 times in d; rows 200 … 239 repeat 0 … 39 but for id. */
function writeTable(path: string, withId = true): void {
  const lines = [`${withId ? 'id,' : ''}a,b,c,flat,d,kind`]
  for (let i = 0; i < 240; i++) {
    const k = i % 200
    const a = Math.round(1000 * Math.sin(k * 1.37)) / 100
    const d = k % 6 === 0 ? -999 : Math.round(100 * Math.cos(k * 0.91)) / 10
    lines.push(`${withId ? `${i + 1},` : ''}${a},${2 * a + 1},${a},7,${d},${a > 0 ? 'up' : 'down'}`)
  }
  writeFileSync(path, `${lines.join('\n')}\n`)
}

async function examined(path: string, params: Record<string, unknown> = {}) {
  bench ??= openWorkbench(folder.file('p.stratum'))
  const dataset = await bench.compute('import', {}, { path })
  const artifact = await bench.compute('examine', { dataset: dataset.id }, params)
  return {
    bench,
    dataset,
    artifact,
    meta: ExaminationMeta.parse(artifact.meta),
    names: DatasetMeta.parse(dataset.meta).columns.map(({ name }) => name),
  }
}
const codes = ({ findings }: ExaminationMeta): string[] => [...new Set(findings.map(({ code }) => code))].sort()

test('a table with every trouble is seen through', async () => {
  const path = folder.file('table.csv')
  writeTable(path, false)
  const { meta, names } = await examined(path)
  expect(meta.duplicates).toMatchObject({ rows: 40, contents: 40, compared: 1 })
  expect(meta.duplicates.examples[0]).toEqual({ first: 0, second: 200, rows: 2 })
  expect(meta.constant.map((j) => names[j])).toEqual(['flat'])
  expect(meta.copies.map(({ columns, kind }) => [kind, columns.map((j) => names[j])])).toEqual([
    ['equal', ['a', 'c']],
    ['linear', ['a', 'b']],
  ])
  expect(meta.sentinels.map(({ column, value, rows }) => [names[column], value, rows])).toEqual([['d', -999, 41]])
  expect(meta.leakage[0]).toMatchObject({ field: 'kind', strength: 1, measure: 'auc' })
  expect(codes(meta)).toEqual(['CONSTANT_COLUMNS', 'COPIED_COLUMNS', 'DUPLICATE_ROWS', 'LINEAR_COPIES', 'SENTINEL_VALUE', 'TELLS_LABEL'])
})

test('a column that numbers the rows is named, and hides that rows repeat', async () => {
  const path = folder.file('numbered.csv')
  writeTable(path)
  const { meta } = await examined(path)
  expect(meta.findings.find(({ code }) => code === 'ROW_NUMBER_COLUMN')?.message).toBe('id numbers the rows.')
  expect(meta.duplicates.rows).toBe(0)
})

test('the same question is answered from the project, another sample is not', async () => {
  const path = folder.file('table.csv')
  writeTable(path)
  const first = await examined(path)
  const again = await first.bench.compute('examine', { dataset: first.dataset.id })
  expect(again.id).toBe(first.artifact.id)
  expect((await first.bench.compute('examine', { dataset: first.dataset.id }, { sampleRows: 100 })).id).not.toBe(first.artifact.id)
})

test('the matrix is kept for the window, symmetric with ones on its diagonal', async () => {
  const path = folder.file('table.csv')
  writeTable(path)
  const { artifact, meta, bench } = await examined(path)
  const { correlation, cells } = readExamination(bench.project, { examination: artifact.id, cells: 100 })
  const c = meta.correlation!.columns.length
  expect(correlation.length).toBe(c * c)
  expect([...meta.correlation!.order].sort((a, b) => a - b)).toEqual(Array.from({ length: c }, (_, k) => k))
  for (let k = 0; k < c; k++) expect(correlation[k * c + k]).toBeCloseTo(1, 5)
  expect(cells).toBeNull()
  expect(() => readExamination(bench.project, { examination: artifact.inputs.dataset, cells: 1 })).toThrow(/an examination is needed here/)
})

test('a label that does not exist is refused before anything is read', async () => {
  const path = folder.file('table.csv')
  writeTable(path)
  await expect(examined(path, { labels: 'nothing' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID', where: { parameter: 'labels' } })
})

test('the result does not depend on how the rows are cut, and cancelling ends it', async () => {
  const of = async (perChunk: number, signal = new AbortController().signal) => {
    const source = memorySource(500, 4, (i, j) => (i % 11 === j ? Number.NaN : Math.fround(Math.sin(i * (j + 1)))), perChunk)
    const { summaries, validRows } = await summariseSource(source, { seed: 7, signal: new AbortController().signal, report: () => {} })
    const meta = { ...source.report, summaries, validRows }
    const { correlation, meta: found } = await examineSource(source, meta, {
      seed: 7,
      sampleRows: 300,
      labels: null,
      holdoutShare: 0.2,
      signal,
      report: () => {},
    })
    return { found, correlation }
  }
  expect(await of(1)).toEqual(await of(499))
  await expect(of(10, AbortSignal.abort())).rejects.toThrow(StratumError)
})

test('the command line prints what was found', async () => {
  const path = folder.file('table.csv')
  writeTable(path)
  const project = folder.file('cli.stratum')
  await command('new', project)
  await command('import', project, path)
  const { out, code } = await command('examine', project, '1')
  expect(code).toBe(0)
  expect(out).toContain('−999 stands far from all other values of d')
  expect(out).toContain('flat')
  expect(out).toMatch(/correlation {2}1\.000/)
})

test('inspect says types and ranges, and takes options of the format', async () => {
  const path = folder.file('table.csv')
  writeTable(path)
  expect((await command('inspect', path)).out).toMatch(/column +d: number, -999 … 10/)
  expect((await command('inspect', path, '--set', 'missing=-999')).out).toMatch(/column +d: number, -10 … 10, 17\.1 % missing/)
})

test('a look at a file reads its first rows and the ranges of what it read', async () => {
  const path = folder.file('table.csv')
  writeTable(path)
  const preview = await previewSource({ path, rows: 3, columns: 40 })
  expect(preview.rows).toHaveLength(3)
  expect(preview).toMatchObject({ rowsRead: 240, complete: true, picture: null })
  const a = preview.names.filter((name) => name !== 'kind').indexOf('id')
  expect([preview.min[a], preview.max[a], preview.missingShare[a]]).toEqual([1, 240, 0])
})

describe.skipIf(!hasSharedData)('real files', () => {
  test('−200 of the air quality data is seen in all thirteen measured columns', async () => {
    const { meta } = await examined(sharedData('tabular/uci/AirQualityUCI_bom_isodate.csv'))
    expect(meta.sentinels).toHaveLength(13)
    expect(new Set(meta.sentinels.map(({ value }) => value))).toEqual(new Set([-200]))
    // Counted with awk: 8443 of NMHC(GT).
    expect(Math.max(...meta.sentinels.map(({ rows }) => rows))).toBe(8443)
  })

  // 342 of 344 have all measures; 9 more birds have no sex.
  test('body measures of penguins are missing together', async () => {
    const { meta } = await examined(sharedData('tabular/penguins/penguins.csv'))
    expect(meta.missing?.together).toMatchObject([{ rows: 2 }])
    expect(meta.missing?.patterns[0]).toMatchObject({ columns: [], rows: 333 })
  })

  test('cells of raw counts are judged, without inventing empty droplets', async () => {
    const { meta, bench, artifact } = await examined(sharedData('singlecell/scvi/pbmc_5k_protein_v3.h5ad'))
    expect(meta.cells).toMatchObject({ cells: 200, values: 'counts', mitochondrialGenes: 13 })
    expect(meta.cells?.curve.knee).toBeNull()
    const { cells } = readExamination(bench.project, { examination: artifact.id, cells: 50 })
    expect(cells?.counts).toHaveLength(50)
  })

  test('a scene is looked at by band, and its preview is a small picture', async () => {
    const path = sharedData('raster/stars/L7_ETMs.tif')
    const { meta } = await examined(path)
    expect(meta.bands).toMatchObject({ dead: [], noisy: [], striped: [], zeroPixels: 0 })
    const { picture, min, max } = await previewSource({ path, rows: 0, columns: 1, bands: [2, 1, 0] })
    expect(picture).toMatchObject({ bands: [2, 1, 0] })
    expect(picture!.values.length).toBe(3 * picture!.width * picture!.height)
    expect(Math.min(...min)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...max)).toBe(255)
  })
})
