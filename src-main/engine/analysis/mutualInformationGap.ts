/**
 * Mutual information gap: whether each cause of the data is told by one number of the code (Chen et al. 2018, arXiv 1802.04942, eq. 6)
 *
 *   MIG = 1/K Σ_k ( I(z_j*; v_k) − max_{j ≠ j*} I(z_j; v_k) ) / H(v_k),     j* the number that tells most of v_k
 *
 * 1 where every cause has a number of its own, 0 where two numbers tell equally much. Numbers of the code are put into equal-width bins
 * from their least to their greatest, as Locatello et al. 2019 (arXiv 1811.12359) do with 20; causes are values that recur.
 *
 * Memory: bins × distinct values of a cause.
 */
import { StratumError } from '#common/errors.ts'

export interface Gap {
  /** Per cause: the gap, and how much of H(v) each number of the code tells, 0 … 1. */
  readonly causes: readonly { readonly gap: number; readonly told: readonly number[] }[]
  readonly mean: number
}

/**
 * @param codes   [n × Z] row-major
 * @param causes  each of n values, any that can be compared
 * @throws DATA_UNSUITABLE where a cause has one value only, or the code less than two numbers
 */
export function mutualInformationGap(codes: Float32Array, Z: number, causes: readonly ArrayLike<number | string>[], bins = 20): Gap {
  if (Z < 2)
    throw new StratumError('DATA_UNSUITABLE', 'A gap needs at least two numbers per row.', 'Choose a larger code.', { codeSize: Z })
  const binned = Array.from({ length: Z }, (_, j) => inBins(codes, Z, j, bins))
  const found = causes.map((values, k) => {
    const cause = numbered(values)
    const entropy = entropyOf(countsOf(cause.places, cause.distinct))
    if (entropy === 0)
      throw new StratumError('DATA_UNSUITABLE', `Cause ${k + 1} has the same value in every row.`, 'Leave it out.', { cause: k })
    const told = binned.map((bin) => informationOf(bin, bins, cause.places, cause.distinct) / entropy)
    const [first, second] = [...told].sort((a, b) => b - a)
    return { gap: first - second, told }
  })
  return { causes: found, mean: found.reduce((sum, { gap }) => sum + gap, 0) / found.length }
}

function inBins(codes: Float32Array, Z: number, j: number, bins: number): Uint32Array {
  const n = codes.length / Z
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let at = j; at < codes.length; at += Z) {
    least = Math.min(least, codes[at])
    greatest = Math.max(greatest, codes[at])
  }
  const width = (greatest - least) / bins
  return Uint32Array.from({ length: n }, (_, i) => (width > 0 ? Math.min(bins - 1, Math.floor((codes[i * Z + j] - least) / width)) : 0))
}

function numbered(values: ArrayLike<number | string>): { readonly places: Uint32Array; readonly distinct: number } {
  const known = new Map<number | string, number>()
  const places = Uint32Array.from({ length: values.length }, (_, i) => {
    const place = known.get(values[i]) ?? known.size
    known.set(values[i], place)
    return place
  })
  return { places, distinct: known.size }
}

function countsOf(places: Uint32Array, distinct: number): Float64Array {
  const counts = new Float64Array(distinct)
  for (const place of places) counts[place]++
  return counts
}

/** −Σ p ln p, in nats. */
function entropyOf(counts: Float64Array): number {
  const n = counts.reduce((a, b) => a + b, 0)
  return counts.reduce((sum, count) => (count > 0 ? sum - (count / n) * Math.log(count / n) : sum), 0)
}

/** H(a) + H(b) − H(a, b) */
function informationOf(a: Uint32Array, distinctA: number, b: Uint32Array, distinctB: number): number {
  const both = Uint32Array.from(a, (place, i) => place * distinctB + b[i])
  return entropyOf(countsOf(a, distinctA)) + entropyOf(countsOf(b, distinctB)) - entropyOf(countsOf(both, distinctA * distinctB))
}
