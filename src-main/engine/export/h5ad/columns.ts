/** Columns of obs and var, written as they come. Memory: a chunk of each (hdf5/file.ts), and the names of categories. */
import type { FieldType } from '../../data/dataset.ts'
import type { FieldValue } from '../../data/fields.ts'
import type { ArrayStream, H5Output } from '../hdf5/file.ts'
import type { ArrayNode, H5Node } from '../hdf5/objects.ts'
import type { Numbers } from '../hdf5/types.ts'
import { array, categorical, nullable, numberArray, textArray } from './elements.ts'

export interface ColumnWriter {
  append(values: readonly FieldValue[]): Promise<void>
  finish(): Promise<H5Node>
}

/** A column of a type. A value that is none of the type's is missing. */
export function columnWriter(out: H5Output, type: FieldType): ColumnWriter {
  if (type.kind === 'category') return categoryWriter(out, type.categories, type.ordered)
  if (type.kind === 'number') {
    const stream = out.array('float64')
    return {
      append: (values) => stream.append(Float64Array.from(values, (value) => (typeof value === 'number' ? value : Number.NaN))),
      finish: async () => array(await stream.finish()),
    }
  }
  const column = maskable(out, { text: 'text', boolean: 'boolean', integer: 'int64' }[type.kind] as 'text' | 'boolean' | 'int64')
  if (type.kind === 'text')
    return {
      ...column,
      append: (values) =>
        column.append(
          values.map((value) => value?.toString() ?? ''),
          missingIn(values),
        ),
    }
  if (type.kind === 'boolean') {
    const known = new Map<FieldValue, number>([
      ['true', 1],
      ['false', 0],
    ])
    return {
      ...column,
      append: (values) =>
        column.append(
          values.map((value) => known.get(value) ?? 0),
          missingIn(values.map((value) => (known.has(value) ? value : null))),
        ),
    }
  }
  const whole = (value: FieldValue): number | null => (typeof value === 'number' && Number.isSafeInteger(value) ? value : null)
  return {
    ...column,
    append: (values) =>
      column.append(
        values.map((value) => whole(value) ?? 0),
        missingIn(values.map(whole)),
      ),
  }
}

const missingIn = (values: readonly FieldValue[]): Uint8Array => Uint8Array.from(values, (value) => (value === null ? 1 : 0))

export interface MaskableColumn {
  /** @param missing  1 where there is no value */
  append(values: Numbers | readonly string[], missing: Uint8Array): Promise<void>
  finish(): Promise<H5Node>
}

/** A plain array until a value is missing; then one with a mask beside it. */
export function maskable(out: H5Output, type: 'text' | 'boolean' | 'int64'): MaskableColumn {
  const stream = out.array(type)
  let mask: ArrayStream | null = null
  return {
    async append(values, missing) {
      if (mask === null && missing.includes(1)) {
        mask = out.array('boolean')
        for (let n = stream.rows; n > 0; n -= zeros.length) await mask.append(zeros.subarray(0, n))
      }
      await mask?.append(missing)
      await stream.append(values)
    },
    async finish() {
      const values = await stream.finish()
      return mask === null ? array(values) : nullable(values, await mask.finish())
    },
  }
}
const zeros = new Uint8Array(65_536)

/** The smallest type for codes of so many categories, −1 among them. */
const codeType = (categories: number) => (categories <= 127 ? 'int8' : categories <= 32_767 ? 'int16' : 'int32')

function categoryWriter(out: H5Output, categories: readonly (string | number)[], ordered: boolean): ColumnWriter {
  const codeOf = new Map<FieldValue, number>(categories.map((category, code) => [category, code]))
  const codes = codeWriter(out, categories, ordered)
  return { append: (values) => codes.append(Int32Array.from(values, (value) => codeOf.get(value) ?? -1)), finish: codes.finish }
}

/** The same for codes that are known already, −1 where missing. */
export function codeWriter(
  out: H5Output,
  categories: readonly (string | number)[],
  ordered = false,
): { append(codes: Int32Array): Promise<void>; finish(): Promise<H5Node> } {
  const stream = out.array(codeType(categories.length))
  return {
    append: (codes) => stream.append(codes),
    async finish() {
      const codes: ArrayNode = await stream.finish()
      const numbers = categories.filter((category) => typeof category === 'number')
      const names =
        numbers.length === categories.length && numbers.length > 0
          ? await numberArray(out, numbers)
          : await textArray(out, categories.map(String))
      return categorical(codes, names, ordered)
    },
  }
}
