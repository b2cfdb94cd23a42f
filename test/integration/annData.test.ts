/**
 * Results as one AnnData file: what stands where, by HDF5's own library, and round trips of real files through our reader. That anndata and
 * scanpy read the same is checked by test/fixtures/make/checkAnnData.py.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Artifact, Progress } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { type H5File, openH5, toNumbers } from '#engine/data/hdf5/file.ts'
import { openDataset } from '#engine/data/import.ts'
import type { OpenSource } from '#engine/data/dataset.ts'
import { type CellResults, cellResults, classOf, codeOf, placeOf, rowWithout, scoreOf } from '../helpers/cellResults.ts'
import { tinyData } from '../helpers/everyKind.ts'
import { annDataFile } from '#engine/operations/export/annData/file.ts'
import { params as exportParams } from '#engine/operations/export/params.ts'
import type { Context } from '#engine/operations/export/subject.ts'
import { operations } from '#engine/operations/registry.ts'
import { createRunner, runToEnd } from '#engine/operations/runner.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()
let bench: Workbench
beforeEach(() => {
  bench = openWorkbench(folder.file('p.stratum'))
})
afterEach(() => bench.close())

interface Imported extends CellResults {
  readonly dataset: Artifact
  readonly data: DatasetMeta
}
async function imported(path: string, options: Record<string, unknown> = {}): Promise<Imported> {
  const dataset = await bench.compute('import', {}, { path, options })
  const data = dataset.meta as unknown as DatasetMeta
  return { dataset, data, ...cellResults(bench.project, dataset.id, data.rows) }
}

async function looked<T>(path: string, look: (file: H5File) => T): Promise<T> {
  const file = await openH5(path)
  try {
    return look(file)
  } finally {
    file.close()
  }
}
const numbers = (file: H5File, place: string): number[] => {
  const dataset = file.dataset(place)
  return Array.from(toNumbers(dataset.read(0, dataset.shape[0])))
}
const texts = (file: H5File, place: string): unknown => file.dataset(place).read(0, file.dataset(place).shape[0])
const encodings = (file: H5File, place: string): unknown => [
  file.attribute(place, 'encoding-type'),
  file.attribute(place, 'encoding-version'),
]

test('everything that was found of cells stands where scanpy looks for it', async () => {
  const { classes, scores, umap, pca, codes, data } = await imported(tinyData('cells', folder.path).path)
  const path = folder.file('cells.h5ad')
  const made = await bench.compute('export', { source: classes, with1: umap, with2: pca, with3: scores }, { path })
  expect(made.meta).toMatchObject({ target: 'h5ad', files: [{ path, what: 'AnnData file' }] })
  const rows = Array.from({ length: data.rows }, (_, row) => row)
  await looked(path, (file) => {
    expect(file.keys('/')).toEqual(['X', 'layers', 'obs', 'obsm', 'obsp', 'uns', 'var', 'varm', 'varp'])
    expect(encodings(file, '/')).toEqual(['anndata', '0.1.0'])
    expect(encodings(file, 'obs')).toEqual(['dataframe', '0.2.0'])
    expect(file.attribute('obs', '_index')).toBe('_index')
    expect(file.attribute('obs', 'column-order')).toEqual([
      'Leiden',
      'Leiden membership',
      'vae-03 anomalies score',
      'vae-03 anomalies flagged',
      'vae-03 anomalies verdict',
      'vae-03 reconstruction error',
    ])
    expect(texts(file, 'obs/_index')).toEqual(rows.map((row) => `cell-${row}`))

    // Four classes, of which two are called alike; a cell without a class has the code −1.
    expect(encodings(file, 'obs/Leiden')).toEqual(['categorical', '0.2.0'])
    expect(texts(file, 'obs/Leiden/categories')).toEqual(['T / helper', 'B', 'B (2)', 'Größe'])
    expect(numbers(file, 'obs/Leiden/codes')).toEqual(rows.map((row) => classOf(row) - 1))
    expect(texts(file, 'uns/Leiden_colors')).toEqual(['#2c71b7', '#e49921', '#399970', '#9aa0a6'])

    expect(numbers(file, 'obs/vae-03 anomalies score')).toEqual(rows.map(scoreOf))
    expect(encodings(file, 'obs/vae-03 anomalies flagged')).toEqual(['nullable-boolean', '0.1.0'])
    expect(numbers(file, 'obs/vae-03 anomalies flagged/values')).toEqual(rows.map((row) => (scoreOf(row) > 3 ? 1 : 0)))
    expect(numbers(file, 'obs/vae-03 anomalies flagged/mask')).toEqual(rows.map((row) => (row === rowWithout ? 1 : 0)))
    expect(numbers(file, 'obs/vae-03 anomalies verdict/codes')).toEqual(rows.map((row) => (row === 4 ? 0 : -1)))

    expect(file.keys('obsm')).toEqual(['X_latent', 'X_pca', 'X_umap'])
    expect(file.dataset('obsm/X_latent').shape).toEqual([data.rows, 3])
    expect(numbers(file, 'obsm/X_latent')).toEqual(rows.flatMap((row) => [0, 1, 2].map((j) => Math.fround(codeOf(row, j)))))
    expect(numbers(file, 'obsm/X_umap')).toEqual(rows.flatMap((row) => [placeOf(row, 0), placeOf(row, 1)]))

    expect(encodings(file, 'X')).toEqual(['csr_matrix', '0.1.0'])
    expect(Array.from(toNumbers(file.attribute('X', 'shape')))).toEqual([120, 7])
    expect(['data', 'indices', 'indptr'].map((part) => file.dataset(`X/${part}`).dtype)).toEqual(['float32', 'int32', 'int32'])
    expect(texts(file, 'var/_index')).toEqual(Array.from({ length: 7 }, (_, j) => `GENE${j}`))
    expect(texts(file, 'var/gene_ids')).toEqual(Array.from({ length: 7 }, (_, j) => `G${j}`))

    const told = (place: string): unknown => file.dataset(`uns/stratum/${place}`).slab([], [])
    expect(told('dataset/xxh64')).toEqual([data.source.hash])
    expect(told('models/2/model')).toEqual(['vae'])
    expect(told(`results/${scores}/threshold`)).toEqual(BigInt64Array.of(3n))
    expect(texts(file, `uns/stratum/results/${codes}/places`)).toEqual(['obs/vae-03 reconstruction error', 'obsm/X_latent'])
    expect(told('recipe')).toEqual([expect.stringContaining('operation: import')])
    // Every group and every array of numbers or texts says what it is.
    const walk = (place: string): string[] =>
      file.kind(place) === 'group' ? [place, ...file.keys(place).flatMap((key) => walk(`${place === '/' ? '' : place}/${key}`))] : [place]
    const inside = /\/(data|indices|indptr)$/
    for (const place of walk('/'))
      if (!inside.test(place)) expect([place, ...(encodings(file, place) as string[])]).not.toContain(undefined)
  })
})

test('a selection holds its rows and no others; without the matrix and without fields there is less', async () => {
  const { dataset, classes, scores } = await imported(tinyData('cells', folder.path).path)
  const path = folder.file('some.h5ad')
  const rows = [0, 1, 4, 8, 119]
  const within = { dataset: dataset.id, all: [{ kind: 'rows', rows }] }
  await bench.compute('export', { source: scores, with1: classes }, { path, within })
  await looked(path, (file) => {
    expect(texts(file, 'obs/_index')).toEqual(rows.map((row) => `cell-${row}`))
    expect(numbers(file, 'obs/Leiden/codes')).toEqual(rows.map((row) => classOf(row) - 1))
    expect(numbers(file, 'obsm/X_latent').slice(6, 9)).toEqual([0, 1, 2].map((j) => Math.fround(codeOf(4, j))))
    expect(numbers(file, 'X/indptr')).toHaveLength(rows.length + 1)
    expect(file.dataset('uns/stratum/rows_written').slab([], [])).toEqual(BigInt64Array.of(5n))
  })
  await bench.compute('export', { source: scores }, { path, matrix: 'without', beside: 'nothing', compression: 'none' })
  await looked(path, (file) => {
    expect(file.keys('/')).not.toContain('X')
    expect(file.dataset('obs/_index').shape).toEqual([120])
    expect(file.dataset('var/_index').shape).toEqual([7])
    expect(file.dataset('obsm/X_latent').filters).toEqual([])
  })
})

test('written once more to the same file it has the names of today, also of the codes behind a result', async () => {
  const { classes, codes } = await imported(tinyData('cells', folder.path).path)
  const path = folder.file('named.h5ad')
  const keys = async (): Promise<unknown> => {
    await bench.compute('export', { source: classes }, { path })
    return looked(path, (file) => file.attribute('obs', 'column-order'))
  }
  const before = await keys()
  bench.project.rename(classes, 'Cell types')
  bench.project.rename(codes, 'Atlas codes')
  expect(await keys()).toEqual(['Cell types', 'Cell types membership', 'Atlas reconstruction error'])
  expect(before).not.toContain('Cell types')
})

test('codes of a dictionary, mostly zeros, are sparse', async () => {
  const dataset = await bench.compute('import', {}, { path: tinyData('cells', folder.path).path })
  const { codes } = cellResults(bench.project, dataset.id, 120, { size: 12, used: 2 })
  const path = folder.file('sparse.h5ad')
  await bench.compute('export', { source: codes }, { path, matrix: 'without' })
  await looked(path, (file) => {
    expect(encodings(file, 'obsm/X_latent')).toEqual(['csr_matrix', '0.1.0'])
    // sin(0) is 0, and the cell without a code is NaN throughout.
    expect(numbers(file, 'obsm/X_latent/indptr').slice(0, 4)).toEqual([0, 1, 13, 15])
    expect(numbers(file, 'obsm/X_latent/data').slice(0, 2)).toEqual([Math.fround(Math.sin(1)), Number.NaN])
    expect(numbers(file, 'obsm/X_latent/indices').slice(13, 15)).toEqual([0, 1])
  })
})

test('a table has its numbers as X, its fields in obs, and all else there when it is asked for', async () => {
  const path = folder.file('plants.csv')
  const line = (i: number): string =>
    [`plant ${i}`, `2024-05-0${1 + (i % 9)}`, i === 2 ? '' : i / 8, i % 2 ? 'red' : 'blue', i % 3 === 0, i % 4].join(',')
  writeFileSync(path, `name,day,length,colour,wild,Leiden\n${Array.from({ length: 30 }, (_, i) => line(i)).join('\n')}\n`)
  const { classes } = await imported(path)
  const out = folder.file('plants.h5ad')
  await bench.compute('export', { source: classes }, { path: out, beside: 'columns' })
  await looked(out, (file) => {
    expect(texts(file, 'obs/_index')).toEqual(Array.from({ length: 30 }, (_, i) => String(i)))
    expect(texts(file, 'var/_index')).toEqual(['length', 'wild', 'Leiden'])
    expect(encodings(file, 'X')).toEqual(['array', '0.2.0'])
    expect(numbers(file, 'X').slice(6, 9)).toEqual([Number.NaN, 0, 2])
    const order = file.attribute('obs', 'column-order') as string[]
    expect(order.slice(0, 3)).toEqual(['name', 'day', 'colour'])
    expect(texts(file, 'obs/colour/categories')).toEqual(['blue', 'red'])
    expect((texts(file, 'obs/day') as string[])[3]).toBe('2024-05-04')
  })
  // Nothing of the data is lost where they go along, whatever else is told of rows.
  await bench.compute('export', { source: classes }, { path: out })
  await looked(out, (file) => expect((file.attribute('obs', 'column-order') as string[]).slice(0, 3)).toEqual(['name', 'day', 'colour']))
  await bench.compute('export', { source: classes }, { path: out, beside: 'columns', matrix: 'without' })
  await looked(out, (file) => {
    // Without X all columns stand in obs; what is called like a result is told apart from it.
    expect((file.attribute('obs', 'column-order') as string[]).slice(0, 6)).toEqual([
      'name',
      'day',
      'length',
      'colour',
      'wild',
      'data_Leiden',
    ])
    expect(file.dataset('obs/wild').dtype).toBe('boolean')
    expect(numbers(file, 'obs/length')[2]).toBeNaN()
  })
  rmSync(path)
  await bench.compute('export', { source: classes }, { path: out, beside: 'nothing', matrix: 'without' })
  await expect(bench.compute('export', { source: classes }, { path: out, beside: 'labels' })).rejects.toMatchObject({
    code: 'SOURCE_MISSING',
  })
  expect(existsSync(out), 'a file that was there is left').toBe(true)
})

test('pixels of a scene have their place in obs and their bands as X', async () => {
  const { classes } = await imported(tinyData('raster', folder.path).path)
  const path = folder.file('scene.h5ad')
  await bench.compute('export', { source: classes }, { path })
  await looked(path, (file) => {
    expect(file.dataset('X').shape).toEqual([16 * 12, 4])
    expect([numbers(file, 'obs/column')[17], numbers(file, 'obs/line')[17]]).toEqual([1, 1])
  })
})

test('cells that are called alike are written as they are, which is said', async () => {
  const { path } = tinyData('cells', folder.path)
  writeFileSync(`${path}/barcodes.tsv`, Array.from({ length: 120 }, (_, i) => `cell-${Math.floor(i / 2)}\n`).join(''))
  const { classes } = await imported(path)
  const said: string[] = []
  const logged = (level: string, message: string): void => void said.push(`${level}: ${message}`)
  const runner = createRunner(bench.project, operations, { hooks: { logged } })
  try {
    await runToEnd(runner, { operation: 'export', inputs: { source: classes }, params: { path: folder.file('twice.h5ad') } })
  } finally {
    await runner.dispose()
  }
  expect(said).toEqual([expect.stringMatching(/^warning: 60 names of rows occur more than once/)])
  await looked(folder.file('twice.h5ad'), (file) =>
    expect((texts(file, 'obs/_index') as string[]).slice(0, 3)).toEqual(['cell-0', 'cell-0', 'cell-1']),
  )
})

test('what makes no sense is refused', async () => {
  const one = await imported(tinyData('cells', folder.path).path)
  const two = await imported(tinyData('embedding', folder.path).path)
  const path = folder.file('a.h5ad')
  await expect(bench.compute('export', { source: one.classes, with1: two.classes }, { path })).rejects.toMatchObject({
    code: 'PARAMETER_INVALID',
    where: { artifact: two.classes },
  })
  await expect(bench.compute('export', { source: one.classes, with1: one.umap }, { path: folder.file('a.csv') })).rejects.toMatchObject({
    code: 'PARAMETER_INVALID',
  })
  await expect(bench.compute('export', { source: one.umap }, { path: folder.file('a.csv') })).rejects.toMatchObject({
    code: 'ARTIFACT_KIND',
  })
  await expect(bench.compute('export', { source: one.model }, { path })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
  await expect(bench.compute('export', { source: one.classes }, { path, compression: 'lzw' })).rejects.toMatchObject({
    where: { parameter: 'compression' },
  })
  expect(readdirSync(folder.path).filter((name) => name.includes('.h5ad') || name.endsWith('.part'))).toEqual([])
})

test.each(['Writing results', 'Writing names and labels', 'Writing the matrix'])('cancelled at “%s” nothing is left', async (stage) => {
  const { dataset, data, classes } = await imported(tinyData('cells', folder.path).path)
  const cancelling = new AbortController()
  const ctx = {
    project: bench.project,
    params: exportParams.parse({ path: folder.file('a.h5ad') }),
    inputs: {},
    signal: cancelling.signal,
    report: (progress: Progress) => {
      if (progress.stage === stage) cancelling.abort()
    },
    log: () => undefined,
  } as unknown as Context
  const subject = { artifact: bench.project.artifact(classes), dataset, data, path: folder.file('a.h5ad') }
  await expect(annDataFile(ctx, subject)).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(readdirSync(folder.path).filter((name) => name.includes('h5ad'))).toEqual([])
})

const realFiles: readonly (readonly [path: string, options: Record<string, unknown>])[] = [
  ['scanpy/10x_pbmc68k_reduced.h5ad', {}],
  ['scanpy/10x_pbmc68k_reduced_v3_counts.h5ad', {}],
  ['misc/anndataR_example.h5ad', {}],
  ['misc/anndataR_example.h5ad', { layer: 'layers/csc_counts' }],
  ['misc/cellxgene_nan.h5ad', {}],
  ['scvi/pbmc_5k_protein_v3.h5ad', {}],
  ['zellkonverter/krumsiek11_augmented_v0-8.h5ad', {}],
  ['scanpy/10x_v3/filtered_feature_bc_matrix.h5', {}],
  ['scanpy/10x_v3/filtered_feature_bc_matrix', {}],
  ['loom/loompy_test.loom', {}],
]

test.skipIf(!hasSharedData).each(realFiles)('%s %j comes back with its values, names and fields', async (name, options) => {
  const { data, classes } = await imported(sharedData(`singlecell/${name}`), options)
  const path = folder.file('again.h5ad')
  await bench.compute('export', { source: classes }, { path })
  const again = (await bench.compute('import', {}, { path })).meta as unknown as DatasetMeta
  expect(again.columns.map((column) => column.name)).toEqual(data.columns.map((column) => column.name))
  const [before, after] = [await openDataset(data, bench.project.path), await openDataset(again, bench.project.path)]
  try {
    await sameValues(before, after)
    const barcodes = ['index', 'barcode', 'CellID'].find((field) => data.metadataFields.includes(field))
    for (const field of data.metadataFields) {
      const kept = field === barcodes ? 'index' : field
      expect([field, await after.metadata?.(kept)]).toEqual([field, await before.metadata?.(field)])
    }
    const genes = async (source: OpenSource) => new Map((await source.fields?.())?.ofColumns.map(({ name, values }) => [name, values]))
    const written = await genes(after)
    for (const [field, values] of await genes(before)) expect([field, written.get(field)]).toEqual([field, values])
  } finally {
    await before.close()
    await after.close()
  }
})

async function sameValues(before: OpenSource, after: OpenSource): Promise<void> {
  const bytes = async (source: OpenSource): Promise<Buffer> => {
    const parts: Uint8Array[] = []
    for await (const { X } of source.chunks()) parts.push(new Uint8Array(X.buffer, X.byteOffset, X.byteLength))
    return Buffer.concat(parts)
  }
  expect((await bytes(after)).equals(await bytes(before))).toBe(true)
}
