/** The rows of a selection alone, out of a file. */
import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { SelectionPart } from '#common/domain/selection.ts'
import { createSelections } from '#engine/service/selections.ts'
import { createViews } from '#engine/service/views.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'
import { openWorkbench } from '../../../helpers/workbench.ts'

const folder = temporaryFolder()

test('rows that lie close together and far apart come in their order, with their numbers', async () => {
  const bench = openWorkbench(folder.file('p.stratum'))
  writeFileSync(folder.file('t.csv'), `name,x\n${Array.from({ length: 2000 }, (_, i) => `row ${i},${i / 4}`).join('\n')}\n`)
  const dataset = (await bench.compute('import', {}, { path: folder.file('t.csv') })).id
  const views = createViews({ project: () => bench.project })
  const selections = createSelections({ project: () => bench.project, views })
  try {
    const parts: SelectionPart[] = [
      { how: 'add', all: [{ kind: 'rows', rows: [3, 5, 700, 1999] }] },
      { how: 'add', all: [{ kind: 'span', from: 698, to: 699 }] },
    ]
    const read = (offset: number, limit: number) =>
      selections.readSelectedRows({ selection: { dataset, all: [{ kind: 'combined', parts }] }, offset, limit, columns: 60 })
    const { names, rows, numbers, total } = await read(1, 10)
    expect([...numbers]).toEqual([5, 698, 699, 700, 1999])
    expect(total).toBe(6)
    expect(rows.map((values) => values[names.indexOf('x')])).toEqual([1.25, 174.5, 174.75, 175, 499.75])
    expect(rows[1]?.[names.indexOf('name')]).toBe('row 698')
    expect(await read(6, 10)).toMatchObject({ names, rows: [], total: 6 })
  } finally {
    await views.dispose()
    bench.close()
  }
})
