/** Arrays that cannot be read row by row where they lie: they are brought into memory, up to a bound. */
import { StratumError } from '#common/errors.ts'
import type { ByteReader, NpyHeader } from './header.ts'

export interface ReadableArray {
  readonly header: NpyHeader
  readonly open: () => ByteReader
}

/** Larger arrays of this kind are refused: they would fill the memory. */
const mostBytes = 256 << 20

const memoryReader = (bytes: () => Promise<Uint8Array<ArrayBuffer>>, size: number): ByteReader => ({
  size,
  async read(offset, length) {
    return (await bytes()).slice(offset, offset + length)
  },
})

/** Once, when first needed; given back to every pass. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** A reader that can jump, of a compressed entry that only goes forward. */
export function jumping({ header, open }: ReadableArray, name: string, path: string): ReadableArray {
  const size = header.dataOffset + itemsOf(header) * header.itemBytes
  if (size > mostBytes) throw tooLarge(name, 'compressed array that has to be read in jumps', size, path)
  const bytes = once(() => open().read(0, size))
  return { header, open: () => memoryReader(bytes, size) }
}

/** The same array in C order. Fortran order of two axes stays as it is: its columns are read one by one. */
export function inRowOrder(array: ReadableArray, name: string, path: string, most = 2): ReadableArray {
  const { header, open } = array
  if (!header.fortran || header.shape.length <= Math.max(1, most)) return array
  const size = itemsOf(header) * header.itemBytes
  if (size > mostBytes) throw tooLarge(name, `array of ${header.shape.length} axes in Fortran order`, size, path)
  const bytes = once(async () => transposed(await open().read(header.dataOffset, size), header))
  return { header: { ...header, fortran: false, dataOffset: 0 }, open: () => memoryReader(bytes, size) }
}

const itemsOf = ({ shape }: NpyHeader): number => shape.reduce((product, dim) => product * dim, 1)

const tooLarge = (name: string, what: string, size: number, path: string): StratumError =>
  new StratumError(
    'FORMAT_UNSUPPORTED',
    `${name} is a ${what}, of ${Math.round(size / 1e6)} MB; at most ${mostBytes >> 20} MB can be turned round in memory.`,
    'Save it in C order and uncompressed: numpy.save("x.npy", numpy.ascontiguousarray(a))',
    { path },
  )

/** Fortran order → C order, by counting through the indices as C does. */
function transposed(bytes: Uint8Array, { shape, itemBytes }: NpyHeader): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length)
  const index = new Array<number>(shape.length).fill(0)
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, dim) => product * dim, itemBytes))
  let from = 0
  for (let to = 0; to < bytes.length; to += itemBytes) {
    for (let b = 0; b < itemBytes; b++) out[to + b] = bytes[from + b] as number
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1
      from += strides[axis] as number
      if ((index[axis] as number) < (shape[axis] as number)) break
      from -= (strides[axis] as number) * (shape[axis] as number)
      index[axis] = 0
    }
  }
  return out
}
