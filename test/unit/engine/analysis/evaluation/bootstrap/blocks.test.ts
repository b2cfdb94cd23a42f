import { describe, expect, test } from 'vitest'
import { tableOf } from '#engine/analysis/evaluation/agreement.ts'
import {
  type BlockGrid,
  BlockTally,
  blockSide,
  correlationLength,
  heldVariance,
  outside,
  redrawBlocks,
} from '#engine/analysis/evaluation/bootstrap/blocks.ts'
import { classIntervals } from '#engine/analysis/evaluation/bootstrap/classes.ts'
import { scoreIntervals } from '#engine/analysis/evaluation/bootstrap/scores.ts'
import { rankScores } from '#engine/analysis/evaluation/ranking.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { roughField, smoothField } from '../../../../../helpers/alikeRows.ts'

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
    expect(blockSide(correlationLength(apart, grid), grid, apart)).toBe(1)
  })

  test('blocks are ten times as wide, and no fewer than 36', () => {
    const side = (length: number, width: number, height: number): number =>
      blockSide(length, { width, height }, new Uint8Array(width * height))
    expect(side(0, 100, 100)).toBe(1)
    expect(side(2.5, 1000, 1000)).toBe(25)
    expect(side(50, 120, 120)).toBe(20)
    expect(side(7, 1, 10_000)).toBe(70)
    // Blocks of a pixel or two would be too many to count.
    expect(side(0.04, 1000, 1000)).toBe(5)
  })

  test('blocks are smaller where labels lie in a corner, but never less than twice as wide as rows are alike', () => {
    const grid = { width: 300, height: 300 }
    const corner = new Uint8Array(90_000).fill(outside)
    for (let y = 0; y < 60; y++) corner.fill(0, y * 300, y * 300 + 60)
    const side = blockSide(3, grid, corner)
    expect(side).toBeLessThanOrEqual(12)
    expect(side).toBeGreaterThanOrEqual(6)
    expect(blockSide(10, grid, corner)).toBe(20)
  })

  test('blocks of an exponential correlation hold the part of the variance that the formula says', () => {
    const [length, side] = [6, 20]
    const grid = { width: 1, height: 400_000 }
    const field = roughField(grid, length, randomStream(4, 'held'))
    let sum = 0
    for (let from = 0; from < field.length; from += side) sum += field.subarray(from, from + side).reduce((a, b) => a + b, 0) ** 2
    // Σ ρ(k) over all k is coth(1 / 2ℓ); 20 000 blocks give the variance to 1 %.
    const held = sum / (field.length / side) / side / (1 / Math.tanh(1 / (2 * length)))
    expect(Math.abs(held / heldVariance(side, length, grid) - 1)).toBeLessThan(0.03)
    expect(heldVariance(side, length, { width: 50, height: 50 })).toBeCloseTo(heldVariance(side, length, grid) ** 2, 12)
    expect(heldVariance(side, 0, grid)).toBe(1)
  })
})

describe('blocks', () => {
  test('count the rows of each cell where they lie', () => {
    const tally = new BlockTally({ width: 5, height: 4 }, 2, 0, 3)
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
    const tally = new BlockTally({ width: 1, height: 30 }, 10, 0, 3)
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
    const length = correlationLength(wrong, grid)
    const tally = new BlockTally(grid, blockSide(length, grid, wrong), length, 4)
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
  // 95 % ± 2 standard errors of 100 are 91 … 99 %; more fields, and figures of scores: node test/bench/coverage.ts
  test('of a map hold the true accuracy as often as they say, where those of single pixels hardly ever do', async () => {
    const { blocks, rows } = await coverage({ width: 130, height: 130 }, 2, 100)
    expect(blocks).toBeGreaterThan(0.9)
    expect(blocks).toBeLessThanOrEqual(0.995)
    expect(rows).toBeLessThan(0.45)
  })

  test('of a series, too', async () => {
    const { blocks, rows } = await coverage({ width: 1, height: 6000 }, 4, 100)
    expect(blocks).toBeGreaterThan(0.9)
    expect(blocks).toBeLessThanOrEqual(0.995)
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
      const tally = new BlockTally(grid, 80, 8, cells)
      for (const [row, score] of scores.entries()) tally.add(row, cellOf(score, positive[row] === 1))
      return tally.result()
    })
    expect(blocked.blocks).toBe(38)
    const width = ([low, high] = [0, 0] as readonly number[]): number => high - low
    for (const key of ['auc', 'recall', 'falseAlarmRate'] as const)
      expect(width(blocked.figures[key])).toBeGreaterThan(1.5 * width(single[key]))
  })
})
