/**
 * Cells of known kinds grouped three ways: k-means with the true k on 20 axes of what the count autoencoder decodes, on its codes, and
 * on 20 axes of the log-normalised counts themselves. Labels choose k and judge, nothing else.
 */
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

/** @param settings  beside the model's defaults */
export async function groupedThreeWays(
  bench: Workbench,
  file: string,
  k: number,
  seeds: readonly number[],
  settings: Readonly<Record<string, unknown>> = {},
  done: (row: SeedRow) => void = () => undefined,
): Promise<SeedRow[]> {
  const dataset = await bench.compute('import', {}, { path: sharedData(file) })
  const { labelFields } = dataset.meta as unknown as DatasetMeta
  const labels = labelFields?.[0] ?? 'Y'
  const counts = await bench.compute('prepare', { dataset: dataset.id }, { counts: 'none', scaling: 'none' })
  const logs = await bench.compute('prepare', { dataset: dataset.id }, { counts: 'log1p-median', scaling: 'none' })
  const pca = await bench.compute('train', { matrix: logs.id }, { model: 'pca', settings: { components: 20 } })
  const axes = await bench.compute('encode', { model: pca.id })

  const rows: SeedRow[] = []
  for (const seed of seeds) {
    const model = await bench.compute('train', { matrix: counts.id }, { model: 'count-vae', settings }, seed)
    const codes = await bench.compute('encode', { model: model.id })
    const decoded = await bench.compute('decoded-space', { latents: codes.id }, {}, seed)
    const latents = { decoded, codes, counts: axes }
    const maps = []
    for (const way of ways) maps.push(await bench.compute('cluster', { latents: latents[way].id }, { k, method: 'k-means' }, seed))
    const [first, second, third] = maps.map(({ id }) => id)
    const judged = await bench.compute('evaluate', { first, second, third }, { labels, ignore: [] })
    const figures = (judged.meta as unknown as ComparisonMeta).rows.map(({ figures: { ari } }) => ari as number)
    const row = {
      seed,
      ari: { decoded: figures[0], codes: figures[1], counts: figures[2] },
      epochs: (model.meta as unknown as ModelMeta).epochs,
      seconds: model.seconds ?? 0,
    }
    rows.push(row)
    done(row)
  }
  return rows
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
