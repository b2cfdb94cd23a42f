/**
 * Bootstrap of rows that lie beside one another, where what is wrong in one pixel (or window of a series) is likely wrong in the next: whole
 * blocks of B × B pixels, or B rows of a series, are drawn with replacement (Hall, Stochastic Processes and their Applications 20, 1985;
 * Carlstein, Annals of Statistics 14, 1986), and all rows of a block come along.
 *
 *   ρ(k)  autocorrelation at k pixels of an indicator, such as 'wrong': mean over pairs along rows and along columns of the grid
 *   ℓ     the k at which ρ falls to 1/e, between the lags measured by a straight line
 *   B     10 ℓ, or fewer where that leaves fewer than `leastBlocks` blocks with rows, but no fewer than 2 ℓ for that
 *   κ     (1 − (1 − e^−a) / a)^d, a = B / ℓ: the part of the variance of a mean that blocks in d directions hold, what they have in common with
 *         those beside them left out; exact where ρ(k) = e^−k/ℓ, somewhat too little where ρ falls faster
 *
 * Intervals of few blocks reach further out to make up for both (`tailOf` of percentile.ts). Blocks do not overlap, those at the edges are
 * cut off. Labelled classes do not keep their sizes from draw to draw.
 * Memory: the distinct pairs of block and cell, 16 bytes each; there are no more than `mostBlocks` blocks.
 */
import { atOnce, type Steps } from '#engine/analysis/pace.ts'
import type { RandomStream } from '#engine/analysis/random.ts'
import { tailOf } from './percentile.ts'

const lags = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]
const leastPairs = 50
/** ρ(1) below this is chance: rows count as independent of each other. */
const leastCorrelation = 0.1
const perLength = 10
const leastPerLength = 2
/** A series holds few blocks that are long beside ℓ: fewer and longer ones miss less of what neighbours have in common, at 8 % more width. */
const leastBlocks = ({ width }: BlockGrid): number => (width === 1 ? 16 : 36)
const mostBlocks = 40_000
/** Looked at between two moments at which a long search rests. */
const rowsAtOnce = 2 ** 19

/** Rows as a grid; a series has the width of 1 and as many lines as rows. */
export interface BlockGrid {
  readonly width: number
  readonly height: number
}

/** What belongs to no row: not labelled, or without a result. */
export const outside = 255

/**
 * How far 0/1 values are alike, in rows of the grid; 0 where neighbours have nothing in common, or too few pairs of them are known.
 * @param values [width · height] 0, 1 or `outside`
 */
export const correlationLength = (values: Uint8Array, grid: BlockGrid): number => atOnce(correlationSteps(values, grid))

/** The same, for millions of rows. */
export function* correlationSteps(values: Uint8Array, grid: BlockGrid): Steps<number> {
  let known = 0
  let ones = 0
  for (const value of values) {
    if (value === outside) continue
    known++
    ones += value
  }
  const mean = known > 0 ? ones / known : 0
  const variance = mean * (1 - mean)
  if (variance === 0) return 0
  let [before, rhoBefore] = [0, 1]
  for (const lag of lags) {
    const rho = (yield* correlationAt(values, grid, lag, mean)) / variance
    if (Number.isNaN(rho)) continue
    if (before === 0 && lag === 1 && rho < leastCorrelation) return 0
    if (rho <= 1 / Math.E) return before + ((lag - before) * (rhoBefore - 1 / Math.E)) / (rhoBefore - rho)
    ;[before, rhoBefore] = [lag, rho]
  }
  return before
}

/** Mean product of deviations over the pairs that many rows apart; NaN of too few. */
function* correlationAt(values: Uint8Array, { width, height }: BlockGrid, lag: number, mean: number): Steps<number> {
  let pairs = 0
  let sum = 0
  const add = (a: number, b: number): void => {
    if (a === outside || b === outside) return
    pairs++
    sum += (a - mean) * (b - mean)
  }
  const linesAtOnce = Math.max(1, Math.ceil(rowsAtOnce / width))
  for (let y = 0; y < height; y++) {
    for (let x = 0, at = y * width; x < width; x++, at++) {
      if (x + lag < width) add(values[at], values[at + lag])
      if (y + lag < height) add(values[at], values[at + lag * width])
    }
    if (y % linesAtOnce === 0) yield
  }
  return pairs < leastPairs ? Number.NaN : sum / pairs
}

/**
 * Rows on a side of a block; 1 where rows may be drawn one by one.
 * @param values [width · height] `outside` where there is no row
 */
export const blockSide = (length: number, grid: BlockGrid, values: Uint8Array): number => atOnce(blockSideSteps(length, grid, values))

