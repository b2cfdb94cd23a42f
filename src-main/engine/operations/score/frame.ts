/**
 * A model as scores see it: prepared rows, and what becomes of them as codes and as errors of the columns.
 * Memory: the weights, and what a call returns.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import { type LatentsMeta, type MatrixMeta, type ModelMeta, rebuiltOf } from '#common/domain/results.ts'
import type { ScoreSpace } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import { firstOfEach, lastOfEach } from '../../compute/rowReader.ts'
import type { Project } from '../../project/project.ts'
import type { Encoder } from '../../train/encoder.ts'
import { openTrainedModel } from '../trainedModel.ts'

export interface Frame {
  readonly model: ModelMeta
  readonly modelArtifact: Artifact
  readonly matrix: MatrixMeta
  readonly latents: LatentsMeta
  /** D, all columns of prepared rows, and how many of them are rebuilt. */
  readonly D: number
  readonly C: number
  widthOf(space: ScoreSpace): number
  /** Prepared rows [n × D] as rows of the space. @throws DATA_UNSUITABLE for codes that are not the model's own */
  inSpace(space: ScoreSpace, X: Float32Array, n: number): Promise<Float32Array>
  /** x̂ [n × C] in prepared units. */
  reconstruct(X: Float32Array, n: number): Promise<Float32Array>
  /** Mean squared error of each row. */
  errors(X: Float32Array, n: number): Promise<Float32Array>
  /** What else is to end with it. */
  onClose(end: () => Promise<void>): void
  close(): Promise<void>
}

interface FrameOptions {
  readonly project: Project
  readonly latents: Artifact
  readonly threads: number
  readonly signal: AbortSignal
}

/** Close it: it holds threads once it was asked for what needs the model. */
export function openFrame({ project, latents: artifact, threads, signal }: FrameOptions): Frame {
  const latents = artifact.meta as unknown as LatentsMeta
  const modelArtifact = project.artifact(latents.model)
  const model = modelArtifact.meta as unknown as ModelMeta
  const matrix = project.artifact(model.matrix).meta as unknown as MatrixMeta
  const ends: (() => Promise<void>)[] = []
  const D = matrix.columns.length
  const C = rebuiltOf(matrix).length
  let opening: Promise<Encoder> | null = null
  const encoder = (): Promise<Encoder> => {
    opening ??= openTrainedModel(project, modelArtifact, threads).then((trained) => trained.encoder)
    return opening
  }

  async function codesOf(X: Float32Array, n: number): Promise<Float32Array> {
    if (latents.numbers !== undefined)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `These codes are ${latents.numbers}, which are not known of other rows than their own.`,
        'Score the model’s own codes, or score prepared columns or errors.',
        { artifact: artifact.id, parameter: 'space' },
      )
    const open = await encoder()
    const codes = await open.codes(X, n, signal)
    const { units } = latents
    if (!units) return codes
    const Z = open.codeSize
    const kept = new Float32Array(n * units.length)
    for (let i = 0; i < n; i++) for (let j = 0; j < units.length; j++) kept[i * units.length + j] = codes[i * Z + units[j]]
    return kept
  }
  async function residualOf(X: Float32Array, n: number): Promise<Float32Array> {
    const open = await encoder()
    const back = await open.reconstruct(X, n, signal)
    const given = firstOfEach(X, n, D, C)
    const [x, y] = open.scale ? [open.scale.of(given, n), open.scale.of(back, n)] : [given, back]
    const residual = new Float32Array(n * C)
    const present = model.masked ? lastOfEach(X, n, D, C) : null
    for (let i = 0; i < residual.length; i++) residual[i] = present?.[i] === 0 ? 0 : x[i] - y[i]
    return residual
  }

  return {
    model,
    modelArtifact,
    matrix,
    latents,
    D,
    C,
    widthOf: (space) => (space === 'codes' ? latents.codeSize : space === 'prepared-residual' ? 2 * C : C),
    async inSpace(space, X, n) {
      if (space === 'codes') return codesOf(X, n)
      if (space === 'residual') return residualOf(X, n)
      const columns = firstOfEach(X, n, D, C)
      if (space === 'prepared') return columns
      const residual = await residualOf(X, n)
      const both = new Float32Array(n * 2 * C)
      for (let i = 0; i < n; i++) {
        both.set(columns.subarray(i * C, (i + 1) * C), i * 2 * C)
        both.set(residual.subarray(i * C, (i + 1) * C), i * 2 * C + C)
      }
      return both
    },
    reconstruct: async (X, n) => (await encoder()).reconstruct(X, n, signal),
    errors: async (X, n) => (await (await encoder()).encode(X, n, signal)).error,
    onClose: (end) => void ends.push(end),
    async close() {
      for (const end of ends) await end()
      if (opening) await (await opening).close()
    },
  }
}
