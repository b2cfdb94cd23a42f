/**
 * What no model has to beat: k-means of the prepared columns themselves. Centres from all valid rows, or from a seeded sample of as many
 * as make 64 MB; then every row goes to its nearest centre. Reads the dataset three times, whatever the number of seeds.
 * Memory: the sample, one block, and a few numbers per class, column and seed.
 */
import { ValidityTally } from '#engine/analysis/validity/clusterValidity.ts'
import { assign, kmeans } from '#engine/analysis/clustering/kmeans/kmeans.ts'
import { rowDraw } from '../../analysis/sampleRows.ts'
import { silhouette } from '#engine/analysis/validity/silhouette.ts'
import type { Draft } from '../../project/project.ts'
import type { PreparedBlock } from './preparedRows.ts'

const mostValues = 2 ** 24

export interface ColumnsBaseline {
  readonly seeds: readonly number[]
  readonly k: number
  readonly nInit: number
  /** Columns of a prepared row. */
  readonly d: number
  readonly rows: number
  readonly validRows: number
  readonly signal: AbortSignal
  readonly report: (fraction: number) => void
}

/** Writes 'columns/<seed>' [rows] for each seed; returns the figures of each in the columns' own space. */
export async function columnsBaseline(
  rowsAgain: () => AsyncIterable<PreparedBlock>,
  draft: Pick<Draft, 'writeArray'>,
  { seeds, k, nInit, d, rows, validRows, signal, report }: ColumnsBaseline,
): Promise<{ array: string; figures: Record<string, number | null> }[]> {
  const { n, X } = await sample(rowsAgain, d, validRows)
  const found: { array: string; centres: Float32Array; tally: ValidityTally; width: number | null }[] = []
  for (const [i, seed] of seeds.entries()) {
    const { centres, labels } = await kmeans(X, n, d, { k, nInit, seed, signal, report: (f) => report((0.6 * (i + f)) / seeds.length) })
    const width = await silhouette(X, n, d, labels, k, { seed, signal })
    found.push({ array: `columns/${seed}`, centres, tally: new ValidityTally(k, d), width })
  }
  const writers = found.map(({ array }) => draft.writeArray(array, { dtype: 'uint16', shape: [rows] }))
  for await (const block of rowsAgain()) {
    found.forEach(({ centres, tally }, i) => {
      const labels = labelsOf(block, d, centres, k)
      writers[i].append(labels)
      tally.addToMeans(block.X, labels, block.n)
    })
    report(0.6 + (0.2 * (block.start + block.n)) / rows)
  }
  for (const writer of writers) writer.finish()
  for await (const block of rowsAgain()) {
    for (const { centres, tally } of found) tally.addToSpreads(block.X, labelsOf(block, d, centres, k), block.n)
    report(0.8 + (0.2 * (block.start + block.n)) / rows)
  }
  return found.map(({ array, tally, width }) => {
    const validity = tally.result()
    return {
      array,
      figures: {
        ownSilhouette: width,
        ownCalinskiHarabasz: validity?.calinskiHarabasz ?? null,
        ownDaviesBouldin: validity?.daviesBouldin ?? null,
      },
    }
  })
}

async function sample(
  rowsAgain: () => AsyncIterable<PreparedBlock>,
  d: number,
  validRows: number,
): Promise<{ n: number; X: Float32Array }> {
  const wanted = Math.max(1000, Math.floor(mostValues / d))
  const share = validRows <= wanted ? 1 : wanted / validRows
  const isDrawn = rowDraw(0, share)
  const X = new Float32Array(Math.min(validRows, Math.ceil(share * validRows + 5 * Math.sqrt(share * validRows))) * d)
  let n = 0
  for await (const block of rowsAgain())
    for (let i = 0; i < block.n && (n + 1) * d <= X.length; i++)
      if (block.valid[i] !== 0 && isDrawn(block.start + i)) X.set(block.X.subarray(i * d, (i + 1) * d), n++ * d)
  return { n, X: X.subarray(0, n * d) }
}

/** 1 … k, 0 = no data. */
function labelsOf({ n, X, valid }: PreparedBlock, d: number, centres: Float32Array, k: number): Uint16Array {
  const labels = new Uint16Array(n)
  assign(X, n, d, centres, k, labels)
  for (let i = 0; i < n; i++) labels[i] = valid[i] === 0 ? 0 : labels[i] + 1
  return labels
}
