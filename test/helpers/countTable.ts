/**
 * Cells of known kinds grouped three ways: k-means with the true k on 20 axes of what the count autoencoder decodes, on its codes, and
 * on 20 axes of the log-normalised counts themselves. Labels choose k and judge, nothing else.
 */
import type { Artifact } from '../../src-main/common/domain/artifact.ts'
import type { DatasetMeta } from '../../src-main/common/domain/dataset.ts'
import type { ComparisonMeta, ModelMeta } from '../../src-main/common/domain/results.ts'
import { sharedData } from './sharedData.ts'
import type { Workbench } from './workbench.ts'

export const ways = ['decoded', 'codes', 'counts'] as const
export type Way = (typeof ways)[number]

export interface SeedRow {
  readonly seed: number
  /** Adjusted Rand index. */
  readonly ari: Readonly<Record<Way, number>>
  readonly epochs: number
  readonly seconds: number
}

interface Options {
  /** Beside the model's defaults. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Of cells to learn from, at most. */
  readonly rows?: number
  readonly withCounts?: boolean
  readonly done?: (row: SeedRow) => void
}

async function axesOfCounts(bench: Workbench, dataset: number): Promise<Artifact> {
  const logs = await bench.compute('prepare', { dataset }, { counts: 'log1p-median', scaling: 'none' })
  const pca = await bench.compute('train', { matrix: logs.id }, { model: 'pca', settings: { components: 20 } })
  return bench.compute('encode', { model: pca.id })
}

/** The groups of all ways, or without the counts themselves, whose axes take longer than a short training. */
export async function groupedThreeWays(
  bench: Workbench,
  file: string,
  k: number,
  seeds: readonly number[],
  { settings = {}, rows: learnedFrom, withCounts = true, done }: Options = {},
): Promise<SeedRow[]> {
  const dataset = await bench.compute('import', {}, { path: sharedData(file) })
  const { labelFields } = dataset.meta as unknown as DatasetMeta
  const labels = labelFields?.[0] ?? 'Y'
  const counts = await bench.compute(
    'prepare',
    { dataset: dataset.id },
    { counts: 'none', scaling: 'none', ...(learnedFrom && { rows: learnedFrom }) },
  )
  const axes = withCounts ? await axesOfCounts(bench, dataset.id) : null

  const rows: SeedRow[] = []
  for (const seed of seeds) {
    const model = await bench.compute('train', { matrix: counts.id }, { model: 'count-vae', settings }, seed)
    const codes = await bench.compute('encode', { model: model.id })
    const decoded = await bench.compute('decoded-space', { latents: codes.id }, {}, seed)
    const maps: number[] = []
    for (const { id } of [decoded, codes, ...(axes ? [axes] : [])])
      maps.push((await bench.compute('cluster', { latents: id }, { k, method: 'k-means' }, seed)).id)
    const [first, second, third] = maps
    const judged = await bench.compute('evaluate', { first, second, ...(axes && { third }) }, { labels, ignore: [] })
    const figures = (judged.meta as unknown as ComparisonMeta).rows.map(({ figures: { ari } }) => ari as number)
    const row = {
      seed,
      ari: { decoded: figures[0], codes: figures[1], counts: figures[2] ?? Number.NaN },
      epochs: (model.meta as unknown as ModelMeta).epochs,
      seconds: model.seconds ?? 0,
    }
    rows.push(row)
    done?.(row)
  }
  return rows
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
