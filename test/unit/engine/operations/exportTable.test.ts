/** Tables of results beside what the file of the data says of each row. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tinyData } from '../../../helpers/everyKind.ts'
import { storedArtifact } from '../../../helpers/storedArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'
import { openWorkbench } from '../../../helpers/workbench.ts'

const folder = temporaryFolder()
let bench: ReturnType<typeof openWorkbench>
beforeAll(() => {
  bench = openWorkbench(folder.file('p.stratum'))
})
afterAll(() => bench.close())

/** A clustering of rows that takes classes in turn, the first row in none. */
function clusteringOf(dataset: number, rows: number): number {
  const values = Uint16Array.from({ length: rows }, (_, i) => (i === 0 ? 0 : 1 + (i % 2)))
  const labels = { labels: { dtype: 'uint16', shape: [rows], values } } as const
  return storedArtifact(bench.project, 'clustering', { dataset, k: 2, classes: [1, 2].map((id) => ({ id })) }, labels)
}
const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n')

test('the fields of a table stand before results and its columns behind them, as the file has them', async () => {
  const path = folder.file('plants.csv')
  const rows = Array.from(
    { length: 30 },
    (_, i) =>
      `plant ${i},2024-05-${String(1 + i).padStart(2, '0')},${i === 2 ? '' : i / 10},${i % 2 ? 'red' : 'blue'},${i % 3 === 0},${i % 4}`,
  )
  writeFileSync(path, `name,day,length,colour,wild,class\n${rows.join('\n')}\n`)
  const dataset = await bench.compute('import', {}, { path })
  const clustering = clusteringOf(dataset.id, 30)
  const out = folder.file('out.csv')
  await bench.compute('export', { source: clustering }, { path: out })
  expect(linesOf(out).slice(0, 3)).toEqual(['row_index,name,data_class,class,class_name', '0,plant 0,0,,', '1,plant 1,1,2,Class 2'])
  await bench.compute('export', { source: clustering }, { path: out, beside: 'columns' })
  expect(linesOf(out).slice(0, 4)).toEqual([
    'row_index,name,data_class,class,class_name,day,length,colour,wild',
    '0,plant 0,0,,,2024-05-01,0,blue,true',
    '1,plant 1,1,2,Class 2,2024-05-02,0.1,red,false',
    '2,plant 2,2,1,Class 1,2024-05-03,,blue,false',
  ])
  expect(linesOf(out)).toHaveLength(31)
  await bench.compute(
    'export',
    { source: clustering },
    { path: out, beside: 'columns', within: { dataset: dataset.id, all: [{ kind: 'rows', rows: [29] }] } },
  )
  expect(linesOf(out)).toEqual([
    'row_index,name,data_class,class,class_name,day,length,colour,wild',
    '29,plant 29,1,2,Class 2,2024-05-30,2.9,red,false',
  ])

  rmSync(path)
  await expect(bench.compute('export', { source: clustering }, { path: out, beside: 'columns' })).rejects.toMatchObject({
    code: 'SOURCE_MISSING',
  })
  expect(linesOf(out), 'a file that was there is left').toHaveLength(2)
  await bench.compute('export', { source: clustering }, { path: out, beside: 'nothing' })
  expect(linesOf(out).slice(0, 2)).toEqual(['row_index,class,class_name', '0,,'])
})

test('a cell is named by its barcode', async () => {
  const { path } = tinyData('cells', folder.file('.'))
  const dataset = await bench.compute('import', {}, { path })
  const out = folder.file('cells.csv')
  await bench.compute('export', { source: clusteringOf(dataset.id, 120) }, { path: out, beside: 'columns' })
  const [heading, , second] = linesOf(out)
  expect(heading).toBe('cell_index,barcode,class,class_name,GENE0,GENE1,GENE2,GENE3,GENE4,GENE5,GENE6')
  expect(second).toMatch(/^1,cell-1,2,Class 2(,\d+){7}$/)
})
