/** Which columns of a dataset are read: by name, by pattern, by type. */
import { columnPattern } from '#common/domain/columnPattern.ts'
import { columnNoun, type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'

/** Positions of the columns to read, in the order in which they were asked for. */
export function chooseColumns(
  meta: DatasetMeta,
  wanted: readonly string[] | null,
  leaveOut: readonly string[],
  /** Names of fields that are given and therefore not learned from. */
  conditions: readonly string[] = [],
): number[] {
  const noun = columnNoun[meta.kind][1]
  // A column without a single value carries nothing and would become NaN everywhere; texts are no numbers.
  const usable = meta.columns.map((_, i) => i).filter((i) => (meta.summaries[i]?.valid ?? 1) > 0 && meta.columns[i].type !== 'text')
  if (usable.length === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `${meta.columns.length === 1 ? `The only ${columnNoun[meta.kind][0]} holds no number` : `None of the ${meta.columns.length} ${noun} holds a number`}.`,
      'Check the no-data value and the file; a model learns from numbers.',
    )
  const chosen = wanted === null ? usable : [...new Set(wanted.flatMap((name) => matching(meta, name, 'columns', usable)))]
  // What is kept beside the rows is left out anyway; so it may be named.
  const leftOut = leaveOut.filter((name) => !isBeside(meta, name))
  const out = new Set(leftOut.flatMap((name) => matching(meta, name, 'leaveOut', usable)))
  const kept = chosen.filter((i) => !out.has(i) && !conditions.includes(meta.columns[i].name))
  if (kept.length === 0)
    throw new StratumError('PARAMETER_INVALID', `No ${columnNoun[meta.kind][0]} is left to learn from.`, 'Leave fewer out.', {
      parameter: 'leaveOut',
    })
  return kept
}

const isBeside = ({ metadataFields, columns }: DatasetMeta, name: string): boolean =>
  metadataFields.includes(name) && !columns.some((column) => column.name === name)

/** A name is itself, whatever else it might mean; otherwise it is a pattern with * or a type. */
function matching(meta: DatasetMeta, name: string, parameter: string, usable: readonly number[]): number[] {
  const exact = meta.columns.findIndex((column) => column.name === name)
  if (exact >= 0) return [exact]
  const fits = columnPattern(name)
  const found = fits ? usable.filter((i) => fits(meta.columns[i])) : []
  if (found.length > 0) return found
  if (isBeside(meta, name))
    throw new StratumError(
      'PARAMETER_INVALID',
      `“${name}” is kept beside the ${rowNoun[meta.kind][1]}: it goes along with them and is not learned from.`,
      'To learn from it, import the file with other labels (an empty list for none).',
      { parameter },
    )
  throw new StratumError(
    'PARAMETER_INVALID',
    fits ? `No ${columnNoun[meta.kind][0]} fits “${name}”.` : `There is no ${columnNoun[meta.kind][0]} named “${name}”.`,
    `Choose among: ${meta.columns
      .slice(0, 20)
      .map((c) => c.name)
      .join(', ')}.`,
    { parameter },
  )
}
