/** What a model with a posterior q(z|x) says with each number of its code: KL, kinds of units, means beside draws. */
import { setImmediate } from 'node:timers/promises'
import type { UnitKind } from '#common/domain/report.ts'
import { quantileOfSorted } from '#engine/analysis/statistics/quantiles.ts'
import { randomStream } from '../../analysis/random.ts'
import { correlationOfColumns, largestCorrelation } from '../../analysis/reports/pairs.ts'
import { kindOf } from '../../analysis/reports/unitKinds.ts'
import { normalOf } from '../../compute/random/normal.ts'

/** Rows and units of all of them [n × Z]. */
export interface Posteriors {
  readonly n: number
  readonly Z: number
  readonly mu: Float32Array
  readonly logVariance: Float32Array
  /** KL of each row and unit in nats. */
  readonly kl: Float32Array
}

export interface VariationalUnit {
  readonly kind: UnitKind
  readonly kl: { readonly mean: number; readonly p10: number; readonly median: number; readonly p90: number }
  readonly activeShare: number
  readonly meanVersusDraw: number
  readonly posteriorVariance: number
}

/** KL( N(μ, σ²) ‖ N(0, 1) ) = ½ (μ² + σ² − 1 − ln σ²) */
export const klOf = (mu: Float32Array, logVariance: Float32Array): Float32Array =>
  Float32Array.from(mu, (m, i) => 0.5 * (m * m + Math.exp(logVariance[i]) - 1 - logVariance[i]))

/** z = μ + σ ε, one draw of each row. */
export async function drawnCodes({ mu, logVariance }: Pick<Posteriors, 'mu' | 'logVariance'>, seed: number): Promise<Float32Array> {
  const random = randomStream(seed, 'codes')
  const normal = (): number => normalOf(Math.floor(random.uniform() * 2 ** 24) * 2 ** -24)
  const drawn = new Float32Array(mu.length)
  for (let i = 0; i < mu.length; i++) {
    if (i % 500_000 === 0) await setImmediate()
    drawn[i] = mu[i] + Math.exp(0.5 * logVariance[i]) * normal()
  }
  return drawn
}

/** A row on which a unit costs less says nothing there. In nats. */
const silentBelow = 0.01

/** Memory: two columns. */
export function variationalUnit({ n, Z, mu, logVariance, kl }: Posteriors, drawn: Float32Array, unit: number): VariationalUnit {
  const costs = new Float32Array(n)
  let [mean, squares, cost, active] = [0, 0, 0, 0]
  for (let i = 0, at = unit; i < n; i++, at += Z) {
    const variance = Math.exp(logVariance[at])
    mean += variance / n
    squares += variance ** 2 / n
    costs[i] = kl[at]
    cost += kl[at] / n
    if (kl[at] >= silentBelow) active++
  }
  costs.sort()
  return {
    kind: kindOf(mean, Math.max(0, squares - mean * mean)),
    kl: { mean: cost, p10: quantileOfSorted(costs, 0.1), median: quantileOfSorted(costs, 0.5), p90: quantileOfSorted(costs, 0.9) },
    activeShare: active / n,
    meanVersusDraw: correlationOfColumns(mu, drawn, n, Z, unit),
    posteriorVariance: mean,
  }
}

/** Units and rows that correlations are worked out of: 20 ms. */
const [mostPairUnits, mostPairRows] = [100, 2000]

export const correlations = ({ n, Z, mu }: Posteriors, drawn: Float32Array, units: readonly number[]) =>
  units.length < 2 || units.length > mostPairUnits
    ? null
    : {
        means: largestCorrelation(mu, Math.min(n, mostPairRows), Z, units),
        draws: largestCorrelation(drawn, Math.min(n, mostPairRows), Z, units),
      }
