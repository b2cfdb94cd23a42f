/**
 * How much two labellings of the same rows tell of each other, in nats (contingency table of agreement.ts).
 *
 *   H(U) = −Σ a_i/n · ln a_i/n      I(U; V) = Σ n_ij/n · ln( n · n_ij / (a_i b_j) )
 */
import type { Contingency } from './agreement.ts'

export interface Information {
  /** H of found classes and of true ones, and what they share. */
  readonly found: number
  readonly truth: number
  readonly shared: number
}

export function informationOf({ counts, nTruth, foundSizes, truthSizes, total }: Contingency): Information {
  const entropy = (sizes: Float64Array): number => sizes.reduce((sum, n) => (n === 0 ? sum : sum - (n / total) * Math.log(n / total)), 0)
  let shared = 0
  for (let at = 0; at < counts.length; at++) {
    const n = counts[at]
    if (n > 0) shared += (n / total) * Math.log((n * total) / (foundSizes[Math.floor(at / nTruth)] * truthSizes[at % nTruth]))
  }
  return { found: entropy(foundSizes), truth: entropy(truthSizes), shared: Math.max(0, shared) }
}

export interface VMeasure {
  /** 1 when each found class holds rows of one true class only. */
  readonly homogeneity: number
  /** 1 when each true class lies in one found class. */
  readonly completeness: number
  /** Their harmonic mean: the same as mutual information normalised by the mean of both entropies. */
  readonly v: number
}

/** Rosenberg & Hirschberg, V-Measure, EMNLP 2007. */
export function vMeasure(table: Contingency): VMeasure {
  const { found, truth, shared } = informationOf(table)
  const homogeneity = truth === 0 ? 1 : Math.min(1, shared / truth)
  const completeness = found === 0 ? 1 : Math.min(1, shared / found)
  const sum = homogeneity + completeness
  return { homogeneity, completeness, v: sum === 0 ? 0 : (2 * homogeneity * completeness) / sum }
}

/**
 * Adjusted mutual information (Vinh, Epps & Bailey, JMLR 2010) with the arithmetic mean, as scikit-learn's default:
 *
 *   ( I − E ) / ( ½ (H(U) + H(V)) − E )      E the mean of I over all tables with the same row and column sums
 *
 * @param expected E, where it is known already
 */
export function adjustedMutualInformation(table: Contingency, expected = expectedInformation(table)): number {
  const { found, truth, shared } = informationOf(table)
  const sizes = (all: Float64Array): number => all.filter((n) => n > 0).length
  const [nFound, nTruth] = [sizes(table.foundSizes), sizes(table.truthSizes)]
  if ((nFound <= 1 && nTruth <= 1) || (nFound === table.total && nTruth === table.total)) return 1
  const room = (found + truth) / 2 - expected
  // As in scikit-learn: a difference that is rounding only keeps its sign and its size.
  const least = Number.EPSILON
  return Math.min(1, (shared - expected) / (room < 0 ? Math.min(room, -least) : Math.max(room, least)))
}

/** Σ over pairs of classes of the mean of n_ij/n · ln(n n_ij / (a b)) where n_ij is hypergeometric; equal pairs are summed once. */
export function expectedInformation({ foundSizes, truthSizes, total }: Contingency): number {
  const known = new Map<string, number>()
  let sum = 0
  for (const a of foundSizes)
    for (const b of truthSizes) {
      if (a === 0 || b === 0) continue
      const key = a < b ? `${a} ${b}` : `${b} ${a}`
      let term = known.get(key)
      if (term === undefined) {
        term = expectedTerm(a, b, total)
        known.set(key, term)
      }
      sum += term
    }
  return sum
}

/**
 * The probabilities follow from their ratios, from the likeliest count outwards, and are scaled to sum to one: no factorials, whose
 * logarithms would cancel badly for millions of rows. What is below 10⁻²⁰ of the likeliest does not count.
 *
 *   P(m + 1) / P(m) = (a − m)(b − m) / ((m + 1)(n − a − b + m + 1))
 */
function expectedTerm(a: number, b: number, n: number): number {
  const least = Math.max(0, a + b - n)
  const most = Math.min(a, b)
  const mode = Math.min(most, Math.max(least, Math.floor(((a + 1) * (b + 1)) / (n + 2))))
  const value = (m: number): number => (m === 0 ? 0 : (m / n) * Math.log((n * m) / (a * b)))
  let weights = 1
  let sum = value(mode)
  for (let m = mode, p = 1; m < most; ) {
    p *= ((a - m) * (b - m)) / ((m + 1) * (n - a - b + m + 1))
    m++
    if (p < 1e-20) break
    weights += p
    sum += p * value(m)
  }
  for (let m = mode, p = 1; m > least; ) {
    p *= (m * (n - a - b + m)) / ((a - m + 1) * (b - m + 1))
    m--
    if (p < 1e-20) break
    weights += p
    sum += p * value(m)
  }
  return sum / weights
}
