/**
 * Greedy k-means++ (Arthur & Vassilvitskii, SODA 2007, section 5; the variant scikit-learn uses): each next centre is the best
 * of 2 + ⌊ln k⌋ rows drawn with probability proportional to their squared distance to the centres so far.
 *
 * Of more than 32 768 + 50 k rows an evenly spread sample of that size is looked at, and of fewer where rows are wide: the starts differ
 * no more than two draws do, and their cost stays constant. Memory: the sample, and a float for each of its rows and candidates.
 */
import { instantiate } from '#engine/compute/wasm/assembler.ts'
import { factorIntoRange } from '#engine/analysis/floatRange.ts'
import { type RandomStream, spreadSample } from '#engine/analysis/random.ts'
import { rowsAtOnce, seedingKernel } from './seedingKernel.ts'

const mostRows = 32_768
const mostValues = 2 ** 23
const fewestRows = 2048

const sampleSize = (d: number, k: number): number => Math.min(mostRows, Math.max(fewestRows, Math.floor(mostValues / d))) + 50 * k
const trialsFor = (k: number): number => 2 + Math.floor(Math.log(k))

/** Multiplications of one start. */
export const seedingCost = (n: number, d: number, k: number): number => Math.min(n, sampleSize(d, k)) * d * k * trialsFor(k)

/** [k × d] starting centres into `centres`. When fewer than k rows are distinct some coincide. Yields after each centre. */
export function* seedCentres(
  points: Float32Array,
  n: number,
  d: number,
  k: number,
  random: RandomStream,
  centres: Float64Array,
): Generator<undefined> {
  const rows = spreadSample(n, sampleSize(d, k), random)
  const m = rows.length
  const trials = trialsFor(k)
  const sample = openSample(points, rows, d, trials)
  const { closest } = sample
  const use = (c: number, i: number): void => {
    for (let j = 0; j < d; j++) centres[c * d + j] = points[rows[i] * d + j]
  }

  // The first centre is drawn evenly; drawing it by distance would need a centre to measure from.
  const first = random.below(m)
  let [potential] = sample.measure([first])
  sample.keep(0)
  use(0, first)
  for (let c = 1; c < k; c++) {
    yield
    const drawn = Array.from({ length: trials }, () =>
      potential > 0 ? drawByWeight(closest, m, random.uniform() * potential) : random.below(m),
    )
    const potentials = sample.measure(drawn)
    const best = potentials.indexOf(Math.min(...potentials))
    sample.keep(best)
    potential = potentials[best]
    use(c, drawn[best])
  }
}

/** The rows to draw from, as the kernel reads them. */
function openSample(points: Float32Array, rows: Float64Array, d: number, trials: number) {
  const m = rows.length
  const padded = rowsAtOnce * Math.ceil(m / rowsAtOnce)
  const vectors = Math.ceil(trials / 4)
  const candidatesAt = 0
  const closestAt = 16 * vectors * d
  const outAt = closestAt + 4 * padded
  const rowsAt = outAt + 16 * vectors * padded
  const end = rowsAt + 4 * padded * d
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65_536) })
  const { distances } = instantiate({ distances: seedingKernel(d, vectors) }, memory)
  const candidates = new Float32Array(memory.buffer, candidatesAt, 4 * vectors * d)
  const closest = new Float32Array(memory.buffer, closestAt, padded)
  const found = new Float32Array(memory.buffer, outAt, 4 * vectors * padded)
  const X = new Float32Array(memory.buffer, rowsAt, padded * d)
  for (let i = 0; i < m; i++) X.set(points.subarray(rows[i] * d, (rows[i] + 1) * d), i * d)
  const factor = factorIntoRange(X)
  if (factor !== 1) for (let at = 0; at < m * d; at++) X[at] *= factor
  closest.fill(Number.POSITIVE_INFINITY, 0, m)
  return {
    /** [padded] to the nearest centre so far, squared; 0 beyond the rows. */
    closest,
    /** What the distances to the centres would sum up to, with each of these rows as the next centre. */
    measure(candidateRows: readonly number[]): number[] {
      for (const [t, row] of candidateRows.entries())
        for (let j = 0; j < d; j++) candidates[4 * (vectors * j + (t >> 2)) + (t & 3)] = X[row * d + j]
      distances(rowsAt, end, candidatesAt, closestAt, outAt, 16 * padded)
      const sums = new Float64Array(4 * vectors)
      for (let v = 0; v < vectors; v++) {
        let [s0, s1, s2, s3] = [0, 0, 0, 0]
        for (let at = 4 * v * padded, last = at + 4 * m; at < last; at += 4) {
          s0 += found[at]
          s1 += found[at + 1]
          s2 += found[at + 2]
          s3 += found[at + 3]
        }
        sums.set([s0, s1, s2, s3], 4 * v)
      }
      return [...sums.subarray(0, candidateRows.length)]
    },
    /** That one is a centre now. */
    keep(candidate: number): void {
      const from = 4 * (candidate >> 2) * padded + (candidate & 3)
      for (let i = 0; i < m; i++) closest[i] = found[from + 4 * i]
    },
  }
}

/** The first row at which the weights so far exceed the target; rows without a weight are never drawn. */
export function drawByWeight(weights: Float32Array | Float64Array, m: number, target: number): number {
  let sum = 0
  let last = 0
  for (let i = 0; i < m; i++) {
    if (weights[i] === 0) continue
    sum += weights[i]
    last = i
    if (sum > target) return i
  }
  return last
}
