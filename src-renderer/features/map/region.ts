/** Rows of a raster inside a polygon drawn on the map. */

/**
 * Row numbers (row · width + column, ascending) of the pixels whose centres lie inside, by scan lines and the even-odd rule.
 * Stops at `most` pixels: 8 bytes each, so two million are 16 MB.
 */
export function rowsInside(
  polygon: readonly (readonly [column: number, row: number])[],
  width: number,
  height: number,
  most = 2_000_000,
): Float64Array {
  const found: number[] = []
  const lines = polygon.map(([, row]) => row)
  const first = Math.max(0, Math.ceil(Math.min(...lines) - 0.5))
  const last = Math.min(height - 1, Math.floor(Math.max(...lines) - 0.5))
  for (let y = first; y <= last && found.length < most; y++) {
    const crossings = crossingsAt(polygon, y + 0.5)
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.ceil(crossings[i] - 0.5))
      const to = Math.min(width - 1, Math.floor(crossings[i + 1] - 0.5))
      for (let x = from; x <= to && found.length < most; x++) found.push(y * width + x)
    }
  }
  return Float64Array.from(found)
}

/** Columns where the outline crosses a horizontal line, ascending. */
function crossingsAt(polygon: readonly (readonly [number, number])[], y: number): number[] {
  const out: number[] = []
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i]
    const [xj, yj] = polygon[j]
    if (yi > y !== yj > y) out.push(xi + ((y - yi) / (yj - yi)) * (xj - xi))
  }
  return out.sort((a, b) => a - b)
}
