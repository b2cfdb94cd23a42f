import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '../../../../../src-main/engine/data/inspect.ts'
import { readAll } from '../../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const bases = 'ACGT'
const barcodes = Array.from({ length: 30 }, (_, i) => `sample_ACGTAC${bases[i % 4]}${bases[(i >> 2) % 4]}${bases[(i >> 4) % 4]}-1`)
const value = (gene: number, cell: number): number => (gene * 31 + cell) % 4
const line = (gene: number, delimiter: string): string => [`gene${gene}`, ...barcodes.map((_, cell) => value(gene, cell))].join(delimiter)

function write(text: string, name = 'counts.tsv'): string {
  const path = folder.file(name)
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
  return path
}

describe('a table of genes by cells', () => {
  it.each([
    ['counts.tsv', '\t', 'GENE\t'],
    ['counts.csv.gz', ',', '"",'],
    ['counts.txt', ' ', ''],
  ])('%s is recognised by the barcodes of its heading and turned', async (name, delimiter, corner) => {
    const path = write(
      `${[corner + barcodes.join(delimiter), line(0, delimiter), line(1, delimiter), line(2, delimiter)].join('\r\n')}\r\n\n`,
      name,
    )
    const source = await openSource(path)
    expect(source.report).toMatchObject({ format: 'gene-table', kind: 'cells', rows: 30, dtype: 'int32', details: { values: 'counts' } })
    expect(source.report.columns.map((column) => column.name)).toEqual(['gene0', 'gene1', 'gene2'])
    expect(source.report.findings.map((finding) => finding.code)).toEqual(['TRANSPOSED'])
    expect(Array.from((await readAll(source, { maxBytes: 100 })).X)).toEqual(
      barcodes.flatMap((_, cell) => [0, 1, 2].map((gene) => value(gene, cell))),
    )
    expect(await source.metadata?.('barcode')).toEqual(barcodes)
    await source.close()
  })

  it('with other headings is a CSV table unless it is chosen', async () => {
    const path = write('gene\tfirst\tsecond\na\t1\t2.5\nb\tNA\t-4\n')
    expect((await inspectSource(path)).format).toBe('csv')
    const source = await openSource(path, 'gene-table')
    expect(Array.from((await readAll(source)).X)).toEqual([1, Number.NaN, 2.5, -4])
    await source.close()
  })

  it.each([
    ['too few values', 'g\ta\tb\nx\t1\n', 2],
    ['too many values', 'g\ta\tb\nx\t1\t2\ny\t1\t2\t3\n', 3],
    ['text among the values', 'g\ta\tb\nx\t1\t2\ny\tone\t2\n', 3],
    ['a line without values', 'g\ta\tb\nx\t1\t2\ny\n', 3],
  ])('with %s ends in FILE_CORRUPT with the line', async (_, text, at) => {
    await expect(inspectSource(write(text), 'gene-table')).rejects.toMatchObject({ code: 'FILE_CORRUPT', where: { line: at } })
  })
})
