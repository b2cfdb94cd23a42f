/**
 * A streaming writer of tiled GeoTIFF files with internal overviews.
 *
 *   rows → [strip of one tile row] → tiles → predictor → compression → file
 *                 └→ halved → the strip of the next overview level → …
 *
 * Memory: two strips of the full width (each tileSize rows) and eight tiles, whatever the height. The file is BigTIFF when
 * it could pass 4 GB. The same rows give the same bytes. Pixels are interleaved by band (PlanarConfiguration 1).
 */
import { rm } from 'node:fs/promises'
import { parseHex } from '#common/domain/palettes.ts'
import type { Grid } from '#common/domain/grid.ts'
import { createOutputFile, type ExportedFile, type OutputFile, writeOutputFile } from '../outputFile.ts'
import { type Compression, compressionTag, compressTile, type Predictor, type Samples } from './compress.ts'
import { ascii, encodeDirectories, long, shorts, type Tag } from './directory.ts'
import { geoTags } from './geoTags.ts'
import { categoriesXml, gdalMetadata, type RasterNames } from './metadata.ts'
import { halve, type Resampling } from './overview.ts'

export type GeotiffDtype = 'uint8' | 'uint16' | 'int16' | 'float32'

export interface GeotiffOptions extends RasterNames {
  readonly grid: Grid
  readonly bands: number
  readonly dtype: GeotiffDtype
  /** Pixel value that means 'nothing here'; NaN for floats. */
  readonly nodata?: number
  /** A multiple of 16; default 256. */
  readonly tileSize?: number
  /** Default 'deflate'. */
  readonly compression?: Compression
  /** Default 3 for floats, 2 for integers, 1 for paletted maps and without compression. */
  readonly predictor?: Predictor
  /** Default 'mode' for paletted maps, else 'average'; false for none. */
  readonly overviews?: Resampling | false
  /** Pixel value → '#rrggbb'; one band of uint8 or uint16. */
  readonly colourTable?: ReadonlyMap<number, string>
  /** By pixel value, 0 first; written to an .aux.xml beside the file. */
  readonly categoryNames?: readonly string[]
  readonly description?: string
  /** Default: when the pixels uncompressed could pass 4 GB. */
  readonly bigTiff?: boolean
}

export interface GeotiffWriter {
  /** Next `nRows` rows, [nRows × width × bands], of the dtype's own typed array. */
  writeRows(values: Samples, nRows: number): Promise<void>
  /** Writes the directories and gives the file its name. Throws RangeError when rows are missing. */
  finish(): Promise<ExportedFile[]>
  /** Leaves nothing behind. */
  abort(): Promise<void>
}

const samplesOf = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array }
const sampleFormat: Readonly<Record<GeotiffDtype, number>> = { uint8: 1, uint16: 1, int16: 2, float32: 3 }
const classicLimit = 2 ** 32 - 2 ** 20
/** Tiles compressed at a time; zlib works on the threads of the libuv pool. */
const tilesAtOnce = 8

/** One resolution: its strip being filled and where its finished tiles went. */
interface Level {
  readonly width: number
  readonly height: number
  readonly tilesAcross: number
  readonly strip: Samples
  stripRows: number
  rowsDone: number
  nTiles: number
  readonly offsets: Float64Array
  readonly byteCounts: Float64Array
}

