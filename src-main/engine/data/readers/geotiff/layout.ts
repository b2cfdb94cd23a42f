/** How the pixels of one directory are stored: types, blocks, codec. What would be read wrongly is refused here, by name. */
import { StratumError } from '#common/errors.ts'
import { type RawDirectory, type TiffFile, corrupt, readBytes, readNumber, readNumbers } from './structure.ts'

export type SampleType =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float16'
  | 'float24'
  | 'float32'
  | 'float64'
  | 'bits'

export interface Layout {
  readonly directory: RawDirectory
  readonly width: number
  readonly height: number
  readonly bands: number
  readonly sampleType: SampleType
  readonly bits: number
  /** True: one plane per band; false: the bands of a pixel lie together. */
  readonly planar: boolean
  readonly compression: number
  readonly predictor: number
  readonly photometric: number
  readonly extraSamples: readonly number[]
  readonly tiled: boolean
  readonly blockWidth: number
  readonly blockHeight: number
  readonly across: number
  readonly down: number
  /** Per block, plane after plane; a byte count of 0 is a block left out (sparse): all nodata. */
  readonly offsets: Float64Array
  readonly byteCounts: Float64Array
  /** Bytes of one decoded block of full height. */
  readonly blockBytes: number
  readonly littleEndian: boolean
  readonly jpegTables: Uint8Array | null
  readonly lercCompression: number
  /** Options of fax coding (tag 292). */
  readonly faxOptions: number
  /** The lowest bit of each byte comes first. */
  readonly reversedBits: boolean
}

/** A compressed block is decoded whole; beyond this a file must be rewritten in tiles. */
export const largestBlockBytes = 256 << 20
const mostBlocks = 1 << 24

export const compressionName: Readonly<Record<number, string>> = {
  1: 'none',
  2: 'CCITT',
  3: 'CCITT fax 3',
  4: 'CCITT fax 4',
  5: 'LZW',
  6: 'old-style JPEG',
  7: 'JPEG',
  8: 'DEFLATE',
  9: 'JBIG',
  10: 'JBIG',
  32773: 'PackBits',
  32946: 'DEFLATE',
  34676: 'SGILOG',
  34677: 'SGILOG 24',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34925: 'LZMA',
  50000: 'ZSTD',
  50001: 'WebP',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
}
const readableCompressions = new Set([1, 2, 3, 4, 5, 7, 8, 32773, 32946, 34887, 50000])

export const rewriteHint = (path: string): string =>
  `Rewrite it with GDAL, then choose the new file: gdal_translate -co TILED=YES -co COMPRESS=DEFLATE "${path}" rewritten.tif`

function unsupported(tiff: TiffFile, directory: RawDirectory, message: string, extra = ''): StratumError {
  const path = tiff.file.path
  return new StratumError('FORMAT_UNSUPPORTED', message, extra ? extra.replaceAll('FILE', `"${path}"`) : rewriteHint(path), {
    path,
    byte: directory.offset,
  })
}

