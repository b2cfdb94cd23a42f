import { expect, test } from 'vitest'
import { rowsInMemory } from '#engine/compute/rowReader.ts'
import { sampleOf } from '#engine/train/rowSample.ts'

const numbered = (rows: number, columns: number) =>
  rowsInMemory(
    Float32Array.from({ length: rows * columns }, (_, at) => Math.floor(at / columns)),
    rows,
    columns,
  )

test('few rows are all in the sample', async () => {
  const { n, values } = await sampleOf(numbered(5, 2))
  expect(n).toBe(5)
  expect(Array.from(values)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
})

test('of many rows it takes stretches from the first to the last', async () => {
  const { n, values } = await sampleOf(numbered(10_000, 3))
  expect(n).toBe(2048)
  expect(values).toHaveLength(2048 * 3)
  expect([values[0], values[63 * 3], values.at(-1)]).toEqual([0, 63, 9999])
})

test('of wide rows it takes fewer', async () => {
  expect((await sampleOf(numbered(200, 10_000))).n).toBe(96)
})

test('more of them from more places, when asked', async () => {
  const { n, values } = await sampleOf(numbered(10_000, 3), { mostRows: Number.POSITIVE_INFINITY, mostValues: 3000, stretches: 100 })
  expect(n).toBe(1000)
  expect(values).toHaveLength(3000)
})
