import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

/** Three genes by two cells: cell 1 has 5 of gene b, cell 2 has 7 of a and 2.5 of c. */
const lines = ['%%MatrixMarket matrix coordinate real general', '% a comment', '3 2 3', '2 1 5', '1 2 7', '3 2 2.5e0', '']
const features = ['ENS1\ta\tGene Expression', 'ENS2\tb\tGene Expression', 'ENS3\tc\tAntibody Capture']

interface Files {
  matrix?: readonly string[]
  barcodes?: readonly string[] | null
  features?: readonly string[] | null
  zip?: boolean
  prefix?: string
}

function write({
  matrix = lines,
  barcodes = ['AAA-1', 'CCC-1'],
  features: table = features,
  zip = false,
  prefix = '',
}: Files = {}): string {
  const path = join(folder.path, 'filtered')
  mkdirSync(path, { recursive: true })
  const put = (name: string, text: readonly string[]): void =>
    writeFileSync(join(path, prefix + name + (zip ? '.gz' : '')), zip ? gzipSync(text.join('\n')) : text.join('\n'))
  put('matrix.mtx', matrix)
  if (barcodes) put('barcodes.tsv', barcodes)
  if (table) put('features.tsv', table)
  return path
}

describe('a folder of Cell Ranger', () => {
  it.each([false, true])('is read with its barcodes and features, gzip: %s', async (zip) => {
    const path = write({ zip })
    const source = await openSource(path, undefined, { featureTypes: 'all' })
    expect(source.report).toMatchObject({ format: 'mtx', kind: 'cells', rows: 2, metadataFields: ['barcode'] })
    expect(source.report.columns.map((column) => column.name)).toEqual(['a', 'b', 'c'])
    expect(Array.from((await readAll(source, { maxBytes: 12 })).X)).toEqual([0, 5, 0, 7, 0, 2.5])
    expect(Array.from((await readAll(source, { columns: [2, 0] })).X)).toEqual([0, 0, 2.5, 7])
    expect(await source.metadata?.('barcode')).toEqual(['AAA-1', 'CCC-1'])
    expect(source.files?.map((file) => file.slice(path.length + 1).replace('.gz', ''))).toEqual([
      'matrix.mtx',
      'barcodes.tsv',
      'features.tsv',
    ])
    await source.close()
  })

  it('takes gene expression and says what it leaves out', async () => {
    const path = write()
    const report = await inspectSource(path)
    expect(report.columns.map((column) => column.name)).toEqual(['a', 'b'])
    expect(report.findings.find((finding) => finding.code === 'FEATURE_TYPES')?.message).toContain('Antibody Capture (1)')
    const proteins = await openSource(path, undefined, { featureTypes: 'Antibody Capture', geneNames: 'id' })
    expect(proteins.report.columns.map((column) => column.name)).toEqual(['ENS3'])
    expect(Array.from((await readAll(proteins)).X)).toEqual([0, 2.5])
    await proteins.close()
    await expect(inspectSource(path, undefined, { featureTypes: 'CRISPR' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })

  it('is the same when its matrix is opened, also with a prefix', async () => {
    const path = write({ prefix: 'GSM1_', zip: true })
    const report = await inspectSource(join(path, 'GSM1_matrix.mtx.gz'))
    expect([report.rows, report.columns.length, report.metadataFields]).toEqual([2, 2, ['barcode']])
    expect((await inspectSource(path)).rows).toBe(2)
  })
})

describe('a matrix alone', () => {
  it('is taken for genes by cells, which is said and can be turned', async () => {
    const path = join(write({ barcodes: null, features: null }), 'matrix.mtx')
    const report = await inspectSource(path)
    expect([report.rows, report.columns.length]).toEqual([2, 3])
    expect(report.findings.map((finding) => finding.code)).toContain('ORIENTATION_ASSUMED')
    const turned = await openSource(path, undefined, { orientation: 'cells by genes' })
    expect(Array.from((await readAll(turned)).X)).toEqual([0, 7, 5, 0, 0, 2.5])
    await turned.close()
  })

  it('has its orientation from the tables beside it', async () => {
    const report = await inspectSource(write({ barcodes: ['x', 'y', 'z'], features: ['g1\tg1', 'g2\tg2'] }))
    expect([report.rows, report.columns.length, report.details.orientation]).toEqual([3, 2, 'cells by genes'])
  })

  it('may hold patterns, halves of symmetric matrices, and entries that come twice', async () => {
    const of = async (matrix: string[]): Promise<number[]> => {
      const source = await openSource(write({ matrix, barcodes: null, features: null }))
      try {
        return Array.from((await readAll(source)).X)
      } finally {
        await source.close()
      }
    }
    expect(await of(['%%MatrixMarket matrix coordinate pattern general', '2 2 1', '1 2'])).toEqual([0, 0, 1, 0])
    expect(await of(['%%MatrixMarket matrix coordinate integer symmetric', '2 2 2', '1 1 4', '2 1 3'])).toEqual([4, 3, 3, 0])
    expect(await of(['%%MatrixMarket matrix coordinate real general', '1 1 2', '1 1 -4.5', '1 1 nan'])).toEqual([Number.NaN])
    expect(await of(['%%MatrixMarket matrix coordinate real general', '1 1 2', ' 1\t1  -4.5 \r', '1 1 1\r', ''])).toEqual([-3.5])
  })
})

describe('damaged matrices', () => {
  const replaced = (line: number, text: string): string[] => lines.map((old, i) => (i === line ? text : old))

  it.each<[string, string, string[], number | undefined]>([
    ['an entry outside', 'FILE_CORRUPT', replaced(4, '1 3 7'), 5],
    ['row zero', 'FILE_CORRUPT', replaced(4, '0 2 7'), 5],
    ['an entry that is text', 'FILE_CORRUPT', replaced(4, 'one 2 7'), 5],
    ['a value that is text', 'FILE_CORRUPT', replaced(4, '1 2 seven'), 5],
    ['an entry without a value', 'FILE_CORRUPT', replaced(4, '1 2'), 5],
    ['more entries than claimed', 'FILE_CORRUPT', [...lines.slice(0, -1), '1 1 1'], 7],
    ['fewer entries than claimed', 'FILE_TRUNCATED', lines.slice(0, -2), undefined],
    ['a shape that no file of this size holds', 'FILE_CORRUPT', replaced(2, '3 2 3000000000'), 3],
    ['a shape of text', 'FILE_CORRUPT', replaced(2, 'three 2 3'), 3],
    ['a banner that is none', 'FILE_CORRUPT', replaced(0, '%%MatrixMarket vector coordinate real general'), 1],
    ['a dense matrix', 'FORMAT_UNSUPPORTED', replaced(0, '%%MatrixMarket matrix array real general'), 1],
    ['complex values', 'FORMAT_UNSUPPORTED', replaced(0, '%%MatrixMarket matrix coordinate complex general'), 1],
    ['an axis beyond belief', 'FILE_CORRUPT', replaced(2, '90000000 2 3'), undefined],
  ])('with %s end in %s', async (_, code, matrix, line) => {
    const path = write({ matrix, barcodes: null, features: null })
    const read = async (): Promise<void> => {
      const source = await openSource(path)
      await readAll(source).finally(() => source.close())
    }
    await expect(read()).rejects.toMatchObject({ code, where: expect.objectContaining(line === undefined ? {} : { line }) })
  })

  it('beside tables of another length end in FILE_CORRUPT', async () => {
    await expect(inspectSource(write({ barcodes: ['a', 'b', 'c', 'd', 'e'] }))).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
  })

  it('in a cut gzip file end in FILE_TRUNCATED', async () => {
    const path = write({ zip: true })
    const zipped = gzipSync(lines.join('\n'))
    writeFileSync(join(path, 'matrix.mtx.gz'), zipped.subarray(0, zipped.length - 12))
    const source = await openSource(path)
    await expect(readAll(source)).rejects.toMatchObject({ code: 'FILE_TRUNCATED' })
    await source.close()
  })

  it('that expand without end are stopped', async () => {
    const path = write({ zip: true })
    writeFileSync(join(path, 'matrix.mtx.gz'), gzipSync(Buffer.alloc(40 << 20, '%')))
    await expect(inspectSource(path)).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
  })
})
