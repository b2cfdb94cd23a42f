/**
 * Counts of cells by rank on logarithmic axes, with knee and inflection. As barcodeRanks of DropletUtils (Lun et al. 2019): equal
 * counts share their mean rank, the inflection is where the curve falls most steeply beyond the first 50 cells, the left end is
 * where it is flattest before that, and at least as many cells follow as came before; the knee is the point in between that lies furthest above the straight line between the two
 * (Satopää et al. 2011) instead of the strongest bend of a spline.
 */
import type { RankCurve } from '#common/domain/examination.ts'

const points = 200
const excluded = 50
/** A steepest slope above this, in decades of counts per decade of ranks, is no cliff: the cells are all alike. */
const cliff = -1.5
/** Counts before the cliff are at least so many times those at twice the rank. */
const leastDrop = 5
/** In decades of ranks. */
const narrowest = 0.02

/** @param totals counts of all cells, in any order; sorted in place. Cells without counts are left out. */
export function rankCurve(totals: Float32Array): RankCurve {
  totals.sort()
  const runs: { rank: number; counts: number }[] = []
  const n = totals.length
  for (let to = n; to > 0; ) {
    let from = to - 1
    while (from > 0 && totals[from - 1] === totals[to - 1]) from--
    if (!(totals[to - 1] > 0)) break
    // Ranks n − to + 1 … n − from share these counts.
    runs.push({ rank: (n - to + 1 + n - from) / 2, counts: totals[to - 1] })
    to = from
  }
  const thin = thinned(runs)
  const bounds = boundsOf(thin)
  const curve = { rank: thin.map(({ rank }) => rank), counts: thin.map(({ counts }) => counts) }
  if (!bounds) return { ...curve, knee: null, inflection: null }
  const [left, right] = bounds
  return { ...curve, knee: thin[kneeOf(thin, left, right)], inflection: thin[right] }
}

type Point = RankCurve['knee'] & object

/** At most `points` of them, evenly by the logarithm of the rank; the first and the last stay. */
function thinned(runs: readonly Point[]): Point[] {
  if (runs.length <= points) return [...runs]
  const last = Math.log10(runs[runs.length - 1].rank)
  const first = Math.log10(runs[0].rank)
  const out: Point[] = []
  let at = 0
  for (let k = 0; k < points; k++) {
    const wanted = 10 ** (first + ((last - first) * k) / (points - 1))
    while (at < runs.length - 1 && runs[at].rank < wanted) at++
    if (out.at(-1) !== runs[at]) out.push(runs[at])
  }
  return out
}

const x = ({ rank }: Point): number => Math.log10(rank)
const y = ({ counts }: Point): number => Math.log10(counts)

function boundsOf(curve: readonly Point[]): [left: number, right: number] | null {
  const begin = Math.min(curve.length - 2, curve.filter(({ rank }) => rank <= excluded).length)
  if (begin < 0 || curve.length - begin < 5) return null
  // Between neighbours the slope of a few cells is chance; it is taken over a fifteenth of a doubling of the rank at least.
  const ahead = (i: number): number => {
    let to = i + 1
    while (to < curve.length - 1 && x(curve[to]) - x(curve[i]) < narrowest) to++
    return to
  }
  const slope = (i: number): number => (y(curve[ahead(i)]) - y(curve[i])) / (x(curve[ahead(i)]) - x(curve[i]))
  // Behind the cliff of a tissue lie at least as many empty droplets as there are cells before it.
  const last = curve[curve.length - 1].rank
  let right = begin
  for (let i = begin; i < curve.length - 1 && 2 * curve[i].rank <= last; i++) if (slope(i) < slope(right)) right = i
  const beyond = curve.find(({ rank }) => rank >= 2 * curve[right].rank)
  if (slope(right) > cliff || !beyond || beyond.counts * leastDrop > curve[right].counts) return null
  let left = begin
  for (let i = begin; i < right; i++) if (slope(i) > slope(left)) left = i
  // The lower end of the steepest step, or the corner before it would be the end of the line that the knee is measured from.
  return [left, ahead(right)]
}

function kneeOf(curve: readonly Point[], left: number, right: number): number {
  const [a, b] = [curve[left], curve[right]]
  const gradient = (y(b) - y(a)) / (x(b) - x(a) || 1)
  let best = left
  let furthest = Number.NEGATIVE_INFINITY
  for (let i = left; i <= right; i++) {
    const above = y(curve[i]) - (y(a) + gradient * (x(curve[i]) - x(a)))
    if (above > furthest) [best, furthest] = [i, above]
  }
  return best
}
