/** Every step of the preparation, by id. */
import type { FittedStep, StepId } from '#common/domain/steps.ts'
import { categoryNumber } from './categoryNumber.ts'
import { completeRows } from './completeRows.ts'
import { dates } from './dates.ts'
import type { FittedOf, StepDefinition } from './define.ts'
import { impute } from './impute.ts'
import { keepCells } from './keepCells.ts'
import { librarySize, log1p, logCounts } from './logCounts.ts'
import { missingIndicator } from './missingIndicator.ts'
import { oneHot } from './oneHot.ts'
import { centre, maxAbs, minMax, robust, zScore } from './scale.ts'
import { scaleWithin } from './scaleWithin.ts'
import { select } from './select.ts'
import { unitLength } from './unitLength.ts'

const definitions = {
  'keep-cells': keepCells,
  'complete-rows': completeRows,
  select,
  'missing-indicator': missingIndicator,
  impute,
  'log1p-cp10k': logCounts,
  'library-size': librarySize,
  log1p,
  dates,
  'category-number': categoryNumber,
  'z-score': zScore,
  'min-max': minMax,
  robust,
  'max-abs': maxAbs,
  centre,
  'scale-within': scaleWithin,
  'unit-length': unitLength,
  'one-hot': oneHot,
} as const satisfies { [Id in StepId]: Pick<StepDefinition<FittedOf<Id>, never>, 'apply' | 'invert' | 'fit'> }

/** The definition of a step as one that takes any: a step is only ever given to the definition of its own id. */
export const definitionOf = ({ id }: Pick<FittedStep, 'id'>): StepDefinition<FittedStep, unknown> =>
  definitions[id] as unknown as StepDefinition<FittedStep, unknown>
