/**
 * TIFF and BigTIFF headers and image file directories (TIFF 6.0 section 2; BigTIFF: 64-bit offsets, version 43).
 *
 * All directories stand together at the start of the file, in front of every tile, so that a reader over a network gets
 * the whole structure with its first request. Their size depends only on the number of tiles, never on the pixels:
 * it is measured before the first tile is written and filled in after the last.
 */
export type TagType = 'ascii' | 'short' | 'long' | 'double' | 'long8'

export interface Tag {
  readonly id: number
  readonly type: TagType
  /** Values that appear in several directories (the same object) are stored once. */
  readonly values: ArrayLike<number> & object
}

const typeCode: Readonly<Record<TagType, number>> = { ascii: 2, short: 3, long: 4, double: 12, long8: 16 }
const typeSize: Readonly<Record<TagType, number>> = { ascii: 1, short: 2, long: 4, double: 8, long8: 8 }

/** NUL-terminated UTF-8. */
export const ascii = (id: number, text: string): Tag => ({ id, type: 'ascii', values: new TextEncoder().encode(`${text}\0`) })
export const shorts = (id: number, values: ArrayLike<number> & object): Tag => ({ id, type: 'short', values })
export const doubles = (id: number, values: ArrayLike<number> & object): Tag => ({ id, type: 'double', values })
export const long = (id: number, value: number): Tag => ({ id, type: 'long', values: [value] })

/** Header and directories as they stand at the start of the file. Tags are sorted here. */
export function encodeDirectories(directories: readonly (readonly Tag[])[], bigTiff: boolean): Uint8Array {
  const { header, count, entry, pointer } = bigTiff
    ? { header: 16, count: 8, entry: 20, pointer: 8 }
    : { header: 8, count: 2, entry: 12, pointer: 4 }
  const starts: number[] = []
  let end = header
  for (const tags of directories) {
    starts.push(end)
    end += count + tags.length * entry + pointer
  }
  const placeOf = new Map<object, number>()
  for (const { type, values } of directories.flat()) {
    const size = values.length * typeSize[type]
    if (size <= pointer || placeOf.has(values)) continue
    end = Math.ceil(end / 8) * 8
    placeOf.set(values, end)
    end += size
  }

  const bytes = new Uint8Array(Math.ceil(end / 16) * 16)
  const view = new DataView(bytes.buffer)
  const writePointer = (at: number, value: number): void =>
    bigTiff ? view.setBigUint64(at, BigInt(value), true) : view.setUint32(at, value, true)
  const writeCount = (at: number, value: number): void =>
    bigTiff ? view.setBigUint64(at, BigInt(value), true) : view.setUint16(at, value, true)

  view.setUint16(0, 0x4949, true)
  view.setUint16(2, bigTiff ? 43 : 42, true)
  if (bigTiff) view.setUint16(4, 8, true)
  writePointer(bigTiff ? 8 : 4, starts[0])
  directories.forEach((tags, i) => {
    let at = starts[i]
    writeCount(at, tags.length)
    at += count
    for (const { id, type, values } of [...tags].sort((one, other) => one.id - other.id)) {
      view.setUint16(at, id, true)
      view.setUint16(at + 2, typeCode[type], true)
      writePointer(at + 4, values.length)
      const valueAt = at + 4 + pointer
      const place = placeOf.get(values)
      if (place !== undefined) writePointer(valueAt, place)
      writeValues(view, place ?? valueAt, type, values)
      at += entry
    }
    writePointer(at, starts[i + 1] ?? 0)
  })
  return bytes
}

function writeValues(view: DataView, at: number, type: TagType, values: ArrayLike<number>): void {
  const size = typeSize[type]
  for (let i = 0; i < values.length; i++) {
    const place = at + i * size
    if (type === 'ascii') view.setUint8(place, values[i])
    else if (type === 'short') view.setUint16(place, values[i], true)
    else if (type === 'long') view.setUint32(place, values[i], true)
    else if (type === 'double') view.setFloat64(place, values[i], true)
    else view.setBigUint64(place, BigInt(values[i]), true)
  }
}
