/**
 * The tables of an AnnData file (obs, var), in the three ways they have been written: a compound array with categories in uns
 * (before 0.7), a group with codes and __categories (0.7), a group of encoded columns (0.8 on). Read by stretches of rows. Memory: a
 * stretch, and the categories of every field that was read.
 */
import { StratumError } from '#common/errors.ts'
import type { Label } from '../../cells/source.ts'
import type { FieldType } from '../../dataset.ts'
import { unlessRefused } from './matrix.ts'
import { type H5Dataset, type H5File, isNumeric, toNumbers } from '../../hdf5/file.ts'

export interface Frame {
  readonly rows: number
  /** Fields that can be read, without the index. */
  readonly fields: readonly string[]
  /** Columns that cannot be read, or have another number of rows. */
  readonly leftOut: readonly string[]
  /** Names of the rows (barcodes, genes). */
  names(from: number, to: number): string[]
  values(field: string, from: number, to: number): Label[]
  /** null: not told by how it is stored. */
  typeOf(field: string): FieldType | null
}

const mostCategories = 1_000_000

/** The categories at a place: read once, as the rows of a field come in many stretches. */
type CategoriesAt = (place: string) => readonly Label[]

/** @throws FORMAT_UNSUPPORTED where there are too many */
function categoriesOf(file: H5File): CategoriesAt {
  const known = new Map<string, readonly Label[]>()
  return (place) => {
    const before = known.get(place)
    if (before) return before
    const dataset = file.dataset(place)
    const n = dataset.shape[0] ?? 0
    if (n > mostCategories)
      throw new StratumError('FORMAT_UNSUPPORTED', `"${place}" has ${n} categories.`, 'Store it as text instead of categories.', {
        path: file.path,
        place,
      })
    const categories = labelsOf(dataset, 0, n)
    known.set(place, categories)
    return categories
  }
}

export function openFrame(file: H5File, place: string): Frame | null {
  const kind = file.kind(place)
  if (kind === null) return null
  return kind === 'dataset' ? compoundFrame(file, file.dataset(place)) : groupFrame(file, place)
}

const texts = (values: unknown): string[] =>
  Array.from(values as ArrayLike<unknown>, (value) => (typeof value === 'string' ? value : String(value ?? '')))

function groupFrame(file: H5File, place: string): Frame {
  const categoriesAt = categoriesOf(file)
  const stated = file.attribute(place, '_index')
  const keys = file.keys(place)
  const index = [stated, '_index', 'index'].find((name): name is string => typeof name === 'string' && keys.includes(name)) ?? null
  const others = inOrder(
    keys.filter((key) => key !== index && key !== '__categories'),
    file.attribute(place, 'column-order'),
  )
  const lengthOf = (key: string): number | null => columnLength(file, `${place}/${key}`)
  const lengths = new Map(keys.map((key) => [key, key === index ? lengthOf(key) : unlessRefused(null, () => lengthOf(key))]))
  const rows = lengths.get(index ?? others.find((key) => lengths.get(key) !== null) ?? '') ?? 0
  const fields = others.filter((key) => lengths.get(key) === rows)
  return {
    rows,
    fields,
    leftOut: others.filter((key) => !fields.includes(key)),
    names: (from, to) =>
      index === null
        ? Array.from({ length: to - from }, (_, i) => String(from + i + 1))
        : columnValues(file, categoriesAt, place, index, from, to).map((name) => String(name ?? '')),
    values: (field, from, to) => columnValues(file, categoriesAt, place, field, from, to),
    typeOf: (field) => columnType(file, categoriesAt, place, field),
  }
}

/** The keys of a group come sorted; a table says in which order its columns stand. */
function inOrder(keys: readonly string[], order: unknown): string[] {
  const place = new Map((Array.isArray(order) ? order : []).map((name, i) => [name, i]))
  const at = (key: string): number => place.get(key) ?? place.size
  return [...keys].sort((a, b) => at(a) - at(b))
}

/** null for what is no column that can be read. */
function columnLength(file: H5File, place: string): number | null {
  const listed = (name: string): number | null => {
    if (file.kind(name) !== 'dataset') return null
    const { shape, dtype } = file.dataset(name)
    return shape.length === 1 && dtype !== 'record' ? (shape[0] ?? null) : null
  }
  if (file.kind(place) === 'dataset') return listed(place)
  const codes = listed(`${place}/codes`)
  if (codes !== null) return listed(`${place}/categories`) === null ? null : codes
  const values = listed(`${place}/values`)
  return values !== null && listed(`${place}/mask`) === values ? values : null
}

function columnType(file: H5File, categoriesAt: CategoriesAt, frame: string, field: string): FieldType | null {
  const place = `${frame}/${field}`
  const [codes, former] = [`${place}/codes`, `${frame}/__categories/${field}`]
  if (file.kind(codes) === 'dataset') return categoryType(file, categoriesAt, `${place}/categories`, file.attribute(place, 'ordered'))
  if (file.kind(former) === 'dataset') return categoryType(file, categoriesAt, former, file.attribute(former, 'ordered'))
  const { dtype } = file.dataset(file.kind(place) === 'dataset' ? place : `${place}/values`)
  if (dtype === 'boolean' || dtype === 'text') return { kind: dtype }
  return isNumeric(dtype) ? { kind: dtype.includes('int') ? 'integer' : 'number' } : null
}

