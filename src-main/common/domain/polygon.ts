/**
 * Which points lie in a polygon that someone drew, even-odd: a point is inside when a ray from it to the right crosses an odd number of
 * edges. An edge spans y from its lower end, that end with it, to its upper one without it, so that corners count once.
 * Edges are kept by bands of y, so that a lasso of thousands of corners costs a point no more than the edges near it.
 */
export interface Polygon {
  contains(x: number, y: number): boolean
  /** Where the horizontal line at y crosses edges, rising: inside are the stretches [first, second), [third, fourth) … */
  crossings(y: number): number[]
}

const mostBands = 4096
/** Of edges in bands, all together: tall edges lie in many of them. */
const mostEntries = 2 ** 21

export function createPolygon(points: readonly (readonly [x: number, y: number])[]): Polygon {
  const n = points.length
  // Of each edge its lower end, how high it reaches, and what x grows by for each unit of y.
  const [x0, low, high, slope] = Array.from({ length: 4 }, () => new Float64Array(n))
  const bounds = {
    xLow: Number.POSITIVE_INFINITY,
    xHigh: Number.NEGATIVE_INFINITY,
    yLow: Number.POSITIVE_INFINITY,
    yHigh: Number.NEGATIVE_INFINITY,
  }
  let edges = 0
  let heights = 0
  for (const [i, [x1, y1]] of points.entries()) {
    bounds.xLow = Math.min(bounds.xLow, x1)
    bounds.xHigh = Math.max(bounds.xHigh, x1)
    bounds.yLow = Math.min(bounds.yLow, y1)
    bounds.yHigh = Math.max(bounds.yHigh, y1)
    const [x2, y2] = points[(i + 1) % n]
    if (y1 === y2) continue
    x0[edges] = y1 < y2 ? x1 : x2
    low[edges] = Math.min(y1, y2)
    high[edges] = Math.max(y1, y2)
    slope[edges] = (x2 - x1) / (y2 - y1)
    heights += high[edges] - low[edges]
    edges++
  }
  const { xLow, xHigh, yLow, yHigh } = bounds
  // Of no height: there is nothing inside.
  if (edges === 0) return { contains: () => false, crossings: () => [] }
  // Edges that a line at some y meets, on average.
  const met = heights / (yHigh - yLow)
  const bands = Math.max(1, Math.min(mostBands, edges, Math.floor(mostEntries / met)))
  const perBand = bands / (yHigh - yLow)
  const bandOf = (y: number): number => Math.min(bands - 1, Math.floor((y - yLow) * perBand))
  /** Where the edges of each band begin among those of all. */
  const begin = new Uint32Array(bands + 2)
  for (let e = 0; e < edges; e++) for (let b = bandOf(low[e]); b <= bandOf(high[e]); b++) begin[b + 2]++
  for (let b = 2; b <= bands; b++) begin[b + 1] += begin[b]
  const inBand = new Uint32Array(begin[bands + 1])
  for (let e = 0; e < edges; e++) for (let b = bandOf(low[e]); b <= bandOf(high[e]); b++) inBand[begin[b + 1]++] = e

  return {
    contains(x, y) {
      if (!(x >= xLow && x <= xHigh && y >= yLow && y < yHigh)) return false
      const band = bandOf(y)
      let inside = false
      for (let at = begin[band], end = begin[band + 1]; at < end; at++) {
        const e = inBand[at]
        if (y >= low[e] && y < high[e] && x < x0[e] + (y - low[e]) * slope[e]) inside = !inside
      }
      return inside
    },
    crossings(y) {
      if (!(y >= yLow && y < yHigh)) return []
      const band = bandOf(y)
      return Array.from(inBand.subarray(begin[band], begin[band + 1]))
        .filter((e) => y >= low[e] && y < high[e])
        .map((e) => x0[e] + (y - low[e]) * slope[e])
        .sort((a, b) => a - b)
    },
  }
}