export async function createGeotiff(path: string, options: GeotiffOptions): Promise<GeotiffWriter> {
  const { grid, bands, dtype, tileSize = 256, colourTable, compression = 'deflate' } = options
  checkOptions(options, tileSize)
  const nodata = options.nodata ?? null
  const predictor = options.predictor ?? (compression === 'none' || colourTable ? 1 : dtype === 'float32' ? 3 : 2)
  const resampling = options.overviews ?? (colourTable ? 'mode' : 'average')
  const Values = samplesOf[dtype]

  const levels = levelsOf(grid.width, grid.height, resampling === false ? 1 : Number.POSITIVE_INFINITY)
  const bigTiff = options.bigTiff ?? uncompressedBytes() * 1.01 > classicLimit
  const tags = sharedTags(options, predictor, compression)
  const file = await createOutputFile(path, directories())

  function levelsOf(fullWidth: number, fullHeight: number, most: number): Level[] {
    const found: Level[] = []
    for (let width = fullWidth, height = fullHeight; found.length < most; width = Math.ceil(width / 2), height = Math.ceil(height / 2)) {
      const tilesAcross = Math.ceil(width / tileSize)
      const nTiles = tilesAcross * Math.ceil(height / tileSize)
      const strip = new Values(width * Math.min(tileSize, height) * bands)
      found.push({
        width,
        height,
        tilesAcross,
        strip,
        stripRows: 0,
        rowsDone: 0,
        nTiles: 0,
        offsets: new Float64Array(nTiles),
        byteCounts: new Float64Array(nTiles),
      })
      if (width <= tileSize && height <= tileSize) break
    }
    return found
  }

  function uncompressedBytes(): number {
    return levels.reduce((sum, { offsets }) => sum + offsets.length * (tileSize * tileSize * bands * Values.BYTES_PER_ELEMENT + 16), 0)
  }

  function directories(): Uint8Array {
    const offsetType = bigTiff ? 'long8' : 'long'
    const list = levels.map(({ width, height, offsets, byteCounts }, i): Tag[] => [
      ...(i === 0 ? [...tags.everywhere, ...tags.first] : [...tags.everywhere, long(254, 1)]),
      long(256, width),
      long(257, height),
      long(322, tileSize),
      long(323, tileSize),
      { id: 324, type: offsetType, values: offsets },
      { id: 325, type: 'long', values: byteCounts },
    ])
    return encodeDirectories(list, bigTiff)
  }

  /** Takes rows into the strip of level `i`; a full strip becomes tiles and goes, halved, to the next level. */
  async function take(i: number, values: Samples, nRows: number): Promise<void> {
    const level = levels[i]
    const rowLength = level.width * bands
    for (let row = 0; row < nRows; ) {
      const capacity = Math.min(tileSize, level.height - level.rowsDone)
      const n = Math.min(nRows - row, capacity - level.stripRows)
      level.strip.set(values.subarray(row * rowLength, (row + n) * rowLength) as Float32Array, level.stripRows * rowLength)
      level.stripRows += n
      row += n
      if (level.stripRows === capacity) await flushStrip(i)
    }
  }

  async function flushStrip(i: number): Promise<void> {
    const level = levels[i]
    const { stripRows: rows } = level
    for (let first = 0; first < level.tilesAcross; first += tilesAtOnce) {
      const columns = Array.from({ length: Math.min(tilesAtOnce, level.tilesAcross - first) }, (_, j) => first + j)
      const tiles = await Promise.all(
        columns.map((column) => compressTile(cutTile(level, column), tileSize, bands, compression, predictor)),
      )
      for (const tile of tiles) {
        level.offsets[level.nTiles] = await file.append(tile)
        level.byteCounts[level.nTiles++] = tile.byteLength
      }
    }
    level.rowsDone += rows
    level.stripRows = 0
    const next = levels[i + 1]
    if (!next || resampling === false) return
    const halfRows = Math.ceil(rows / 2)
    const half = new Values(next.width * halfRows * bands)
    halve(level.strip, level.width, rows, bands, half, resampling, nodata)
    await take(i + 1, half, halfRows)
  }

  /** Beyond the edge of the image a tile holds nodata, or 0 without one. */
  function cutTile({ strip, stripRows, width }: Level, column: number): Samples {
    const tile = new Values(tileSize * tileSize * bands)
    const columns = Math.min(tileSize, width - column * tileSize)
    if (nodata !== null && (columns < tileSize || stripRows < tileSize)) tile.fill(nodata)
    for (let row = 0; row < stripRows; row++) {
      const from = (row * width + column * tileSize) * bands
      tile.set(strip.subarray(from, from + columns * bands) as Float32Array, row * tileSize * bands)
    }
    return tile
  }

  return {
    async writeRows(values, nRows) {
      if (!(values instanceof Values)) throw new TypeError(`expected ${Values.name}, found ${values.constructor.name}`)
      if (values.length !== nRows * grid.width * bands)
        throw new RangeError(`expected ${nRows * grid.width * bands} samples, found ${values.length}`)
      if (rowsTaken(levels[0]) + nRows > grid.height) throw new RangeError(`expected ${grid.height} rows, found more`)
      await take(0, values, nRows)
    },
    async finish() {
      try {
        if (rowsTaken(levels[0]) !== grid.height) throw new RangeError(`expected ${grid.height} rows, found ${rowsTaken(levels[0])}`)
        await file.writeAt(directories(), 0)
        return await commit(path, file, options)
      } catch (thrown) {
        await file.abort()
        throw thrown
      }
    },
    abort: () => file.abort(),
  }
}

