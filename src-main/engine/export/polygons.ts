/**
 * Anomalous objects and classes of a map as polygons along pixel edges: GeoJSON in degrees, or a GeoPackage in the scene's own system.
 * Polygons are written as lines of the map complete them. Memory: what crosses the newest line, see `ObjectFinder`.
 */
import type { LegendEntry } from '#common/domain/artifact.ts'
import type { Grid } from '#common/domain/grid.ts'
import { pixelMetres } from '#common/domain/ground.ts'
import { ObjectFinder } from '../analysis/anomalies/objects.ts'
import { polygonSteps } from '../analysis/maps/polygons.ts'
import { atPace, createPace } from '../analysis/pace.ts'
import { confidenceOf, defaultMinimumPixels, eachObject, type ScoresReader, thresholdOf } from '../operations/score/findings.ts'
import type { ArrayReader, Project } from '../project/project.ts'
import { blameText } from './anomalies.ts'
import type { ExportedFile } from './outputFile.ts'
import type { PolygonFeature, PolygonLayer } from './vector/features.ts'
import { writeGeojson } from './vector/geojson.ts'
import { writeGeopackage } from './vector/geopackage.ts'

const writers = { geojson: writeGeojson, geopackage: writeGeopackage } as const
export type PolygonFormat = keyof typeof writers

interface Request {
  readonly path: string
  readonly format: PolygonFormat
  readonly grid: Grid
  /** What the result is called. */
  readonly description: string
  readonly signal: AbortSignal
  readonly report?: (fraction: number) => void
}

const figure = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(6)))

const objectFields: PolygonLayer['fields'] = [
  { name: 'object', type: 'integer' },
  { name: 'pixels', type: 'integer' },
  { name: 'area_m2', type: 'real' },
  { name: 'centroid_x', type: 'real' },
  { name: 'centroid_y', type: 'real' },
  { name: 'peak_score', type: 'real' },
  { name: 'mean_score', type: 'real' },
  { name: 'confidence', type: 'real' },
  { name: 'blame', type: 'text' },
  { name: 'verdict', type: 'text' },
  { name: 'comment', type: 'text' },
]

/** Each object above the threshold that counts, with what was found of it. Its number is its highest pixel's; confidence is that pixel's. */
export async function exportObjectPolygons(
  project: Project,
  scores: ScoresReader,
  request: Request,
  smallest: number | null = null,
): Promise<ExportedFile[]> {
  const { path, format, grid, description, signal } = request
  const threshold = thresholdOf(scores)
  const minimumPixels = smallest ?? scores.meta.objects?.minimumPixels ?? defaultMinimumPixels
  const confidence = confidenceOf(scores, threshold)
  const pace = createPace(signal)
  async function* features(): AsyncGenerator<PolygonFeature> {
    for await (const { object, sides } of eachObject(project, scores, { threshold, minimumPixels, grid, outlines: true }, signal)) {
      const { peak, pixels, areaM2, centroid, maxScore, meanScore, blame, review } = object
      yield {
        id: peak,
        polygons: await atPace(polygonSteps(sides, grid.width), pace),
        values: [
          peak,
          pixels,
          figure(areaM2),
          centroid.mapX ?? centroid.x,
          centroid.mapY ?? centroid.y,
          figure(maxScore),
          figure(meanScore),
          figure(confidence?.stability(maxScore) ?? null),
          blameText(blame),
          review?.verdict ?? null,
          review?.comment || null,
        ],
      }
      if (pace.due()) await pace.rest()
    }
  }
  return [await writers[format](path, { name: 'anomalies', description, fields: objectFields, features: features() }, grid)]
}

const classFields: PolygonLayer['fields'] = [
  { name: 'class', type: 'integer' },
  { name: 'name', type: 'text' },
  { name: 'colour', type: 'text' },
  { name: 'pixels', type: 'integer' },
  { name: 'area_m2', type: 'real' },
]

const pixelsPerRead = 1 << 19

/** A region of one class, as its last line completes it. */
interface Region {
  readonly sides: readonly number[]
  readonly values: PolygonFeature['values']
}

/** Each region of one class whose pixels share a side. */
export async function exportClassPolygons(labels: ArrayReader, legend: readonly LegendEntry[], request: Request): Promise<ExportedFile[]> {
  const { path, format, grid, description, signal, report } = request
  const styles = new Map(legend.map((entry) => [entry.id, entry]))
  const metres = pixelMetres(grid)
  const pixelM2 = metres ? metres[0] * metres[1] : null
  const pace = createPace(signal)
  const restIfDue = async (line: number): Promise<void> => {
    if (!pace.due()) return
    report?.(line / grid.height)
    await pace.rest()
  }
  async function* features(): AsyncGenerator<PolygonFeature> {
    let ready: Region[] = []
    let id = 0
    const featureOf = async ({ sides, values }: Region): Promise<PolygonFeature> => ({
      id: ++id,
      polygons: await atPace(polygonSteps(sides, grid.width), pace),
      values,
    })
    const finder = new ObjectFinder({
      width: grid.width,
      keyOf: (label) => label,
      corners: false,
      outlines: true,
      minimumPixels: 1,
      found: ({ key, pixels, sides }) => {
        const { name = `Class ${key}`, colour = null } = styles.get(key) ?? {}
        ready.push({ sides, values: [key, name, colour, pixels, pixelM2 === null ? null : figure(pixels * pixelM2)] })
      },
    })
    const linesPerRead = Math.max(1, Math.floor(pixelsPerRead / grid.width))
    for (let line = 0; line < grid.height; line += linesPerRead) {
      const last = Math.min(grid.height, line + linesPerRead)
      const block = labels.read(line * grid.width, last * grid.width)
      for (let i = 0; i < last - line; i++) {
        finder.addLine(block.subarray(i * grid.width, (i + 1) * grid.width))
        const complete = ready
        ready = []
        for (const region of complete) {
          yield await featureOf(region)
          await restIfDue(line + i)
        }
        await restIfDue(line + i)
      }
      report?.(last / grid.height)
    }
    finder.finish()
    for (const region of ready) yield await featureOf(region)
  }
  return [await writers[format](path, { name: 'classes', description, fields: classFields, features: features() }, grid)]
}
