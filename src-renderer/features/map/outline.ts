/** Edges of a mask as straight runs, so that flagged areas get one line around them whatever their size. */

/** x0, y0, x1, y1 of each run, in cells of the mask. */
export type Runs = number[]

/**
 * Runs along every border between inside and outside, cut to the part [x0, x1) × [y0, y1) of the mask.
 * The mask may be larger than that part, so that areas reaching over the edge of a tile are not closed there.
 */
export function maskEdges(inside: (x: number, y: number) => boolean, x0: number, y0: number, x1: number, y1: number): Runs {
  const runs: Runs = []
  // Horizontal borders lie above row y. Each belongs to the tile below it; the last row's lower border to the next tile.
  for (let y = y0; y < y1; y++) {
    for (let x = x0, start = -1; x <= x1; x++) {
      const edge = x < x1 && inside(x, y) !== inside(x, y - 1)
      if (edge && start < 0) start = x
      if (!edge && start >= 0) {
        runs.push(start, y, x, y)
        start = -1
      }
    }
  }
  for (let x = x0; x < x1; x++) {
    for (let y = y0, start = -1; y <= y1; y++) {
      const edge = y < y1 && inside(x, y) !== inside(x - 1, y)
      if (edge && start < 0) start = y
      if (!edge && start >= 0) {
        runs.push(x, start, x, y)
        start = -1
      }
    }
  }
  return runs
}
