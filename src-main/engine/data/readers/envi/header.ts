/** The text header of an ENVI raster: `key = value` lines, values in braces over several lines. */
import { StratumError } from '#common/errors.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import type { NumberType } from '../numbers.ts'

/** Wavelengths, names and statistics of thousands of bands take a few hundred KB. */
const longestHeaderBytes = 16 << 20
const mostBands = 100_000

export interface EnviHeader {
  readonly samples: number
  readonly lines: number
  readonly bands: number
  readonly offset: number
  readonly type: NumberType
  readonly interleave: 'bsq' | 'bil' | 'bip'
  readonly littleEndian: boolean
  /** Every other key in lower case, with braces taken off. */
  readonly fields: ReadonlyMap<string, string>
}

/** Keys of a header in lower case with single spaces; a later one replaces an earlier. */
export function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  const lines = text.split(/\r\n|\n|\r/)
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string
    const sign = line.indexOf('=')
    if (sign < 0 || /^\s*;/.test(line)) continue
    const key = line.slice(0, sign).trim().toLowerCase().replace(/\s+/g, ' ')
    let value = line.slice(sign + 1).trim()
    if (value.startsWith('{')) {
      const parts = [value]
      while (!parts.at(-1)?.includes('}') && i + 1 < lines.length) parts.push(lines[++i] as string)
      value = parts.join('\n')
      const end = value.lastIndexOf('}')
      value = value.slice(1, end < 0 ? undefined : end).trim()
    }
    fields.set(key, value)
  }
  return fields
}

/** A list in braces; its parts are trimmed. */
export const listOf = (value: string | undefined): string[] =>
  value === undefined || value === '' ? [] : value.split(',').map((part) => part.trim())

/** ENVI's data types; 6 and 9 are complex. */
const types: Readonly<Record<number, NumberType>> = {
  1: 'uint8',
  2: 'int16',
  3: 'int32',
  4: 'float32',
  5: 'float64',
  12: 'uint16',
  13: 'uint32',
  14: 'int64',
  15: 'uint64',
}

export async function readHeader(file: RandomAccessFile): Promise<EnviHeader> {
  const { path } = file
  const wrong = (key: string, found: string | undefined, wanted: string): StratumError =>
    new StratumError(
      'FILE_CORRUPT',
      found === undefined
        ? `The ENVI header has no "${key}".`
        : `"${key}" in the ENVI header is "${found.slice(0, 60)}", and should be ${wanted}.`,
      'Fetch the header again, or write it again in the program that made it.',
      { path, key },
    )
  if (file.size > longestHeaderBytes)
    throw new StratumError(
      'FILE_CORRUPT',
      `The ENVI header has ${file.size} bytes, more than any header.`,
      'Choose the text header that belongs to the data file.',
      { path },
    )
  const bytes = await file.read(0, file.size, 'the header')
  const fields = parseFields(new TextDecoder('utf-8').decode(bytes))
  const whole = (key: string, least: number, most: number, fallback?: number): number => {
    const text = fields.get(key)
    if (text === undefined && fallback !== undefined) return fallback
    const value = Number(text)
    if (text === undefined || text === '' || !Number.isSafeInteger(value) || value < least || value > most)
      throw wrong(key, text, `a whole number from ${least} to ${most}`)
    return value
  }
  const code = whole('data type', 0, 1000)
  const type = types[code]
  if (!type)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      code === 6 || code === 9
        ? 'The ENVI data are complex numbers, which cannot be learned from as they are.'
        : `The ENVI data type ${code} is not known.`,
      'Save amplitude and phase, or real and imaginary part, as bands of floats.',
      { path, key: 'data type' },
    )
  const interleave = (fields.get('interleave') ?? 'bsq').toLowerCase()
  if (interleave !== 'bsq' && interleave !== 'bil' && interleave !== 'bip') throw wrong('interleave', interleave, 'bsq, bil or bip')
  if (Number(fields.get('file compression') ?? 0) !== 0)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      'The ENVI data file is compressed.',
      'Save it uncompressed, or convert it: gdal_translate in.img out.tif',
      { path, key: 'file compression' },
    )
  for (const key of ['major frame offsets', 'minor frame offsets'])
    if (listOf(fields.get(key)).some((part) => Number(part) !== 0))
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        `The ENVI data file has ${key}, which are not read.`,
        'Save it as a plain ENVI file first.',
        { path, key },
      )
  return {
    samples: whole('samples', 1, 2 ** 31 - 1),
    lines: whole('lines', 1, 2 ** 31 - 1),
    bands: whole('bands', 1, mostBands, 1),
    offset: whole('header offset', 0, Number.MAX_SAFE_INTEGER, 0),
    type,
    interleave,
    littleEndian: whole('byte order', 0, 1, 0) === 0,
    fields,
  }
}
