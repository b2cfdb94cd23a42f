/**
 * Local regression in one variable: Cleveland & Devlin, JASA 1988, fitted as the dloess routines do that R and scikit-misc use
 * (Cleveland & Grosse, Statistics and Computing 1991). Around a few points of the axis a quadratic is fitted to the nearest `span · n`
 * observations, weighted by (1 − (distance / furthest)³)³; in between, cubic Hermite polynomials join values and slopes.
 *
 * The points are where a k-d tree cuts the observations at medians, until a cell holds at most `cell · span · n` of them.
 * Memory: a few numbers per observation.
 */
const cell = 0.2

/** A point of the axis with the value and the slope of the fit there. */
interface Vertex {
  readonly x: number
  readonly value: number
  readonly slope: number
}

/**
 * @param x     [n], not all equal
 * @param span  share of the observations that a point looks at, 0 … 1
 * @returns     [n] fitted values, in the order of x
 */
export function loess(x: Float64Array, y: Float64Array, span: number): Float64Array {
  const n = x.length
  if (y.length !== n || n < 4) throw new RangeError(`loess needs at least 4 observations with a value each, found ${n} and ${y.length}`)
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => x[a] - x[b])
  const xs = Float64Array.from(order, (i) => x[i])
  const ys = Float64Array.from(order, (i) => y[i])
  const nearest = Math.max(4, Math.min(n, Math.floor(n * span + 1e-5)))
  const vertices = verticesOf(xs, Math.floor(n * span * cell)).map((at): Vertex => ({ x: at, ...localQuadratic(xs, ys, at, nearest) }))
  const fitted = new Float64Array(n)
  for (let i = 0, k = 0; i < n; i++) {
    while (k < vertices.length - 2 && xs[i] > vertices[k + 1].x) k++
    fitted[order[i]] = between(vertices[k], vertices[k + 1], xs[i])
  }
  return fitted
}

/** Both ends, a little further out, and every cut, ascending. */
function verticesOf(xs: Float64Array, most: number): number[] {
  const n = xs.length
  const [low, high] = [xs[0], xs[n - 1]]
  const margin = 0.005 * Math.max(high - low, 1e-10 * Math.max(Math.abs(low), Math.abs(high)) + 1e-30)
  const cuts: number[] = []
  // Observations l … u, both included, between the cuts `from` and `to`.
  const cut = (l: number, u: number, from: number, to: number): void => {
    if (u - l + 1 <= most || to <= from) return
    const m = cutBetween(xs, l, u)
    if (xs[m] === from || xs[m] === to) return
    cuts.push(xs[m])
    cut(l, m, from, xs[m])
    cut(m + 1, u, xs[m], to)
  }
  cut(0, n - 1, low - margin, high + margin)
  return [low - margin, ...cuts.sort((a, b) => a - b), high + margin]
}

/** The middle of l … u; among equal values the nearest place where they change, above before below. */
function cutBetween(xs: Float64Array, l: number, u: number): number {
  // Places count from 1 in the original, which decides how the middle is rounded.
  const middle = Math.floor((l + u + 2) / 2) - 1
  for (let offset = 0; middle + offset < u && middle + offset >= l; offset = offset > 0 ? -offset : 1 - offset)
    if (xs[middle + offset] !== xs[middle + offset + 1]) return middle + offset
  return middle
}

function between(a: Vertex, b: Vertex, x: number): number {
  const width = b.x - a.x
  const h = (x - a.x) / width
  const value = (1 - h) ** 2 * (1 + 2 * h) * a.value + h ** 2 * (3 - 2 * h) * b.value
  return value + (h * (1 - h) ** 2 * a.slope + h ** 2 * (h - 1) * b.slope) * width
}

/** Value and slope at q of the weighted quadratic through the nearest observations. */
function localQuadratic(xs: Float64Array, ys: Float64Array, q: number, nearest: number): { value: number; slope: number } {
  const n = xs.length
  let from = 0
  while (from + nearest < n && q - xs[from] > xs[from + nearest] - q) from++
  let [first, last] = [from, from + nearest - 1]
  let radius = Math.max(q - xs[first], xs[last] - q)
  // So many equal values that there is no neighbourhood: up to the next others.
  while (radius <= 0 && (first > 0 || last < n - 1)) {
    if (first > 0) first--
    if (last < n - 1) last++
    radius = Math.max(q - xs[first], xs[last] - q)
  }
  const rows = last - first + 1
  const design = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)]
  const target = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    const distance = xs[first + i] - q
    const w = Math.sqrt(Math.max(0, 1 - (Math.abs(distance) / radius) ** 3) ** 3)
    design[0][i] = w
    design[1][i] = w * distance
    design[2][i] = w * distance * distance
    target[i] = w * ys[first + i]
  }
  const [value, slope] = leastSquares(design, target)
  return { value, slope }
}

/** min ‖A s − y‖ by a one-sided Jacobi SVD of the columns, brought to length 1 first; directions without content stay 0. */
function leastSquares(columns: Float64Array[], y: Float64Array): number[] {
  const k = columns.length
  const lengths = columns.map((column) => Math.sqrt(dot(column, column)) || 1)
  for (const [j, column] of columns.entries()) for (let i = 0; i < column.length; i++) column[i] /= lengths[j]
  const V = Array.from({ length: k }, (_, i) => Float64Array.from({ length: k }, (__, j) => (i === j ? 1 : 0)))
  for (let sweep = 0; sweep < 30; sweep++) {
    let turned = false
    for (let p = 0; p < k; p++) for (let r = p + 1; r < k; r++) if (orthogonalise(columns, V, p, r)) turned = true
    if (!turned) break
  }
  const sigma = columns.map((column) => Math.sqrt(dot(column, column)))
  const least = Math.max(...sigma) * 100 * Number.EPSILON
  const gamma = columns.map((column, j) => (sigma[j] > least ? dot(column, y) / (sigma[j] * sigma[j]) : 0))
  return lengths.map((length, i) => gamma.reduce((sum, g, j) => sum + V[i][j] * g, 0) / length)
}

/** Turns columns p and r of A and V so that those of A stand at right angles. */
function orthogonalise(A: Float64Array[], V: Float64Array[], p: number, r: number): boolean {
  const [alpha, beta, gamma] = [dot(A[p], A[p]), dot(A[r], A[r]), dot(A[p], A[r])]
  if (Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta)) return false
  const zeta = (beta - alpha) / (2 * gamma)
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta))
  const c = 1 / Math.sqrt(1 + t * t)
  const s = c * t
  for (let i = 0; i < A[p].length; i++) {
    const [a, b] = [A[p][i], A[r][i]]
    A[p][i] = c * a - s * b
    A[r][i] = s * a + c * b
  }
  for (const row of V) {
    const [a, b] = [row[p], row[r]]
    row[p] = c * a - s * b
    row[r] = s * a + c * b
  }
  return true
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
