import { afterAll, expect, test } from 'vitest'
import { openProject } from '#engine/project/open.ts'
import { openMatrixRows } from '#engine/train/matrixRows.ts'
import { storedMatrix } from '../../../helpers/storedMatrix.ts'

const [n, d] = [70_000, 500]
const some = Float32Array.from({ length: 2000 * d }, (_, i) => i % 1013)
// 140 MB: more than streaming takes itself.
const matrix = storedMatrix(n, d, (_, count) => some.subarray(0, count * d), { rowsAtOnce: 2000, dtype: 'float16' })
const project = openProject(matrix.place.path, { readOnly: true })
afterAll(() => {
  project.close()
  matrix.remove()
})
const open = (memoryBudgetBytes: number, signal = new AbortController().signal) =>
  openMatrixRows(
    project,
    matrix.place.artifact,
    { trainRows: n, holdoutRows: 0, columns: Array.from({ length: d }) },
    memoryBudgetBytes,
    signal,
  )

test('rows are in memory when half the budget holds them, and else read as they are needed, the same numbers', async () => {
  const [resident, streamed] = [await open(400e6), await open(200e6)]
  expect([resident.train.resident === null, streamed.train.resident === null, streamed.holdout.resident === null]).toEqual([
    false,
    true,
    false,
  ])
  expect(resident.train.resident?.buffer).toBeInstanceOf(SharedArrayBuffer)
  for (const [from, count] of [
    [0, 3],
    [1999, 600],
    [n - 5, 5],
  ]) {
    const rows = await streamed.train.read(from, count)
    expect(rows).toEqual(await resident.train.read(from, count))
    expect(rows[0]).toBe(((from % 2000) * d) % 1013)
  }
  await streamed.close()
  await resident.close()
})

test('a cancel is answered while rows are read into memory', async () => {
  const controller = new AbortController()
  const opening = open(400e6, controller.signal)
  controller.abort()
  await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' })
})
