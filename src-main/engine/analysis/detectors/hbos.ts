/**
 * HBOS — Goldstein & Dengel, KI 2012
 *
 *   score(x) = −Σ_j log₂( h_j(x_j) + α )        h_j: density of column j in a histogram of equally wide bins
 *
 * As in PyOD: densities are per unit of the column, so scaling matters; a bin holds its upper edge when a row is scored; values beyond
 * the ends by at most `tolerance` of a bin's width belong to the end bins, others score like the emptiest bin. The number of bins may
 * follow from the data (Birgé & Rozenholc, ESAIM 2006): the b below √n with the greatest penalised likelihood
 *   Σ_bins N ln(b N / n + 1) − b ( b − 1 + (ln b)^2.5 )
 * Their penalty counts once; PyOD takes it off for every bin, and so do we. Memory: the edges and heights of d histograms.
 */
import { z } from 'zod'
import { createPace } from '../pace.ts'
import { defineDetector } from './define.ts'
import { countBelow, sortedColumn } from './sortedColumns.ts'

interface Histogram {
  /** [bins + 1] */
  readonly edges: Float64Array
  /** [bins] −log₂(h + α) */
  readonly score: Float64Array
  readonly least: number
  readonly greatest: number
}

/** Edges as numpy's linspace gives them; a column that does not vary gets bins of 1 / count around its value. */
function edgesOf(min: number, max: number, count: number): Float64Array {
  const [from, to] = min === max ? [min - 0.5, max + 0.5] : [min, max]
  const step = (to - from) / count
  return Float64Array.from({ length: count + 1 }, (_, b) => (b === count ? to : from + b * step))
}

/** Bins are closed below here, [e, e′), and the last one at both ends. */
function countsOf(sorted: Float32Array, edges: Float64Array): Float64Array {
  const last = edges.length - 2
  const below = edges.map((edge) => countBelow(sorted, edge))
  return Float64Array.from({ length: last + 1 }, (_, b) => (b === last ? sorted.length : below[b + 1]) - below[b])
}

function binsFor(sorted: Float32Array): number {
  const n = sorted.length
  let best = 1
  let bestLikelihood = Number.NEGATIVE_INFINITY
  for (let b = 1; b < Math.max(2, Math.floor(Math.sqrt(n))); b++) {
    let likelihood = -b * (b - 1 + Math.log(b) ** 2.5)
    for (const N of countsOf(sorted, edgesOf(sorted[0], sorted[n - 1], b))) likelihood += N * Math.log((b * N) / n + 1)
    if (likelihood > bestLikelihood) [best, bestLikelihood] = [b, likelihood]
  }
  return best
}

function histogramOf(sorted: Float32Array, bins: number | null, alpha: number): Histogram {
  const n = sorted.length
  const edges = edgesOf(sorted[0], sorted[n - 1], bins ?? binsFor(sorted))
  const score = countsOf(sorted, edges).map((N, b) => -Math.log2(N / (edges[b + 1] - edges[b]) / n + alpha))
  return { edges, score, least: Math.min(...score), greatest: Math.max(...score) }
}

function scoreIn({ edges, score, greatest }: Histogram, v: number, tolerance: number): number {
  const count = score.length
  if (v <= edges[0]) return edges[0] - v <= (edges[1] - edges[0]) * tolerance ? score[0] : greatest
  if (v > edges[count]) return v - edges[count] <= (edges[count] - edges[count - 1]) * tolerance ? score[count - 1] : greatest
  let b = Math.min(count - 1, Math.floor(((v - edges[0]) * count) / (edges[count] - edges[0])))
  if (v <= edges[b]) b--
  else if (v > edges[b + 1]) b++
  return score[b]
}

const group = 'Detector'

export const hbos = defineDetector({
  id: 'hbos',
  version: 1,
  title: 'Histograms (HBOS)',
  summary: 'How rare the value of each column is, as if columns had nothing to do with one another.',
  useWhen: 'Many rows and columns, and a first look that takes no time; it says which columns it was.',
  paper: 'Goldstein & Dengel 2012, Histogram-based outlier score (HBOS): a fast unsupervised anomaly detection algorithm, KI',
  params: z.object({
    bins: z.int().min(2).max(10_000).nullable().default(10).meta({
      title: 'Bins',
      group,
      description: 'Bins of each column’s histogram. Empty lets the data decide, column by column (Birgé & Rozenholc).',
    }),
    regulariser: z.number().positive().max(1).default(0.1).meta({
      title: 'Floor of the density',
      paperTerm: 'α',
      group,
      advanced: true,
      description: 'Added to every density, so that an empty bin does not decide alone.',
    }),
    tolerance: z.number().min(0).max(1).default(0.5).meta({
      title: 'Tolerance at the ends',
      unit: 'bin widths',
      paperTerm: 'tol',
      group,
      advanced: true,
      description: 'How far beyond the values seen a value may lie and still belong to the last bin.',
    }),
  }),
  mostRows: 1_000_000,
  async fit(X, n, d, { bins, regulariser, tolerance }, { signal, report }) {
    const pace = createPace(signal)
    const histograms: Histogram[] = []
    for (let j = 0; j < d; j++) {
      histograms.push(histogramOf(sortedColumn(X, n, d, j), bins, regulariser))
      report?.((j + 1) / d)
      if (pace.due()) await pace.rest()
    }
    return {
      score(Y, m, out) {
        for (let i = 0; i < m; i++) {
          let sum = 0
          for (let j = 0; j < d; j++) sum += scoreIn(histograms[j], Y[i * d + j], tolerance)
          out[i] = sum
        }
      },
      /** Above the fullest bin of the column. */
      blame(Y, m, out) {
        for (let i = 0; i < m; i++)
          for (let j = 0; j < d; j++) out[i * d + j] = scoreIn(histograms[j], Y[i * d + j], tolerance) - histograms[j].least
      },
    }
  },
})
