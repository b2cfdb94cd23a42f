/** Every column moved and stretched by numbers of its own. Categories and indicators of missing values are left as they are. */
import type { Finding } from '#common/domain/dataset.ts'
import type { AffineMethod } from '#common/domain/steps.ts'
import { affineOf } from './affine.ts'
import { type FitTable, type FittedOf, isCategory, listed, nameOf, type StepDefinition } from './define.ts'

export const unscaled = ({ columns, d }: Pick<FitTable, 'columns' | 'd'>): boolean[] =>
  Array.from({ length: d }, (_, j) => columns[j] !== undefined && (isCategory(columns[j]) || columns[j].part === 'is missing'))

export const constantFinding = (names: readonly string[]): Finding => ({
  severity: 'warning',
  code: 'CONSTANT_COLUMNS',
  message: `${names.length === 1 ? '1 column has' : `${names.length} columns have`} one value in all training rows: ${listed(names)}.`,
  hint: 'Such columns carry nothing to learn; leave them out.',
})

const scaleBy = <Method extends AffineMethod>(id: Method): StepDefinition<FittedOf<Method>> =>
  affineStep(id) as unknown as StepDefinition<FittedOf<Method>>

const affineStep = (id: AffineMethod): StepDefinition<FittedOf<AffineMethod>> => ({
  id,
  fit(table) {
    const { X, n, d, columns, findings } = table
    const { offset, scale, constant } = affineOf(id, X, n, d, unscaled(table))
    if (constant.length > 0) findings.push(constantFinding(constant.map((j) => nameOf(columns, j))))
    return { id, offset, scale }
  },
  apply({ offset, scale }, X, n, d) {
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) X[at] = (X[at] - offset[j]) / scale[j]
    return X
  },
  invert({ offset, scale }, X, n, d) {
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) X[at] = X[at] * scale[j] + offset[j]
    return X
  },
})

/** Mean 0, standard deviation 1. */
export const zScore = scaleBy('z-score')
/** 0 … 1 */
export const minMax = scaleBy('min-max')
/** Median 0, quartile range 1: a few wild values do not squeeze the rest. */
export const robust = scaleBy('robust')
/** −1 … 1 with 0 kept at 0. */
export const maxAbs = scaleBy('max-abs')
/** Mean 0, units kept. */
export const centre = scaleBy('centre')
