/** Opening what `train` left in the project: weights, the pipeline before them, and an encoder that runs both. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import { modelById } from '../models/registry.ts'
import type { ComparisonScale, Weight } from '../models/define.ts'
import type { Project } from '../project/project.ts'
import { openEncoder, type Encoder } from '../train/encoder.ts'

const weightPrefix = 'weight/'
export const weightArray = (name: string): string => weightPrefix + name
/** What the optimiser needs to go on, in the names of its state. */
const lastPrefix = 'last/'
export const lastArray = (name: string): string => lastPrefix + name
/** Mean [D] and components [D, Z] of the PCA that the model is shown against. */
export const pcaArrays = { mean: 'pca/mean', components: 'pca/components' } as const

export interface TrainedModel {
  readonly meta: ModelMeta
  readonly matrix: MatrixMeta
  readonly encoder: Encoder
}

export const readWeights = (project: Project, model: Artifact): Record<string, Weight> => readArrays(project, model, weightPrefix)
/** The state in which its training ended; empty where that was not kept. */
export const readLastState = (project: Project, model: Artifact): Record<string, Weight> => readArrays(project, model, lastPrefix)

function readArrays(project: Project, model: Artifact, prefix: string): Record<string, Weight> {
  const arrays: Record<string, Weight> = {}
  for (const { name, shape } of model.arrays) {
    if (!name.startsWith(prefix)) continue
    const reader = project.array(model.id, name)
    arrays[name.slice(prefix.length)] = { shape, values: reader.read(0, shape[0] ?? 1) as Float32Array }
  }
  return arrays
}

/** The caller closes `encoder`. */
export async function openTrainedModel(project: Project, model: Artifact, threads: number): Promise<TrainedModel> {
  const meta = model.meta as unknown as ModelMeta
  const matrix = project.artifact(meta.matrix).meta as unknown as MatrixMeta
  const definition = modelById(meta.model)
  const encoder = await openEncoder({
    model: definition,
    params: definition.params.parse(meta.settings),
    inputDim: meta.columns.length,
    conditions: meta.conditions,
    masked: meta.masked,
    weights: readWeights(project, model),
    threads,
  })
  return { meta, matrix, encoder }
}

/** One prepared row, without conditions, as the model's PCA baseline rebuilds it: x̂ = (x − μ) W Wᵀ + μ, on the scale of its errors. */
export function pcaReconstruction(project: Project, model: Artifact, given: Float32Array, scale: ComparisonScale | null): Float32Array {
  const x = scale?.of(given, 1) ?? given
  const mean = project.array(model.id, pcaArrays.mean).read(0, x.length)
  const reader = project.array(model.id, pcaArrays.components)
  const W = reader.read(0, x.length)
  const Z = reader.shape[1]
  const z = new Float64Array(Z)
  for (let i = 0; i < x.length; i++) for (let j = 0; j < Z; j++) z[j] += (x[i] - mean[i]) * W[i * Z + j]
  const back = Float32Array.from(x, (_, i) => z.reduce((sum, code, j) => sum + code * W[i * Z + j], mean[i]))
  return scale?.back(back, given, 1) ?? back
}
