/**
 * The E step of a Gaussian mixture, and the sums that its M step needs, over blocks of rows with the loops of kernels.ts:
 *
 *   r_ic = π_c N(x_i | μ_c, Σ_c) / Σ_b π_b N(x_i | μ_b, Σ_b)
 *
 * A component that is e⁻³⁷ as likely as another, less than a rounding, has no part in a row, and rows without a part are left out of a component's sums.
 * Shares are used at once and not kept. Memory: 3 blocks of rows (32 kB each, or 16 rows), and 24 bytes for each number of the covariances.
 */
import { instantiate } from '#engine/compute/wasm/assembler.ts'
import type { CovarianceKind, Gaussians, Moments } from './gaussians.ts'
import {
  bandedSize,
  denseMoments,
  denseSquares,
  diagonalMoments,
  diagonalSquares,
  packBands,
  paddedColumns,
  rowsPerGroup,
} from './kernels.ts'

const negligible = 37
const blockValues = 4096

export interface Expectation {
  /** Rows of a block at most; a multiple of four. */
  readonly rowsAtOnce: number
  /** [rowsAtOnce] of the last block: log likelihood of a row, its two likeliest components, and how likely the first of them is. */
  readonly logLikelihood: Float64Array
  readonly likeliest: Int32Array
  readonly second: Int32Array
  readonly share: Float64Array
  /** The Gaussians that the following blocks are held against. Sums begin anew. */
  begin(g: Gaussians): void
  /** E step of the rows x[at …]; returns the sum of their log likelihoods. */
  look(X: Float32Array, at: number, count: number): number
  /** Gives the rows x[at …] wholly to a component each, without looking. */
  give(X: Float32Array, at: number, count: number, labels: ArrayLike<number>, firstLabel: number): void
  /** Adds the last block to the sums. */
  add(): void
  moments(): Moments
}

