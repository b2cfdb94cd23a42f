/** The pairs of columns that agree most, from a correlation matrix. */
export interface Pair {
  readonly a: number
  readonly b: number
  readonly r: number
}

/** The `most` pairs with the largest |r|, largest first; positions among the n compared. Pairs without a correlation are left out. */
export function strongestPairs(values: Float32Array, n: number, most = 200): Pair[] {
  const pairs: Pair[] = []
  for (let a = 0; a < n; a++)
    for (let b = a + 1; b < n; b++) {
      const r = values[a * n + b] as number
      if (!Number.isNaN(r)) pairs.push({ a, b, r })
    }
  return pairs.sort((x, y) => Math.abs(y.r) - Math.abs(x.r) || x.a - y.a || x.b - y.b).slice(0, most)
}
