/**
 * How data scatter around what a decoder says: −ln p(x | z) of every row, summed over columns, constants included, in nats.
 *
 *   gaussian     ½ r² + ln s + ½ ln 2π                                                      r = (x − o) / s
 *   laplace      |r| + ln 2s
 *   student-t    ½(ν + 1) ln(1 + r²/ν) + ln s + ½ ln νπ + ln Γ(ν/2) − ln Γ((ν + 1)/2)
 *   bernoulli    ln(1 + eᵒ) − x o                                                           x in 0 … 1, o the log-odds
 *
 * One spread s for all columns. From top to bottom of the first three, single far-off values pull less.
 * Shapes: B batch, D columns.  x, o [B, D] · ln s [] · result [B]
 */
import {
  abs,
  add,
  clipByValue,
  exp,
  log,
  log1p,
  mean,
  mul,
  neg,
  type Scalar,
  scalar,
  sigmoid,
  softplus,
  squaredDifference,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { lgamma } from '../compute/special/gamma.ts'
import { knownMean, meanSquaredError } from './reconstruction.ts'

export interface Likelihood {
  /** Whether it has a spread s. */
  readonly spreads: boolean
  /**
   * @param o what the decoder's last layer gives · logSpread ln s, zero where there is none
   * @param present  [B, D] 1 where x is known, 0 where it is missing and says nothing; without it all are known
   */
  negativeLog(x: Tensor2D, o: Tensor2D, logSpread: Scalar, present?: Tensor2D): Tensor1D
  /** The ln s that makes these rows likeliest, where there is a formula for it. */
  bestLogSpread?(x: Tensor2D, o: Tensor2D, present?: Tensor2D): Scalar
  /** x̂, the mean of p(x | z). */
  mean(o: Tensor2D): Tensor2D
}

export const LikelihoodName = z.enum(['gaussian', 'laplace', 'student-t', 'bernoulli'])
export type LikelihoodName = z.output<typeof LikelihoodName>

const columns = ({ shape }: Tensor2D): number => shape[1]
/** Σ over columns; of those whose value is known. */
const total = (t: Tensor2D, present?: Tensor2D): Tensor1D => sum(present ? mul<Tensor2D>(present, t) : t, 1)
/** Σ over columns + D · (ln s + constant) */
const withSpread = (x: Tensor2D, overColumns: Tensor1D, logSpread: Scalar, constant: number | Scalar, present?: Tensor2D): Tensor1D =>
  add<Tensor1D>(overColumns, mul(present ? sum<Tensor1D>(present, 1) : columns(x), add(logSpread, constant)))

const gaussian: Likelihood = {
  spreads: true,
  negativeLog(x, o, logSpread, present) {
    const r2 = mul<Tensor1D>(total(squaredDifference(x, o), present), exp(mul(-2, logSpread)))
    return withSpread(x, mul(0.5, r2), logSpread, 0.5 * Math.log(2 * Math.PI), present)
  },
  bestLogSpread: (x, o, present) => mul(0.5, log(meanSquaredError(x, o, present))),
  mean: (o) => o,
}

const laplace: Likelihood = {
  spreads: true,
  negativeLog: (x, o, logSpread, present) =>
    withSpread(x, mul<Tensor1D>(total(abs(sub(x, o)), present), exp(neg(logSpread))), logSpread, Math.log(2), present),
  bestLogSpread(x, o, present) {
    const distance = abs<Tensor2D>(sub(x, o))
    return log(present ? knownMean(distance, present) : mean<Scalar>(distance))
  },
  mean: (o) => o,
}

/** @param nu  degrees of freedom ν > 1; few give far tails, many a Gaussian */
const studentT = (nu: number): Likelihood => ({
  spreads: true,
  negativeLog(x, o, logSpread, present) {
    const r2 = mul<Tensor2D>(squaredDifference(x, o), exp(mul(-2, logSpread)))
    const tails = mul<Tensor1D>((nu + 1) / 2, total(log1p(mul(1 / nu, r2)), present))
    const constant = add<Scalar>(sub(lgamma(scalar(nu / 2)), lgamma(scalar((nu + 1) / 2))), 0.5 * Math.log(nu * Math.PI))
    return withSpread(x, tails, logSpread, constant, present)
  },
  mean: (o) => o,
})

const bernoulli: Likelihood = {
  spreads: false,
  /** Beyond 0 … 1 there would be no lowest value, so a held-out row that leaves the range counts as at its end. */
  negativeLog: (x, o, _, present) => total(sub(softplus(o), mul(clipByValue(x, 0, 1), o)), present),
  mean: (o) => sigmoid(o),
}

export function likelihoodOf(name: LikelihoodName, degreesOfFreedom: number): Likelihood {
  return { gaussian, laplace, bernoulli, 'student-t': studentT(degreesOfFreedom) }[name]
}
