/**
 * The main job on the built-in scene, from nothing to map, scores and report, with PCA + k-means beside it.
 * Nothing here is special to the demo: it is the same chain of operations a user runs.
 */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/results.ts'
import { peakMemoryMB } from '#engine/peakMemory.ts'

/** Runs one operation to its end and returns its artifact (at once when it is there already). */
export type Compute = (
  operation: string,
  inputs: Readonly<Record<string, number>>,
  params?: Readonly<Record<string, unknown>>,
  name?: string,
) => Promise<Artifact>

export interface DemoResult {
  readonly map: string
  readonly scores: string
  readonly report: string
  readonly truth: string
  /** Adjusted Rand index of the tidied class map against the truth layer. */
  readonly ari: number
  /** The same for PCA + k-means with the same filter. */
  readonly ariPca: number
  /** Area under the ROC curve of the anomaly score against the planted anomalies. */
  readonly auc: number
  readonly seconds: number
  readonly peakRssMB: number
}

export interface DemoOptions {
  readonly width: number
  readonly height: number
  readonly seed: number
  /** Number of mapped units, known to the user as to any mapper. */
  readonly k: number
  readonly preset: string
  readonly window: 3 | 5 | 7 | 9
}

export const demoDefaults: DemoOptions = { width: 512, height: 512, seed: 7, k: 6, preset: 'multispectral', window: 7 }

export const demoProjectPath = (directory: string): string => join(resolve(directory), 'demo.stratum')

/** Codes, classes and tidied classes of one model. */
async function mapOf(compute: Compute, model: Artifact, { k, window }: DemoOptions): Promise<{ latents: Artifact; map: Artifact }> {
  const latents = await compute('encode', { model: model.id })
  const clustering = await compute('cluster', { latents: latents.id }, { k }, `${model.name}, k = ${k}`)
  return { latents, map: await compute('tidy', { clustering: clustering.id }, { window }) }
}

const figuresOf = (comparison: Artifact, artifact: Artifact): Record<string, number | null> =>
  (comparison.meta as unknown as ComparisonMeta).rows.find((row) => row.artifact === artifact.id)?.figures ?? {}

/** `directory` is made when missing. Asking again reuses what is there. */
export async function runDemo(directory: string, compute: Compute, options: DemoOptions = demoDefaults): Promise<DemoResult> {
  const started = performance.now()
  const folder = resolve(directory)
  await mkdir(folder, { recursive: true })
  const dataset = await compute('sample', {}, { directory: folder, width: options.width, height: options.height })
  const matrix = await compute('prepare', { dataset: dataset.id })
  const model = await compute('train', { matrix: matrix.id }, { model: 'stacked', preset: options.preset })
  const stacked = await mapOf(compute, model, options)
  const pcaModel = await compute(
    'train',
    { matrix: matrix.id },
    { model: 'pca', settings: { components: (model.meta as { codeSize: number }).codeSize } },
  )
  const pca = await mapOf(compute, pcaModel, options)
  const scores = await compute('score', { latents: stacked.latents.id })

  const truth = join(folder, 'truth.tif')
  const agreement = await compute('evaluate', { first: stacked.map.id, second: pca.map.id }, { labels: truth })
  const detection = await compute('evaluate', { first: scores.id }, { labels: join(folder, 'anomalies.tif') })

  const map = join(folder, 'map.tif')
  const scoreMap = join(folder, 'scores.tif')
  const report = join(folder, 'report.html')
  await compute('export', { source: stacked.map.id }, { path: map })
  await compute('export', { source: stacked.map.id }, { path: join(folder, 'map.png') })
  await compute('export', { source: scores.id }, { path: scoreMap })
  await compute('export', { source: stacked.map.id }, { path: report })
  return {
    map,
    scores: scoreMap,
    report,
    truth,
    ari: figuresOf(agreement, stacked.map).ari ?? Number.NaN,
    ariPca: figuresOf(agreement, pca.map).ari ?? Number.NaN,
    auc: figuresOf(detection, scores).auc ?? Number.NaN,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    peakRssMB: Math.round(peakMemoryMB()),
  }
}
