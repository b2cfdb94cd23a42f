/** How many columns the prepare step will make of those of a dataset: what a model's layers and their price are told before it has run. */
import { columnPattern } from '#common/domain/columnPattern.ts'
import type { Column, DatasetMeta } from '#common/domain/dataset.ts'

type Values = Readonly<Record<string, unknown>>

const texts = (value: unknown): readonly string[] | null => (Array.isArray(value) ? (value as string[]) : null)

/** The columns that are learned from. */
export function readColumns(meta: DatasetMeta, values: Values): Column[] {
  const usable = meta.columns.filter(({ type }, i) => (meta.summaries[i]?.valid ?? 1) > 0 && type !== 'text')
  const named = (names: readonly string[]): Set<Column> =>
    new Set(
      names.flatMap((name) => {
        const exact = meta.columns.find((column) => column.name === name)
        return exact ? [exact] : usable.filter((column) => columnPattern(name)?.(column))
      }),
    )
  const wanted = texts(values.columns)
  const chosen = wanted ? [...named(wanted)] : usable
  const out = named(texts(values.leaveOut) ?? [])
  const given = texts(values.conditions) ?? []
  return chosen.filter((column) => !out.has(column) && !given.includes(column.name))
}

/** Columns of what is given and not learned from: one of each value of a category, one of a number; fields beside the columns count as one. */
export const conditionWidth = (meta: DatasetMeta, values: Values): number =>
  (texts(values.conditions) ?? []).reduce(
    (sum, name) => sum + Math.max(1, meta.columns.find((column) => column.name === name)?.categories?.length ?? 1),
    0,
  )

/** Exact but for categories that training does not see, and for what is only known once rows were read. Conditions are among them. */
export function preparedWidth(meta: DatasetMeta, values: Values): number {
  const read = readColumns(meta, values)
  const dateParts = texts(values.dateParts)?.length ?? 0
  const widthOf = ({ type, categories }: Column): number => {
    if (type === 'date') return 1 + 2 * dateParts
    if (type !== 'category' || values.categories !== 'one-hot') return 1
    return Math.max(1, Math.min(Number(values.mostCategories ?? 20), categories?.length ?? 1))
  }
  const missingIn = new Set(meta.columns.filter((_, i) => (meta.summaries[i]?.missing ?? 0) > 0))
  const marks =
    values.missingIndicator === true && values.missing !== 'drop' && values.missing !== 'mask'
      ? read.filter((column) => missingIn.has(column)).length
      : 0
  const width = read.reduce((sum, column) => sum + widthOf(column), marks)
  const learned = typeof values.topGenes === 'number' && meta.kind === 'cells' ? Math.min(values.topGenes, width) : width
  return learned + conditionWidth(meta, values)
}
