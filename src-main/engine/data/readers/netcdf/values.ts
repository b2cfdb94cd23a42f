/** What the stored numbers of a variable mean: fill values, valid range, scale and offset (CF conventions 1.11, section 2.5 and 8.1). */
import type { Calibration, NumberType, Numbers } from '../numbers.ts'
import { type NcVariable, numberOf, textOf } from './file.ts'

/** Written where nothing was, when a variable states no fill value; bytes have none. */
const defaultFill: Partial<Record<NumberType | 'char', number>> = {
  int16: -32_767,
  uint16: 65_535,
  int32: -2_147_483_647,
  uint32: 4_294_967_295,
  int64: -(2 ** 63),
  uint64: 2 ** 64,
  float32: 9.969209968386869e36,
  float64: 9.969209968386869e36,
}
const unsignedOf: Partial<Record<NumberType | 'char', NumberType>> = { int8: 'uint8', int16: 'uint16', int32: 'uint32' }

/** `_Unsigned = "true"`: the classic formats have no unsigned types. */
export function meantType({ type, attributes }: NcVariable): NumberType | 'char' {
  return /^true$/i.test(textOf(attributes, '_Unsigned') ?? '') ? (unsignedOf[type] ?? type) : type
}

export function asMeant(values: Numbers, type: NumberType | 'char'): Numbers {
  const args = [values.buffer as ArrayBuffer, values.byteOffset, values.length] as const
  if (type === 'uint8' && values instanceof Int8Array) return new Uint8Array(...args)
  if (type === 'uint16' && values instanceof Int16Array) return new Uint16Array(...args)
  if (type === 'uint32' && values instanceof Int32Array) return new Uint32Array(...args)
  return values
}

export function calibrationOf(variable: NcVariable): Calibration {
  const { attributes } = variable
  const type = meantType(variable)
  const stored = (value: number): number => {
    if (type === 'float32') return Math.fround(value)
    const bits = type === 'uint8' ? 8 : type === 'uint16' ? 16 : type === 'uint32' ? 32 : 0
    return bits > 0 && value < 0 ? value + 2 ** bits : value
  }
  const stated = [
    ...(attributes.get('_FillValue')?.numbers.slice(0, 1) ?? []),
    ...(attributes.get('missing_value')?.numbers.slice(0, 2) ?? []),
  ]
  const fill = defaultFill[type]
  const missing = stated.length > 0 ? stated : fill === undefined ? [] : [fill]
  const range = rangeOf(variable, stored)
  return {
    missing: [...new Set(missing.filter((value) => !Number.isNaN(value)).map(stored))].slice(0, 3),
    scale: numberOf(attributes, 'scale_factor') ?? 1,
    offset: numberOf(attributes, 'add_offset') ?? 0,
    ...(range ? { validRange: range } : {}),
  }
}

/** In stored numbers; a range of another type than the variable's is about something else and is not applied. */
function rangeOf({ type, attributes }: NcVariable, stored: (value: number) => number): readonly [number, number] | null {
  const of = (name: string): readonly number[] | null => {
    const attribute = attributes.get(name)
    return attribute && attribute.type === type ? attribute.numbers : null
  }
  const both = of('valid_range')
  const low = both?.[0] ?? of('valid_min')?.[0]
  const high = both?.[1] ?? of('valid_max')?.[0]
  if (low === undefined && high === undefined) return null
  const range = [
    low === undefined ? Number.NEGATIVE_INFINITY : stored(low),
    high === undefined ? Number.POSITIVE_INFINITY : stored(high),
  ] as const
  return range[0] <= range[1] ? range : null
}
