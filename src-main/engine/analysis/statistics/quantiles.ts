/** Quantiles and histograms of values in memory; NaN is left out everywhere. */

/** The values that are not NaN, ascending. */
export function sortedFinite(values: ArrayLike<number>): Float64Array {
  const kept = new Float64Array(values.length)
  let n = 0
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) kept[n++] = values[i]
  return kept.subarray(0, n).sort()
}

/** Quantile q in 0…1 of ascending values, linear between order statistics (type 7 of Hyndman & Fan 1996, numpy's default). NaN of nothing. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`expected a quantile between 0 and 1, found ${q}`)
  const position = q * (sorted.length - 1)
  const below = Math.floor(position)
  if (sorted.length === 0) return Number.NaN
  const next = Math.min(below + 1, sorted.length - 1)
  // Between values that are infinite there is no line.
  if (position === below || sorted[next] === sorted[below]) return sorted[below]
  return sorted[below] + (position - below) * (sorted[next] - sorted[below])
}

export function quantiles(values: ArrayLike<number>, qs: readonly number[]): number[] {
  const sorted = sortedFinite(values)
  return qs.map((q) => quantileOfSorted(sorted, q))
}

/** Adds to `counts` how many values fall in each of its equal bins from `from` to `to`; values beyond go to the end bins. */
export function addToHistogram(values: ArrayLike<number>, from: number, to: number, counts: Float64Array): void {
  if (!(to > from)) throw new RangeError(`expected a range from low to high, found ${from} to ${to}`)
  const scale = counts.length / (to - from)
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue
    counts[Math.max(0, Math.min(counts.length - 1, Math.floor((values[i] - from) * scale)))]++
  }
}
