/**
 * The built-in sample: a multispectral scene of six folded and faulted rock units, made from a seed alone.
 *
 * A pixel's reflectance r [bands], before rounding to uint16 (× 10 000):
 *
 *   rind     c = 0.9 · a / (a + s (1 − a))                 a weathering 0 … 1, s the unit's own saturation
 *   rock     k = ½ [(1 − c) f + c v] + ½ / [(1 − c)/f + c/v]   f fresh, v varnish: side by side and intimately mixed
 *   contact  m = (1 − w) k + w k′                          w ≤ ½ across a contact nearer than the point spread
 *   plants   g = (1 − t) m + t · vegetation
 *   light    r = g (1 + q) / (1 − q) + noise               q of the relief: most slopes are gentle, a few are steep
 *
 * Weathering saturates, mixing is not linear and light multiplies with long tails: straight axes do not separate the units,
 * yet everything but the noise lies on a sheet of few dimensions. Truth and anomalies never enter the pixels but through r.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { Grid } from '#common/domain/grid.ts'
import { createGeotiff, type GeotiffOptions } from '../export/geotiff/geotiff.ts'
import { Geology, type Place } from './geology.ts'
import { FractalNoise, normal, uniform } from './noise.ts'
import { bandsOf, copperCarbonate, rockUnits, varnish, vegetation } from './spectra.ts'

export interface SceneOptions {
  /** Pixels, 16 … 20 000. Shapes scale with the shorter side; anomalies and noise keep their size in pixels. */
  readonly width?: number
  readonly height?: number
  /** 1 … 256, spread over 443 … 2190 nm. */
  readonly bands?: number
  /** Same seed, same bytes, on every platform. */
  readonly seed?: number
}

export interface Scene {
  readonly grid: Grid
  readonly bandNames: string[]
  readonly wavelengthsNm: number[]
  /** Rows from … to−1, [rows × width × bands]: reflectance × 10 000, 0 = nodata. Rows may be asked for in any order and split. */
  rows(from: number, to: number): Uint16Array
  /** [rows × width]: 0 = nodata, 1 … 6 = the unit at the pixel's centre. */
  truth(from: number, to: number): Uint8Array
  /** [rows × width]: 1 = planted anomaly. */
  anomalies(from: number, to: number): Uint8Array
}

/** One anomaly of five pixels, a cross, in every square of so many pixels: 0.05 %. */
const anomalySpacing = 100
/** Share of copper carbonate in an anomalous pixel. */
const anomalyShare = 0.85
/** Contacts nearer than this, in pixels, are seen mixed. */
const pointSpread = 1.2
/** Sensor noise: a share of the signal and a floor of reflectance. */
const noiseShare = 0.02
const noiseFloor = 0.004

/** Numbers of the noise fields; bands count up from the last. */
const layer = {
  relief: 4,
  weathering: 5,
  plants: 6,
  weatheringGrain: 8,
  plantGrain: 9,
  roughness: 10,
  anomalyX: 11,
  anomalyY: 12,
  sensor: 20,
}

