/** Files beside a raster that belong to it: GDAL's `.aux.xml` with its system and what is known of the bands, and a world file with its place. */
import { lstat } from 'node:fs/promises'
import type { Affine } from '#common/domain/grid.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { unescapeXml } from './gdalMetadata.ts'

/** As text, where the file says it. */
export interface BandBeside {
  readonly nodata?: string
  readonly scale?: string
  readonly offset?: string
  readonly description?: string
  readonly unit?: string
}

export interface Auxiliary {
  readonly bands: readonly BandBeside[]
  /** The coordinate system as WKT: GDAL puts it here where the keys of the file have no words for it. */
  readonly wkt: string | null
}

export interface Sidecar<T> {
  readonly path: string
  readonly content: T
}

/** Statistics and histograms make it long; a longer one is none of GDAL's. */
const longestText = 16 << 20

/** Null when there is no such file. Links are not followed. */
async function textBeside(path: string): Promise<string | null> {
  const found = await lstat(path).catch(() => null)
  if (!found?.isFile() || found.size === 0 || found.size > longestText) return null
  const file = await openRandomAccess(path)
  try {
    return new TextDecoder().decode(await file.readUpTo(0, longestText))
  } finally {
    await file.close()
  }
}

export async function readAuxiliary(path: string): Promise<Sidecar<Auxiliary> | null> {
  const beside = `${path}.aux.xml`
  const text = await textBeside(beside)
  if (text === null) return null
  const bands: BandBeside[] = []
  for (const part of text.split(/<PAMRasterBand\b/).slice(1)) {
    const band = Number(/^[^>]*\bband="(\d{1,5})"/.exec(part)?.[1])
    if (!(band >= 1 && band <= 65_535)) continue
    const of = (name: string): string | undefined => {
      const found = new RegExp(`<${name}\\b[^>]*>([^<]*)</${name}>`).exec(part)?.[1]
      return found === undefined ? undefined : unescapeXml(found).trim()
    }
    const said = {
      nodata: of('NoDataValue'),
      scale: of('Scale'),
      offset: of('Offset'),
      description: of('Description'),
      unit: of('UnitType'),
    }
    bands[band - 1] = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  }
  // Each band's part comes after what is said of the file as a whole.
  const wkt = /<SRS\b[^>]*>([^<]*)<\/SRS>/.exec(text.split('<PAMRasterBand')[0] ?? '')?.[1]
  return { path: beside, content: { bands, wkt: wkt === undefined ? null : unescapeXml(wkt).trim() } }
}

/** `scene.tfw`, `scene.tifw` or `scene.wld`: six numbers, of which the last two are the centre of the first pixel. */
export async function readWorldFile(path: string): Promise<Sidecar<Affine> | null> {
  const stem = path.replace(/\.[^./\\]+$/, '')
  for (const beside of [`${stem}.tfw`, `${stem}.tifw`, `${stem}.wld`]) {
    const numbers = (await textBeside(beside))?.trim().split(/\s+/).map(Number)
    if (!numbers || numbers.length < 6 || numbers.some((value) => !Number.isFinite(value))) continue
    const [a, d, b, e, x, y] = numbers as [number, number, number, number, number, number]
    if (a * e === b * d) continue
    return { path: beside, content: [a, b, x - (a + b) / 2, d, e, y - (d + e) / 2] }
  }
  return null
}
