/** Offset and scale of every column, one rule each: prepared = (value − offset) / scale. */
import type { AffineMethod } from '#common/domain/steps.ts'
import { finiteColumn } from './define.ts'

export interface Affine {
  readonly offset: number[]
  readonly scale: number[]
  /** Positions of columns that never change: they are only moved to 0. */
  readonly constant: number[]
}

/** Columns of `left` are not scaled: offset 0, scale 1. Memory: a column. */
export function affineOf(method: AffineMethod, X: Float32Array, n: number, d: number, left: readonly boolean[] = []): Affine {
  const { count, mean, m2, min, max } = momentsOf(X, n, d)
  const sorted = method === 'robust' ? new Float32Array(n) : null
  const constant: number[] = []
  const offset = new Array<number>(d)
  const scale = new Array<number>(d)
  for (let j = 0; j < d; j++) {
    if (left[j]) {
      offset[j] = 0
      scale[j] = 1
      continue
    }
    const known = count[j] > 0
    const deviation = known ? Math.sqrt(m2[j] / count[j]) : 0
    const [centre, spread] = ((): readonly [number, number] => {
      switch (method) {
        case 'z-score':
          return [mean[j], deviation]
        case 'min-max':
          return known ? [min[j], max[j] - min[j]] : [0, 0]
        case 'robust':
          return robust(sorted as Float32Array, finiteColumn(X, n, d, j, sorted as Float32Array), deviation)
        case 'max-abs':
          return [0, known ? Math.max(Math.abs(min[j]), Math.abs(max[j])) : 0]
        case 'centre':
          return [mean[j], 1]
      }
    })()
    // A column that never changes would be divided by zero; one unit leaves it at 0.
    const usable = max[j] > min[j] && spread > 0
    if (!usable) constant.push(j)
    offset[j] = centre
    scale[j] = usable ? spread : 1
  }
  return { offset, scale, constant }
}

/** Median and quartile range; where half of the values are equal, the deviation in its place. */
function robust(values: Float32Array, n: number, deviation: number): readonly [number, number] {
  if (n === 0) return [0, 0]
  const sorted = values.subarray(0, n).sort()
  const at = (p: number): number => {
    const position = p * (n - 1)
    const below = Math.floor(position)
    return sorted[below] + (position - below) * (sorted[Math.min(n - 1, below + 1)] - sorted[below])
  }
  const range = at(0.75) - at(0.25)
  return [at(0.5), range > 0 ? range : deviation]
}

function momentsOf(X: Float32Array, n: number, d: number) {
  const count = new Float64Array(d)
  const mean = new Float64Array(d)
  const m2 = new Float64Array(d)
  const min = new Float64Array(d).fill(Number.POSITIVE_INFINITY)
  const max = new Float64Array(d).fill(Number.NEGATIVE_INFINITY)
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < d; j++, at++) {
      const value = X[at]
      if (value - value !== 0) continue
      // Welford 1962.
      const k = count[j] + 1
      const delta = value - mean[j]
      count[j] = k
      mean[j] += delta / k
      m2[j] += delta * (value - mean[j])
      if (value < min[j]) min[j] = value
      if (value > max[j]) max[j] = value
    }
  }
  return { count, mean, m2, min, max }
}