/** Memory: a few rows, beside the rows asked for. */
export function createScene({ width = 512, height = 512, bands = 10, seed = 7 }: SceneOptions = {}): Scene {
  checkWhole('width', width, 16, 20_000)
  checkWhole('height', height, 16, 20_000)
  checkWhole('bands', bands, 1, 256)
  checkWhole('seed', seed, -(2 ** 31), 2 ** 53 - 1)
  const scale = Math.min(width, height) / 512
  const geology = new Geology(width, height, seed)
  const relief = new FractalNoise(seed, layer.relief, 60 * scale, 4)
  const weathering = new FractalNoise(seed, layer.weathering, 40 * scale, 3)
  const plants = new FractalNoise(seed, layer.plants, 50 * scale, 4)
  const { names, wavelengthsNm } = bandsOf(bands)
  const sample = (spectrum: (nm: number) => number) => Float64Array.from(wavelengthsNm, spectrum)
  const fresh = rockUnits.map((unit) => sample(unit.fresh))
  const saturation = rockUnits.map((unit) => unit.saturation)
  const [rind, leaves, copper] = [varnish, vegetation, copperCarbonate].map(sample)
  const line = (): Float64Array => new Float64Array(width)

  // The swath's edges slant as those of a satellite on its orbit.
  const left = (y: number): number => width * (0.075 - (0.06 * y) / height)
  const right = (y: number): number => width * (0.985 - (0.06 * y) / height)
  const isSeen = (x: number, y: number): boolean => x >= left(y) && x < right(y)

  function isAnomaly(x: number, y: number): boolean {
    const i = Math.floor(x / anomalySpacing)
    const j = Math.floor(y / anomalySpacing)
    const room = anomalySpacing - 4
    const dx = x - i * anomalySpacing - 2 - Math.floor(uniform(seed, layer.anomalyX, i, j) * room)
    const dy = y - j * anomalySpacing - 2 - Math.floor(uniform(seed, layer.anomalyY, i, j) * room)
    return Math.abs(dx) + Math.abs(dy) <= 1
  }

  function rows(from: number, to: number): Uint16Array {
    checkRows(from, to, height)
    const values = new Uint16Array((to - from) * width * bands)
    let p = geology.row(from, line())
    let pBelow = line()
    let h = relief.row(from, line())
    let hBelow = line()
    const age = line()
    const cover = line()
    const place: Place = { unit: 0, neighbour: 0, distance: 0 }
    for (let y = from; y < to; y++) {
      geology.row(y + 1, pBelow)
      relief.row(y + 1, hBelow)
      weathering.row(y, age)
      plants.row(y, cover)
      for (let x = 0; x < width; x++) {
        if (!isSeen(x, y)) continue
        geology.locate(p[x], place)
        const { unit, neighbour } = place
        const w = mixedShare(place.distance, x + 1 < width ? p[x + 1] - p[x] : p[x] - p[x - 1], pBelow[x] - p[x])
        const a = clamp(0.2 + 0.03 * age[x] + 0.02 * normal(seed, layer.weatheringGrain, x, y), 0, 1)
        const c = rindCover(a, saturation[unit])
        const cNeighbour = rindCover(a, saturation[neighbour])
        const t = plantCover(0.3 * cover[x] + normal(seed, layer.plantGrain, x, y))
        const light = illumination((hBelow[x] - h[x]) * scale, normal(seed, layer.roughness, x, y))
        const planted = isAnomaly(x, y)
        const at = ((y - from) * width + x) * bands
        for (let b = 0; b < bands; b++) {
          let r = mixed(fresh[unit][b], rind[b], c)
          if (w > 0) r += w * (mixed(fresh[neighbour][b], rind[b], cNeighbour) - r)
          r += t * (leaves[b] - r)
          if (planted) r += anomalyShare * (copper[b] - r)
          r *= light
          const deviation = Math.sqrt(noiseShare * noiseShare * r * r + noiseFloor * noiseFloor)
          values[at + b] = clamp(Math.round((r + deviation * normal(seed, layer.sensor + b, x, y)) * 10_000), 1, 65_535)
        }
      }
      ;[p, pBelow, h, hBelow] = [pBelow, p, hBelow, h]
    }
    return values
  }

  function truth(from: number, to: number): Uint8Array {
    checkRows(from, to, height)
    const values = new Uint8Array((to - from) * width)
    const p = line()
    const place: Place = { unit: 0, neighbour: 0, distance: 0 }
    for (let y = from; y < to; y++) {
      geology.row(y, p)
      for (let x = 0; x < width; x++) {
        if (!isSeen(x, y)) continue
        geology.locate(p[x], place)
        values[(y - from) * width + x] = place.unit + 1
      }
    }
    return values
  }

  function anomalies(from: number, to: number): Uint8Array {
    checkRows(from, to, height)
    const values = new Uint8Array((to - from) * width)
    for (let y = from; y < to; y++) for (let x = 0; x < width; x++) if (isSeen(x, y) && isAnomaly(x, y)) values[(y - from) * width + x] = 1
    return values
  }

  return { grid: gridOf(width, height), bandNames: names, wavelengthsNm, rows, truth, anomalies }
}

const clamp = (value: number, least: number, most: number): number => (value < least ? least : value > most ? most : value)

const rindCover = (a: number, saturation: number): number => (0.9 * a) / (a + saturation * (1 - a))

/** Half of the rind lies beside the rock (arithmetic mean), half is mixed into it grain by grain (harmonic: dark grains win). */
const mixed = (fresh: number, rind: number, c: number): number => 0.5 * ((1 - c) * fresh + c * rind) + 0.5 / ((1 - c) / fresh + c / rind)

/** Single shrubs, more of them in some places; they close up only slowly. */
function plantCover(favour: number): number {
  const over = 0.2 * (favour - 1.8)
  return over > 0 ? over / (over + 0.5) : 0
}

/** 1 on flat ground, from ⅓ in shade to 3 on a steep sunlit slope. `fall` is the relief's fall over one pixel of the default scene. */
function illumination(fall: number, roughness: number): number {
  const slope = 20 * fall
  const q = clamp(0.06 * slope + 0.017 * slope * slope * slope + 0.01 * roughness, -0.5, 0.5)
  return (1 + q) / (1 - q)
}

