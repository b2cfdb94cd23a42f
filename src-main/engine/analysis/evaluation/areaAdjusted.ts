/**
 * Accuracy and area of a map from labelled pixels that were drawn within its classes: Olofsson et al., Good practices for estimating area
 * and assessing accuracy of land change, Remote Sensing of Environment 148 (2014), equations 1–11.
 *
 * n_ij labelled pixels of map class i that are labelled j, n_i· their number · W_i share of the map in class i · q number of classes
 *
 *   p̂_ij = W_i n_ij / n_i·             Ô = Σ_i p̂_ii      Û_i = n_ii / n_i·      P̂_j = p̂_jj / p̂_·j      area of j: p̂_·j
 *   V(Ô)  = Σ_i W_i² Û_i (1 − Û_i) / (n_i· − 1)           V(Û_i) = Û_i (1 − Û_i) / (n_i· − 1)
 *   V(P̂_j) = [ W_j² (1 − P̂_j)² Û_j (1 − Û_j) / (n_j· − 1) + P̂_j² Σ_{i≠j} W_i² n_ij/n_i· (1 − n_ij/n_i·) / (n_i· − 1) ] / p̂_·j²
 *   V(p̂_·j) = Σ_i W_i² n_ij/n_i· (1 − n_ij/n_i·) / (n_i· − 1)
 *
 * Map classes that no found class is named by have no row here; found classes without a name are one more, in which nothing is right.
 * A map class without a labelled pixel says nothing: the others then stand for the whole map, and its share is told (`unseen`).
 */
import type { AreaAdjusted, Estimate } from '#common/domain/evaluation.ts'
import type { Contingency } from './agreement.ts'

/**
 * @param names  [nFound] labelled class of each found one, −1 for none
 * @param mapped [nFound] rows of the whole map in each found class
 */
export function areaAdjusted(table: Contingency, names: ArrayLike<number>, mapped: ArrayLike<number>): AreaAdjusted {
  const { counts, nFound, nTruth } = table
  const q = nTruth
  // Map class q are the found classes without a name.
  const n = new Float64Array((q + 1) * q)
  const rows = new Float64Array(q + 1)
  const pixels = new Float64Array(q + 1)
  for (let i = 0; i < nFound; i++) {
    const as = names[i] < 0 ? q : names[i]
    pixels[as] += mapped[i]
    for (let j = 0; j < q; j++) {
      n[as * q + j] += counts[i * q + j]
      rows[as] += counts[i * q + j]
    }
  }
  const whole = pixels.reduce((sum, value) => sum + value, 0)
  const seen = pixels.reduce((sum, value, i) => sum + (rows[i] > 0 ? value : 0), 0)
  const W = Float64Array.from(pixels, (value, i) => (rows[i] > 0 && seen > 0 ? value / seen : 0))
  const share = (i: number, j: number): number => (rows[i] > 0 ? n[i * q + j] / rows[i] : 0)
  /** W_i² s (1 − s) / (n_i· − 1): NaN for a class of the map of which one pixel only is labelled. */
  const variance = (i: number, s: number): number => (W[i] === 0 ? 0 : rows[i] < 2 ? Number.NaN : (W[i] ** 2 * s * (1 - s)) / (rows[i] - 1))

  let accuracy = 0
  let accuracyVariance = 0
  for (let i = 0; i < q; i++) {
    accuracy += W[i] * share(i, i)
    accuracyVariance += variance(i, share(i, i))
  }
  const classes: AreaAdjusted['classes'] = []
  for (let j = 0; j < q; j++) {
    let area = 0
    let areaVariance = 0
    let missed = 0
    for (let i = 0; i <= q; i++) {
      area += W[i] * share(i, j)
      areaVariance += variance(i, share(i, j))
      if (i !== j) missed += variance(i, share(i, j))
    }
    const U = share(j, j)
    const P = area > 0 ? (W[j] * U) / area : 0
    const producersVariance = area > 0 ? ((1 - P) ** 2 * variance(j, U) + P ** 2 * missed) / area ** 2 : 0
    classes.push({
      users: rows[j] > 0 ? estimate(U, rows[j] < 2 ? Number.NaN : (U * (1 - U)) / (rows[j] - 1)) : null,
      producers: area > 0 ? estimate(P, producersVariance) : null,
      area: estimate(area, areaVariance),
      mapped: whole > 0 ? pixels[j] / whole : 0,
    })
  }
  return { accuracy: estimate(accuracy, accuracyVariance), classes, unseen: whole > 0 ? 1 - seen / whole : 0 }
}

const estimate = (value: number, variance: number): Estimate => ({
  value,
  error: Number.isNaN(variance) ? null : Math.sqrt(Math.max(0, variance)),
})
