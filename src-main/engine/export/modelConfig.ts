/**
 * The JSON beside the weights of a saved model: all that is needed to use it again, by us or by somebody with a few lines of Python.
 * Numbers, texts and lists only.
 */
import { z } from 'zod'
import { DatasetKind } from '#common/domain/dataset.ts'
import { MatrixMeta, type ModelMeta } from '#common/domain/results.ts'

export const formatVersion = 1

/** How rows become what the model sees; the parts of a matrix that hold for any dataset. */
export const Preparation = MatrixMeta.pick({
  datasetKind: true,
  columns: true,
  conditions: true,
  masked: true,
  given: true,
  steps: true,
  sources: true,
  parts: true,
  read: true,
})
export type Preparation = z.output<typeof Preparation>

const figure = z.number().nullable()

export const ModelConfig = z.object({
  format: z.literal('stratum-model'),
  formatVersion: z.int(),
  writtenBy: z.string(),
  name: z.string(),
  model: z.object({ id: z.string(), version: z.int(), title: z.string() }),
  /** How to cite the method. */
  citation: z.string(),
  settings: z.record(z.string(), z.unknown()),
  preparation: Preparation,
  codeSize: z.int(),
  /** Widths of each stage from its input to its output. */
  layout: z.array(z.object({ title: z.string(), widths: z.array(z.int()), code: z.int() })),
  /** As they were on the rows of the training; see ModelMeta. */
  figures: z.object({
    trainError: figure,
    holdoutError: figure,
    explainedVariance: figure,
    pcaHoldoutError: figure,
    pcaExplainedVariance: figure,
    epochs: z.number(),
    steps: z.number(),
    rowsSeen: z.number(),
  }),
  origin: z.object({
    dataset: z.string(),
    datasetKind: DatasetKind,
    trainRows: z.int(),
    holdoutRows: z.int(),
    split: z.string(),
    seed: z.int(),
    contentKey: z.string(),
  }),
  /** Missing where the weights are stored under other names, as for SAELens. */
  weights: z
    .object({
      /** Beside this file. */
      file: z.string(),
      sha256: z.string(),
      tensors: z.record(z.string(), z.array(z.int())),
    })
    .optional(),
})
export type ModelConfig = z.output<typeof ModelConfig>

export interface SavedModel {
  readonly name: string
  readonly definition: { readonly id: string; readonly version: number; readonly title: string; readonly paper: string }
  readonly meta: ModelMeta
  readonly matrix: MatrixMeta
  readonly datasetName: string
  readonly seed: number
  readonly contentKey: string
  readonly writtenBy: string
}

export function configOf({ name, definition, meta, matrix, datasetName, seed, contentKey, writtenBy }: SavedModel): ModelConfig {
  const { id, version, title, paper } = definition
  return {
    format: 'stratum-model',
    formatVersion,
    writtenBy,
    name,
    model: { id, version, title },
    citation: paper,
    settings: meta.settings,
    preparation: Preparation.parse(matrix),
    codeSize: meta.codeSize,
    layout: meta.layout.stages.map(({ title, widths, code }) => ({ title, widths, code })),
    figures: {
      trainError: meta.trainError,
      holdoutError: meta.holdoutError,
      explainedVariance: meta.explainedVariance,
      pcaHoldoutError: meta.pca.holdoutError,
      pcaExplainedVariance: meta.pca.explainedVariance,
      epochs: meta.epochs,
      steps: meta.steps,
      rowsSeen: meta.rowsSeen,
    },
    origin: {
      dataset: datasetName,
      datasetKind: matrix.datasetKind,
      trainRows: matrix.trainRows,
      holdoutRows: matrix.holdoutRows,
      split: matrix.split,
      seed,
      contentKey,
    },
  }
}