export function createExpectation(kind: CovarianceKind, k: number, d: number): Expectation {
  const isDense = kind === 'full' || kind === 'tied'
  const shapes = kind === 'tied' ? 1 : k
  const columns = paddedColumns(d)
  const rowsAtOnce = Math.max(16, Math.min(128, rowsPerGroup * Math.floor(blockValues / columns / rowsPerGroup)))
  const cells = isDense ? columns * columns : columns
  const packed = isDense ? bandedSize(d, true) : columns

  let bytes = 0
  const room = (numbers: number): number => {
    const at = bytes
    bytes += 8 * numbers
    return at
  }
  const rowsAt = room(rowsAtOnce * columns)
  const partAt = room(rowsAtOnce * columns)
  const weightedAt = room(rowsAtOnce * columns)
  const partSharesAt = room(rowsAtOnce)
  const squaredAt = room(k * rowsAtOnce)
  const meansAt = room(k * columns)
  const whitenAt = room(shapes * packed)
  const firstAt = room(2 * k * columns)
  const secondAt = room(2 * shapes * cells)
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) })
  const { squares, sums } = instantiate(
    isDense ? { squares: denseSquares(d), sums: denseMoments(d) } : { squares: diagonalSquares(d), sums: diagonalMoments(d) },
    memory,
  )
  const numbers = (at: number, count: number): Float64Array => new Float64Array(memory.buffer, at, count)
  const rows = numbers(rowsAt, rowsAtOnce * columns)
  const part = numbers(partAt, rowsAtOnce * columns)
  const partShares = numbers(partSharesAt, rowsAtOnce)
  /** [k × rowsAtOnce] squared distances, then shares. */
  const shares = numbers(squaredAt, k * rowsAtOnce)
  const means = numbers(meansAt, k * columns)
  const whiten = numbers(whitenAt, shapes * packed)
  const firsts = numbers(firstAt, 2 * k * columns)
  const seconds = numbers(secondAt, 2 * shapes * cells)
  const mass = new Float64Array(k)
  const logScale = new Float64Array(k)
  const logLikelihood = new Float64Array(rowsAtOnce)
  const likeliest = new Int32Array(rowsAtOnce)
  const second = new Int32Array(rowsAtOnce)
  const share = new Float64Array(rowsAtOnce)
  let held = 0

  /** From a number of a row to that of its next column, and from a group of rows to the next. */
  const nextColumn = rowsPerGroup
  const nextGroup = rowsPerGroup * columns
  const placeOf = (i: number): number => (i >> 2) * nextGroup + (i & 3)

  function take(X: Float32Array, at: number, count: number): void {
    held = count
    for (let i = 0, from = at; i < count; i++) for (let j = 0, to = placeOf(i); j < d; j++, to += nextColumn) rows[to] = X[from++]
  }

  function toShares(i: number): number {
    let most = Number.NEGATIVE_INFINITY
    let next = Number.NEGATIVE_INFINITY
    let best = 0
    let runnerUp = 0
    for (let c = 0, at = i; c < k; c++, at += rowsAtOnce) {
      const value = logScale[c] - shares[at] / 2
      shares[at] = value
      if (value > most) {
        next = most
        runnerUp = best
        most = value
        best = c
      } else if (value > next) {
        next = value
        runnerUp = c
      }
    }
    let sum = 0
    for (let c = 0, at = i; c < k; c++, at += rowsAtOnce) {
      const behind = shares[at] - most
      const value = behind < -negligible ? 0 : Math.exp(behind)
      shares[at] = value
      sum += value
    }
    for (let c = 0, at = i; c < k; c++, at += rowsAtOnce) shares[at] /= sum
    likeliest[i] = best
    second[i] = runnerUp
    share[i] = 1 / sum
    logLikelihood[i] = most + Math.log(sum)
    return logLikelihood[i]
  }

  /** Rows of the block that have a part in component c, less its mean; returns how many. */
  function partOf(c: number): number {
    let count = 0
    for (let i = 0; i < held; i++) {
      const its = shares[c * rowsAtOnce + i]
      if (its === 0) continue
      for (let j = 0, from = placeOf(i), to = placeOf(count); j < d; j++, from += nextColumn, to += nextColumn)
        part[to] = rows[from] - means[c * columns + j]
      partShares[count++] = its
      mass[c] += its
    }
    for (let i = count; i % rowsPerGroup !== 0; i++) partShares[i] = 0
    return count
  }

  return {
    rowsAtOnce,
    logLikelihood,
    likeliest,
    second,
    share,
    begin(g) {
      logScale.set(g.logScale)
      for (let c = 0; c < k; c++) for (let j = 0; j < d; j++) means[c * columns + j] = g.means[c * d + j]
      for (let s = 0; s < shapes; s++) {
        if (isDense) packBands(g.whiten, s * d * d, { rows: d, d, isTriangle: true }, whiten.subarray(s * packed))
        else for (let j = 0; j < d; j++) whiten[s * columns + j] = g.whiten[s * d + j]
      }
      mass.fill(0)
      firsts.fill(0)
      seconds.fill(0)
    },
    look(X, at, count) {
      take(X, at, count)
      const end = rowsAt + 8 * rowsPerGroup * columns * Math.ceil(count / rowsPerGroup)
      for (let c = 0; c < k; c++) {
        const shape = kind === 'tied' ? 0 : c
        squares(rowsAt, end, meansAt + 8 * c * columns, whitenAt + 8 * shape * packed, weightedAt, squaredAt + 8 * c * rowsAtOnce)
      }
      let sum = 0
      for (let i = 0; i < count; i++) sum += toShares(i)
      return sum
    },
    give(X, at, count, labels, firstLabel) {
      take(X, at, count)
      shares.fill(0)
      for (let i = 0; i < count; i++) shares[labels[firstLabel + i] * rowsAtOnce + i] = 1
    },
    add() {
      for (let c = 0; c < k; c++) {
        const groups = Math.ceil(partOf(c) / rowsPerGroup)
        const shape = kind === 'tied' ? 0 : c
        const end = partAt + 8 * rowsPerGroup * columns * groups
        sums(partAt, end, partSharesAt, weightedAt, firstAt + 16 * c * columns, secondAt + 16 * shape * cells)
      }
    },
    moments() {
      const lanes = (from: Float64Array, at: number): number => from[2 * at] + from[2 * at + 1]
      const itsFirst = Float64Array.from({ length: k * d }, (_, at) => lanes(firsts, Math.floor(at / d) * columns + (at % d)))
      const its = new Float64Array(isDense ? shapes * d * d : shapes * d)
      for (let s = 0; s < shapes; s++) {
        if (isDense) {
          for (let i = 0; i < d; i++) for (let j = 0; j <= i; j++) its[(s * d + i) * d + j] = lanes(seconds, s * cells + i * columns + j)
        } else for (let j = 0; j < d; j++) its[s * d + j] = lanes(seconds, s * cells + j)
      }
      return { mass: mass.slice(), first: itsFirst, second: its }
    },
  }
}
