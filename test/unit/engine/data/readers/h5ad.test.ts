import h5wasm, { type File } from 'h5wasm/node'
import { beforeAll, describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { type H5Dataset, openH5 } from '#engine/data/hdf5/file.ts'
import { type Frame, openFrame } from '#engine/data/readers/h5ad/frame.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { hasSharedData, sharedData } from '../../../../helpers/sharedData.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
beforeAll(async () => void (await h5wasm.ready))

/** Writes a file with h5wasm; `build` fills it. */
function write(build: (file: File) => void): string {
  const path = folder.file('cells.h5ad')
  const file = new h5wasm.File(path, 'w')
  build(file)
  file.close()
  return path
}

const frame = (file: File, name: string, index: readonly string[]): void => {
  file.create_group(name).create_attribute('_index', '_index')
  file.get(name)
  file.create_dataset({ name: `${name}/_index`, data: [...index] })
}

interface Sparse {
  data?: number[]
  indices?: number[]
  indptr?: number[]
  shape?: [number, number]
  encoding?: string
}

/** Two cells by three genes: [[0, 5, 0], [7, 0, 2]]. */
function writeSparse({
  data = [5, 7, 2],
  indices = [1, 0, 2],
  indptr = [0, 1, 3],
  shape = [2, 3],
  encoding = 'csr_matrix',
}: Sparse): string {
  return write((file) => {
    const group = file.create_group('X')
    group.create_attribute('encoding-type', encoding)
    group.create_attribute('shape', Int32Array.from(shape))
    file.create_dataset({ name: 'X/data', data: Float32Array.from(data) })
    file.create_dataset({ name: 'X/indices', data: Int32Array.from(indices) })
    file.create_dataset({ name: 'X/indptr', data: Int32Array.from(indptr) })
    frame(file, 'obs', ['c1', 'c2'])
    frame(file, 'var', ['g1', 'g2', 'g3'])
    file.create_group('obs/type')
    file.create_dataset({ name: 'obs/type/codes', data: Int8Array.of(1, -1) })
    file.create_dataset({ name: 'obs/type/categories', data: ['B', 'T'] })
  })
}

it('reads the categories of a field once, however many stretches its rows are read in', async () => {
  const file = await openH5(writeSparse({}))
  const reads: string[] = []
  const told = (dataset: H5Dataset): H5Dataset => ({
    ...dataset,
    read(from, to) {
      reads.push(dataset.place)
      return dataset.read(from, to)
    },
  })
  try {
    const obs = openFrame({ ...file, dataset: (place) => told(file.dataset(place)) }, 'obs') as Frame
    expect(obs.typeOf('type')).toEqual({ kind: 'category', categories: ['B', 'T'], ordered: false })
    expect([obs.values('type', 0, 1), obs.values('type', 1, 2)]).toEqual([['T'], [null]])
    expect(reads.filter((place) => place.includes('categories'))).toHaveLength(1)
    expect(reads.filter((place) => place.includes('codes'))).toHaveLength(2)
  } finally {
    file.close()
  }
})

describe('sparse', () => {
  it('makes only the rows asked for dense', async () => {
    const source = await openSource(writeSparse({}))
    expect(source.report).toMatchObject({
      kind: 'cells',
      rows: 2,
      metadataFields: ['index', 'type'],
      details: { storage: 'CSR', storedValues: 3 },
    })
    expect(source.report.columns.map((column) => column.name)).toEqual(['g1', 'g2', 'g3'])
    for (const maxBytes of [12, 1000]) expect(Array.from((await readAll(source, { maxBytes })).X)).toEqual([0, 5, 0, 7, 0, 2])
    expect(Array.from((await readAll(source, { columns: [2, 1] })).X)).toEqual([0, 5, 2, 0])
    expect(await source.metadata?.('type')).toEqual(['T', null])
    expect(await source.preview(1, 1, 4)).toEqual({ names: ['index', 'type', 'g1', 'g2'], rows: [['c2', null, 7, 0]] })
    await source.close()
  })

  it('adds up a column that comes twice, as SciPy does', async () => {
    const source = await openSource(writeSparse({ indices: [1, 2, 2] }))
    expect(Array.from((await readAll(source)).X)).toEqual([0, 5, 0, 0, 0, 9])
    await source.close()
  })

  it.each<[string, Sparse]>([
    ['a column beyond the matrix', { indices: [1, 0, 3] }],
    ['a negative column', { indices: [1, -1, 2] }],
    ['row starts that go back', { indptr: [0, 4, 3] }],
    ['row starts beyond the values', { indptr: [0, 1, 9] }],
    ['negative row starts', { indptr: [-2, 1, 3] }],
    ['too few row starts', { indptr: [0, 3] }],
    ['a shape that its tables do not have', { shape: [2, 4], indices: [1, 0, 2] }],
  ])('answers FILE_CORRUPT for %s', async (_, parts) => {
    const path = writeSparse(parts)
    const read = async (): Promise<void> => {
      const source = await openSource(path)
      await readAll(source).finally(() => source.close())
    }
    await expect(read()).rejects.toMatchObject({ code: 'FILE_CORRUPT', where: expect.objectContaining({ path }) })
  })

  it('reads a matrix stored by columns by its cells', async () => {
    const path = writeSparse({ data: [7, 5, 2], indices: [1, 0, 1], indptr: [0, 1, 2, 3], encoding: 'csc_matrix' })
    const source = await openSource(path)
    expect(source.report.details).toMatchObject({ storage: 'CSC', storedValues: 3 })
    expect(await source.preview(1, 1, 5)).toMatchObject({ rows: [['c2', null, 7, 0, 2]] })
    for (const maxBytes of [12, 1000]) expect(Array.from((await readAll(source, { maxBytes })).X)).toEqual([0, 5, 0, 7, 0, 2])
    expect(Array.from((await readAll(source, { columns: [2, 1] })).X)).toEqual([0, 5, 2, 0])
    await source.close()
  })

  it('refuses a number of rows by columns that only a header claims', async () => {
    const path = writeSparse({ indptr: [0, 1, 2, 3], shape: [2_000_000_000, 3], encoding: 'csc_matrix' })
    await expect(inspectSource(path)).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
  })

  it.each<[string, Sparse]>([
    ['a row beyond the matrix', { indices: [1, 0, 2], indptr: [0, 1, 2, 3] }],
    ['column starts that go back', { indices: [1, 0, 1], indptr: [0, 2, 1, 3] }],
  ])('answers FILE_CORRUPT by columns for %s', async (_, parts) => {
    const source = await openSource(writeSparse({ ...parts, encoding: 'csc_matrix' }))
    await expect(readAll(source)).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
    await source.close()
  })
})

describe('layers', () => {
  const withLayers = (): string =>
    write((file) => {
      file.create_dataset({ name: 'X', data: Float32Array.of(0, 1.5, 2.5, 0), shape: [2, 2] })
      file.create_group('layers')
      file.create_dataset({ name: 'layers/counts', data: Int32Array.of(0, 3, 8, 0), shape: [2, 2] })
      file.create_group('obsm')
      file.create_dataset({ name: 'obsm/X_pca', data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] })
      frame(file, 'obs', ['c1', 'c2'])
      frame(file, 'var', ['g', 'g'])
      file.create_dataset({ name: 'var/id', data: ['ENS1', 'ENS2'] })
    })

  it('are named, and where raw counts lie is said', async () => {
    const report = await inspectSource(withLayers())
    expect(report.details).toMatchObject({ layer: 'X', layers: 'X, layers/counts, obsm/X_pca', values: 'log-normalised' })
    expect(report.findings.find((finding) => finding.code === 'COUNTS_ELSEWHERE')).toMatchObject({ where: { layer: 'layers/counts' } })
  })

  it('are chosen by name, and unknown ones are refused with those there are', async () => {
    const path = withLayers()
    for (const layer of ['counts', 'layers/counts']) {
      const source = await openSource(path, undefined, { layer })
      expect(Array.from((await readAll(source)).X)).toEqual([0, 3, 8, 0])
      expect([source.report.details.values, source.report.findings.map((finding) => finding.code)]).toEqual(['counts', ['DUPLICATE_NAMES']])
      await source.close()
    }
    const components = await inspectSource(path, undefined, { layer: 'obsm/X_pca' })
    expect(components.columns.map((column) => column.name)).toEqual(['pca 1', 'pca 2', 'pca 3'])
    await expect(inspectSource(path, undefined, { layer: 'spliced' })).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      hint: expect.stringContaining('layers/counts'),
    })
  })

  it('names genes by a column of their table, unique as anndata makes them', async () => {
    const path = withLayers()
    const names = async (options: Record<string, string>): Promise<string[]> =>
      (await inspectSource(path, undefined, options)).columns.map((column) => column.name)
    expect(await names({})).toEqual(['g', 'g-1'])
    expect(await names({ geneNames: 'id' })).toEqual(['ENS1', 'ENS2'])
    await expect(names({ geneNames: 'symbol' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })
})

it('reads nullable texts, also as names, in the order of the table; says which fields cannot be read', async () => {
  const path = write((file) => {
    file.create_dataset({ name: 'X', data: Float32Array.of(1, 2), shape: [2, 1] })
    const obs = file.create_group('obs')
    obs.create_attribute('_index', 'names')
    obs.create_attribute('column-order', ['z', 'a', 'nested'])
    for (const [field, values] of [
      ['names', ['c1', 'c2']],
      ['z', ['x', '']],
    ] as const) {
      file.create_group(`obs/${field}`)
      file.create_dataset({ name: `obs/${field}/values`, data: [...values] })
      file.create_dataset({ name: `obs/${field}/mask`, data: Int8Array.of(0, field === 'z' ? 1 : 0) })
    }
    file.create_dataset({ name: 'obs/a', data: Int32Array.of(4, 5) })
    file.create_dataset({ name: 'obs/short', data: Int32Array.of(4) })
    file.create_group('obs/nested')
  })
  const source = await openSource(path)
  expect(source.report.metadataFields).toEqual(['index', 'z', 'a'])
  expect(source.report.findings.find((finding) => finding.code === 'FIELDS_LEFT_OUT')?.message).toContain('nested, short')
  expect(await Promise.all(['index', 'z', 'a'].map((field) => source.metadata?.(field)))).toEqual([
    ['c1', 'c2'],
    ['x', null],
    [4, 5],
  ])
  await source.close()
})

describe('dense', () => {
  it('reads stretches of rows and chosen columns', async () => {
    const path = write((file) => void file.create_dataset({ name: 'X', data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] }))
    const source = await openSource(path)
    expect(source.report.findings.map((finding) => finding.code)).toEqual(['NO_OBS'])
    expect(Array.from((await readAll(source, { maxBytes: 16, columns: [1] })).X)).toEqual([2, 4, 6])
    await source.close()
  })

  it('reads the only matrix of a file that is not AnnData’s, and asks for a choice among several', async () => {
    const one = write((file) => void file.create_dataset({ name: 'features', data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }))
    expect((await inspectSource(one)).details.layer).toBe('features')
    const several = write((file) => {
      for (const name of ['a', 'b']) file.create_dataset({ name, data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] })
      file.create_dataset({ name: 'y', data: Int32Array.of(0, 1) })
      file.create_external_link('/etc/passwd', '/X', 'link')
    })
    await expect(inspectSource(several)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED', hint: expect.stringContaining('a, b') })
    expect(await inspectSource(several, undefined, { layer: 'b' })).toMatchObject({ metadataFields: ['y'], labelFields: ['y'] })
  })

  it('does not follow links into other files', async () => {
    const path = write((file) => void file.create_external_link('/etc/passwd', '/X', 'X'))
    await expect(inspectSource(path)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining('another file'),
    })
  })

  it('follows links inside the file, but not in a circle', async () => {
    const sound = write((file) => {
      file.create_dataset({ name: 'counts', data: Float32Array.of(1, 2), shape: [1, 2] })
      file.create_soft_link('/counts', 'X')
    })
    expect((await inspectSource(sound)).columns).toHaveLength(2)
    const circle = write((file) => {
      file.create_soft_link('/Y', 'X')
      file.create_soft_link('/X', 'Y')
    })
    await expect(inspectSource(circle)).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
  })

  it('refuses a matrix of text', async () => {
    const path = write((file) => void file.create_dataset({ name: 'X', data: ['a', 'b'], shape: [1, 2] }))
    await expect(inspectSource(path)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  })
})

