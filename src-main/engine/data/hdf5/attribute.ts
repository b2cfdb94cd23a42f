/** The value of an attribute of an HDF5 file. */
import { StratumError } from '#common/errors.ts'
import { addressOf } from './dataset.ts'
import type { Library } from './library.ts'
import type { Structure } from './structure.ts'
import { checkAttribute } from './texts.ts'
import { decodeValues, dtypeOf } from './values.ts'

/** Integers, floats, texts of fixed length, enumerations: what needs no heap. */
const plainClasses = new Set([0, 1, 3, 8])
/** What formats keep in attributes are names and shapes. */
const largestBytes = 16 << 20

/**
 * A number, a text, or a list of them; a boolean is 0 or 1. undefined when there is no such attribute, null for what has no values
 * or values of a type that is not read (references).
 * @throws FILE_CORRUPT
 */
export function attributeValue(
  at: { readonly library: Library; readonly fileId: bigint; readonly real: string; readonly structure: Structure },
  name: string,
): unknown {
  const { library, fileId, real, structure } = at
  if (!library.get_attribute_names(fileId, real).includes(name)) return undefined
  const metadata = library.get_attribute_metadata(fileId, real, name)
  const { type, vlen, shape } = metadata
  if (!shape || dtypeOf(metadata) === null) return null
  if (vlen || !plainClasses.has(type)) checkAttribute(structure, structure.messages(addressOf(at)), name)
  const bytes = shape.reduce((product, n) => product * n, metadata.size)
  if (bytes > largestBytes)
    throw new StratumError('FILE_CORRUPT', `The attribute "${name}" claims ${bytes} bytes.`, 'Fetch the file again.', {})
  const pointer = library._malloc(bytes)
  if (pointer === 0) throw new Error(`no memory for ${bytes} bytes`)
  library.get_attribute_data(fileId, real, name, BigInt(pointer))
  const copy = library.HEAPU8.slice(pointer, pointer + bytes) as Uint8Array<ArrayBuffer>
  const view = new DataView(copy.buffer)
  const values = decodeValues(copy, metadata, (byte) => {
    const text = view.getUint32(byte, true)
    return text === 0 ? '' : library.UTF8ToString(text)
  })
  if (vlen) library.reclaim_vlen_memory(fileId, real, name, BigInt(pointer))
  library._free(pointer)
  return shape.length === 0 ? values[0] : values
}
