/**
 * What a search for the densest half of a table does again and again, in WebAssembly, two doubles at a time:
 *
 *   Σ (x − μ)(x − μ)ᵀ over some rows        ‖W (x − μ)‖² of some rows        ln |S|
 *
 * They are for one search at a time; distances may be asked for in between.
 * Each sum is added up in the order of its rows or columns without fused operations, so the bits are those of a plain loop.
 * Memory: up to 128 rows, and 28 p² bytes for p columns.
 */
import { f64x2, i32, instantiate, type Kernel, load } from '../../compute/wasm/assembler.ts'
import {
  bandedSize,
  denseSquares,
  packBands,
  paddedColumns,
  rowsPerGroup as perGroup,
  wholeSquares,
} from '../clustering/mixture/kernels.ts'

/** A matrix by whose product rows are measured. */
export interface Whitening {
  /** [rank × p] */
  readonly W: Float64Array
  readonly rank: number
  /** Whether it is a lower triangle. */
  readonly isTriangle: boolean
  readonly mean: Float64Array
}

export interface CloudKernels {
  /** Rows at a time at most, for callers that rest in between. */
  readonly rowsAtOnce: number
  /** Adds up the products of rows[at … at + count) of X [n × p] less the mean, at most rowsAtOnce. */
  addProducts(X: Float32Array, rows: ArrayLike<number>, at: number, count: number, mean: Float64Array): void
  /** The sums so far as S [p × p], lower triangle; they begin anew. */
  takeProducts(S: Float64Array): void
  /** out[at …]: squared lengths of rows[at … at + count) of X, at most rowsAtOnce; without `rows` of the rows with these numbers. */
  squaredLengths(by: Whitening, X: Float32Array, rows: ArrayLike<number> | null, at: number, count: number, out: Float64Array): void
  /**
   * ln |S| by elimination with the largest pivot of each column, −Infinity where |S| is not positive. Of a covariance that is singular but
   * for rounding the sign is chance.
   */
  logDeterminant(S: Float64Array): number
}

/** Four rows of sums against four columns: eight vectors of sums stay in registers while rows pass. Parameters: rows [rows × columns], end, sums. */
const productSums = (columns: number): Kernel => ({
  parameters: ['i32', 'i32', 'i32'],
  build(f, [rows, end, sums]) {
    const rowBytes = 8 * columns
    const across = f.local(sums)
    f.each(i32.const(0), i32.const(rowBytes), 32, (i) => {
      f.each(i32.const(0), i32.add(i, i32.const(32)), 32, (j) => {
        const place = f.local(i32.add(across, j))
        const tile = [0, 1, 2, 3].map((row) => [0, 16].map((half) => f.local(load.v128(place, row * rowBytes + half))))
        f.each(rows, end, rowBytes, (row) => {
          const [down, along] = [f.local(i32.add(row, i)), f.local(i32.add(row, j))]
          const values = [0, 16].map((half) => f.local(load.v128(along, half)))
          for (const [r, its] of tile.entries()) {
            const value = f.local(load.splat64(down, 8 * r))
            for (const h of [0, 1]) f.set(its[h], f64x2.add(its[h], f64x2.mul(value, values[h])))
          }
        })
        for (const [r, its] of tile.entries()) for (const h of [0, 1]) f.store(place, its[h], r * rowBytes + 16 * h)
      })
      f.set(across, i32.add(across, i32.const(4 * rowBytes)))
    })
  },
})

/** Takes multiples of a row off those below it. Parameters: the row, the first below, their end, a factor for each, bytes of the columns. */
const elimination = (columns: number): Kernel => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32'],
  build(f, [pivot, row, end, factors, length]) {
    f.while(i32.less(row, end), () => {
      const factor = f.local(load.splat64(factors))
      const from = f.local(pivot)
      f.each(row, i32.add(row, length), 32, (to) => {
        for (const half of [0, 16]) f.store(to, f64x2.sub(load.v128(to, half), f64x2.mul(factor, load.v128(from, half))), half)
        f.set(from, i32.add(from, i32.const(32)))
      })
      f.set(row, i32.add(row, i32.const(8 * columns)))
      f.set(factors, i32.add(factors, i32.const(8)))
    })
  },
})

