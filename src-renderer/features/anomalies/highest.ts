/** The highest scores of a scene as places: neighbours of a higher pixel are not listed again. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly score: number
}

/** At most `count` local maxima at least `apart` pixels from each other, highest first. values [height × width], NaN where there is no data. */
export function highestPlaces(
  values: Float32Array,
  width: number,
  count: number,
  apart: number,
  above = Number.NEGATIVE_INFINITY,
): Place[] {
  // Only the top values can win; a generous surplus leaves room for neighbours that are dropped.
  const order = topIndices(values, Math.min(values.length, count * 400), above)
  const places: Place[] = []
  for (const i of order) {
    const x = i % width
    const y = Math.floor(i / width)
    if (places.some((p) => Math.abs(p.x - x) < apart && Math.abs(p.y - y) < apart)) continue
    places.push({ x, y, score: values[i] })
    if (places.length === count) break
  }
  return places
}

/** Numbers of the n highest values above a limit, highest first. A cut-off from a histogram keeps the sorted part small. */
export function topIndices(values: ArrayLike<number>, n: number, above = Number.NEGATIVE_INFINITY): number[] {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const v = values[i]
    if (v < min) min = v
    if (v > max) max = v
  }
  if (!(min <= max)) return []
  const bins = new Uint32Array(4096)
  const gain = (bins.length - 1) / (max - min || 1)
  for (let i = 0; i < values.length; i++) if (values[i] >= min) bins[Math.floor((values[i] - min) * gain)]++
  let bin = bins.length - 1
  for (let seen = 0; bin > 0 && seen + bins[bin] < n; bin--) seen += bins[bin]
  const found: number[] = []
  for (let i = 0; i < values.length; i++) {
    const v = values[i]
    if (v > above && Math.floor((v - min) * gain) >= bin) found.push(i)
  }
  return found.sort((a, b) => values[b] - values[a]).slice(0, n)
}