export async function readLayout(tiff: TiffFile, directory: RawDirectory): Promise<Layout> {
  const path = tiff.file.path
  const number = (id: number): Promise<number | null> => readNumber(tiff, directory, id)
  const width = await number(256)
  const height = await number(257)
  if (!width || !height || width < 0 || height < 0 || !Number.isInteger(width) || !Number.isInteger(height))
    throw corrupt(path, `The image size is missing or nonsense (${width} × ${height}).`, directory.offset)
  const bands = (await number(277)) ?? 1
  if (bands < 1 || bands > 65_535 || !Number.isInteger(bands)) throw corrupt(path, `The file claims ${bands} bands.`, directory.offset)

  const bits = await sameForAll(tiff, directory, 258, bands, 1, 'bit depths')
  const format = await sameForAll(tiff, directory, 339, bands, 1, 'sample formats')
  const photometric = (await number(262)) ?? 1
  const compression = (await number(259)) ?? 1
  const predictor = (await number(317)) ?? 1
  const planarConfiguration = (await number(284)) ?? 1
  const planar = planarConfiguration === 2 && bands > 1
  const sampleType = sampleTypeOf(format, bits)
  const readable = compressionName[compression] ?? `number ${compression}`

  if (!sampleType)
    throw unsupported(
      tiff,
      directory,
      `Values of ${describeFormat(format, bits)} cannot be read.`,
      'Convert the values with GDAL, then choose the new file: gdal_translate -ot Float64 FILE converted.tif',
    )
  if (!readableCompressions.has(compression))
    throw unsupported(tiff, directory, `The pixels are compressed with ${readable}, which cannot be read.`)
  if (photometric === 6 && compression !== 7)
    throw unsupported(
      tiff,
      directory,
      'The pixels are stored as YCbCr colours, not as bands.',
      'Convert them to red, green and blue with GDAL: gdal_translate -co TILED=YES -co COMPRESS=DEFLATE FILE rgb.tif',
    )
  if (photometric === 8 || photometric === 9 || photometric === 10)
    throw unsupported(tiff, directory, 'The pixels are stored as CIE L*a*b* colours, not as bands.')
  const reversedBits = ((await number(266)) ?? 1) === 2
  if (reversedBits && ![1, 2, 3, 4, 5, 32773].includes(compression))
    throw unsupported(tiff, directory, `The bits of each byte are stored in reverse order (FillOrder 2), which ${readable} does not have.`)
  if (compression >= 2 && compression <= 4 && bits !== 1)
    throw corrupt(path, `The file says fax coding, but its values have ${bits} bits.`, directory.offset)
  if (predictor !== 1 && predictor !== 2 && predictor !== 3) throw unsupported(tiff, directory, `The predictor ${predictor} is not known.`)
  const predicts = compression === 5 || compression === 8 || compression === 32946 || compression === 50000
  if (predicts && predictor === 2 && sampleType === 'bits')
    throw unsupported(tiff, directory, `Horizontal differencing of ${bits}-bit values cannot be read.`)
  if (predicts && predictor === 3 && !sampleType.startsWith('float'))
    throw corrupt(path, 'The file says floating-point differencing, but its values are integers.', directory.offset)
  if (compression === 7 && sampleType !== 'uint8')
    throw unsupported(tiff, directory, `JPEG compression of ${bits}-bit values cannot be read.`)
  if (compression === 34887 && sampleType === 'bits')
    throw unsupported(tiff, directory, `LERC compression of ${bits}-bit values cannot be read.`)

  const tiled = directory.tags.has(324) || directory.tags.has(322)
  const rowsPerStrip = (await number(278)) ?? height
  const blockWidth = tiled ? ((await number(322)) ?? 0) : width
  const blockHeight = tiled ? ((await number(323)) ?? 0) : Math.min(height, rowsPerStrip)
  if (!(blockWidth >= 1) || !(blockHeight >= 1) || !Number.isInteger(blockWidth) || !Number.isInteger(blockHeight))
    throw corrupt(path, `The block size ${blockWidth} × ${blockHeight} is nonsense.`, directory.offset)
  const across = Math.ceil(width / blockWidth)
  const down = Math.ceil(height / blockHeight)
  const blocks = across * down * (planar ? bands : 1)
  const samples = planar ? 1 : bands
  const blockBytes = Math.ceil((blockWidth * samples * bits) / 8) * blockHeight
  if (blocks > mostBlocks) throw corrupt(path, `The file claims ${blocks} blocks.`, directory.offset)
  if ((compression !== 1 || tiled) && blockBytes > largestBlockBytes)
    throw unsupported(
      tiff,
      directory,
      `One block takes ${Math.round(blockBytes / 1e6)} MB decoded; at most ${largestBlockBytes >> 20} MB can be read.`,
    )

  const offsets = await readNumbers(tiff, directory, tiled ? 324 : 273, mostBlocks)
  if (!offsets || offsets.length < blocks)
    throw corrupt(path, `${blocks} blocks were expected, and ${offsets?.length ?? 0} are listed.`, directory.offset)
  const byteCounts =
    (await readNumbers(tiff, directory, tiled ? 325 : 279, mostBlocks)) ?? inferByteCounts(offsets, compression, blockBytes, tiff.file.size)
  if (byteCounts.length < blocks)
    throw corrupt(path, `${blocks} block sizes were expected, and ${byteCounts.length} are listed.`, directory.offset)
  const layout: Layout = {
    directory,
    width,
    height,
    bands,
    sampleType,
    bits,
    planar,
    compression,
    predictor: predicts ? predictor : 1,
    photometric,
    tiled,
    blockWidth,
    blockHeight,
    across,
    down,
    offsets,
    byteCounts,
    blockBytes,
    extraSamples: Array.from((await readNumbers(tiff, directory, 338, 65_536)) ?? []),
    littleEndian: tiff.littleEndian,
    jpegTables: compression === 7 ? await readBytes(tiff, directory, 347) : null,
    faxOptions: compression === 3 ? ((await number(292)) ?? 0) : 0,
    reversedBits,
    lercCompression: compression === 34887 ? ((await readNumbers(tiff, directory, 50674, 16))?.[1] ?? 0) : 0,
  }
  checkBlocksInFile(tiff, layout, blocks)
  return chopStrips(layout)
}

