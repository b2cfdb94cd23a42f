/** A project with a scene whose classes are known: dataset, drawn rows, model, codes and a clustering, written straight into it. */
import type { ClusteringMeta } from '#common/domain/results.ts'
import type { Grid } from '#common/domain/grid.ts'
import type { ProjectFile } from '#engine/project/open.ts'
import { gridOf } from './memorySource.ts'
import { storedArtifact } from './storedArtifact.ts'

export interface ClassedScene {
  readonly dataset: number
  readonly latents: number
  readonly model: number
  readonly clustering: number
}

export interface SceneParts {
  readonly width: number
  readonly height: number
  /** [rows] 0 for no data; the last class is noise where `noise` says so. */
  readonly labels: readonly number[]
  /** [rows × 2] NaN where there is no class; by default around (label, −label). */
  readonly codes?: Float32Array
  readonly noise?: boolean
  /** Rows that were drawn for learning; by default every one with a class. */
  readonly drawn?: (row: number) => boolean
  readonly grid?: Partial<Grid> | null
}

export function classedScene(
  project: ProjectFile,
  { width, height, labels, codes, noise = false, drawn = () => true, grid = {} }: SceneParts,
): ClassedScene {
  const rows = width * height
  const columns = ['class', 'row'].map((name) => ({ name, type: 'number', unit: null, wavelengthNm: null }))
  const dataset = storedArtifact(project, 'dataset', { kind: 'raster', rows, columns, grid: grid && { ...gridOf(width, height), ...grid } })
  const valid = [...labels.keys()].filter((i) => labels[i] > 0)
  const learned = valid.filter(drawn)
  // Two columns: the class, and the row.
  const X = Float32Array.from(learned.flatMap((i) => [labels[i], i]))
  const numbers = { dtype: 'float64', shape: [learned.length], values: Float64Array.from(learned) } as const
  const none = { dtype: 'float64', shape: [0], values: new Float64Array() } as const
  const matrix = storedArtifact(
    project,
    'matrix',
    { dataset, columns, steps: [], trainRows: learned.length, holdoutRows: 0 },
    {
      train: { dtype: 'float32', shape: [learned.length, 2], values: X },
      trainIndex: numbers,
      holdout: { dtype: 'float32', shape: [0, 2], values: new Float32Array() },
      holdoutIndex: none,
    },
  )
  const model = storedArtifact(project, 'model', { dataset, matrix })
  const Z = 2
  const around = Float32Array.from(
    [...labels.keys()].flatMap((i) => (labels[i] === 0 ? [Number.NaN, Number.NaN] : [labels[i] + 0.01 * (i % 5), -labels[i]])),
  )
  const latents = storedArtifact(
    project,
    'latents',
    { dataset, model, rows, validRows: valid.length, codeSize: Z },
    { codes: { dtype: 'float32', shape: [rows, Z], values: codes ?? around, chunkRows: 50 } },
  )
  const count = Math.max(...labels)
  const k = count - Number(noise)
  const sizes = Array.from({ length: count }, (_, c) => labels.filter((label) => label === c + 1).length)
  const meta: Partial<ClusteringMeta> = {
    method: 'k-means',
    dataset,
    latents,
    k,
    rows,
    validRows: valid.length,
    classes: sizes.map((n, c) => ({
      id: c + 1,
      rows: n,
      share: n / valid.length,
      mean: [],
      sd: [],
      ...(noise && c + 1 === count && { isNoise: true }),
    })),
    inertia: 1,
    silhouette: 0.5,
    kCurve: [],
    chosenBecause: 'given',
    tidied: 0,
  }
  const centres = Float32Array.from({ length: k * Z }, (_, at) => (at % 2 === 0 ? 1 : -1) * (Math.floor(at / 2) + 1))
  const clustering = storedArtifact(project, 'clustering', meta, {
    labels: { dtype: 'uint16', shape: [rows], values: Uint16Array.from(labels), chunkRows: 37 },
    centres: { dtype: 'float32', shape: [k, Z], values: centres },
  })
  return { dataset, latents, model, clustering }
}
