/**
 * The prepare pipeline (data/pipeline.ts) as tensor operations, for files that take raw columns and give raw columns back.
 *
 * Fitted numbers are float64 and a file computes in float32, so an offset is subtracted in two parts, hi + lo: where values are large
 * against their spread, x − hi is exact and only then does the rest come in.
 */
import type { FittedStep } from '#common/domain/results.ts'
import {
  add,
  div,
  equal,
  exp,
  greater,
  isFinite as finite,
  log,
  mul,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tensor1d,
  where,
  zerosLike,
} from '../compute/tfjs.ts'

/** x [rows, D] through the steps; values that are missing (NaN) or infinite are replaced where a step says so. */
export const prepared = (steps: readonly FittedStep[], x: Tensor2D): Tensor2D => steps.reduce((now, step) => forward(step, now), x)

/** Back, last step first. Counts come out per `target` of their row, for its total is not in the code. */
export const unprepared = (steps: readonly FittedStep[], x: Tensor2D): Tensor2D => steps.reduceRight((now, step) => back(step, now), x)

function forward(step: FittedStep, x: Tensor2D): Tensor2D {
  switch (step.id) {
    case 'impute':
      return where<Tensor>(finite(x), x, tensor1d(step.values)) as Tensor2D
    case 'log1p-cp10k': {
      const total = sum(where(finite(x), x, zerosLike(x)), 1, true)
      const factor = where(greater(total, 0), div(step.target, total), zerosLike(total))
      return log1p(mul(x, factor))
    }
    default: {
      const [hi, lo] = inTwo(step.offset)
      return div(sub(sub(x, hi), lo), tensor1d(step.scale))
    }
  }
}

function back(step: FittedStep, x: Tensor2D): Tensor2D {
  switch (step.id) {
    case 'impute':
      return x
    case 'log1p-cp10k':
      return sub(exp(x), 1)
    default: {
      const [hi, lo] = inTwo(step.offset)
      return add(add(mul(x, tensor1d(step.scale)), lo), hi)
    }
  }
}

/** Float64 numbers as a sum of two float32. */
function inTwo(values: readonly number[]) {
  const hi = Float32Array.from(values)
  return [tensor1d(hi), tensor1d(values.map((value, i) => value - hi[i]))] as const
}

/** log(1 + x) without losing small x (Kahan): with u = 1 + x rounded, x · log(u) / (u − 1). */
function log1p(x: Tensor2D): Tensor2D {
  const u = add(x, 1)
  return where(equal(u, 1), x, mul<Tensor2D>(x, div(log(u), sub(u, 1))))
}
