/**
 * Active, passive and mixed units: Bonheme & Grześ, arXiv 2109.12679, who extend Rolinek et al. (CVPR 2019) to several data examples.
 *
 *   passive   σ² is 1 on all rows: q(z|x) is the prior and says nothing        mean of σ² in 1 ± 0.1, its variance below 0.1
 *   active    σ² is near 0 on all rows                                         mean of σ² at most 0.1, its variance below 0.1
 *   mixed     active on some rows and passive on others, or in between         all others
 *
 * σ² is the variance of q(z|x), mean and variance are taken over rows, the thresholds are the authors'.
 */
import type { UnitKind } from '#common/domain/report.ts'

const lowVariance = 0.1
const meanRange = 0.1

/** @param mean, variance  of σ² over rows */
export function kindOf(mean: number, variance: number): UnitKind {
  if (variance >= lowVariance) return 'mixed'
  if (mean <= meanRange) return 'active'
  return Math.abs(mean - 1) <= meanRange ? 'passive' : 'mixed'
}
