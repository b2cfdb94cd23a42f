import { describe, expect, test } from 'vitest'
import { tableOf } from '#engine/analysis/evaluation/agreement.ts'
import {
  type BlockGrid,
  BlockTally,
  blockSide,
  correlationLength,
  outside,
  redrawBlocks,
} from '#engine/analysis/evaluation/bootstrap/blocks.ts'
import { classIntervals } from '#engine/analysis/evaluation/bootstrap/classes.ts'
import { scoreIntervals } from '#engine/analysis/evaluation/bootstrap/scores.ts'
import { rankScores } from '#engine/analysis/evaluation/ranking.ts'
import { type RandomStream, randomStream } from '#engine/analysis/random.ts'

/** Standard normal values that are alike over some rows: white noise under a kernel exp(−k² / 2σ²), so that ρ(k) = exp(−k² / 4σ²). */
function smoothField({ width, height }: BlockGrid, sigma: number, random: RandomStream): Float64Array {
  const reach = Math.ceil(4 * sigma)
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)))
  const norm = Math.sqrt(kernel.reduce((sum, k) => sum + k * k, 0))
  const along = (values: Float64Array, rows: number, columns: number): Float64Array => {
    const inner = columns - 2 * reach
    const out = new Float64Array(rows * inner)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < inner; x++) {
        let sum = 0
        for (let i = 0; i < kernel.length; i++) sum += kernel[i] * values[y * columns + x + i]
        out[x * rows + y] = sum / norm
      }
    return out
  }
  // Each pass turns the field over, rows becoming columns.
  if (width === 1) return along(white(height + 2 * reach, random), 1, height + 2 * reach)
  const [W, H] = [width + 2 * reach, height + 2 * reach]
  return along(along(white(W * H, random), H, W), width, H)
}

function white(n: number, random: RandomStream): Float64Array {
  const out = new Float64Array(n)
  for (let i = 0; i < n; i += 2) {
    const [radius, angle] = [Math.sqrt(-2 * Math.log(1 - random.uniform())), 2 * Math.PI * random.uniform()]
    out[i] = radius * Math.cos(angle)
    if (i + 1 < n) out[i + 1] = radius * Math.sin(angle)
  }
  return out
}

/** P(z > 0.8416) = 0.2 */
const highFifth = 0.8416212335729143

describe('correlation length', () => {
  test('is where the correlation of a field with a known one falls to 1/e', () => {
    const grid = { width: 600, height: 500 }
    for (const sigma of [2, 5]) {
      const wrong = Uint8Array.from(smoothField(grid, sigma, randomStream(1, 'field')), (z) => (z > 0 ? 1 : 0))
      // Signs of normal variables correlate by 2/π asin ρ (Sheppard 1899): 1/e where ρ = sin(π / 2e), k = 2σ √(−ln ρ).
      const expected = 2 * sigma * Math.sqrt(-Math.log(Math.sin(Math.PI / 2 / Math.E)))
      expect(Math.abs(correlationLength(wrong, grid) / expected - 1)).toBeLessThan(0.15)
    }
  })

  test('is 0 of independent rows, of rows that are all alike, and where no two known rows are near', () => {
    const grid = { width: 300, height: 200 }
    const random = randomStream(2, 'rows')
    const independent = Uint8Array.from({ length: 60_000 }, () => (random.uniform() < 0.2 ? 1 : 0))
    expect(correlationLength(independent, grid)).toBe(0)
    expect(correlationLength(new Uint8Array(60_000), grid)).toBe(0)
    expect(correlationLength(new Uint8Array(60_000).fill(outside), grid)).toBe(0)
    const apart = new Uint8Array(60_000).fill(outside)
    for (let at = 0; at < 60_000; at += 997) apart[at] = at % 2
    expect(blockSide(correlationLength(apart, grid), grid)).toBe(1)
  })

  test('blocks are ten times as wide, and no fewer than 36', () => {
    expect(blockSide(0, { width: 100, height: 100 })).toBe(1)
    expect(blockSide(2.5, { width: 1000, height: 1000 })).toBe(25)
    expect(blockSide(50, { width: 120, height: 120 })).toBe(20)
    expect(blockSide(7, { width: 1, height: 10_000 })).toBe(70)
    // 10⁸ pixels: blocks of a pixel or two would be too many to count.
    expect(blockSide(0.7, { width: 10_000, height: 10_000 })).toBe(50)
  })
})

