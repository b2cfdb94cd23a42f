/**
 * The share of rows that are not like normal ones, without labels: Storey, A direct approach to false discovery rates, JRSS B 64, 2002
 *
 *   π̂₀(λ) = #{pᵢ > λ} / ((1 − λ) N)        contamination = 1 − π̂₀,  λ = ½
 *
 * p of a row is its rank among m scores of normal rows, so #{pᵢ > ½} counts rows below their median. The interval is that of a ratio of
 * two shares by the delta method: both the N rows and the m normal ones are samples. Where the normal rows hold as many anomalies as
 * the others, it says 0: it tells how much more there are. Where rows score lower than the normal ones beyond chance, as rows that were
 * learned from do, the upper end is 0, too: then the share cannot be told.
 */
interface Contamination {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly level: number
}

const level = 0.95
const z = 1.959963984540054

/**
 * @param below      rows that score below the median of the normal ones, of all `rows`
 * @param normalBelow the same of the `normal` rows themselves: half of them unless many score alike
 * @returns null where there are too few to say anything
 */
export function estimateContamination(below: number, rows: number, normalBelow: number, normal: number): Contamination | null {
  if (rows < 30 || normal < 30 || normalBelow === 0) return null
  const [b, a] = [below / rows, normalBelow / normal]
  const normalShare = b / a
  const error = normalShare * Math.sqrt((1 - b) / Math.max(1, below) + (1 - a) / normalBelow)
  const within = (share: number): number => Math.min(1, Math.max(0, share))
  return { value: within(1 - normalShare), low: within(1 - normalShare - z * error), high: within(1 - normalShare + z * error), level }
}
