/**
 * Classes of rows that a clustering did not learn from. What a clustering knows becomes an Assigner: plain data, of one of four kinds, that can be
 * sent to any thread. Opened there, it labels block after block of a stream.
 *
 *   centres     the nearest centre (k-means; leaves of Ward's tree)      likeliest   the component with the largest posterior (mixtures)
 *   density     the cluster in whose density a row lies (HDBSCAN)        vote        the class of most of the nearest rows learned from (Leiden)
 *
 * A class is −1 for noise and 0 for a row with NaN. It depends on the row alone, never on those labelled before it.
 */
import type { Placing } from '../define.ts'
import { createPredict, type LearnedDensity } from '../hdbscan/predict.ts'
import { createNearest } from '../kmeans/nearest.ts'
import type { Gaussians } from '../mixture/gaussians.ts'
import { createVote, type Voters } from '../neighbourVote.ts'
import { createLikeliest } from './likeliest.ts'

/** The class of the nearest centre; `classOf` where several centres make up a class, which are leaves of a tree then. */
interface Centres {
  /** [centres × d] */
  readonly centres: Float32Array
  readonly d: number
  /** [centres] */
  readonly classOf: Int32Array | null
}

export type Assigner =
  | ({ readonly kind: 'centres' } & Centres)
  | { readonly kind: 'likeliest'; readonly gaussians: Gaussians }
  | ({ readonly kind: 'density' } & LearnedDensity)
  | ({ readonly kind: 'vote' } & Voters)

/** Fills the classes of n rows, and beside them how surely they belong there and where in the tree they lie, for methods that say it. */
export type Assign = (X: Float32Array, n: number, classes: Int32Array, membership?: Float32Array | null, place?: Placing | null) => void

/** Opening may look through all rows learned from (density, vote): open once, assign often. */
export function openAssigner(assigner: Assigner): Assign {
  switch (assigner.kind) {
    case 'centres':
      return byNearest(assigner)
    case 'likeliest':
      return createLikeliest(assigner.gaussians)
    case 'density':
      return createPredict(assigner)
    case 'vote':
      return createVote(assigner)
  }
}

/** About how many multiplications a row takes, where it is typical. */
export function costOfRow(assigner: Assigner): number {
  switch (assigner.kind) {
    // Most rows cost one distance or two, of doubles one by one.
    case 'centres':
      return 4 * assigner.d * Math.sqrt(assigner.centres.length / assigner.d)
    case 'likeliest':
      return assigner.gaussians.whiten.length + assigner.gaussians.means.length
    // Some tens of microseconds.
    case 'density':
    case 'vote':
      return 20_000
  }
}

/** How many it may take: every centre is looked at, and a search among many columns looks at every row learned from. */
export function mostCostOfRow(assigner: Assigner): number {
  switch (assigner.kind) {
    case 'centres':
      return assigner.centres.length
    case 'likeliest':
      return costOfRow(assigner)
    case 'density':
    case 'vote':
      return assigner.rows.points.length
  }
}

function byNearest({ centres, d, classOf }: Centres): Assign {
  const find = createNearest(centres, centres.length / d, d)
  let nearest = new Uint16Array(0)
  return (X, n, classes, _membership, place) => {
    if (nearest.length < n) nearest = new Uint16Array(n)
    find(X, n, nearest)
    for (let i = 0; i < n; i++) {
      classes[i] = Number.isNaN(X[i * d]) ? 0 : classOf ? classOf[nearest[i]] : nearest[i]
      if (place) place.node[i] = nearest[i]
    }
  }
}
