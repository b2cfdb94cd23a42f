/** Artifacts as the views read them: typed meta by kind, the way back to the data, and the words for rows and columns. */
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import { type DatasetKind, type DatasetMeta, columnNoun, rowNoun } from '#common/domain/dataset.ts'
import type { EmbeddingMeta } from '#common/domain/embedding.ts'
import type { FeaturesMeta } from '#common/domain/features.ts'
import type { ReportMeta } from '#common/domain/report.ts'
import type { ClusteringMeta, ExportMeta, LatentsMeta, MatrixMeta, ModelLayout, ModelMeta, ScoresMeta } from '#common/domain/results.ts'
import type { StepSizesMeta } from '#common/domain/stepSizes.ts'
import type { SweepMeta } from '#common/domain/sweep.ts'
import type { z } from 'zod'
import type { IconName } from '../ui/icons.ts'
import { formatNumber } from './format.ts'
import type { RunRequest } from './state/jobList.svelte.ts'

/** The engine writes the meta of a finished artifact through these schemas; a running one has an empty meta. */
interface MetaOf {
  dataset: DatasetMeta
  matrix: MatrixMeta
  model: ModelMeta
  latents: LatentsMeta
  clustering: z.output<typeof ClusteringMeta>
  scores: z.output<typeof ScoresMeta>
  embedding2d: EmbeddingMeta
  features: FeaturesMeta
  report: ReportMeta
  sweep: SweepMeta
  'step-sizes': StepSizesMeta
  export: z.output<typeof ExportMeta>
}

/** The meta of a finished artifact of that kind. */
export function metaOf<K extends keyof MetaOf>(artifact: Artifact, kind: K): MetaOf[K] {
  if (artifact.kind !== kind) throw new Error(`${artifact.name} is ${artifact.kind}, expected ${kind}`)
  return artifact.meta as unknown as MetaOf[K]
}

/** The artifact of `kind` this one was made from, itself included; null when there is none. */
export function ancestor(artifact: Artifact, kind: ArtifactKind, byId: ReadonlyMap<number, Artifact>): Artifact | null {
  if (artifact.kind === kind) return artifact
  for (const id of Object.values(artifact.inputs)) {
    const parent = byId.get(id)
    const found = parent ? ancestor(parent, kind, byId) : null
    if (found) return found
  }
  return null
}

/** What makes it once more: the same operation on the same inputs, with its settings, seed and name. */
export function requestOf({ operation, inputs, params, seed, name }: Artifact): RunRequest {
  return { operation, inputs: { ...inputs }, params: { ...params }, seed, name }
}

/** Everything made from this one, directly or further on. */
export function descendants(artifact: Artifact, all: readonly Artifact[]): Artifact[] {
  const found = new Set<number>([artifact.id])
  for (const other of all) if (Object.values(other.inputs).some((id) => found.has(id))) found.add(other.id)
  return all.filter((other) => other.id !== artifact.id && found.has(other.id))
}

export const kindIcon: Readonly<Record<ArtifactKind, IconName>> = {
  dataset: 'data',
  examination: 'search',
  matrix: 'table',
  model: 'train',
  latents: 'latents',
  clustering: 'cells',
  embedding2d: 'latents',
  scores: 'anomalies',
  features: 'grid',
  comparison: 'compare',
  report: 'search',
  sweep: 'compare',
  'step-sizes': 'train',
  export: 'export',
}
export const datasetIcon: Readonly<Record<DatasetKind, IconName>> = {
  raster: 'grid',
  table: 'table',
  cells: 'cells',
  embedding: 'vectors',
  series: 'wave',
}

/** Short unit of a row count beside a figure. */
export const rowUnit: Readonly<Record<DatasetKind, string>> = {
  raster: 'px',
  table: 'rows',
  cells: 'cells',
  embedding: 'vectors',
  series: 'windows',
}

/** Numbers a row is described by: '4', or '8 of 256' where all but eight of a code are zero. */
export const codeWords = ({ codeSize, activeCodes }: Pick<ModelLayout, 'codeSize' | 'activeCodes'>): string =>
  activeCodes === undefined || activeCodes >= codeSize
    ? formatNumber(codeSize)
    : `${formatNumber(activeCodes)} of ${formatNumber(codeSize)}`

/** Schemas speak of rows and columns; the field's own words replace them: Rows per step → Pixels per step. */
export function inFieldWords(text: string, kind: DatasetKind | null): string {
  if (!kind) return text
  const words: Readonly<Record<string, string>> = {
    row: rowNoun[kind][0],
    rows: rowNoun[kind][1],
    column: columnNoun[kind][0],
    columns: columnNoun[kind][1],
  }
  return text.replace(/\b(rows?|columns?)\b/gi, (found) => {
    const word = words[found.toLowerCase()] as string
    return /^[A-Z]/.test(found) ? word.charAt(0).toUpperCase() + word.slice(1) : word
  })
}
