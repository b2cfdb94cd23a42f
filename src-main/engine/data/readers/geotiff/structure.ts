/**
 * The directories (IFDs) of a TIFF or BigTIFF file, walked with suspicion: every offset, count and size is checked against
 * the file before anything is allocated, and a directory is never visited twice. TIFF 6.0 (1992) and the BigTIFF note (2007).
 */
import { StratumError } from '#common/errors.ts'
import type { RandomAccessFile } from '../randomAccess.ts'

export interface Tag {
  readonly type: number
  readonly count: number
  /** Where the values start in the file. */
  readonly offset: number
}

export interface RawDirectory {
  readonly offset: number
  readonly tags: ReadonlyMap<number, Tag>
}

export interface TiffFile {
  readonly file: RandomAccessFile
  readonly littleEndian: boolean
  readonly big: boolean
  readonly directories: readonly RawDirectory[]
  /** True when the file has more directories than were walked. */
  readonly more: boolean
}

/** Overviews and masks come within the first few directories; more of them are pages, of which the first is read. */
const mostDirectories = 256
const mostTags = 4096

const bytesOfType: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
}

export const corrupt = (path: string, message: string, byte: number): StratumError =>
  new StratumError('FILE_CORRUPT', message, 'Fetch the file again, or open and save it in the program that wrote it.', { path, byte })

export async function readTiffFile(file: RandomAccessFile): Promise<TiffFile> {
  const head = new DataView((await file.read(0, 8, 'the TIFF header')).buffer)
  const mark = head.getUint16(0)
  if (mark !== 0x4949 && mark !== 0x4d4d) throw corrupt(file.path, 'This is not a TIFF file: it does not begin with II or MM.', 0)
  const littleEndian = mark === 0x4949
  const version = head.getUint16(2, littleEndian)
  if (version !== 42 && version !== 43)
    throw corrupt(file.path, `This is not a TIFF file: version 42 or 43 was expected at byte 2, and it says ${version}.`, 2)
  const big = version === 43
  let next = big ? await readBigOffset(file, littleEndian) : head.getUint32(4, littleEndian)

  const directories: RawDirectory[] = []
  const visited = new Set<number>()
  while (next !== 0 && directories.length < mostDirectories) {
    if (visited.has(next)) throw corrupt(file.path, `The image directories run in a circle: the one at byte ${next} comes twice.`, next)
    visited.add(next)
    const { directory, following } = await readDirectory(file, next, littleEndian, big)
    directories.push(directory)
    next = following
  }
  if (directories.length === 0) throw corrupt(file.path, 'The file has no image directory.', 4)
  return { file, littleEndian, big, directories, more: next !== 0 }
}

async function readBigOffset(file: RandomAccessFile, littleEndian: boolean): Promise<number> {
  const view = new DataView((await file.read(4, 12, 'the BigTIFF header')).buffer)
  if (view.getUint16(0, littleEndian) !== 8) throw corrupt(file.path, 'The BigTIFF header is damaged: offsets of 8 bytes were expected.', 4)
  return Number(view.getBigUint64(4, littleEndian))
}

async function readDirectory(
  file: RandomAccessFile,
  offset: number,
  littleEndian: boolean,
  big: boolean,
): Promise<{ directory: RawDirectory; following: number }> {
  const countBytes = big ? 8 : 2
  const entryBytes = big ? 20 : 12
  const counts = new DataView((await file.read(offset, countBytes, 'an image directory')).buffer)
  const n = big ? Number(counts.getBigUint64(0, littleEndian)) : counts.getUint16(0, littleEndian)
  if (n === 0 || n > mostTags) throw corrupt(file.path, `The image directory at byte ${offset} claims ${n} entries.`, offset)
  const body = await file.read(offset + countBytes, n * entryBytes, 'an image directory')
  const view = new DataView(body.buffer)
  const tags = new Map<number, Tag>()
  for (let i = 0; i < n; i++) {
    const at = i * entryBytes
    const id = view.getUint16(at, littleEndian)
    const type = view.getUint16(at + 2, littleEndian)
    const size = bytesOfType[type]
    if (size === undefined) continue // A reader must skip types it does not know (TIFF 6.0, section 2).
    const count = big ? Number(view.getBigUint64(at + 4, littleEndian)) : view.getUint32(at + 4, littleEndian)
    const valueAt = at + (big ? 12 : 8)
    const inline = size * count <= (big ? 8 : 4)
    const valueOffset = inline
      ? offset + countBytes + valueAt
      : big
        ? Number(view.getBigUint64(valueAt, littleEndian))
        : view.getUint32(valueAt, littleEndian)
    if (!tags.has(id)) tags.set(id, { type, count, offset: valueOffset })
  }
  // Writers exist that leave out the final link; the end of the file then ends the list.
  const link = await file.readUpTo(offset + countBytes + n * entryBytes, big ? 8 : 4)
  const linkView = new DataView(link.buffer)
  const following =
    link.length < (big ? 8 : 4) ? 0 : big ? Number(linkView.getBigUint64(0, littleEndian)) : linkView.getUint32(0, littleEndian)
  return { directory: { offset, tags }, following }
}

/** Numbers of a tag, or null when it is absent. `most` is the largest count that makes sense for it. */
export async function readNumbers(tiff: TiffFile, directory: RawDirectory, id: number, most: number): Promise<Float64Array | null> {
  const tag = directory.tags.get(id)
  if (!tag || tag.count === 0) return null
  const place = `tag ${id}`
  if (tag.count > most)
    throw corrupt(tiff.file.path, `${place} claims ${tag.count} values, and at most ${most} make sense.`, directory.offset)
  const size = bytesOfType[tag.type] as number
  const bytes = await tiff.file.read(tag.offset, size * tag.count, place)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values = new Float64Array(tag.count)
  const le = tiff.littleEndian
  for (let i = 0; i < tag.count; i++) values[i] = numberAt(view, i * size, tag.type, le)
  return values
}

function numberAt(view: DataView, at: number, type: number, le: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, le)
    case 4:
    case 13:
      return view.getUint32(at, le)
    case 5:
      return view.getUint32(at, le) / view.getUint32(at + 4, le)
    case 6:
      return view.getInt8(at)
    case 8:
      return view.getInt16(at, le)
    case 9:
      return view.getInt32(at, le)
    case 10:
      return view.getInt32(at, le) / view.getInt32(at + 4, le)
    case 11:
      return view.getFloat32(at, le)
    case 12:
      return view.getFloat64(at, le)
    case 16:
    case 18:
      return Number(view.getBigUint64(at, le))
    case 17:
      return Number(view.getBigInt64(at, le))
    default:
      return view.getUint8(at)
  }
}

export async function readNumber(tiff: TiffFile, directory: RawDirectory, id: number): Promise<number | null> {
  const values = await readNumbers(tiff, directory, id, 65_536)
  return values ? (values[0] as number) : null
}

/** Raw bytes of a tag (text, JPEG tables), at most 16 MB. */
export async function readBytes(tiff: TiffFile, directory: RawDirectory, id: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const tag = directory.tags.get(id)
  if (!tag || tag.count === 0 || bytesOfType[tag.type] !== 1) return null
  if (tag.count > 16 << 20) throw corrupt(tiff.file.path, `Tag ${id} claims ${tag.count} bytes of text.`, directory.offset)
  return tiff.file.read(tag.offset, tag.count, `tag ${id}`)
}

export async function readText(tiff: TiffFile, directory: RawDirectory, id: number): Promise<string | null> {
  const bytes = await readBytes(tiff, directory, id)
  return bytes ? new TextDecoder().decode(bytes).replace(/\0+$/, '') : null
}
