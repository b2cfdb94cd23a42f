import type { Column, DatasetMeta } from '#common/domain/dataset.ts'
import { type ModelMeta, sourcesOf } from '#common/domain/results.ts'

/** 'B1 443 nm' → 'B1' where the wavelength is known and stands elsewhere. */
export const shortName = ({ name, wavelengthNm }: Column): string =>
  wavelengthNm === null ? name : name.replace(/[\s,(]*\d+(\.\d+)?\s*(nm|nanomet(er|re)s?)\)?$/i, '') || name

/** A column of a dataset that a model learned from, with its place among the dataset's columns. */
export interface LearnedColumn {
  readonly column: Column
  readonly place: number
}

/** Numbers, which can be drawn along an axis, and categories, which cannot. */
export function learnedColumns(
  data: Pick<DatasetMeta, 'columns'>,
  model: Pick<ModelMeta, 'columns' | 'conditions' | 'sources'>,
): { readonly numbers: readonly LearnedColumn[]; readonly categories: readonly LearnedColumn[] } {
  const names = new Set(sourcesOf(model).map(({ name }) => name))
  const learned = data.columns.map((column, place) => ({ column, place })).filter(({ column }) => names.has(column.name))
  return { numbers: learned.filter(({ column }) => !column.categories), categories: learned.filter(({ column }) => column.categories) }
}

type Values = readonly (number | null)[]

/** 'kind basalt, rebuilt as tuff': the categories that come back as another one. */
export const wrongCategories = (categories: readonly LearnedColumn[], values: Values, rebuilt: Values): string[] =>
  categories.flatMap(({ column, place }) => {
    const nameOf = (position: number | null | undefined): string | undefined =>
      position === null || position === undefined ? undefined : column.categories?.[position]
    const [was, became] = [nameOf(values[place]), nameOf(rebuilt[place])]
    return became === undefined || was === became ? [] : [`${column.name} ${was ?? 'missing'}, rebuilt as ${became}`]
  })