/** null where one of the categories is no value, or there are too many. */
function categoryType(file: H5File, categoriesAt: CategoriesAt, place: string, ordered: unknown): FieldType | null {
  if ((file.dataset(place).shape[0] ?? 0) > mostCategories) return null
  const all = categoriesAt(place)
  const categories = all.filter((category) => category !== null)
  return categories.length === all.length ? { kind: 'category', categories, ordered: Number(ordered ?? 0) === 1 } : null
}

function columnValues(file: H5File, categoriesAt: CategoriesAt, frame: string, field: string, from: number, to: number): Label[] {
  const place = `${frame}/${field}`
  if (file.kind(place) === 'dataset') {
    const dataset = file.dataset(place)
    const categories = `${frame}/__categories/${field}`
    const values = labelsOf(dataset, from, to)
    return file.kind(categories) === 'dataset' ? decoded(file, categories, categoriesAt(categories), values) : values
  }
  if (file.kind(`${place}/codes`) === 'dataset')
    return decoded(file, `${place}/categories`, categoriesAt(`${place}/categories`), labelsOf(file.dataset(`${place}/codes`), from, to))
  // Nullable integers, booleans and texts: mask 1 = missing.
  if (file.kind(`${place}/values`) === 'dataset' && file.kind(`${place}/mask`) === 'dataset') {
    const mask = toNumbers(file.dataset(`${place}/mask`).read(from, to))
    return labelsOf(file.dataset(`${place}/values`), from, to).map((value, i) => (mask[i] ? null : value))
  }
  throw new StratumError(
    'FORMAT_UNSUPPORTED',
    `The field "${field}" is stored in a way that cannot be read.`,
    'Write the file again with a current version of anndata.',
    { path: file.path, place },
  )
}

function labelsOf(dataset: H5Dataset, from: number, to: number): Label[] {
  const values = dataset.read(from, to)
  if (dataset.dtype === 'text') return texts(values)
  if (dataset.dtype === 'enum') {
    const names = new Map(Object.entries(dataset.metadata.enum_type?.members ?? {}).map(([name, value]) => [value, name]))
    return Array.from(toNumbers(values), (value) => names.get(value) ?? null)
  }
  if (dataset.dtype === 'boolean') return Array.from(toNumbers(values), (value) => (value ? 'true' : 'false'))
  return Array.from(toNumbers(values), (value) => (Number.isFinite(value) ? value : null))
}

function decoded({ path }: H5File, place: string, categories: readonly Label[], codes: readonly Label[]): Label[] {
  const n = categories.length
  return codes.map((code) => {
    if (typeof code !== 'number' || code < 0) return null
    if (code >= n)
      throw new StratumError(
        'FILE_CORRUPT',
        `"${place}" has ${n} categories, and code ${code} is used.`,
        'Write the file again in the program that made it.',
        { path, place },
      )
    return categories[code] as Label
  })
}

/** Before 0.7: one record per row; the categories of field f are uns/f_categories. */
function compoundFrame(file: H5File, dataset: H5Dataset): Frame {
  const categoriesAt = categoriesOf(file)
  const members = dataset.metadata.compound_type?.members ?? []
  const names = members.map((member) => member.name)
  const booleans = members.map((member) => member.enum_type?.members.FALSE === 0)
  const index = Math.max(
    0,
    names.findIndex((name) => name === 'index' || name === '_index'),
  )
  const column = (at: number, from: number, to: number): Label[] =>
    Array.from(dataset.read(from, to) as ArrayLike<ArrayLike<unknown>>, (record) => {
      const value = record[at]
      if (booleans[at]) return value === 0 ? 'false' : 'true'
      if (typeof value === 'bigint') return Number(value)
      if (typeof value === 'number') return Number.isFinite(value) ? value : null
      return value === null || value === undefined ? null : String(value)
    })
  return {
    rows: dataset.shape[0] ?? 0,
    fields: names.filter((_, i) => i !== index),
    leftOut: [],
    names: (from, to) => column(index, from, to).map((name) => String(name ?? '')),
    values(field, from, to) {
      const values = column(names.indexOf(field), from, to)
      const categories = `uns/${field}_categories`
      return file.kind(categories) === 'dataset' ? decoded(file, categories, categoriesAt(categories), values) : values
    },
    typeOf: (field) => {
      const categories = `uns/${field}_categories`
      if (file.kind(categories) === 'dataset') return categoryType(file, categoriesAt, categories, 0)
      const at = names.indexOf(field)
      if (booleans[at]) return { kind: 'boolean' }
      const [integer, float] = [0, 1] // HDF5's classes
      const type = members[at]?.type
      return type === integer ? { kind: 'integer' } : type === float ? { kind: 'number' } : null
    },
  }
}
