/** Which units collapsed and why: gathers what analysis/posteriorCollapse.ts needs to know of the model and its rows. */
import type { CollapseFindings } from '#common/domain/report.ts'
import type { ModelMeta } from '#common/domain/results.ts'
import { posteriorCollapse } from '#engine/analysis/reports/posteriorCollapse.ts'
import { covarianceProduct, meanOf } from '../../compute/linear/covarianceProduct.ts'
import { leadingEigenpairsOf } from '../../compute/linear/eigenvectors.ts'
import type { OperationContext } from '../define.ts'
import { firstOfEach, rowsInMemory } from '../../compute/rowReader.ts'
import type { Forward } from './forward.ts'

/** Rows and directions that variances are worked out of. */
const [mostRows, mostDirections] = [2000, 64]

/**
 * @param kl  [n × Z] · X [n × D], conditions last
 * Memory: two copies of 2000 rows. Variances are worked out only where a unit collapsed.
 */
export async function collapseOf(
  { params, seed, signal }: OperationContext<{ readonly collapseBelow: number; readonly collapseExcept: number }>,
  model: ModelMeta,
  { noiseVariance, codePrice }: Pick<Forward, 'noiseVariance' | 'codePrice'>,
  kl: Float32Array,
  X: Float32Array,
  n: number,
): Promise<CollapseFindings> {
  const { codeSize: Z, settings } = model
  const number = (name: string): number | null => (typeof settings[name] === 'number' ? settings[name] : null)
  const width = (name: string): 'learned' | number => number(name) ?? 'learned'
  const second = number('secondSize')
  const given = {
    kl,
    units: Z,
    epsilon: params.collapseBelow,
    delta: params.collapseExcept,
    // Of two levels the second has a width of its own.
    width: width(second === null ? 'codeWidth' : 'secondWidth'),
    ...(second !== null && { firstLevel: { units: Z - second, width: width('codeWidth') } }),
    price: codePrice,
    noiseVariance,
  }
  const first = posteriorCollapse(given)
  const spreads =
    first.collapsed > 0 && noiseVariance !== null && codePrice !== null
      ? await eigenvaluesOf(model, X, n, Math.min(Z + 1, mostDirections), seed, signal)
      : {}
  const { epsilon, delta, units, criterion, causes } = first.collapsed > 0 ? posteriorCollapse({ ...given, ...spreads }) : first
  return { epsilon, delta, units: units.flatMap(({ collapsed }, unit) => (collapsed ? [unit] : [])), criterion, causes: [...causes] }
}

async function eigenvaluesOf(
  { columns, conditions = 0 }: ModelMeta,
  X: Float32Array,
  all: number,
  k: number,
  seed: number,
  signal: AbortSignal,
) {
  const D = columns.length
  const C = D - conditions
  const n = Math.min(all, mostRows)
  const of = async (values: Float32Array): Promise<Float64Array> => {
    const rows = rowsInMemory(values, n, C)
    const product = covarianceProduct(rows, await meanOf(rows, signal), signal)
    return (await leadingEigenpairsOf(product, C, Math.min(k, C), seed, signal)).values
  }
  const x = firstOfEach(X.subarray(0, n * D), n, D, C)
  const eigenvalues = await of(x)
  return conditions === 0 ? { eigenvalues } : { eigenvalues, eigenvaluesBeyondConditions: await of(beyondConditions(x, X, n, D, C)) }
}

/** x minus its least-squares regression on the conditions: both centred, conditions made orthogonal one after another. */
export function beyondConditions(x: Float32Array, X: Float32Array, n: number, D: number, C: number): Float32Array {
  const left = x.slice(0, n * C)
  const basis: Float64Array[] = [new Float64Array(n).fill(1 / Math.sqrt(n))]
  for (let c = C; c < D; c++) {
    const column = Float64Array.from({ length: n }, (_, i) => X[i * D + c])
    const before = lengthOf(column)
    for (let turn = 0; turn < 2; turn++)
      for (const known of basis) {
        const along = known.reduce((sum, value, i) => sum + value * column[i], 0)
        for (let i = 0; i < n; i++) column[i] -= along * known[i]
      }
    const length = lengthOf(column)
    // A condition that the ones before it tell adds nothing.
    if (length > 1e-6 * before) basis.push(column.map((value) => value / length))
  }
  for (const known of basis)
    for (let j = 0; j < C; j++) {
      let along = 0
      for (let i = 0; i < n; i++) along += known[i] * left[i * C + j]
      for (let i = 0; i < n; i++) left[i * C + j] -= along * known[i]
    }
  return left
}
const lengthOf = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
