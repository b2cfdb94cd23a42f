/** GDAL's command line tools as the independent reader of what the exporters write. Absent: said once, and the tests that need it are skipped. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasGdal = (() => {
  try {
    execFileSync('gdalinfo', ['--version'], { stdio: 'pipe' })
    return true
  } catch {
    process.stderr.write('gdalinfo is not installed (Debian: gdal-bin): the GeoTIFF tests that compare with GDAL are skipped.\n')
    return false
  }
})()

interface GdalBand {
  band: number
  block: [number, number]
  type: string
  colorInterpretation: string
  description?: string
  noDataValue?: number | string
  categories?: string[]
  colorTable?: { count: number; entries: number[][] }
  overviews?: { size: [number, number] }[]
  metadata?: Record<string, Record<string, string>>
}
export interface GdalInfo {
  size: [number, number]
  geoTransform?: number[]
  coordinateSystem?: { wkt: string }
  metadata: Record<string, Record<string, string>>
  bands: GdalBand[]
  rat?: unknown
}

export const gdalinfo = (path: string, ...options: string[]): GdalInfo =>
  JSON.parse(
    execFileSync('gdalinfo', ['-json', ...options, path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 }),
  )

/** The pixels as GDAL decodes them, band after band, in the file's own type, at most `most` bytes; `options` go to gdal_translate (e.g. -ovr 0). */
export function gdalPixels<T>(path: string, Values: new (buffer: ArrayBuffer) => T, most: number, ...options: string[]): T {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-gdal-'))
  try {
    const raw = join(folder, 'pixels.bin')
    execFileSync('gdal_translate', ['-q', '-of', 'ENVI', '-co', 'INTERLEAVE=BSQ', '-a_ullr', '0', '1', '1', '0', ...options, path, raw], {
      stdio: 'pipe',
    })
    // The place is dropped, for ENVI has no word for a sheared grid. GDAL makes the file of a single pixel larger than the pixel.
    const bytes = readFileSync(raw).subarray(0, most)
    return new Values(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What gdalinfo prints: class names and attribute tables are not in its JSON. */
export const gdalText = (path: string): string =>
  execFileSync('gdalinfo', [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 })