/** Uncompressed strips can be read in part: a tall one is treated as several of about 1 MB. */
function chopStrips(layout: Layout): Layout {
  const bytesPerRow = rowBytes(layout)
  const wanted = Math.max(1, Math.floor((1 << 20) / bytesPerRow))
  if (layout.compression !== 1 || layout.tiled || layout.blockHeight <= wanted) return layout
  let rows = wanted
  if (layout.down > 1) while (layout.blockHeight % rows !== 0) rows--
  const perStrip = Math.ceil(layout.blockHeight / rows)
  const down = Math.ceil(layout.height / rows)
  const planes = layout.planar ? layout.bands : 1
  const offsets = new Float64Array(down * planes)
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < down; i++) {
      const strip = layout.offsets[plane * layout.down + Math.floor(i / perStrip)] as number
      offsets[plane * down + i] = strip + (i % perStrip) * rows * bytesPerRow
    }
  }
  return {
    ...layout,
    blockHeight: rows,
    down,
    offsets,
    byteCounts: new Float64Array(offsets.length).fill(rows * bytesPerRow),
    blockBytes: rows * bytesPerRow,
  }
}

function checkBlocksInFile(tiff: TiffFile, layout: Layout, blocks: number): void {
  const { file } = tiff
  for (let i = 0; i < blocks; i++) {
    const from = layout.offsets[i] as number
    const length = layout.byteCounts[i] as number
    if (from === 0 && length === 0) continue
    const end = from + (layout.compression === 1 ? Math.min(length, rowsOfBlock(layout, i) * rowBytes(layout)) : length)
    if (end > file.size) {
      const [x, y] = blockPosition(layout, i)
      throw new StratumError(
        'FILE_TRUNCATED',
        `The file ends at byte ${file.size}, but the ${layout.tiled ? 'tile' : 'strip'} at column ${x}, row ${y} lies at bytes ${from} to ${end}.`,
        'The copy or download was probably cut off: fetch the file again.',
        { path: file.path, byte: from, column: x, row: y },
      )
    }
    if (layout.compression === 1 && length > 0 && length < rowsOfBlock(layout, i) * rowBytes(layout)) {
      const [x, y] = blockPosition(layout, i)
      throw new StratumError(
        'FILE_CORRUPT',
        `The uncompressed ${layout.tiled ? 'tile' : 'strip'} at column ${x}, row ${y} has ${length} bytes; ${rowsOfBlock(layout, i) * rowBytes(layout)} were expected.`,
        'Fetch the file again, or open and save it in the program that wrote it.',
        { path: file.path, byte: from, column: x, row: y },
      )
    }
  }
}

/** Old writers leave the sizes out; uncompressed they follow from the layout, compressed from the next offset. */
function inferByteCounts(offsets: Float64Array, compression: number, blockBytes: number, size: number): Float64Array {
  const sorted = Float64Array.from(offsets).sort()
  return offsets.map((offset) => {
    const next = sorted.find((other) => other > offset) ?? size
    return Math.max(0, compression === 1 ? Math.min(blockBytes, next - offset) : next - offset)
  })
}

export const rowBytes = (layout: Layout): number => Math.ceil((layout.blockWidth * (layout.planar ? 1 : layout.bands) * layout.bits) / 8)

/** Tiles are always full; the last strip ends with the image. */
export function rowsOfBlock(layout: Layout, block: number): number {
  if (layout.tiled) return layout.blockHeight
  const row = (block % (layout.across * layout.down)) * layout.blockHeight
  return Math.min(layout.blockHeight, layout.height - row)
}

export function blockPosition(layout: Layout, block: number): [x: number, y: number] {
  const inPlane = block % (layout.across * layout.down)
  return [(inPlane % layout.across) * layout.blockWidth, Math.floor(inPlane / layout.across) * layout.blockHeight]
}

async function sameForAll(
  tiff: TiffFile,
  directory: RawDirectory,
  id: number,
  bands: number,
  fallback: number,
  what: string,
): Promise<number> {
  const values = (await readNumbers(tiff, directory, id, 65_536)) ?? Float64Array.of(fallback)
  const used = values.subarray(0, Math.max(1, bands))
  const first = used[0] as number
  if (used.some((value) => value !== first))
    throw unsupported(
      tiff,
      directory,
      `The bands have different ${what} (${[...new Set(used)].join(', ')}).`,
      'Give all bands one type with GDAL: gdal_translate -ot Float32 FILE same.tif',
    )
  return first
}

function sampleTypeOf(format: number, bits: number): SampleType | null {
  if (format === 3) return bits === 16 || bits === 24 || bits === 32 || bits === 64 ? `float${bits}` : null
  if (format === 2) return bits === 8 || bits === 16 || bits === 32 || bits === 64 ? `int${bits}` : null
  if (format !== 1 && format !== 4) return null
  if (bits === 8 || bits === 16 || bits === 32 || bits === 64) return `uint${bits}`
  return Number.isInteger(bits) && bits >= 1 && bits < 32 ? 'bits' : null
}

function describeFormat(format: number, bits: number): string {
  const names: Readonly<Record<number, string>> = {
    1: 'unsigned integer',
    2: 'signed integer',
    3: 'floating-point',
    4: 'undefined',
    5: 'complex integer',
    6: 'complex',
  }
  return `${bits}-bit ${names[format] ?? `format ${format}`} type`
}
