/**
 * Where EM begins. Every row is given wholly to a component, and the components are made of their rows:
 *
 *   1. classes of k-means; 2. of k-means given up after a pass, which differ more; 3. rows nearest to rows drawn evenly;
 *   or, from a mixture that was found: one component is dissolved, its rows go to the next likeliest, and another one is split in two.
 */
import { squaredDistance } from '../../distance.ts'
import type { RandomStream } from '../../random.ts'
import { assign, kmeans } from '../kmeans/kmeans.ts'
import type { Learning } from './em.ts'
import { fromMoments, type Gaussians } from './gaussians.ts'

const passes = 50

/** The start of a turn: the three kinds in turns. */
export async function startOf(turn: number, learning: Learning, random: RandomStream): Promise<Gaussians> {
  const { X, n, d, k, signal } = learning
  if (turn % 3 < 2) {
    const maxIterations = turn % 3 === 0 ? passes : 1
    const { labels, centres } = await kmeans(X, n, d, {
      k,
      nInit: 1,
      maxIterations,
      seed: random.below(2 ** 31),
      ...(signal && { signal }),
    })
    return fromLabels(learning, Float64Array.from(centres), labels)
  }
  const centres = new Float32Array(k * d)
  for (let c = 0; c < k; c++) {
    const row = random.below(n)
    centres.set(X.subarray(row * d, (row + 1) * d), c * d)
  }
  const labels = new Uint16Array(n)
  assign(X, n, d, centres, k, labels)
  return fromLabels(learning, Float64Array.from(centres), labels)
}

/**
 * One component dissolved, and its place taken by rows of another. Without component c the log likelihood would be less by −Σ_i ln(1 − r_ic):
 * of two components drawn the one goes that is missed less. In turns another one is split in two, or rows are gathered about one drawn among
 * the badly explained, so that a small group is found.
 */
export async function rearranged(learning: Learning, from: Gaussians, turn: number, random: RandomStream): Promise<Gaussians> {
  const { expectation, X, n, d, k, pace } = learning
  const { rowsAtOnce, likeliest, second, share, logLikelihood } = expectation
  const labels = new Uint16Array(n)
  const instead = new Uint16Array(n)
  const logs = new Float64Array(n)
  /** By how much a row would be less likely without its likeliest component, and what that adds up to. */
  const without = new Float64Array(n)
  const missed = new Float64Array(k)
  expectation.begin(from)
  for (let at = 0; at < n; at += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, n - at)
    expectation.look(X, at * d, count)
    for (let i = 0; i < count; i++) {
      labels[at + i] = likeliest[i]
      instead[at + i] = second[i]
      without[at + i] = Math.log(Math.max(1 - share[i], Number.EPSILON))
      missed[likeliest[i]] -= without[at + i]
      logs[at + i] = logLikelihood[i]
    }
    if (pace.due()) await pace.rest()
  }
  const [first, other] = [random.below(k), random.below(k)]
  const dissolved = missed[first] < missed[other] ? first : other
  for (let i = 0; i < n; i++) {
    if (labels[i] !== dissolved) continue
    labels[i] = instead[i]
    logs[i] += without[i]
  }
  if (turn % 2 === 0) split(learning, labels, dissolved, random)
  else gather(learning, labels, dissolved, badlyExplained(logs, random), random)
  return fromLabels(learning, from.means, labels)
}

/** Of the component of a row drawn evenly, the new one gets the rows nearer to this row than to another of the same. */
function split({ X, n, d }: Learning, labels: Uint16Array, own: number, random: RandomStream): void {
  const far = random.below(n)
  const theirs = rowsLike(labels, far)
  const near = theirs[random.below(theirs.length)]
  const toNear = distancesTo(X, n, d, near)
  const toFar = distancesTo(X, n, d, far)
  for (const i of theirs) if (toFar[i] < toNear[i]) labels[i] = own
}

/** The new component gets a row and its nearest of the same component: from few to half of them, any order of magnitude as likely. */
function gather({ X, n, d }: Learning, labels: Uint16Array, own: number, middle: number, random: RandomStream): void {
  const distances = distancesTo(X, n, d, middle)
  const theirs = rowsLike(labels, middle)
  theirs.sort((a, b) => distances[a] - distances[b] || a - b)
  const few = Math.min(d + 2, theirs.length)
  const count = few * Math.max(1, theirs.length / 2 / few) ** random.uniform()
  for (const i of theirs.subarray(0, Math.round(count))) labels[i] = own
}

const rowsLike = (labels: Uint16Array, row: number): Uint32Array => Uint32Array.from(labels.keys()).filter((i) => labels[i] === labels[row])

function distancesTo(X: Float32Array, n: number, d: number, row: number): Float64Array {
  const x = Float64Array.from(X.subarray(row * d, (row + 1) * d))
  return Float64Array.from({ length: n }, (_, i) => squaredDistance(X, i * d, x, 0, d))
}

/**
 * A row that the mixture explains badly: rows are drawn evenly, and the least likely of them is taken. Of how many, from one to n, is drawn too,
 * 10 to 100 as often as 100 to 1000; so it is at times any row, at times the worst of all, and mostly something between.
 */
function badlyExplained(logs: Float64Array, random: RandomStream): number {
  let worst = random.below(logs.length)
  for (let more = Math.floor(logs.length ** random.uniform()) - 1; more > 0; more--) {
    const row = random.below(logs.length)
    if (logs[row] < logs[worst]) worst = row
  }
  return worst
}

/** @param means about which sums are taken: any near the rows */
function fromLabels({ expectation, kind, X, n, d, k, ridge }: Learning, means: Float64Array, labels: Uint16Array): Gaussians {
  const about = { kind, k, d, means, weights: new Float64Array(k), logScale: new Float64Array(k), whiten: new Float64Array(0) }
  expectation.begin(about)
  for (let from = 0; from < n; from += expectation.rowsAtOnce) {
    expectation.give(X, from * d, Math.min(expectation.rowsAtOnce, n - from), labels, from)
    expectation.add()
  }
  return fromMoments(about, expectation.moments(), ridge)
}
