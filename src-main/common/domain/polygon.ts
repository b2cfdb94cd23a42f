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

interface Edge {
  readonly yLow: number
  readonly yHigh: number
  /** x at yLow, and what it grows by for each unit of y. */
  readonly x: number
  readonly slope: number
}

const mostBands = 512

export function createPolygon(points: readonly (readonly [x: number, y: number])[]): Polygon {
  const edges = points.flatMap(([x1, y1], i): Edge[] => {
    const [x2, y2] = points[(i + 1) % points.length]
    if (y1 === y2) return []
    const slope = (x2 - x1) / (y2 - y1)
    return [y1 < y2 ? { yLow: y1, yHigh: y2, x: x1, slope } : { yLow: y2, yHigh: y1, x: x2, slope }]
  })
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  const [xLow, xHigh, yLow, yHigh] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const bands = Math.max(1, Math.min(mostBands, edges.length))
  const bandOf = (y: number): number => Math.min(bands - 1, Math.floor(((y - yLow) / (yHigh - yLow)) * bands))
  const byBand: Edge[][] = Array.from({ length: bands }, () => [])
  for (const edge of edges) for (let b = bandOf(edge.yLow); b <= bandOf(edge.yHigh); b++) byBand[b].push(edge)
  const near = (y: number): readonly Edge[] => (y >= yLow && y < yHigh ? byBand[bandOf(y)] : [])

  return {
    contains(x, y) {
      if (!(x >= xLow && x <= xHigh)) return false
      let inside = false
      for (const edge of near(y)) if (y >= edge.yLow && y < edge.yHigh && x < edge.x + (y - edge.yLow) * edge.slope) inside = !inside
      return inside
    },
    crossings: (y) =>
      near(y)
        .filter((edge) => y >= edge.yLow && y < edge.yHigh)
        .map((edge) => edge.x + (y - edge.yLow) * edge.slope)
        .sort((a, b) => a - b),
  }
}
