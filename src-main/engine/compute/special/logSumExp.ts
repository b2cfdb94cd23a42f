/** Sums in the logarithm. */
import { add, exp, log, max, maximum, reshape, sub, sum, type Tensor } from '@tensorflow/tfjs-core'
import { stopGradient } from './gradientFlow.ts'

const mostNegative = -3.4e38

/**
 * ln Σ eˣ along one axis without overflow: m + ln Σ e^(x−m), m the largest. −∞ counts as nothing; of −∞ alone it is −∞.
 *
 * @param x     any shape
 * @param axis  default the last; the result lacks it unless `keepDims`
 */
export function logSumExp(x: Tensor, axis = -1, keepDims = false): Tensor {
  const along = axis < 0 ? axis + x.rank : axis
  // m cancels, so its own gradient, the costly one, is not needed.
  const m = maximum(stopGradient(max(x, along, true)), mostNegative)
  const kept = add(m, log(sum(exp(sub(x, m)), along, true)))
  return keepDims
    ? kept
    : reshape(
        kept,
        x.shape.filter((_, i) => i !== along),
      )
}

/** ln of the mean of eˣ along one axis, as importance-weighted bounds need it. */
export function logMeanExp(x: Tensor, axis = -1, keepDims = false): Tensor {
  return sub(logSumExp(x, axis, keepDims), Math.log(x.shape.at(axis) as number))
}
