/** What is said of finished classes: their sizes and profiles, and how well they keep apart. */
import type { ClusteringMeta } from '#common/domain/results.ts'
import type { Clustering } from '../../analysis/clustering/define.ts'
import { atPace, createPace } from '../../analysis/pace.ts'
import { silhouette } from '../../analysis/validity/silhouette.ts'
import { type ClassProfile, classProfileSteps, type DrawnRows } from '../profiles.ts'
import type { LabelledRows } from './labelRows.ts'
import type { Context } from './params.ts'
import type { ClusteredRows } from './rows.ts'

/** Mean distances of every sampled row to every class would not fit. */
const mostSilhouettes = 4096

/** Of the rows learned from, noise left out. Memory: their codes once more where there is noise. */
export async function sampleSilhouette(
  ctx: Context,
  { sample: { codes }, latents: { codeSize } }: ClusteredRows,
  { k, labels }: Clustering,
): Promise<number | null> {
  if (k > mostSilhouettes) return null
  const kept = labels.some((label) => label < 0) ? withoutNoise(codes, labels, codeSize) : { codes, labels }
  return silhouette(kept.codes, kept.labels.length, codeSize, kept.labels, k, {
    sample: 2000,
    seed: ctx.seed,
    signal: ctx.signal,
    report: (fraction) => ctx.report({ stage: 'Judging classes', fraction }),
  })
}

/** @param codes [n × d] */
function withoutNoise(codes: Float32Array, labels: Int32Array, d: number): { codes: Float32Array; labels: Int32Array } {
  const classed = labels.filter((label) => label >= 0)
  const kept = new Float32Array(classed.length * d)
  for (let i = 0, to = 0; i < labels.length; i++) if (labels[i] >= 0) kept.set(codes.subarray(i * d, (i + 1) * d), d * to++)
  return { codes: kept, labels: classed }
}

type Described = Pick<ClassProfile, 'mean' | 'sd'> & Partial<ClassProfile>

/** @param drawn with the label of each in `labels`; null where there are no columns to describe classes by */
export async function describedClasses(
  { signal }: Context,
  { k, sizes }: LabelledRows,
  validRows: number,
  drawn: DrawnRows | null,
  labels: Uint16Array,
): Promise<ClusteringMeta['classes']> {
  const hasNoise = sizes[k + 1] > 0
  const profiles: readonly Described[] = drawn
    ? await atPace(classProfileSteps(drawn, labels, k + 1), createPace(signal))
    : Array.from({ length: k + 1 }, () => ({ mean: [], sd: [] }))
  return Array.from({ length: k + (hasNoise ? 1 : 0) }, (_, i) => ({
    id: i + 1,
    rows: sizes[i + 1],
    share: sizes[i + 1] / Math.max(1, validRows),
    ...profiles[i],
    ...(i === k && { isNoise: true }),
  }))
}
