import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openWorkbench } from '../../../../helpers/workbench.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-classtable-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('means of dates are dates, their spread is in days, and names with commas are quoted', async () => {
  const lines = Array.from(
    { length: 200 },
    (_, i) => `${i % 2 === 0 ? i / 100 : 50 + i / 100},2024-0${1 + (i % 2)}-${10 + (i % 9)},${i % 7}`,
  )
  writeFileSync(join(folder, 't.csv'), `"depth, m",day,v\n${lines.join('\n')}\n`)
  const { compute, close } = openWorkbench(join(folder, 'p.stratum'))
  try {
    const dataset = await compute('import', {}, { path: join(folder, 't.csv') })
    const matrix = await compute('prepare', { dataset: dataset.id })
    const model = await compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 2 } })
    const latents = await compute('encode', { model: model.id })
    const classes = await compute('cluster', { latents: latents.id }, { k: 2, nInit: 1 })
    const path = join(folder, 'classes.csv')
    await compute('export', { source: classes.id }, { path, list: 'classes' })
    const [header, ...rows] = readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(header).toContain('"mean depth, m","sd depth, m",mean day,sd day (days),')
    expect(rows).toHaveLength(2)
    for (const row of rows) expect(row).toMatch(/,2024-0[12]-\d\d(T[\d:.]+Z)?,\d+(\.\d+)?,/)
  } finally {
    await close()
  }
})
