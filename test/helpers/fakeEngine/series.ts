/** A made-up time series of two pumps that has been scored: ?scenario=series. */
import type { Artifact } from '#common/domain/artifact.ts'
import { artifact, modelArtifact, seriesDataset } from './artifacts.ts'

export function seriesArtifacts(): Artifact[] {
  const dataset = seriesDataset()
  const model = modelArtifact('ae-pumps', 0.002, { inputs: { dataset: dataset.id } }, { dataset: dataset.id, columns: dataset.columns })
  const latents = artifact(
    'latents',
    'ae-pumps codes',
    'encode',
    { model: model.id, dataset: dataset.id },
    { model: model.id, dataset: dataset.id, rows: 10_000, validRows: 10_000, codeSize: 2, meanError: 0.002, codeRange: [] },
  )
  const counts = (scale: number): number[] =>
    Array.from({ length: 1024 }, (_, i) => Math.round(scale * Math.exp(-i / 60)) + Number(i % 90 === 89))
  const scores = artifact(
    'scores',
    'ae-pumps anomalies',
    'score',
    { latents: latents.id },
    {
      method: 'reconstruction error, mean over columns',
      dataset: dataset.id,
      model: model.id,
      latents: latents.id,
      rows: 10_000,
      validRows: 10_000,
      threshold: 0.012,
      thresholdRule: '99.5 % of 2000 held-out rows score below it',
      percentile: 99.5,
      holdoutRows: 2000,
      min: 0.0001,
      max: 0.025,
      histogram: { from: 0, to: 0.026, all: counts(160), holdout: counts(32) },
      flagged: 120,
      events: { count: 5, mergeGap: 2, minimumLength: 1 },
      series: { units: ['pump 1', 'pump 2'], isDate: true },
      notes: ['No row was held out, so the threshold comes from rows the model learned from.'],
    },
  )
  return [dataset.artifact, model, latents, scores]
}
