/** Three bands as a picture; no data is left clear. */
export interface BandPicture {
  readonly width: number
  readonly height: number
  readonly bands: readonly number[]
  /** [bands × height × width] */
  readonly values: Float32Array
}

/** Values between which a band is stretched: its 2nd and 98th percentile, or all of it where these are one. */
export function stretchLimits(values: Float32Array): readonly [number, number] {
  const sorted = values.filter((value) => Number.isFinite(value)).sort()
  if (sorted.length === 0) return [0, 1]
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] as number
  const [low, high] = [at(0.02), at(0.98)]
  return high > low ? [low, high] : [at(0), at(1)]
}

export function paintBands({ width, height, bands, values }: BandPicture): ImageData {
  const image = new ImageData(width, height)
  const area = width * height
  const limits = bands.map((_, k) => stretchLimits(values.subarray(k * area, (k + 1) * area)))
  for (let i = 0; i < area; i++) {
    let present = bands.length > 0
    for (let channel = 0; channel < 3; channel++) {
      // One band is grey.
      const k = Math.min(channel, bands.length - 1)
      const value = values[k * area + i] as number
      if (!Number.isFinite(value)) present = false
      const [low, high] = limits[k] ?? [0, 1]
      image.data[4 * i + channel] = 255 * Math.min(1, Math.max(0, (value - low) / (high - low || 1)))
    }
    image.data[4 * i + 3] = present ? 255 : 0
  }
  return image
}