describe('blocks', () => {
  test('count the rows of each cell where they lie', () => {
    const tally = new BlockTally({ width: 5, height: 4 }, 2, 3)
    for (let row = 0; row < 20; row++) tally.add(row, row % 3)
    const { blocks, block, cell, count } = tally.result()
    expect(blocks).toBe(6)
    expect(count.reduce((a, b) => a + b, 0)).toBe(20)
    const first = Array.from(cell.keys()).filter((t) => block[t] === 0)
    // Pixels 0, 1, 5 and 6.
    expect(Object.fromEntries(first.map((t) => [cell[t], count[t]]))).toEqual({ 0: 2, 1: 1, 2: 1 })
    // The last block at the edge holds pixels 14 and 19.
    expect(count.filter((_, t) => block[t] === 5).reduce((a, b) => a + b, 0)).toBe(2)
  })

  test('a draw takes as many blocks as there are, each with all its rows', () => {
    const tally = new BlockTally({ width: 1, height: 30 }, 10, 3)
    for (let row = 0; row < 30; row++) tally.add(row, Math.floor(row / 10))
    const out = new Float64Array(3).fill(99)
    redrawBlocks(tally.result(), out, randomStream(1, 'draw'))
    expect(out.reduce((a, b) => a + b, 0)).toBe(30)
    expect(out.every((rows) => rows % 10 === 0)).toBe(true)
  })
})

/** How often 95 % intervals of the share of right rows hold the true one, 0.8, drawn in blocks and one by one. */
async function coverage(grid: BlockGrid, sigma: number, times: number): Promise<{ blocks: number; rows: number }> {
  let [inBlocks, oneByOne] = [0, 0]
  for (let t = 0; t < times; t++) {
    const field = smoothField(grid, sigma, randomStream(t, 'coverage'))
    const wrong = Uint8Array.from(field, (z) => (z > highFifth ? 1 : 0))
    const tally = new BlockTally(grid, blockSide(correlationLength(wrong, grid), grid), 4)
    const counts = new Float64Array(4)
    for (const [row, isWrong] of wrong.entries()) {
      const label = Math.floor(row / grid.width / 7) % 2
      const cell = 2 * (isWrong ? 1 - label : label) + label
      tally.add(row, cell)
      counts[cell]++
    }
    const table = tableOf(counts, 2, 2)
    const holds = ([low, high] = [1, 0] as readonly number[]): boolean => low <= 0.8 && 0.8 <= high
    if (holds((await classIntervals(table, [0, 1], 250, 5)).figures.accuracy)) oneByOne++
    const drawn = await classIntervals(table, [0, 1], 250, 5, {}, { counts: tally.result(), mapped: null })
    if (holds(drawn.figures.accuracy)) inBlocks++
  }
  return { blocks: inBlocks / times, rows: oneByOne / times }
}

describe('intervals of rows that are alike', () => {
  // 95 % ± 2 standard errors of 100 are 91 … 99 %; blocks leave a part of the variance out, so somewhat less is right.
  test('of a map hold the true accuracy nearly as often as they say, where those of single pixels hardly ever do', async () => {
    const { blocks, rows } = await coverage({ width: 130, height: 130 }, 2, 100)
    expect(blocks).toBeGreaterThan(0.87)
    expect(blocks).toBeLessThanOrEqual(0.99)
    expect(rows).toBeLessThan(0.45)
  })

  test('of a series, too', async () => {
    const { blocks, rows } = await coverage({ width: 1, height: 6000 }, 4, 100)
    expect(blocks).toBeGreaterThan(0.87)
    expect(blocks).toBeLessThanOrEqual(0.99)
    expect(rows).toBeLessThan(0.6)
  })

  test('of scores are wider than those of single rows, and no sample without anomalies counts', async () => {
    const grid = { width: 1, height: 3000 }
    const field = smoothField(grid, 8, randomStream(3, 'scores'))
    const noise = smoothField(grid, 8, randomStream(4, 'noise'))
    const positive = Uint8Array.from(field, (z) => (z > 1.8 ? 1 : 0))
    const scores = field.map((z, i) => z + noise[i])
    const ranking = rankScores(scores, positive)
    const single = (await scoreIntervals(ranking, 2, 500, 1)).figures
    const blocked = await scoreIntervals(ranking, 2, 500, 1, {}, async (cellOf, cells) => {
      const tally = new BlockTally(grid, 80, cells)
      for (const [row, score] of scores.entries()) tally.add(row, cellOf(score, positive[row] === 1))
      return tally.result()
    })
    expect(blocked.blocks).toBe(38)
    const width = ([low, high] = [0, 0] as readonly number[]): number => high - low
    for (const key of ['auc', 'recall', 'falseAlarmRate'] as const)
      expect(width(blocked.figures[key])).toBeGreaterThan(1.5 * width(single[key]))
  })
})