/** The same, for millions of rows. */
export function* blockSideSteps(length: number, grid: BlockGrid, values: Uint8Array): Steps<number> {
  if (length === 0) return 1
  const { width, height } = grid
  const wanted = leastBlocks(grid)
  const fitting = width === 1 ? Math.floor(height / wanted) : Math.floor(Math.sqrt((width * height) / wanted))
  const least = Math.max(1, fewestPerSide(grid))
  let side = Math.max(least, Math.min(Math.ceil(perLength * length), fitting))
  // Labels often lie in a corner, or in a few places: smaller blocks are more that hold any.
  const leastApart = Math.max(least, Math.ceil(leastPerLength * length))
  while (side > leastApart && (yield* blocksWithRows(values, grid, side)) < wanted) side = Math.max(leastApart, Math.floor(side / 1.25))
  return side
}

function* blocksWithRows(values: Uint8Array, { width, height }: BlockGrid, side: number): Steps<number> {
  const across = Math.ceil(width / side)
  const holdsRows = new Uint8Array(across * Math.ceil(height / side))
  const linesAtOnce = Math.max(1, Math.ceil(rowsAtOnce / width))
  for (let y = 0, at = 0; y < height; y++) {
    const first = Math.floor(y / side) * across
    for (let x = 0; x < width; x++, at++) if (values[at] !== outside) holdsRows[first + Math.floor(x / side)] = 1
    if (y % linesAtOnce === 0) yield
  }
  return holdsRows.reduce((sum, holds) => sum + holds, 0)
}

/** κ: the part of the variance that blocks of that side hold. */
export function heldVariance(side: number, length: number, { width }: BlockGrid): number {
  if (length === 0) return 1
  const a = side / length
  return (1 + Math.expm1(-a) / a) ** (width === 1 ? 1 : 2)
}

/** The least side with which there are no more than `mostBlocks`. */
export const fewestPerSide = ({ width, height }: BlockGrid): number =>
  width === 1 ? Math.ceil(height / mostBlocks) : Math.ceil(Math.sqrt((width * height) / mostBlocks))

/** How many rows of each cell (a place in a table, a step of a ranking) lie in each block. */
export interface BlockCounts {
  /** Blocks that hold any row. */
  readonly blocks: number
  readonly side: number
  /** Of the replicates, what lies beyond either end of an interval. */
  readonly tail: number
  readonly block: Uint32Array
  readonly cell: Uint32Array
  readonly count: Float64Array
}

export class BlockTally {
  readonly #across: number
  readonly #width: number
  readonly #cells: number
  readonly #side: number
  readonly #held: number
  readonly #counts = new Map<number, number>()
  #key = -1
  #run = 0

  /** @param length how far rows are alike */
  constructor(grid: BlockGrid, side: number, length: number, cells: number) {
    const { width } = grid
    this.#held = heldVariance(side, length, grid)
    this.#width = width
    this.#side = side
    this.#cells = cells
    this.#across = Math.ceil(width / side)
  }

  /** One row of the grid is in a cell, 0 … cells − 1. */
  add(row: number, cell: number): void {
    const y = Math.floor(row / this.#width)
    const block = Math.floor(y / this.#side) * this.#across + Math.floor((row - y * this.#width) / this.#side)
    const key = block * this.#cells + cell
    if (key !== this.#key) {
      this.#settle()
      this.#key = key
    }
    this.#run++
  }

  #settle(): void {
    if (this.#run > 0) this.#counts.set(this.#key, (this.#counts.get(this.#key) ?? 0) + this.#run)
    this.#run = 0
  }

  result(): BlockCounts {
    this.#settle()
    const n = this.#counts.size
    const found = { block: new Uint32Array(n), cell: new Uint32Array(n), count: new Float64Array(n) }
    const places = new Map<number, number>()
    let at = 0
    for (const [key, count] of this.#counts) {
      const block = Math.floor(key / this.#cells)
      if (!places.has(block)) places.set(block, places.size)
      found.block[at] = places.get(block) as number
      found.cell[at] = key - block * this.#cells
      found.count[at++] = count
    }
    return { ...found, blocks: places.size, side: this.#side, tail: tailOf(places.size, this.#held) }
  }
}

/** As many blocks as there are, with replacement, and the rows of each cell in them. */
export function redrawBlocks({ blocks, block, cell, count }: BlockCounts, out: Float64Array, random: RandomStream): void {
  const times = new Float64Array(blocks)
  for (let i = 0; i < blocks; i++) times[random.below(blocks)]++
  out.fill(0)
  for (let t = 0; t < cell.length; t++) out[cell[t]] += times[block[t]] * count[t]
}