describe.skipIf(!hasSharedData)('real files', () => {
  it('reads the same cells and labels from the old and the new encoding of one dataset', async () => {
    const old = await openSource(sharedData('singlecell/scanpy/10x_pbmc68k_reduced.h5ad'))
    const current = await openSource(sharedData('singlecell/scanpy/10x_pbmc68k_reduced_v3_counts.h5ad'))
    expect(await old.metadata?.('bulk_labels')).toEqual(await current.metadata?.('bulk_labels'))
    expect((await old.metadata?.('index'))?.slice(0, 2)).toEqual(['AAAGCCTGGCTAAC-1', 'AAATTCGATGCACA-1'])
    expect(new Set(await old.metadata?.('louvain')).size).toBe(11)
    expect((await readAll(old)).X).toEqual((await readAll(current)).X)
    await Promise.all([old.close(), current.close()])
  })

  it('reads nullable, boolean and categorical fields', async () => {
    const source = await openSource(sharedData('singlecell/zellkonverter/krumsiek11_augmented_v0-8.h5ad'))
    const fields = await Promise.all(
      ['cell_type', 'dummy_bool', 'dummy_bool2', 'dummy_int2', 'dummy_num'].map((field) => source.metadata?.(field)),
    )
    expect(fields.map((values) => values?.length)).toEqual([640, 640, 640, 640, 640])
    expect(fields[0]?.[0]).toBe('progenitor')
    expect(new Set(fields[1])).toEqual(new Set(['true', 'false']))
    await source.close()
  })
})
