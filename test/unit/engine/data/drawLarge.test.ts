import { describe, expect, it } from 'vitest'
import { drawLarge } from '#engine/data/drawLarge.ts'
import type { OpenSource } from '#engine/data/dataset.ts'
import { type DrawOptions, drawRows } from '#engine/data/prepare.ts'
import { gridOf, memorySource } from '../../../helpers/memorySource.ts'

const { signal } = new AbortController()
const options = { trainRows: 1e9, holdoutShare: 0.2, splitBy: 'random', columns: [0, 1], seed: 5, signal, report: () => {} } as const

async function drawn(source: OpenSource, overrides: Partial<DrawOptions> = {}, sampleRows = 500) {
  const draw = await drawLarge(source, source.report, { ...options, ...overrides, columns: options.columns }, sampleRows)
  const parts = { train: { X: [] as number[], index: [] as number[] }, holdout: { X: [] as number[], index: [] as number[] } }
  for await (const { part, n, X, index } of draw.rows()) {
    expect([X.length, index.length]).toEqual([2 * n, n])
    for (const value of X) parts[part].X.push(value)
    for (const row of index) parts[part].index.push(row)
  }
  return { ...draw, ...parts }
}

describe('drawing more rows than are held', () => {
  it.each([
    ['at random', 'random', null],
    ['by blocks', 'blocks', gridOf(100, 90)],
  ] as const)('takes the very rows that drawing into memory takes, %s', async (_, splitBy, grid) => {
    const source = memorySource(9000, 2, (i, j) => (i % 7 === 3 ? Number.NaN : i + j / 4), 1234, grid)
    const large = await drawn(source, { splitBy })
    const held = await drawRows(source, source.report, { ...options, splitBy })
    expect(large.train.index).toEqual(Array.from(held.trainIndex))
    expect(large.train.X).toEqual(Array.from(held.train))
    expect(large.holdout.index).toEqual(Array.from(held.holdoutIndex))
    expect([large.trainRows, large.holdoutRows]).toEqual([held.trainIndex.length, held.holdoutIndex.length])
  })

  it('says beforehand how many rows come, never more than asked for and hardly fewer', async () => {
    const source = memorySource(200_000, 2, (i) => i, 50_000)
    const large = await drawn(source, { trainRows: 50_000 })
    expect([large.train.index.length, large.holdout.index.length]).toEqual([large.trainRows, large.holdoutRows])
    expect(large.trainRows).toBeLessThanOrEqual(50_000)
    expect(large.trainRows).toBeGreaterThan(50_000 - 20)
    expect(large.holdoutRows).toBeLessThanOrEqual(12_500)
    expect(large.train.index).toEqual([...large.train.index].sort((a, b) => a - b))
  })

  it('keeps a sample of the rows to learn from, the same however the source is cut', async () => {
    const [a, b] = [await drawn(memorySource(9000, 2, (i) => i, 9000)), await drawn(memorySource(9000, 2, (i) => i, 77))]
    expect(a.sampleRows).toBe(500)
    expect(a.sample).toEqual(b.sample)
    expect(a.train).toEqual(b.train)
    const train = new Set(a.train.index)
    for (let i = 0; i < a.sampleRows; i++) expect(train.has(a.sample[2 * i])).toBe(true)
  })

  it('refuses a source without a usable value', async () => {
    await expect(drawn(memorySource(10, 2, () => Number.NaN, 5))).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })
})
