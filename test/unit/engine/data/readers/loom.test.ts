import h5wasm, { type File } from 'h5wasm/node'
import { beforeAll, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
beforeAll(async () => void (await h5wasm.ready))

/** Three genes by two cells; the cells are [1, 3, 5] and [2, 4, 6]. */
function write(build: (file: File) => void = () => {}): string {
  const path = folder.file('cells.loom')
  const file = new h5wasm.File(path, 'w')
  file.create_dataset({ name: 'matrix', data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2], chunks: [2, 1], compression: 'gzip' })
  for (const group of ['layers', 'row_attrs', 'col_attrs']) file.create_group(group)
  file.create_dataset({ name: 'layers/spliced', data: Float32Array.of(0, 0, 1, 0, 0, 2), shape: [3, 2] })
  file.create_dataset({ name: 'row_attrs/Gene', data: ['a', 'b', 'c'] })
  file.create_dataset({ name: 'row_attrs/Accession', data: ['E1', 'E2', 'E3'] })
  file.create_dataset({ name: 'col_attrs/CellID', data: ['x', 'y'] })
  file.create_dataset({ name: 'col_attrs/Age', data: Float64Array.of(3, Number.NaN) })
  file.create_dataset({ name: 'col_attrs/Embedding', data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] })
  build(file)
  file.close()
  return path
}

it('has cells as rows and the attributes of its columns as fields', async () => {
  const source = await openSource(write())
  expect(source.report).toMatchObject({
    format: 'loom',
    rows: 2,
    metadataFields: ['Age', 'CellID'],
    details: { layers: 'matrix, spliced' },
  })
  expect(source.report.findings.map((finding) => finding.code)).toEqual(['FIELDS_LEFT_OUT'])
  for (const maxBytes of [1, 1000]) expect(Array.from((await readAll(source, { maxBytes })).X)).toEqual([1, 3, 5, 2, 4, 6])
  expect(Array.from((await readAll(source, { columns: [2, 1] })).X)).toEqual([5, 3, 6, 4])
  expect([await source.metadata?.('CellID'), await source.metadata?.('Age')]).toEqual([
    ['x', 'y'],
    [3, null],
  ])
  expect(await source.preview(1, 5, 4)).toEqual({ names: ['Age', 'CellID', 'a', 'b'], rows: [[null, 'y', 2, 4]] })
  await source.close()
})

it('reads a layer and names genes by another attribute', async () => {
  const source = await openSource(write(), undefined, { layer: 'spliced', geneNames: 'Accession' })
  expect(source.report.columns.map((column) => column.name)).toEqual(['E1', 'E2', 'E3'])
  expect(Array.from((await readAll(source)).X)).toEqual([0, 1, 0, 0, 0, 2])
  await source.close()
})

it('refuses layers and attributes that are not there, and attributes of another length', async () => {
  await expect(inspectSource(write(), undefined, { layer: 'unspliced' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  await expect(inspectSource(write(), undefined, { geneNames: 'Symbol' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  const path = write((file) => void file.create_dataset({ name: 'col_attrs/Batch', data: Int32Array.of(1, 2, 3) }))
  await expect(inspectSource(path)).rejects.toMatchObject({
    code: 'FILE_CORRUPT',
    where: expect.objectContaining({ place: 'col_attrs/Batch' }),
  })
})