/** Share of the unit across the contact; dpx, dpy: what p gains per pixel. Across a fault p jumps and nothing is mixed. */
function mixedShare(distance: number, dpx: number, dpy: number): number {
  const perPixel = Math.sqrt(dpx * dpx + dpy * dpy)
  const pixels = distance / Math.max(perPixel, 1e-9)
  return pixels < pointSpread && perPixel < 0.1 ? 0.5 * (1 - pixels / pointSpread) : 0
}

/** UTM zone 54 south, 10 m pixels, in the ranges around Broken Hill, whose rocks this scene imitates and does not show. */
function gridOf(width: number, height: number): Grid {
  const name = 'WGS 84 / UTM zone 54S'
  return {
    width,
    height,
    transform: [10, 0, 542_000, 0, -10, 6_466_000],
    georeferenced: true,
    crs: { code: 'EPSG:32754', name, unit: 'metre', proj4: '+proj=utm +zone=54 +south +datum=WGS84 +units=m +no_defs' },
    geoKeys: {
      // GTModelType projected · GTRasterType area · GTCitation · ProjectedCSType · ProjLinearUnits metre
      GeoKeyDirectory: [1, 1, 0, 5, 1024, 0, 1, 1, 1025, 0, 1, 1, 1026, 34737, name.length + 1, 0, 3072, 0, 1, 32754, 3076, 0, 1, 9001],
      GeoAsciiParams: `${name}|`,
    },
  }
}

function checkWhole(parameter: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  const expected = `Give a whole number from ${least} to ${most}.`
  throw new StratumError('PARAMETER_INVALID', `The sample scene’s ${parameter} is ${value}.`, expected, { parameter, value })
}

function checkRows(from: number, to: number, height: number): void {
  if (from < 0 || to < from || to > height) throw new RangeError(`rows ${from} … ${to} are not within 0 … ${height}`)
}

export interface WriteSceneOptions extends SceneOptions {
  readonly signal?: AbortSignal
  /** Rows written so far of all rows of the three files. */
  readonly report?: (done: number, total: number) => void
}

/**
 * Writes scene.tif, truth.tif and anomalies.tif into `dir`, which is made when missing. A cancelled or failed file is not left behind.
 * Memory: what createGeotiff holds and 16 rows, some 100 MB at 10 000 columns and 10 bands.
 *
 * @throws CANCELLED · PARAMETER_INVALID · DISK_FULL · FOLDER_READ_ONLY
 */
export async function writeScene(
  dir: string,
  { signal, report, ...options }: WriteSceneOptions = {},
): Promise<{ scene: string; truth: string; anomalies: string }> {
  const { grid, bandNames, wavelengthsNm, rows, truth, anomalies } = createScene(options)
  const paths = { scene: join(dir, 'scene.tif'), truth: join(dir, 'truth.tif'), anomalies: join(dir, 'anomalies.tif') }
  await mkdir(dir, { recursive: true })
  const files: [path: string, options: Omit<GeotiffOptions, 'grid'>, values: (from: number, to: number) => Uint16Array | Uint8Array][] = [
    [
      paths.scene,
      { bands: bandNames.length, dtype: 'uint16', nodata: 0, bandNames, wavelengthsNm, description: 'Sample scene, reflectance × 10 000' },
      rows,
    ],
    [
      paths.truth,
      {
        bands: 1,
        dtype: 'uint8',
        nodata: 0,
        overviews: 'mode',
        bandNames: ['rock unit'],
        categoryNames: ['none', ...rockUnits.map(({ name }) => name)],
      },
      truth,
    ],
    [paths.anomalies, { bands: 1, dtype: 'uint8', overviews: false, bandNames: ['planted anomaly'] }, anomalies],
  ]
  for (const [i, [path, fileOptions, values]] of files.entries()) {
    const writer = await createGeotiff(path, { grid, ...fileOptions })
    try {
      for (let from = 0; from < grid.height; from += stripRows) {
        if (signal) throwIfCancelled(signal)
        const to = Math.min(grid.height, from + stripRows)
        await writer.writeRows(values(from, to), to - from)
        report?.(i * grid.height + to, files.length * grid.height)
      }
      await writer.finish()
    } catch (error) {
      await writer.abort()
      throw error
    }
  }
  return paths
}

/** At 10 000 × 10 pixels a strip takes about a tenth of a second, so a cancel is answered soon. */
const stripRows = 16
