import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../../src-main/common/domain/dataset.ts'
import type { OpenSource } from '../../../../src-main/engine/data/dataset.ts'
import { applyPipeline, asRead, fitPipeline, invertPipeline } from '../../../../src-main/engine/data/pipeline/pipeline.ts'
import { drawRows } from '../../../../src-main/engine/data/prepare.ts'
import { rowHash } from '../../../../src-main/engine/data/rowHash.ts'
import { summariseSource } from '../../../../src-main/engine/data/summary.ts'
import { gridOf, memorySource } from '../../../helpers/memorySource.ts'

const signal = new AbortController().signal
const report = (): void => {}

describe('drawing rows', () => {
  const draw = (source: OpenSource, options: Partial<Parameters<typeof drawRows>[2]> = {}) =>
    drawRows(source, source.report, { trainRows: 500, holdoutShare: 0.2, splitBy: 'random', seed: 5, signal, report, ...options })

  it('draws the same rows however the source is cut into chunks', async () => {
    const a = await draw(memorySource(10_000, 2, (i, j) => i + j / 10, 10_000))
    const b = await draw(memorySource(10_000, 2, (i, j) => i + j / 10, 37))
    expect(b).toEqual(a)
    expect(a.trainIndex).toHaveLength(500)
    expect(a.holdoutIndex).toHaveLength(125)
    for (const [k, row] of a.trainIndex.entries()) expect(a.train[k * 2]).toBe(row)
  })

  it('draws other rows for another seed, and never one row twice', async () => {
    const source = memorySource(5000, 1, (i) => i, 999)
    const [a, b] = [await draw(source), await draw(source, { seed: 6 })]
    expect(a.trainIndex).not.toEqual(b.trainIndex)
    const all = [...a.trainIndex, ...a.holdoutIndex]
    expect(new Set(all).size).toBe(all.length)
    expect(Array.from(a.trainIndex)).toEqual(Array.from(a.trainIndex).sort((x, y) => x - y))
  })

  it('takes every valid row when there are few, and leaves nodata rows out', async () => {
    const source = memorySource(300, 1, (i) => (i % 3 === 0 ? Number.NaN : i), 50)
    const drawn = await draw(source)
    expect(drawn.validRows).toBe(200)
    expect([...drawn.trainIndex, ...drawn.holdoutIndex].sort((x, y) => x - y)).toEqual(
      Array.from({ length: 300 }, (_, i) => i).filter((i) => i % 3 !== 0),
    )
    expect(drawn.holdoutIndex.length / 200).toBeGreaterThan(0.1)
    expect(drawn.holdoutIndex.length / 200).toBeLessThan(0.3)
  })

  it('holds whole squares out, so that neighbours stay together', async () => {
    const [width, height] = [640, 320]
    const source = memorySource(width * height, 1, (i) => i, 64_000, gridOf(width, height))
    const drawn = await draw(source, { splitBy: 'blocks', trainRows: 1_000_000, holdoutShare: 0.25 })
    const squareOf = (row: number): number => Math.floor(Math.floor(row / width) / 32) * 20 + Math.floor((row % width) / 32)
    const held = new Set(Array.from(drawn.holdoutIndex, squareOf))
    expect(held.size).toBe(50)
    expect(Array.from(drawn.trainIndex).some((row) => held.has(squareOf(row)))).toBe(false)
    expect(drawn.holdoutIndex.length).toBe(50 * 32 * 32)
  })

  it('always leaves something on both sides', async () => {
    const drawn = await draw(
      memorySource(4, 1, (i) => i, 4),
      { holdoutShare: 0.01 },
    )
    expect([drawn.trainIndex.length, drawn.holdoutIndex.length]).toEqual([3, 1])
  })

  it('refuses a source without a usable value', async () => {
    await expect(draw(memorySource(10, 1, () => Number.NaN, 5))).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })

  it('draws evenly over the rows', async () => {
    const drawn = await draw(
      memorySource(100_000, 1, (i) => i, 8192),
      { trainRows: 10_000, holdoutShare: 0 },
    )
    const tenths = new Array<number>(10).fill(0)
    for (const row of drawn.trainIndex) tenths[Math.floor(row / 10_000)] = (tenths[Math.floor(row / 10_000)] as number) + 1
    // Binomial: mean 1000, standard deviation 28.5; four of them either way.
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(4 * 28.5)
  })

  it('hashes rows beyond 2^32 to other numbers', () => {
    expect(rowHash(1, 5)).not.toBe(rowHash(1, 5 + 2 ** 32))
    expect(rowHash(1, 5)).not.toBe(rowHash(2, 5))
  })
})

const columnsOf = (...names: string[]) => asRead(names.map((name) => ({ name, type: 'number', unit: null, wavelengthNm: null })))

