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

/** Of the rows learned from, noise left out. */
export async function sampleSilhouette(
  ctx: Context,
  { sample: { codes, rows }, latents: { codeSize: d } }: ClusteredRows,
  { k, labels }: Clustering,
): Promise<number | null> {
  if (k > mostSilhouettes) return null
  const kept = Uint32Array.from(rows.keys()).filter((i) => labels[i] >= 0)
  const all = kept.length === rows.length
  const X = all ? codes : new Float32Array(kept.length * d)
  if (!all) for (const [to, i] of kept.entries()) X.set(codes.subarray(i * d, (i + 1) * d), to * d)
  return silhouette(X, kept.length, d, all ? labels : Int32Array.from(kept, (i) => labels[i]), k, {
    sample: 2000,
    seed: ctx.seed,
    signal: ctx.signal,
    report: (fraction) => ctx.report({ stage: 'Judging classes', fraction }),
  })
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
