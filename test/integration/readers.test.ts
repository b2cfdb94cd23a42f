/** The real tables, arrays and cell files: each opens and streams, and tables are held against another parser. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Column } from '#common/domain/dataset.ts'
import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { openSource } from '../../src-main/engine/data/inspect.ts'
import { readAll } from '../helpers/readAll.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'

const readMany = fileURLToPath(new URL('../helpers/readMany.ts', import.meta.url))

function filesOf(folder: string, pattern: RegExp): string[] {
  return hasSharedData
    ? readdirSync(sharedData(folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => pattern.test(name))
        .map((name) => join(folder, name))
        .sort()
    : []
}

describe.skipIf(!hasSharedData)('real files', () => {
  it('stream to their last row, or are refused for a stated reason', () => {
    const names = ['anomaly', 'counts', 'embeddings', 'singlecell', 'tabular', 'timeseries'].flatMap((folder) =>
      filesOf(folder, /\.(?:csv|tsv|npy|npz|h5ad)$/),
    )
    const child = spawnSync(process.execPath, [readMany], {
      input: JSON.stringify(names.map(sharedData)),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    expect(child.status).toBe(0)
    const answers = child.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter((line) => line.path)
    expect(answers).toHaveLength(names.length)
    for (const { path, ok, rows, streamed } of answers) if (ok) expect(streamed, path).toBe(rows)
    const refused = answers.filter((answer) => !answer.ok)
    expect(refused.map((answer) => answer.path.slice(sharedData('').length)).sort()).toEqual([
      'counts/lightgcn/gowalla_s_adj_mat.npz', // sparse matrix of SciPy
      'singlecell/anndata_archives/v0.11.4/adata.h5ad', // no X
    ])
  })

  const tables = [
    'tabular/penguins/penguins.csv',
    'tabular/vega/sp500-2000.csv',
    'tabular/plotly/earthquakes-23k.csv',
    'tabular/uci/AirQualityUCI_bom_isodate.csv',
    'anomaly/pyod_csv/cardio.csv',
    'tabular/vega/species.csv',
    'tabular/duckdb_real/titanic.csv',
  ]

  const missing = ['', 'NA', 'None', '?', '-', 'null']
  /** What a field is in X; null for types whose values the comparison with pandas looks at. */
  function wantedOf({ type, categories }: Column, text: string): number | null {
    if (type === 'boolean' || type === 'date') return null
    if (type === 'category') return missing.includes(text) ? Number.NaN : (categories?.indexOf(text) ?? -1)
    return text === '' || Number.isNaN(Number(text)) ? Number.NaN : Math.fround(Number(text))
  }

  it.each(tables)('%s has the values that another parser finds', async (name) => {
    const path = sharedData(name)
    const { data } = Papa.parse<Record<string, string>>(readFileSync(path, 'utf8').replace(/^\ufeff/, ''), {
      header: true,
      skipEmptyLines: true,
    })
    const source = await openSource(path)
    const { X } = await readAll(source, { maxBytes: 50_000 })
    expect(source.report.rows).toBe(data.length)
    const columns = source.report.columns
    const wrong: string[] = []
    for (const [i, record] of data.entries()) {
      for (const [j, column] of columns.entries()) {
        const text = (record[column.name] ?? '').trim()
        const value = X[i * columns.length + j] as number
        const wanted = wantedOf(column, text)
        if (wanted !== null && !Object.is(value, wanted) && value !== wanted) wrong.push(`${i} ${column.name}: ${value} for "${text}"`)
      }
    }
    expect(wrong).toEqual([])
    for (const field of source.report.metadataFields.slice(0, 2)) {
      const values = await source.metadata?.(field)
      expect(values?.map((value) => String(value ?? ''))).toEqual(
        data.map((record) => {
          const text = (record[field] ?? '').trim()
          return missing.includes(text) ? '' : text
        }),
      )
    }
    await source.close()
  })

  it('half floats have the values of their float32 neighbours in meaning: finite, and zero where a rectifier cut off', async () => {
    const source = await openSource(sharedData('embeddings/fashion_mlp_activations_DERIVED/hidden2_10000x128_float16.npy'))
    const { X, valid } = await readAll(source)
    await source.close()
    expect(valid.every((flag) => flag === 1)).toBe(true)
    expect(X.every((value) => value >= 0 && Number.isFinite(value))).toBe(true)
    expect(X.some((value) => value === 0)).toBe(true)
  })
})