/** @param p columns */
export function openCloudKernels(p: number): CloudKernels {
  const columns = paddedColumns(p)
  const rowsAtOnce = Math.max(16, Math.min(128, perGroup * Math.floor(16_384 / columns / perGroup)))
  let bytes = 0
  const room = (numbers: number): number => {
    const at = bytes
    bytes += 8 * numbers
    return at
  }
  const [rowsAt, groupAt, squaredAt] = [room(rowsAtOnce * columns), room(perGroup * columns), room(rowsAtOnce)]
  const [meanAt, factorsAt, matrixAt, whitenAt] = [room(columns), room(columns), room(columns * columns), room(columns * columns)]
  const [triangleAt, sumsAt] = [room(bandedSize(p, true)), room(columns * columns)]
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) })
  const run = instantiate(
    { products: productSums(columns), triangle: denseSquares(p), whole: wholeSquares(p), eliminate: elimination(columns) },
    memory,
  )
  const numbers = (at: number, count: number): Float64Array => new Float64Array(memory.buffer, at, count)
  const block = numbers(rowsAt, rowsAtOnce * columns)
  const squared = numbers(squaredAt, rowsAtOnce)
  const middle = numbers(meanAt, columns)
  const factors = numbers(factorsAt, columns)
  const A = numbers(matrixAt, columns * columns)
  const sums = numbers(sumsAt, columns * columns)
  let held: Whitening | null = null

  function hold(by: Whitening): void {
    if (held === by) return
    held = by
    const { W, rank, isTriangle, mean } = by
    const out = isTriangle ? numbers(triangleAt, bandedSize(p, true)) : numbers(whitenAt, columns * columns)
    packBands(W, 0, { rows: rank, d: p, isTriangle }, out)
    middle.set(mean)
  }

  return {
    rowsAtOnce,
    addProducts(X, rows, at, count, mean) {
      // What fills rows up may be left of the layout in groups.
      block.fill(0, 0, count * columns)
      for (let r = 0; r < count; r++)
        for (let j = 0, from = rows[at + r] * p, to = r * columns; j < p; j++) block[to + j] = X[from + j] - mean[j]
      run.products(rowsAt, rowsAt + 8 * count * columns, sumsAt)
    },
    takeProducts(S) {
      for (let i = 0; i < p; i++) for (let j = 0; j <= i; j++) S[i * p + j] = sums[i * columns + j]
      sums.fill(0)
    },
    squaredLengths(by, X, rows, at, count, out) {
      hold(by)
      const groups = Math.ceil(count / perGroup)
      for (let r = 0; r < groups * perGroup; r++) {
        // The last group is filled up with its last row.
        const row = at + Math.min(r, count - 1)
        const from = (rows ? rows[row] : row) * p
        for (let j = 0, to = (r >> 2) * perGroup * columns + (r & 3); j < columns; j++, to += perGroup) block[to] = j < p ? X[from + j] : 0
      }
      const kernel = by.isTriangle ? run.triangle : run.whole
      kernel(rowsAt, rowsAt + 8 * groups * perGroup * columns, meanAt, by.isTriangle ? triangleAt : whitenAt, groupAt, squaredAt)
      out.set(squared.subarray(0, count), at)
    },
    logDeterminant(S) {
      A.fill(0)
      for (let i = 0; i < p; i++) A.set(S.subarray(i * p, (i + 1) * p), i * columns)
      let log = 0
      let isPositive = true
      for (let k = 0; k < p; k++) {
        let pivot = k
        for (let i = k + 1; i < p; i++) if (Math.abs(A[i * columns + k]) > Math.abs(A[pivot * columns + k])) pivot = i
        const value = A[pivot * columns + k]
        if (value === 0) return Number.NEGATIVE_INFINITY
        if (pivot !== k)
          for (let j = 0; j < p; j++) [A[k * columns + j], A[pivot * columns + j]] = [A[pivot * columns + j], A[k * columns + j]]
        if (value < 0 !== (pivot !== k)) isPositive = !isPositive
        log += Math.log(Math.abs(value))
        for (let i = k + 1; i < p; i++) factors[i - k - 1] = A[i * columns + k] / value
        // From the vector of column k + 1 on; what stands before it is not looked at again.
        const first = (k + 1) & ~3
        const at = (row: number): number => matrixAt + 8 * (row * columns + first)
        if (k + 1 < p) run.eliminate(at(k), at(k + 1), at(p), factorsAt, 8 * (columns - first))
      }
      return isPositive ? log : Number.NEGATIVE_INFINITY
    },
  }
}
