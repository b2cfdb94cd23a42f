/**
 * Local RX — Reed & Yu, IEEE Trans. Acoustics, Speech and Signal Processing 38, 1990
 *
 *   score(x) = (x − μ)ᵀ S⁻¹ (x − μ)
 *
 * μ and S are mean and covariance (divided by their number) of the pixels of a square ring around x: up to R away, not up to r (the guard,
 * so that a target is not compared with itself). S is taken with a thousandth of its mean variance on the diagonal. A pixel has no score
 * where its ring holds fewer than d + 2 pixels with data.
 *
 * Sums over squares slide down and along, so a pixel costs d² whatever the radius, and d³/6 for the solution.
 * Memory: 2 R + 2 lines, and 8 (d + 1)(d + 2) bytes for each pixel of a line.
 */
import { raisedCholesky, solveLower, solveUpper } from '../cholesky.ts'
import { createPace, type LongRun } from '../pace.ts'

export interface LocalRxOptions extends LongRun {
  readonly width: number
  readonly height: number
  /** Numbers of a pixel. */
  readonly d: number
  /** R and r < R, in pixels. */
  readonly outer: number
  readonly inner: number
  /** Line y [width × d], NaN where there is no data; asked for once each, in order, and not changed until `outer` + 1 lines later. */
  readonly line: (y: number) => Promise<Float32Array>
  /** The scores of line y [width], good until the next one. */
  readonly scored: (y: number, scores: Float64Array) => void
  /** Only pixels with these numbers get a score; all where it is missing. */
  readonly only?: ReadonlySet<number>
  /** What each number adds to the score of a pixel [d], good until the next one: (S⁻¹ (x − μ))_j² / (S⁻¹)_jj, as in mahalanobis.ts. */
  readonly blamed?: (row: number, parts: Float64Array) => void
}

const ridge = 1e-3
/** Added beside it, in squared units of the numbers: a ring in which nothing varies still gives scores that single precision holds. */
const leastVariance = 1e-12

/** Of the pixel at hand: S and L by rows, the lower triangle, and v. */
interface Solution {
  readonly S: Float64Array
  readonly L: Float64Array<ArrayBuffer>
  readonly v: Float64Array
}

export async function localRx(options: LocalRxOptions): Promise<void> {
  const { width, height, d, outer, inner, line, scored, only, blamed, signal, report } = options
  const pace = createPace(signal)
  const m = 1 + d + (d * (d + 1)) / 2
  const lines = new Map<number, Float32Array>()
  const [outerColumns, innerColumns] = [new Float64Array(width * m), new Float64Array(width * m)]
  /** Empty until a pixel with data came. */
  let offset = new Float64Array()
  let read = 0

  /** Adds a line's sums to those of the columns, or takes them away. */
  function addLine(columns: Float64Array, y: number, sign: 1 | -1): void {
    const X = lines.get(y)
    if (!X || offset.length === 0) return
    for (let x = 0; x < width; x++) {
      const [from, at] = [x * d, x * m]
      if (Number.isNaN(X[from])) continue
      columns[at] += sign
      let pair = at + 1 + d
      for (let j = 0; j < d; j++) {
        const value = X[from + j] - offset[j]
        columns[at + 1 + j] += sign * value
        for (let k = 0; k <= j; k++) columns[pair++] += sign * value * (X[from + k] - offset[k])
      }
    }
  }
  async function readTo(last: number): Promise<void> {
    for (; read <= Math.min(last, height - 1); read++) {
      const X = await line(read)
      // Sums are of differences from a typical pixel: they lose no digits where all values are large.
      if (offset.length === 0) offset = firstPixel(X, d)
      lines.set(read, X)
      addLine(outerColumns, read, 1)
    }
  }

  const out = new Float64Array(width)
  const ring = new Float64Array(m)
  const solution: Solution = { S: new Float64Array(d * d), L: new Float64Array(d * d), v: new Float64Array(d) }
  for (let y = 0; y < height; y++) {
    await readTo(y + outer)
    addLine(outerColumns, y - outer - 1, -1)
    if (y === 0) for (let i = 0; i < inner; i++) addLine(innerColumns, i, 1)
    addLine(innerColumns, y + inner, 1)
    addLine(innerColumns, y - inner - 1, -1)
    lines.delete(y - outer - 1)

    const X = lines.get(y) as Float32Array
    ring.fill(0)
    const addColumn = (columns: Float64Array, x: number, sign: number): void => {
      if (x < 0 || x >= width) return
      for (let i = 0, at = x * m; i < m; i++, at++) ring[i] += sign * columns[at]
    }
    for (let x = 0; x < outer; x++) addColumn(outerColumns, x, 1)
    for (let x = 0; x < inner; x++) addColumn(innerColumns, x, -1)
    for (let x = 0; x < width; x++) {
      addColumn(outerColumns, x + outer, 1)
      addColumn(outerColumns, x - outer - 1, -1)
      addColumn(innerColumns, x + inner, -1)
      addColumn(innerColumns, x - inner - 1, 1)
      const row = y * width + x
      const isMissing = (only && !only.has(row)) || Number.isNaN(X[x * d]) || Math.round(ring[0]) < d + 2
      out[x] = isMissing ? Number.NaN : distance(X, x * d, offset, ring, d, solution)
      if (blamed && !isMissing) blamed(row, partsOf(solution, d))
      if (pace.due()) await pace.rest()
    }
    scored(y, out)
    report?.((y + 1) / height)
  }
}

function firstPixel(X: Float32Array, d: number): Float64Array<ArrayBuffer> {
  for (let at = 0; at < X.length; at += d) if (!Number.isNaN(X[at])) return Float64Array.from(X.subarray(at, at + d))
  return new Float64Array()
}

/** By Cholesky S = L Lᵀ: the squared length of v = L⁻¹ (x − μ). NaN where sums are no numbers. */
function distance(X: Float32Array, from: number, offset: Float64Array, ring: Float64Array, d: number, { S, L, v }: Solution): number {
  const n = Math.round(ring[0])
  let trace = 0
  for (let j = 0, pair = 1 + d; j < d; j++) {
    const mean = ring[1 + j] / n
    v[j] = X[from + j] - offset[j] - mean
    for (let k = 0; k <= j; k++, pair++) S[j * d + k] = ring[pair] / n - (mean * ring[1 + k]) / n
    trace += S[j * d + j]
  }
  if (!Number.isFinite(trace)) return Number.NaN
  raisedCholesky(S, d, (ridge * Math.max(trace, 0)) / d + leastVariance, L)
  solveLower(L, d, v)
  let sum = 0
  for (let j = 0; j < d; j++) sum += v[j] * v[j]
  return sum
}

/** From L and v = L⁻¹ (x − μ), as `distance` leaves them: S⁻¹ (x − μ) = L⁻ᵀ v, and (S⁻¹)_jj = Σ_i (L⁻¹)_ij². */
function partsOf({ L, v }: Solution, d: number): Float64Array {
  const weighed = Float64Array.from(v)
  solveUpper(L, d, weighed)
  const column = new Float64Array(d)
  return weighed.map((value, j) => {
    let diagonal = 0
    for (let i = j; i < d; i++) {
      let sum = i === j ? 1 : 0
      for (let k = j; k < i; k++) sum -= L[i * d + k] * column[k]
      column[i] = sum / L[i * d + i]
      diagonal += column[i] * column[i]
    }
    return (value * value) / diagonal
  })
}
