/**
 * The prepare pipeline (data/pipeline) as tensor operations, for files that take raw columns and give raw columns back.
 *
 * Fitted numbers are float64 and a file computes in float32, so an offset is subtracted in two parts, hi + lo: where values are large
 * against their spread, x − hi is exact and only then does the rest come in.
 */
import type { FittedStep } from '#common/domain/steps.ts'
import { StratumError } from '#common/errors.ts'
import {
  abs,
  add,
  argMax,
  cast,
  concat,
  div,
  equal,
  exp,
  gather,
  greater,
  isFinite as finite,
  log,
  matMul,
  maximum,
  mul,
  neg,
  onesLike,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tensor1d,
  tensor2d,
  where,
  zerosLike,
} from '../compute/tfjs.ts'

/** x [rows, D] through the steps; values that are missing (NaN) or infinite are replaced where a step says so. */
export const prepared = (steps: readonly FittedStep[], x: Tensor2D): Tensor2D => steps.reduce((now, step) => forward(step, now), x)

/** Back, last step first. Counts come out per `target` of their row, for its total is not in the code. */
export const unprepared = (steps: readonly FittedStep[], x: Tensor2D): Tensor2D => steps.reduceRight((now, step) => back(step, now), x)

/** @throws DATA_UNSUITABLE when a step cannot be told in tensor operations on columns */
export function checkPortable(steps: readonly FittedStep[]): void {
  const hint = 'Export the model so that it takes prepared rows.'
  for (const step of steps) {
    if (step.id === 'scale-within')
      throw new StratumError(
        'DATA_UNSUITABLE',
        `The columns were scaled within each “${step.field}”, which is no column: a file that takes raw columns cannot know it.`,
        hint,
        { parameter: 'takes' },
      )
    if (step.id === 'dates')
      throw new StratumError('DATA_UNSUITABLE', 'Months and weekdays of dates cannot be computed inside the file.', hint, {
        parameter: 'takes',
      })
  }
}

function forward(step: FittedStep, x: Tensor2D): Tensor2D {
  switch (step.id) {
    // Rows that are left out are left out by whoever calls: a file answers every row.
    case 'keep-cells':
    case 'complete-rows':
      return x
    case 'select':
      return gather(x, tensor1d(step.columns, 'int32'), 1)
    case 'missing-indicator': {
      const of = gather(x, tensor1d(step.columns, 'int32'), 1)
      return concat([x, where(finite(of), zerosLike(of), onesLike(of)) as Tensor2D], 1)
    }
    case 'impute':
      return where<Tensor>(finite(x), x, tensor1d(step.values)) as Tensor2D
    case 'log1p-cp10k':
      return log1p(perTotal(x, step.target))
    case 'library-size':
      return perTotal(x, step.target)
    case 'log1p':
      return log1p(x)
    case 'category-number':
      return byColumn(x, step.columns, ({ numbers, unknown }, values) => {
        const is = isEach(
          values,
          numbers.map((_, position) => position),
        )
        const known = matMul<Tensor2D>(is, tensor2d(numbers, [numbers.length, 1]))
        return add<Tensor2D>(known, mul(sub(1, sum(is, 1, true)), unknown))
      })
    case 'one-hot':
      return byColumn(x, step.columns, ({ values, other }, column) => {
        const is = isEach(column, values)
        return other === null ? is : concat([is, sub<Tensor2D>(1, sum(is, 1, true))], 1)
      })
    case 'unit-length': {
      const counted = step.except.length === 0 ? x : mul<Tensor2D>(x, mask(x.shape[1], step.except, 0))
      const length = sqrt(sum(square(counted), 1, true))
      const divided = div<Tensor2D>(x, where(greater(length, 0), length, onesLike(length)))
      return step.except.length === 0 ? divided : add<Tensor2D>(mul(divided, mask(x.shape[1], step.except, 0)), sub(x, counted))
    }
    case 'scale-within':
    case 'dates':
      throw new Error(`${step.id} is refused before`)
    default: {
      const [hi, lo] = inTwo(step.offset)
      return div(sub(sub(x, hi), lo), tensor1d(step.scale))
    }
  }
}

function back(step: FittedStep, x: Tensor2D): Tensor2D {
  switch (step.id) {
    case 'log1p-cp10k':
    case 'log1p':
      return sub(exp(x), 1)
    case 'missing-indicator':
      return slice(x, [0, 0], [-1, x.shape[1] - step.columns.length])
    case 'category-number':
      return byColumn(x, step.columns, ({ numbers }, values) => positionOfLargest(neg(abs(sub<Tensor2D>(values, tensor1d(numbers))))))
    case 'one-hot':
      return byWidths(
        x,
        step.columns,
        (known) => known.values.length + (known.other === null ? 0 : 1),
        ({ values, other }, columns) => {
          const position = positionOfLargest(columns)
          const all = tensor2d([...values, ...(other === null ? [] : [other])], [columns.shape[1], 1])
          return matMul(
            isEach(
              position,
              Array.from({ length: columns.shape[1] }, (_, k) => k),
            ),
            all,
          )
        },
      )
    case 'keep-cells':
    case 'complete-rows':
    case 'select':
    case 'impute':
    case 'library-size':
    case 'unit-length':
      return x
    case 'scale-within':
    case 'dates':
      throw new Error(`${step.id} is refused before`)
    default: {
      const [hi, lo] = inTwo(step.offset)
      return add(add(mul(x, tensor1d(step.scale)), lo), hi)
    }
  }
}

function perTotal(x: Tensor2D, target: number): Tensor2D {
  const total = sum(where(finite(x), x, zerosLike(x)), 1, true)
  const factor = where(greater(total, 0), div(target, total), zerosLike(total))
  return mul(x, factor)
}

/** Columns with something to do on their own, runs of the others as they are. */
const byColumn = <Known>(x: Tensor2D, columns: readonly (Known | null)[], change: (known: Known, values: Tensor2D) => Tensor2D): Tensor2D =>
  byWidths(x, columns, () => 1, change)

function byWidths<Known>(
  x: Tensor2D,
  columns: readonly (Known | null)[],
  widthOf: (known: Known) => number,
  change: (known: Known, values: Tensor2D) => Tensor2D,
): Tensor2D {
  const pieces: Tensor2D[] = []
  let [from, at] = [0, 0]
  const flush = (): void => {
    if (at > from) pieces.push(slice(x, [0, from], [-1, at - from]))
  }
  for (const known of columns) {
    if (known === null) {
      at++
      continue
    }
    flush()
    const width = widthOf(known)
    pieces.push(change(known, slice(x, [0, at], [-1, width])))
    at += width
    from = at
  }
  flush()
  return pieces.length === 1 ? pieces[0] : concat(pieces, 1)
}

/** values [rows, 1] → [rows, K] of 0 and 1. Both are whole: 1 − |difference| is 1 where they are equal and not positive elsewhere. */
const isEach = (values: Tensor2D, numbers: readonly number[]): Tensor2D =>
  maximum<Tensor2D>(sub(1, abs(sub(values, tensor1d([...numbers])))), 0)

const positionOfLargest = (x: Tensor2D): Tensor2D => reshape(cast<Tensor2D>(argMax(x, 1), 'float32'), [-1, 1])

/** [d] of ones, with `at` in the places given. */
const mask = (d: number, places: readonly number[], at: number): Tensor =>
  tensor1d(Float32Array.from({ length: d }, (_, j) => (places.includes(j) ? at : 1)))

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