describe('the pipeline', () => {
  const X = (): Float32Array => Float32Array.of(1, 10, 5, 3, 10, Number.NaN, 5, 10, 9)

  it('fits medians, means and deviations on what it is given, and applies them', () => {
    const findings: Finding[] = []
    const steps = fitPipeline(['impute', 'z-score'], X(), 3, 3, { columns: columnsOf('a', 'b', 'c'), findings })
    // Medians 3, 10, 7. Column a: mean 3, deviation √(8/3). Column c, imputed 5 7 9: the same deviation.
    expect(steps[0]).toEqual({ id: 'impute', values: [3, 10, 7] })
    expect(steps[1]).toMatchObject({
      offset: [3, 10, 7],
      scale: [expect.closeTo(Math.sqrt(8 / 3), 12), 1, expect.closeTo(Math.sqrt(8 / 3), 12)],
    })
    expect(findings).toMatchObject([{ code: 'MISSING_REPLACED' }, { code: 'CONSTANT_COLUMNS', message: expect.stringContaining('b') }])
    const prepared = X()
    applyPipeline(steps, prepared, 3, 3)
    const u = Math.sqrt(3 / 2)
    expect(Array.from(prepared)).toEqual([-u, 0, -u, 0, 0, 0, u, 0, u].map((value) => expect.closeTo(value, 6)))
  })

  it('leaves what it is fitted on untouched', () => {
    const data = X()
    fitPipeline(['impute', 'min-max'], data, 3, 3)
    expect(data).toEqual(X())
  })

  it('gives the source units back', () => {
    for (const scaling of ['z-score', 'min-max'] as const) {
      const steps = fitPipeline(['impute', scaling], X(), 3, 3)
      const data = X()
      applyPipeline(steps, data, 3, 3)
      invertPipeline(steps, data, 3, 3)
      expect(Array.from(data)).toEqual([1, 10, 5, 3, 10, 7, 5, 10, 9].map((value) => expect.closeTo(value, 5)))
    }
  })

  it('turns counts into logarithms per 10 000 and back, given the totals', () => {
    const counts = Float32Array.of(1, 3, 0, 0, 20, 30)
    const steps = fitPipeline(['log1p-cp10k'], counts, 3, 2)
    const data = counts.slice()
    const facts = { divisors: new Map() }
    applyPipeline(steps, data, 3, 2, facts)
    // Row 1: total 4 → 2500 and 7500 per 10 000. Row 2 has no counts and stays 0.
    expect(Array.from(data.subarray(0, 4))).toEqual([Math.log(2501), Math.log(7501), 0, 0].map((value) => expect.closeTo(value, 5)))
    invertPipeline(steps, data, 3, 2, facts)
    expect(Array.from(data)).toEqual([1, 3, 0, 0, 20, 30].map((value) => expect.closeTo(value, 3)))
  })

  it('refuses negative values as counts', () => {
    expect(() => fitPipeline(['log1p-cp10k'], Float32Array.of(1, -1), 1, 2, { columns: columnsOf('a', 'b') })).toThrow(
      expect.objectContaining({ code: 'DATA_UNSUITABLE', message: expect.stringContaining('b') }),
    )
  })

  it('finds the median of any column, even or odd, with ties', () => {
    for (const n of [1, 2, 5, 8, 101]) {
      const values = Float32Array.from({ length: n }, (_, i) => rowHash(n, i) % 7)
      const sorted = [...values].sort((a, b) => a - b)
      const median = ((sorted[(n - 1) >> 1] as number) + (sorted[n >> 1] as number)) / 2
      expect(fitPipeline(['impute'], values, n, 1)[0]).toEqual({ id: 'impute', values: [median] })
    }
  })

  it('replaces infinities too', () => {
    const data = Float32Array.of(1, Number.POSITIVE_INFINITY, 3)
    applyPipeline(fitPipeline(['impute'], data, 3, 1), data, 3, 1)
    expect(Array.from(data)).toEqual([1, 2, 3])
  })
})

describe('summaries', () => {
  it('are exact for far-off means, in any chunking', async () => {
    // 1 000 000 + {0, 1, 2, …, 9}: mean 1 000 004.5, deviation √8.25; every tenth row misses its second column.
    for (const perChunk of [7, 5000]) {
      const source = memorySource(5000, 2, (i, j) => (j === 1 && i % 10 === 0 ? Number.NaN : 1_000_000 + (i % 10)), perChunk)
      const { summaries, validRows } = await summariseSource(source, { seed: 1, signal, report })
      expect(validRows).toBe(5000)
      expect(summaries[0]).toMatchObject({
        valid: 5000,
        missing: 0,
        min: 1_000_000,
        max: 1_000_009,
        mean: expect.closeTo(1_000_004.5, 6),
        sd: expect.closeTo(Math.sqrt(8.25), 6),
        median: 1_000_004.5,
      })
      expect(summaries[1]).toMatchObject({ valid: 4500, missing: 500, min: 1_000_001 })
      expect(summaries[0]?.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(5000)
    }
  })

  it('of an empty column are all null', async () => {
    const { summaries } = await summariseSource(
      memorySource(10, 2, (_, j) => (j === 0 ? 1 : Number.NaN), 3),
      { seed: 1, signal, report },
    )
    expect(summaries[1]).toEqual({
      valid: 0,
      missing: 10,
      min: null,
      max: null,
      mean: null,
      sd: null,
      p2: null,
      median: null,
      p98: null,
      histogram: null,
    })
    expect(summaries[0]?.histogram?.counts[0]).toBe(10)
  })
})
