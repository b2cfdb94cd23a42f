/** The header of an .npy array (NEP 1; versions 1 to 3): dtype, order, shape. Nothing of it is evaluated. */
import { basename } from 'node:path'
import { StratumError } from '#common/errors.ts'

export type NumericDtype =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  /** The upper half of a float32; not of NumPy itself. */
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'bool'

export interface NpyHeader {
  /** null for text. */
  readonly dtype: NumericDtype | null
  /** Characters of a fixed-width text dtype ('<U12', '|S5'). */
  readonly text: { readonly kind: 'U' | 'S'; readonly length: number } | null
  readonly itemBytes: number
  readonly littleEndian: boolean
  readonly fortran: boolean
  readonly shape: readonly number[]
  /** Where the values begin. */
  readonly dataOffset: number
}

/** Anything that gives bytes by offset; throws FILE_TRUNCATED beyond its end. */
export interface ByteReader {
  readonly size: number
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>
}

const numericDtypes: Readonly<Record<string, NumericDtype>> = {
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  b1: 'bool',
}

export const isNpy = (head: Uint8Array): boolean => head[0] === 0x93 && String.fromCharCode(...head.subarray(1, 6)) === 'NUMPY'

/** @throws FILE_CORRUPT, FORMAT_UNSUPPORTED (objects, records, complex numbers, dates) */
export async function readNpyHeader(bytes: ByteReader, path: string, name: string): Promise<NpyHeader> {
  const corrupt = (message: string, byte: number): StratumError =>
    new StratumError('FILE_CORRUPT', `${name}: ${message}`, 'Save the array again with numpy.save.', { path, byte })
  const start = await bytes.read(0, 10)
  if (!isNpy(start)) throw corrupt('it does not begin with the mark of a NumPy array.', 0)
  const major = start[6] as number
  if (major < 1 || major > 3) throw corrupt(`format version ${major} is not known.`, 6)
  const view = new DataView(start.buffer, start.byteOffset)
  const long = major >= 2
  const length = long ? new DataView((await bytes.read(8, 4)).buffer).getUint32(0, true) : view.getUint16(8, true)
  if (length > 1 << 20) throw corrupt(`its header claims ${length} bytes.`, 8)
  const headerAt = long ? 12 : 10
  const text = new TextDecoder('latin1').decode(await bytes.read(headerAt, length))

  const described = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1]
  if (described === undefined) {
    if (/'descr'\s*:\s*\[/.test(text))
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        `${name} holds records with named fields, not a matrix.`,
        `Write a table in Python: pandas.DataFrame(numpy.load("${basename(path)}")${/\.npz$/i.test(path) ? `["${name}"]` : ''}).to_csv("table.csv", index=False)`,
        { path },
      )
    throw corrupt('its header has no dtype.', headerAt)
  }
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const dims = /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1]
  if (fortran === undefined || dims === undefined) throw corrupt('its header has no shape or order.', headerAt)
  const shape = dims
    .split(',')
    .map((dim) => dim.trim().replace(/L$/, ''))
    .filter((dim) => dim !== '')
    .map(Number)
  if (shape.length > 32 || shape.some((dim) => !Number.isSafeInteger(dim) || dim < 0))
    throw corrupt(`its shape (${dims.slice(0, 60)}) is nonsense.`, headerAt)

  const [, order = '|', code = '', digits = ''] = /^([<>=|]?)([a-zA-Z])(\d*)/.exec(described) ?? []
  const dtype = numericDtypes[code + digits] ?? (described === '|b1' || described === '?' ? 'bool' : null)
  const isText = code === 'U' || code === 'S'
  if (!dtype && !isText) {
    const what =
      code === 'O'
        ? 'Python objects, which could run code'
        : code === 'c'
          ? 'complex numbers'
          : code === 'M' || code === 'm'
            ? 'dates'
            : `values of type ${described}`
    throw new StratumError('FORMAT_UNSUPPORTED', `${name} holds ${what}.`, 'Save it as numbers: numpy.save("x.npy", a.astype("float32"))', {
      path,
    })
  }
  const itemBytes = dtype === 'bool' ? 1 : Number(digits) * (code === 'U' ? 4 : 1)
  const items = shape.reduce((product, dim) => product * dim, 1)
  const dataOffset = headerAt + length
  if (!Number.isSafeInteger(items * Math.max(1, itemBytes))) throw corrupt(`its shape (${dims}) is beyond any file.`, headerAt)
  const wanted = dataOffset + items * itemBytes
  if (wanted > bytes.size)
    throw new StratumError(
      'FILE_TRUNCATED',
      `${name} ends at byte ${bytes.size}, but its shape (${dims}) of ${described} needs ${wanted} bytes.`,
      'The copy or download was probably cut off: fetch the file again.',
      { path, byte: bytes.size },
    )
  return {
    dtype,
    text: isText ? { kind: code as 'U' | 'S', length: Number(digits) } : null,
    itemBytes,
    littleEndian: order !== '>',
    fortran: fortran === 'True',
    shape,
    dataOffset,
  }
}