const rowsTaken = ({ rowsDone, stripRows }: Level): number => rowsDone + stripRows

/** The .aux.xml and .ovr of a file that is replaced speak of pixels that are gone. */
async function commit(path: string, file: OutputFile, { categoryNames, colourTable }: GeotiffOptions): Promise<ExportedFile[]> {
  const files: ExportedFile[] = [{ path, sizeBytes: await file.commit(), what: 'GeoTIFF' }]
  await Promise.all([rm(`${path}.aux.xml`, { force: true }), rm(`${path}.ovr`, { force: true })])
  if (!categoryNames) return files
  const xml = new TextEncoder().encode(categoriesXml(categoryNames, colourTable ?? new Map()))
  files.push(await writeOutputFile(`${path}.aux.xml`, 'class names for GDAL', async (aux) => void (await aux.append(xml))))
  return files
}

function sharedTags(options: GeotiffOptions, predictor: Predictor, compression: Compression): { everywhere: Tag[]; first: Tag[] } {
  const { bands, dtype, colourTable, nodata, description, grid } = options
  const perBand = (value: number): number[] => new Array<number>(bands).fill(value)
  const everywhere = [
    shorts(258, perBand(samplesOf[dtype].BYTES_PER_ELEMENT * 8)),
    shorts(259, [compressionTag[compression]]),
    shorts(262, [colourTable ? 3 : 1]),
    shorts(277, [bands]),
    shorts(284, [1]),
    shorts(339, perBand(sampleFormat[dtype])),
  ]
  if (predictor > 1) everywhere.push(shorts(317, [predictor]))
  if (bands > 1) everywhere.push(shorts(338, new Array<number>(bands - 1).fill(0)))
  if (colourTable) everywhere.push(shorts(320, colourMap(colourTable, dtype === 'uint8' ? 256 : 65_536)))
  if (nodata !== undefined) everywhere.push(ascii(42113, Number.isNaN(nodata) ? 'nan' : String(nodata)))

  const first = [ascii(305, 'Stratum'), ...geoTags(grid)]
  if (description) first.push(ascii(270, description))
  const metadata = gdalMetadata(options)
  if (metadata) first.push(ascii(42112, metadata))
  return { everywhere, first }
}

/** All reds, then all greens, then all blues, 16 bits each. */
function colourMap(colours: ReadonlyMap<number, string>, size: number): Uint16Array {
  const map = new Uint16Array(3 * size)
  for (const [id, hex] of colours) {
    for (const [c, channel] of parseHex(hex).entries()) map[c * size + id] = channel * 257
  }
  return map
}

function checkOptions({ grid, bands, dtype, colourTable, predictor }: GeotiffOptions, tileSize: number): void {
  if (tileSize % 16 !== 0 || tileSize <= 0) throw new RangeError(`expected a tile size that is a multiple of 16, found ${tileSize}`)
  if (!Number.isInteger(bands) || bands < 1 || bands > 65_535) throw new RangeError(`expected 1 to 65535 bands, found ${bands}`)
  if (!(grid.width > 0 && grid.height > 0)) throw new RangeError(`expected a grid with pixels, found ${grid.width} × ${grid.height}`)
  if ((predictor === 3) !== (dtype === 'float32') && predictor !== undefined && predictor !== 1)
    throw new RangeError(`predictor ${predictor} does not fit ${dtype}`)
  if (!colourTable) return
  if (bands !== 1 || (dtype !== 'uint8' && dtype !== 'uint16')) throw new RangeError('a colour table needs one band of uint8 or uint16')
  const most = dtype === 'uint8' ? 255 : 65_535
  for (const id of colourTable.keys())
    if (!Number.isInteger(id) || id < 0 || id > most) throw new RangeError(`expected colours of 0 to ${most}, found ${id}`)
}
