/** What was found beside the weights, in words: columns that never change, units that never do. */
import type { TrainWarning } from '#common/domain/results.ts'
import { counted } from '#common/domain/words.ts'
import type { DeadUnits } from './deadUnits.ts'

/** More names than these are counted. */
const mostNames = 10

/**
 * @param constant          positions of columns that never change in the rows to learn from
 * @param constantHeldOut   the same of held-out rows; null when none are held out
 */
export function constantColumns(
  constant: readonly number[],
  constantHeldOut: readonly number[] | null,
  names: readonly string[] | undefined,
): TrainWarning[] {
  const nameOf = (column: number): string => names?.[column] ?? `column ${column + 1}`
  const changing = constantHeldOut ? constant.filter((column) => !constantHeldOut.includes(column)) : []
  const still = constant.filter((column) => !changing.includes(column))
  const warnings: TrainWarning[] = []
  if (still.length > 0) {
    warnings.push({
      code: 'CONSTANT_COLUMNS',
      message: `${listed(still.map(nameOf))} never ${still.length > 1 ? 'change' : 'changes'} and can teach the model nothing.`,
      hint: 'Leave such columns out in Prepare, unless rows to come will differ in them.',
      where: { columns: still.map(nameOf).slice(0, mostNames).join(', '), count: still.length },
      columns: still,
    })
  }
  if (changing.length > 0) {
    warnings.push({
      code: 'CONSTANT_IN_TRAINING',
      message: `${listed(changing.map(nameOf))} never ${changing.length > 1 ? 'change' : 'changes'} in the rows to learn from, but in held-out rows: there the model cannot follow.`,
      hint: 'Choose another split in Prepare, so that all kinds of rows are learned from, or leave such columns out.',
      where: { columns: changing.map(nameOf).slice(0, mostNames).join(', '), count: changing.length },
      columns: changing,
    })
  }
  return warnings
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNames
  return more > 0 ? `${names.slice(0, mostNames).join(', ')} and ${counted(more, 'more column')}` : names.join(', ')
}

/** What a dictionary can do about codes that are not used, by the parameters it has. */
function remedyFor(parameters: readonly string[]): string {
  if (parameters.includes('auxiliaryWeight')) return 'or draw more on dead codes: a larger pull on them, counted as dead after fewer rows.'
  if (parameters.includes('resamplings')) return 'or let dead codes begin anew more often, counted as dead after fewer rows.'
  return 'or take a TopK dictionary, which draws dead codes to what is not yet explained.'
}

/** @param parameters  names of those that the model has */
export function deadUnitsWarning({ layer, units, of, rows, ofRows, isSparse }: DeadUnits, parameters: readonly string[]): TrainWarning {
  const [looked, are] = [
    rows < ofRows ? `the ${counted(rows, 'row')} looked at, of ${ofRows}` : counted(rows, 'row'),
    units > 1 ? 'are' : 'is',
  ]
  const where = { layer, units, of, rows }
  if (isSparse) {
    return {
      code: 'DEAD_UNITS',
      message: `${units} of the ${of} codes ${are} used by none of ${looked}${rows < ofRows ? '; rare ones may be among them' : ''}.`,
      hint: `A smaller dictionary may do as well; ${remedyFor(parameters)}`,
      where,
    }
  }
  if (layer === 'code') {
    return {
      code: 'DEAD_UNITS',
      message: `${units} of the ${of} numbers of the code ${are} the same for every one of ${looked}.`,
      hint: 'A shorter code loses nothing; or let more of it be used: less pull to zero, a smaller step size.',
      where,
    }
  }
  return {
    code: 'DEAD_UNITS',
    message: `${units} of the ${of} units of the layer ${layer} ${units > 1 ? 'give' : 'gives'} the same for every one of ${looked}.`,
    hint: 'Fewer units do as well; or keep them alive with a smaller step size or another bend of the layers, such as ELU.',
    where,
  }
}
