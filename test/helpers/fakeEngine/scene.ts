/** A small made-up scene: folded beds, a plain, a creek, ten bands with spectra that look like rocks. Deterministic. */
export const bands = [
  ['B2', 490],
  ['B3', 560],
  ['B4', 665],
  ['B5', 705],
  ['B6', 740],
  ['B7', 783],
  ['B8', 842],
  ['B8A', 865],
  ['B11', 1610],
  ['B12', 2190],
] as const
export const size = 512

const spectra = [
  [0.1, 0.14, 0.22, 0.24, 0.25, 0.262, 0.268, 0.272, 0.338, 0.312],
  [0.14, 0.2, 0.29, 0.31, 0.32, 0.33, 0.34, 0.345, 0.43, 0.4],
  [0.13, 0.155, 0.182, 0.191, 0.198, 0.206, 0.214, 0.217, 0.262, 0.205],
  [0.08, 0.1, 0.17, 0.2, 0.21, 0.22, 0.225, 0.23, 0.31, 0.27],
  [0.045, 0.072, 0.058, 0.118, 0.236, 0.278, 0.301, 0.312, 0.198, 0.112],
  [0.28, 0.33, 0.37, 0.38, 0.385, 0.39, 0.39, 0.395, 0.36, 0.3],
]

const hash = (x: number, y: number, s: number): number => {
  let n = (Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(s, 1442695041)) | 0
  n = Math.imul(n ^ (n >>> 13), 1274126177)
  return ((n ^ (n >>> 16)) >>> 0) / 4294967296
}
function noise(x: number, y: number, s: number): number {
  const i = Math.floor(x)
  const j = Math.floor(y)
  const u = (x - i) ** 2 * (3 - 2 * (x - i))
  const v = (y - j) ** 2 * (3 - 2 * (y - j))
  const [a, b, c, d] = [hash(i, j, s), hash(i + 1, j, s), hash(i, j + 1, s), hash(i + 1, j + 1, s)] as [number, number, number, number]
  return a + (b - a) * u + (c - a) * v + (a - b - c + d) * u * v
}
const fractal = (x: number, y: number, s: number): number =>
  0.53 * noise(x, y, s) + 0.27 * noise(2 * x, 2 * y, s + 1) + 0.13 * noise(4 * x, 4 * y, s + 2) + 0.07 * noise(8 * x, 8 * y, s + 3)

/** 0 outside, else the unit 1…6 and a brightness. */
export function unitAt(x: number, y: number): readonly [unit: number, shade: number] {
  if (x + y * 0.12 < 18 || x - y * 0.1 > 505) return [0, 1]
  const X = x / 150
  const Y = y / 150
  const u = X + (fractal(X, Y, 11) - 0.5) * 0.9
  const v = Y + (fractal(X + 40, Y, 23) - 0.5) * 0.9
  const distance = Math.hypot((u - 1.55) * 0.62, (v - 1.02) * 1.12)
  const bed = [2, 3, 1, 2, 4, 1, 3, 2][Math.floor(distance * 10) % 8] as number
  const plain = fractal(X * 0.6 + 9, Y * 0.6 + 4, 61) + 0.23 * (distance - 0.72)
  const shade = 1 + (fractal(X * 6, Y * 6, 31) - 0.5) * 0.35
  if (Math.abs(fractal(X * 1.25 + 2, Y * 1.25 + 60, 13) - 0.5) < 0.012) return [5, shade]
  if (plain > 0.72) return [6, shade]
  return plain > 0.58 ? [2, shade] : [bed, shade]
}

const units = new Uint8Array(size * size)
const shades = new Float32Array(size * size)
for (let y = 0; y < size; y++) {
  for (let x = 0; x < size; x++) {
    const [unit, shade] = unitAt(x, y)
    units[y * size + x] = unit
    shades[y * size + x] = shade
  }
}

export const labelAt = (row: number): number => units[row] as number
export function valueAt(row: number, band: number): number {
  const unit = units[row] as number
  if (unit === 0) return Number.NaN
  return (spectra[unit - 1] as number[])[band]! * (shades[row] as number) + (hash(row, band, 5) - 0.5) * 0.012
}
export const scoreAt = (row: number): number =>
  units[row] === 0 ? Number.NaN : 0.001 + 0.004 * hash(row, 1, 9) ** 6 + (hash(row >> 2, 3, 7) > 0.9995 ? 0.02 : 0)

export interface Summary {
  valid: number
  missing: number
  min: number
  max: number
  mean: number
  sd: number
  p2: number
  median: number
  p98: number
  histogram: { from: number; to: number; counts: number[] }
}
export function summaryOf(values: Float64Array): Summary {
  const valid = values.filter((v) => !Number.isNaN(v)).sort()
  const n = valid.length
  const at = (q: number): number => valid[Math.floor(q * (n - 1))] as number
  const mean = valid.reduce((a, b) => a + b, 0) / n
  const [min, max] = [at(0), at(1)]
  const counts = new Array<number>(64).fill(0)
  for (const v of valid) counts[Math.min(63, Math.floor(((v - min) / (max - min || 1)) * 64))]!++
  return {
    valid: n,
    missing: values.length - n,
    min,
    max,
    mean,
    sd: Math.sqrt(valid.reduce((a, b) => a + (b - mean) ** 2, 0) / n),
    p2: at(0.02),
    median: at(0.5),
    p98: at(0.98),
    histogram: { from: min, to: max, counts },
  }
}
export const bandSummary = (band: number): Summary => summaryOf(Float64Array.from({ length: size * size }, (_, i) => valueAt(i, band)))
