/** The steps of a preparation that are fitted on the drawn rows. */
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { categoryNumber } from '../../data/pipeline/categoryNumber.ts'
import { dates } from '../../data/pipeline/dates.ts'
import type { FitTable } from '../../data/pipeline/define.ts'
import { impute } from '../../data/pipeline/impute.ts'
import { countsPerCell, logCounts } from '../../data/pipeline/logCounts.ts'
import { oneHot } from '../../data/pipeline/oneHot.ts'
import type { StepFit } from '../../data/pipeline/pipeline.ts'
import { scaleWithin } from '../../data/pipeline/scaleWithin.ts'
import { select } from '../../data/pipeline/select.ts'
import type { Params } from './params.ts'

/** Raw counts are whole and not negative; normalised or scaled values are not. NaN is missing. */
export const looksLikeCounts = (X: Float32Array): boolean =>
  X.every((value) => Number.isNaN(value) || (value >= 0 && Number.isInteger(value)))

/** The steps that are fitted on the drawn rows, in their order; what was settled before the draw is not among them. */
export function wantedSteps(meta: DatasetMeta, params: Params, countsDone: boolean, train: Float32Array): StepFit[] {
  const { scaling, counts, useless, missing, missingIndicator, categories, mostCategories, dateParts, within } = params
  const isCounts = counts === 'log1p-cp10k' || (counts === 'auto' && meta.kind === 'cells' && looksLikeCounts(train))
  const evenedOut: StepFit[] = countsDone
    ? []
    : isCounts
      ? [(table) => logCounts.fit(table, countsPerCell)]
      : counts === 'cp10k'
        ? ['library-size']
        : counts === 'log1p'
          ? ['log1p']
          : []
  const replaced: StepFit = (table) => impute.fit(table, missing === 'drop' ? 'median' : missing)
  const parted: StepFit = (table) => dates.fit(table, dateParts)
  const numbered: StepFit[] = categories === 'one-hot' ? [] : [(table) => categoryNumber.fit(table, categories)]
  const scaled = scaling !== 'none' && scaling !== 'unit-length'
  const prepared: StepFit[] =
    missing === 'mask' && within === null && scaled
      ? // What is not known has no say in how a column is scaled.
        [...evenedOut, parted, ...numbered, scaling, replaced]
      : within !== null && scaled
        ? // What stands in for a missing value is what is usual in its own group, so it comes after.
          [...evenedOut, parted, (table) => scaleWithin.fit(table, scaling), replaced, ...numbered]
        : [replaced, ...evenedOut, parted, ...numbered, ...(scaling === 'none' ? [] : [scaling])]
  return [
    ...(useless === 'keep' ? [] : [(table: FitTable) => select.fit(table, useless)]),
    ...(missingIndicator && missing !== 'drop' && missing !== 'mask' ? (['missing-indicator'] as const) : []),
    ...prepared,
    // Last, so that nothing but the rows themselves is ever as wide.
    ...(categories === 'one-hot' ? [(table: FitTable) => oneHot.fit(table, mostCategories)] : []),
  ]
}
