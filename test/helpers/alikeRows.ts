/** Rows that are alike over some distance, to see how often intervals hold what is true of them. */
import type { BlockGrid } from '#engine/analysis/evaluation/bootstrap/blocks.ts'
import type { RandomStream } from '#engine/analysis/random.ts'

/** Standard normal values under a kernel exp(−k² / 2σ²), so that ρ(k) = exp(−k² / 4σ²) along rows and columns. */
export function smoothField({ width, height }: BlockGrid, sigma: number, random: RandomStream): Float64Array {
  const reach = Math.ceil(4 * sigma)
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)))
  const norm = Math.sqrt(kernel.reduce((sum, k) => sum + k * k, 0))
  const along = (values: Float64Array, rows: number, columns: number): Float64Array => {
    const inner = columns - 2 * reach
    const out = new Float64Array(rows * inner)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < inner; x++) {
        let sum = 0
        for (let i = 0; i < kernel.length; i++) sum += kernel[i] * values[y * columns + x + i]
        out[x * rows + y] = sum / norm
      }
    return out
  }
  // Each pass turns the field over, rows becoming columns.
  if (width === 1) return along(white(height + 2 * reach, random), 1, height + 2 * reach)
  const [W, H] = [width + 2 * reach, height + 2 * reach]
  return along(along(white(W * H, random), H, W), width, H)
}

/** Standard normal values with ρ(k) = exp(−k / ℓ) along rows and columns. */
export function roughField({ width, height }: BlockGrid, length: number, random: RandomStream): Float64Array {
  const rho = Math.exp(-1 / length)
  const rest = Math.sqrt(1 - rho * rho)
  const values = white(width * height, random)
  if (width > 1) for (let at = 0; at < values.length; at++) if (at % width > 0) values[at] = rho * values[at - 1] + rest * values[at]
  for (let at = width; at < values.length; at++) values[at] = rho * values[at - width] + rest * values[at]
  return values
}

function white(n: number, random: RandomStream): Float64Array {
  const out = new Float64Array(n)
  for (let i = 0; i < n; i += 2) {
    const [radius, angle] = [Math.sqrt(-2 * Math.log(1 - random.uniform())), 2 * Math.PI * random.uniform()]
    out[i] = radius * Math.cos(angle)
    if (i + 1 < n) out[i + 1] = radius * Math.sin(angle)
  }
  return out
}
