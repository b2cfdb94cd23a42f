/**
 * Correlations between columns of a sample, and an order in which alike columns stand together.
 */
import { throwIfCancelled } from '#common/errors.ts'

/** Column j of X [n × d] as an array of its own. */
export function columnOf(X: Float32Array, n: number, d: number, j: number): Float32Array {
  const out = new Float32Array(n)
  for (let i = 0, at = j; i < n; i++, at += d) out[i] = X[at]
  return out
}

/**
 * Pearson's r of every two columns over the rows in which both have a value.
 * Time: c² · n / 2. Memory: the columns once more as float64.
 *
 * @param columns c arrays of the same length; NaN is missing
 * @returns [c × c]; NaN where one of the two does not vary in the rows that both have, or fewer than three rows have both
 */
export async function correlationMatrix(columns: readonly Float32Array[], signal: AbortSignal): Promise<Float32Array> {
  const c = columns.length
  const n = columns[0]?.length ?? 0
  const standard = columns.map(standardised)
  const r = new Float32Array(c * c)
  for (let a = 0; a < c; a++) {
    for (let b = a; b < c; b++) {
      const [za, zb] = [standard[a] as Standardised, standard[b] as Standardised]
      const value = za.complete && zb.complete ? dot(za.z, zb.z, n) : pairwise(za.z, zb.z, n)
      r[a * c + b] = value
      r[b * c + a] = value
    }
    if (a % 8 === 7) {
      throwIfCancelled(signal)
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }
  return r
}

interface Standardised {
  /** Mean 0, spread 1 over the values present; NaN where missing, all NaN when it does not vary. */
  readonly z: Float64Array
  readonly complete: boolean
}

export function standardised(values: Float32Array): Standardised {
  const n = values.length
  let [count, sum] = [0, 0]
  for (const value of values) {
    if (value - value !== 0) continue
    count++
    sum += value
  }
  const mean = sum / count
  let squares = 0
  for (const value of values) if (value - value === 0) squares += (value - mean) ** 2
  const sd = Math.sqrt(squares / count)
  const z = new Float64Array(n)
  // A spread of rounding errors is none.
  const varies = sd > Math.abs(mean) * 1e-7 && count >= 3
  for (let i = 0; i < n; i++) z[i] = varies ? (values[i] - mean) / sd : Number.NaN
  for (let i = 0; i < n; i++) if (!Number.isFinite(z[i])) z[i] = Number.NaN
  return { z, complete: count === n && varies }
}

function dot(a: Float64Array, b: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += a[i] * b[i]
  return Math.max(-1, Math.min(1, sum / n))
}

function pairwise(a: Float64Array, b: Float64Array, n: number): number {
  let [count, sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    const x = a[i]
    const y = b[i]
    if (x - x !== 0 || y - y !== 0) continue
    count++
    sa += x
    sb += y
    saa += x * x
    sbb += y * y
    sab += x * y
  }
  if (count < 3) return Number.NaN
  const va = saa - (sa * sa) / count
  const vb = sbb - (sb * sb) / count
  if (!(va > 1e-9 * count) || !(vb > 1e-9 * count)) return Number.NaN
  return Math.max(-1, Math.min(1, (sab - (sa * sb) / count) / Math.sqrt(va * vb)))
}

/**
 * Average linkage (Sokal & Michener 1958) on 1 − |r| by Lance–Williams updates; a branch is turned so that the more alike ends touch.
 * A column without a correlation is as far from all others as can be. Time: c³, 8 million steps for 200 columns.
 *
 * @returns positions 0 … c − 1 in their new order, and the heights of the merges, ascending
 */
export function clusterOrder(r: Float32Array, c: number): { order: number[]; heights: number[] } {
  const distance = Float64Array.from(r, (value) => (Number.isNaN(value) ? 1 : 1 - Math.abs(value)))
  const between = distance.slice()
  let clusters = Array.from({ length: c }, (_, i) => ({ at: i, leaves: [i] }))
  const heights: number[] = []
  while (clusters.length > 1) {
    let [bestA, bestB, least] = [0, 1, Number.POSITIVE_INFINITY]
    for (let a = 0; a < clusters.length; a++) {
      const line = (clusters[a] as { at: number }).at * c
      for (let b = a + 1; b < clusters.length; b++) {
        const value = between[line + (clusters[b] as { at: number }).at] as number
        if (value < least) [bestA, bestB, least] = [a, b, value]
      }
    }
    const [A, B] = [clusters[bestA] as (typeof clusters)[number], clusters[bestB] as (typeof clusters)[number]]
    const [nA, nB] = [A.leaves.length, B.leaves.length]
    for (const { at } of clusters) {
      if (at === A.at || at === B.at) continue
      const value = (nA * between[A.at * c + at] + nB * between[B.at * c + at]) / (nA + nB)
      between[A.at * c + at] = value
      between[at * c + A.at] = value
    }
    heights.push(least)
    const merged = { at: A.at, leaves: joined(A.leaves, B.leaves, (i, j) => distance[i * c + j]) }
    clusters = clusters.filter((other) => other !== A && other !== B)
    clusters.push(merged)
  }
  return { order: clusters[0]?.leaves ?? [], heights }
}

function joined(a: number[], b: number[], distance: (i: number, j: number) => number): number[] {
  const [aReversed, bReversed] = [[...a].reverse(), [...b].reverse()]
  const ways = [
    [a, b],
    [aReversed, b],
    [a, bReversed],
    [aReversed, bReversed],
  ] as const
  const gap = ([left, right]: readonly [number[], number[]]): number => distance(left.at(-1) as number, right[0])
  const best = ways.reduce((least, way) => (gap(way) < gap(least) ? way : least))
  return [...best[0], ...best[1]]
}
