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
  JSON.parse(execFileSync('gdalinfo', ['-json', ...options, path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 }))

/** The pixels as GDAL decodes them, band after band, in the file's own type; `options` go to gdal_translate (e.g. -ovr 0). */
export function gdalPixels<T>(path: string, Values: new (buffer: ArrayBuffer) => T, ...options: string[]): T {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-gdal-'))
  try {
    const raw = join(folder, 'pixels.bin')
    execFileSync('gdal_translate', ['-q', '-of', 'ENVI', '-co', 'INTERLEAVE=BSQ', ...options, path, raw], { stdio: 'pipe' })
    const { size, bands } = gdalinfo(path)
    // GDAL makes the file of a single pixel larger than the pixel.
    const bytes = options.length > 0 ? readFileSync(raw) : readFileSync(raw).subarray(0, size[0] * size[1] * bands.length * (Values as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT)
    return new Values(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
