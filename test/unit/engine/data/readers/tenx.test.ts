import h5wasm, { type File } from 'h5wasm/node'
import { beforeAll, describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
beforeAll(async () => void (await h5wasm.ready))

function write(build: (file: File) => void, name = 'counts.h5'): string {
  const path = folder.file(name)
  const file = new h5wasm.File(path, 'w')
  build(file)
  file.close()
  return path
}

/** Two cells by three features: [[0, 5, 0], [7, 0, 2]], stored by barcodes. */
function group(file: File, name: string, shape = [3, 2], indices = [1, 0, 2]): void {
  file.create_group(name)
  file.create_dataset({ name: `${name}/data`, data: Int32Array.of(5, 7, 2) })
  file.create_dataset({ name: `${name}/indices`, data: BigInt64Array.from(indices, BigInt) })
  file.create_dataset({ name: `${name}/indptr`, data: BigInt64Array.of(0n, 1n, 3n) })
  file.create_dataset({ name: `${name}/shape`, data: Int32Array.from(shape) })
  file.create_dataset({ name: `${name}/barcodes`, data: ['AAA-1', 'CCC-1'] })
}

function features(file: File): void {
  file.create_group('matrix/features')
  file.create_dataset({ name: 'matrix/features/name', data: ['a', 'a', 'CD3'] })
  file.create_dataset({ name: 'matrix/features/id', data: ['ENS1', 'ENS2', 'CD3'] })
  file.create_dataset({ name: 'matrix/features/feature_type', data: ['Gene Expression', 'Gene Expression', 'Antibody Capture'] })
  file.create_dataset({ name: 'matrix/features/genome', data: ['GRCh38', 'mm10', ''] })
}

const modern = (): string =>
  write((file) => {
    group(file, 'matrix')
    features(file)
  })
const names = async (path: string, options: Record<string, string>): Promise<string[]> =>
  (await inspectSource(path, undefined, options)).columns.map((column) => column.name)

describe('version 3', () => {
  it('has cells as rows, and gene expression unless another type is chosen', async () => {
    const path = modern()
    const source = await openSource(path)
    expect(source.report).toMatchObject({ format: 'tenx', rows: 2, dtype: 'int32', details: { values: 'counts', version: 3 } })
    expect(source.report.findings.map((finding) => finding.code)).toEqual(['FEATURE_TYPES', 'DUPLICATE_NAMES'])
    expect(Array.from((await readAll(source)).X)).toEqual([0, 5, 7, 0])
    expect(await source.metadata?.('barcode')).toEqual(['AAA-1', 'CCC-1'])
    await source.close()
    const all = await openSource(path, undefined, { featureTypes: 'all' })
    expect(Array.from((await readAll(all)).X)).toEqual([0, 5, 0, 7, 0, 2])
    expect(Array.from((await readAll(all, { columns: [2, 0] })).X)).toEqual([0, 0, 2, 7])
    await all.close()
  })

  it('names features by symbol or identifier, of one genome', async () => {
    const path = modern()
    expect(await names(path, {})).toEqual(['a', 'a-1'])
    expect(await names(path, { geneNames: 'id' })).toEqual(['ENS1', 'ENS2'])
    expect(await names(path, { genome: 'mm10', geneNames: 'id' })).toEqual(['ENS2'])
    expect(await names(path, { featureTypes: 'Antibody Capture' })).toEqual(['CD3'])
    await expect(names(path, { genome: 'rat' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
    await expect(names(path, { featureTypes: 'CRISPR' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })
})

describe('version 2', () => {
  it('reads the genome that is chosen and names the others', async () => {
    const path = write((file) => {
      for (const genome of ['hg19', 'mm10']) {
        group(file, genome)
        file.create_dataset({ name: `${genome}/gene_names`, data: ['x', 'y', 'z'].map((gene) => `${genome}_${gene}`) })
      }
    })
    expect(await names(path, {})).toEqual(['hg19_x', 'hg19_y', 'hg19_z'])
    expect(await names(path, { genome: 'mm10' })).toEqual(['mm10_x', 'mm10_y', 'mm10_z'])
    expect((await inspectSource(path)).findings.map((finding) => finding.code)).toEqual(['GENOMES'])
    await expect(names(path, { genome: 'rat' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID', hint: 'Genomes are hg19, mm10.' })
  })
})

describe('damaged files', () => {
  it.each<[string, (file: File) => void]>([
    ['another number of barcodes', (file) => group(file, 'matrix', [3, 3])],
    ['a feature beyond the matrix', (file) => group(file, 'matrix', [3, 2], [1, 0, 3])],
    ['a shape beyond belief', (file) => group(file, 'matrix', [2_000_000_000, 2])],
    [
      'a table of features of another length',
      (file) => {
        group(file, 'matrix', [4, 2])
        features(file)
      },
    ],
  ])('with %s end in FILE_CORRUPT', async (_, build) => {
    const path = write(build)
    const read = async (): Promise<void> => {
      const source = await openSource(path)
      await readAll(source).finally(() => source.close())
    }
    await expect(read()).rejects.toMatchObject({ code: 'FILE_CORRUPT', where: expect.objectContaining({ path }) })
  })
})
