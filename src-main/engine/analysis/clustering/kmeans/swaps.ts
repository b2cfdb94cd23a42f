/**
 * Better centres from good ones, by local search (Lattanzi & Sohler, ICML 2019; Fränti, J. Big Data 2018): a row drawn with probability
 * proportional to its squared distance becomes a centre, the centre that is then missed least gives way, and Lloyd's iteration goes on from
 * there. What ends lower is kept.
 *
 *   without centre c, with row y:   Σ_i min(‖x_i − y‖², a_i) + Σ_{i of c} ( min(‖x_i − y‖², b_i) − min(‖x_i − y‖², a_i) )
 *
 * a_i, b_i squared distances of row i to its nearest and second nearest centre, so that all k costs come from one distance per row.
 * Memory: 18 bytes per row.
 */
import { squaredDistance, squaredDistances } from '#engine/analysis/distance.ts'
import type { Pace } from '#engine/analysis/pace.ts'
import type { RandomStream } from '#engine/analysis/random.ts'
import { drawByWeight } from './kmeansSeeding.ts'

export interface Swaps {
  /** The centres [k × d] that are to be bettered. */
  of(centres: Float64Array): Promise<void>
  /** The same with one of them elsewhere; null when every row lies on a centre. */
  draw(random: RandomStream): Promise<Float64Array | null>
}

const rowsBetweenRests = 1024

export function createSwaps(points: Float32Array, n: number, d: number, k: number, pace: Pace): Swaps {
  const nearest = new Float64Array(n)
  const second = new Float64Array(n)
  const labels = new Uint16Array(n)
  const distances = new Float64Array(k)
  let given: Float64Array = new Float64Array(0)
  let inertia = 0

  async function eachRow(visit: (i: number) => void): Promise<void> {
    for (let i = 0; i < n; i++) {
      visit(i)
      if (i % rowsBetweenRests === 0 && pace.due()) await pace.rest()
    }
  }

  return {
    async of(centres) {
      given = centres
      inertia = 0
      await eachRow((i) => {
        let [least, next, label] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0]
        squaredDistances(points, i * d, centres, k, d, distances)
        for (let c = 0; c < k; c++) {
          if (distances[c] < least) {
            next = least
            least = distances[c]
            label = c
          } else if (distances[c] < next) next = distances[c]
        }
        nearest[i] = least
        second[i] = next
        labels[i] = label
        inertia += least
      })
    },
    async draw(random) {
      if (!(inertia > 0)) return null
      const row = drawByWeight(nearest, n, random.uniform() * inertia)
      const y = Float64Array.from(points.subarray(row * d, (row + 1) * d))
      const missed = new Float64Array(k)
      await eachRow((i) => {
        const apart = squaredDistance(points, i * d, y, 0, d)
        missed[labels[i]] += Math.min(apart, second[i]) - Math.min(apart, nearest[i])
      })
      const centres = given.slice()
      centres.set(y, d * missed.indexOf(Math.min(...missed)))
      return centres
    },
  }
}
