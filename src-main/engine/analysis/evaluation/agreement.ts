/**
 * How far two labellings of the same rows agree, whatever the classes are called.
 *
 * n_ij rows in found class i and true class j · a_i, b_j row and column sums · n their total
 */
export interface Contingency {
  /** [nFound × nTruth] counts n_ij */
  readonly counts: Float64Array
  readonly nFound: number
  readonly nTruth: number
  /** [nFound] a_i and [nTruth] b_j */
  readonly foundSizes: Float64Array
  readonly truthSizes: Float64Array
  /** Rows counted, n. */
  readonly total: number
}

/** Counts rows that have both labels, block by block. Memory: the table. */
export class ContingencyTally {
  readonly #counts: Float64Array
  readonly #nFound: number
  readonly #nTruth: number

  constructor(nFound: number, nTruth: number) {
    this.#nFound = nFound
    this.#nTruth = nTruth
    this.#counts = new Float64Array(nFound * nTruth)
  }

  /** Found 0 … nFound−1 without `noData`, truth 0 … nTruth−1 without `notLabelled`; whoever has neither of both is counted. */
  add(found: ArrayLike<number>, truth: ArrayLike<number>, n: number, noData = 0, notLabelled = -1): void {
    for (let row = 0; row < n; row++) {
      const i = found[row]
      const j = truth[row]
      if (i === noData || j === notLabelled || j < 0) continue
      if (!(i >= 0 && i < this.#nFound && j < this.#nTruth))
        throw new RangeError(`expected labels below ${this.#nFound} and ${this.#nTruth}, found ${i} and ${j}`)
      this.#counts[i * this.#nTruth + j]++
    }
  }

  result(): Contingency {
    return tableOf(this.#counts, this.#nFound, this.#nTruth)
  }
}

/** Counts [nFound × nTruth] with their sums. */
export function tableOf(counts: Float64Array, nFound: number, nTruth: number): Contingency {
  const foundSizes = new Float64Array(nFound)
  const truthSizes = new Float64Array(nTruth)
  let total = 0
  for (let i = 0, at = 0; i < nFound; i++)
    for (let j = 0; j < nTruth; j++, at++) {
      foundSizes[i] += counts[at]
      truthSizes[j] += counts[at]
      total += counts[at]
    }
  return { counts, nFound, nTruth, foundSizes, truthSizes, total }
}

/**
 * Counts rows that have both labels: found 1 … nFound−1 (0 is no data), truth 0 … nTruth−1 (negative is not labelled).
 * For labellings that start at 0 give `noData: -1`.
 */
export function contingency(found: ArrayLike<number>, truth: ArrayLike<number>, nFound: number, nTruth: number, noData = 0): Contingency {
  if (found.length !== truth.length)
    throw new RangeError(`expected as many labels as truth labels, found ${found.length} and ${truth.length}`)
  const tally = new ContingencyTally(nFound, nTruth)
  tally.add(found, truth, found.length, noData)
  return tally.result()
}

const pairs = (n: number): number => (n * (n - 1)) / 2
const sumOf = (values: Float64Array, of: (value: number) => number): number => values.reduce((sum, value) => sum + of(value), 0)

/**
 * Adjusted Rand index (Hubert & Arabie 1985): 1 for the same partition, about 0 for chance.
 *
 *   ( Σ C(n_ij, 2) − E ) / ( ½ (Σ C(a_i, 2) + Σ C(b_j, 2)) − E )      E = Σ C(a_i, 2) · Σ C(b_j, 2) / C(n, 2)
 */
export function adjustedRandIndex({ counts, foundSizes, truthSizes, total }: Contingency): number {
  const together = sumOf(counts, pairs)
  const a = sumOf(foundSizes, pairs)
  const b = sumOf(truthSizes, pairs)
  const expected = total < 2 ? 0 : (a * b) / pairs(total)
  const most = (a + b) / 2
  return most === expected ? 1 : (together - expected) / (most - expected)
}

/**
 * Normalised mutual information with the arithmetic mean, I / ½ (H_found + H_truth), as scikit-learn's default.
 * 1 when both have one class.
 */
export function normalisedMutualInformation({ counts, nTruth, foundSizes, truthSizes, total }: Contingency): number {
  const entropy = (sizes: Float64Array): number => sumOf(sizes, (n) => (n === 0 ? 0 : (-n / total) * Math.log(n / total)))
  const mean = (entropy(foundSizes) + entropy(truthSizes)) / 2
  if (mean === 0) return 1
  let information = 0
  counts.forEach((n, at) => {
    if (n > 0) information += (n / total) * Math.log((n * total) / (foundSizes[Math.floor(at / nTruth)] * truthSizes[at % nTruth]))
  })
  return Math.min(1, Math.max(0, information / mean))
}

/** Share of rows that lie in the commonest true class of their found class: accuracy of a many-to-one naming. Grows with the number of classes. */
export function purity({ counts, nFound, nTruth, total }: Contingency): number {
  let right = 0
  for (let i = 0; i < nFound; i++) right += counts.subarray(i * nTruth, (i + 1) * nTruth).reduce((most, n) => Math.max(most, n), 0)
  return total === 0 ? 0 : right / total
}

/**
 * The best one-to-one accuracy that k found classes can reach: the share of the k largest true classes. With fewer classes than the
 * truth has, the rows of the others are wrong whatever a model does.
 */
export function matchingCeiling(truthSizes: ArrayLike<number>, k: number): number {
  const sizes = Float64Array.from(truthSizes).sort().reverse()
  const total = sizes.reduce((a, b) => a + b, 0)
  return total === 0 ? 0 : sizes.subarray(0, k).reduce((a, b) => a + b, 0) / total
}

/** Share of rows that are right under the best one-to-one naming of found classes by true classes; classes left over count as wrong. */
export function hungarianAccuracy(table: Contingency): number {
  const { counts, nTruth, total } = table
  let right = 0
  bestMatching(table).forEach((j, i) => {
    if (j >= 0) right += counts[i * nTruth + j]
  })
  return total === 0 ? 0 : right / total
}

/**
 * The true class of each found class under the one-to-one matching with the most rows, −1 where none is left.
 * Hungarian method with potentials (Kuhn 1955; the shortest paths of Jonker & Volgenant 1987), a · b · min(a, b) steps for a and b classes.
 */
export function bestMatching({ counts, nFound, nTruth }: Contingency): Int32Array {
  const matched = new Int32Array(nFound).fill(-1)
  // Each row gets a column, so rows are whichever are fewer.
  if (nFound <= nTruth) return assignRows(nFound, nTruth, (i, j) => -counts[i * nTruth + j])
  for (const [j, i] of assignRows(nTruth, nFound, (j, i) => -counts[i * nTruth + j]).entries()) matched[i] = j
  return matched
}

/** The column of each of n rows with the least sum of costs, n ≤ m columns, each taken once at most. */
function assignRows(n: number, m: number, cost: (row: number, column: number) => number): Int32Array {
  // Rows and columns are numbered from 1; column 0 is where each search begins.
  const rowPotential = new Float64Array(n + 1)
  const columnPotential = new Float64Array(m + 1)
  const rowOf = new Int32Array(m + 1)
  const cameFrom = new Int32Array(m + 1)
  for (let row = 1; row <= n; row++) {
    const slack = new Float64Array(m + 1).fill(Number.POSITIVE_INFINITY)
    const reached = new Uint8Array(m + 1)
    let column = 0
    rowOf[0] = row
    do {
      reached[column] = 1
      const i = rowOf[column]
      let least = Number.POSITIVE_INFINITY
      let next = 0
      for (let j = 1; j <= m; j++) {
        if (reached[j]) continue
        const reduced = cost(i - 1, j - 1) - rowPotential[i] - columnPotential[j]
        if (reduced < slack[j]) {
          slack[j] = reduced
          cameFrom[j] = column
        }
        if (slack[j] < least) {
          least = slack[j]
          next = j
        }
      }
      for (let j = 0; j <= m; j++) {
        if (reached[j]) {
          rowPotential[rowOf[j]] += least
          columnPotential[j] -= least
        } else {
          slack[j] -= least
        }
      }
      column = next
    } while (rowOf[column] !== 0)
    while (column !== 0) {
      rowOf[column] = rowOf[cameFrom[column]]
      column = cameFrom[column]
    }
  }
  const columnOf = new Int32Array(n)
  for (let j = 1; j <= m; j++) if (rowOf[j] > 0) columnOf[rowOf[j] - 1] = j - 1
  return columnOf
}
