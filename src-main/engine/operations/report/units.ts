/** What each number of the code does: where it lies, whether it is used, and what is lost without it. */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import type { Dictionary } from './dictionary.ts'
import { fitOf, spreadOf, sumOf } from './fit.ts'
import type { Forward } from './forward.ts'

export interface UnitSpread {
  readonly mean: number
  readonly sd: number
  /** Share of rows where it is not zero. */
  readonly used: number
}

/** @param codes  [n × Z] */
export function spreadOfUnits(codes: Float32Array, n: number, Z: number): UnitSpread[] {
  const [sum, squares, used] = [new Float64Array(Z), new Float64Array(Z), new Float64Array(Z)]
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < Z; j++, at++) {
      sum[j] += codes[at]
      if (codes[at] !== 0) used[j]++
    }
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < Z; j++, at++) squares[j] += (codes[at] - sum[j] / n) ** 2
  return Array.from(sum, (total, j) => ({ mean: total / n, sd: Math.sqrt(squares[j] / n), used: used[j] / n }))
}

/** The units that are told one by one: all, or those that vary most, in the order of the code. */
export function listedUnits(spread: readonly UnitSpread[], most: number): number[] {
  const all = spread.map((_, unit) => unit)
  if (all.length <= most) return all
  return all
    .sort((a, b) => spread[b].sd - spread[a].sd || a - b)
    .slice(0, most)
    .sort((a, b) => a - b)
}

/** Multiply-adds that all decodings may take together, some 5 s. */
const mostWork = 3e10
const [fewestRows, mostRows] = [32, 2000]

/**
 * By how much the explained variance sinks when one unit is its mean m on every row, where x̂ is a sum of vectors: with the residual
 * e = x − x̂ it is Σ_i 2 (z_ij − m_j) ⟨e_i, W_j⟩ + (z_ij − m_j)² ‖W_j‖², as a share of Σ‖x − mean‖². On all rows.
 */
export async function importanceInSum(
  { W }: Pick<Dictionary, 'W'>,
  given: { readonly x: Float32Array; readonly back: Float32Array; readonly codes: Float32Array; readonly n: number },
  { C, Z }: { readonly C: number; readonly Z: number },
  means: readonly number[],
  units: readonly number[],
  signal: AbortSignal,
): Promise<{ lost: number[]; rows: number }> {
  const { x, back, codes, n } = given
  const whole = sumOf(spreadOf(x, n, C))
  const lost: number[] = []
  for (const unit of units) {
    throwIfCancelled(signal)
    await setImmediate()
    let squares = 0
    for (let j = unit * C; j < (unit + 1) * C; j++) squares += W[j] ** 2
    let sum = 0
    for (let i = 0; i < n; i++) {
      const moved = codes[i * Z + unit] - means[unit]
      if (moved === 0) continue
      let along = 0
      for (let j = 0, at = i * C, w = unit * C; j < C; j++, at++, w++) along += (x[at] - back[at]) * W[w]
      sum += moved * (2 * along + moved * squares)
    }
    lost.push(whole > 0 ? sum / whole : 0)
  }
  return { lost, rows: n }
}

/**
 * The same for any decoder, by decoding. Rows are as many as the work allows, evenly spread.
 * Memory: their reconstructions.
 *
 * @param x  [n × C] what is rebuilt · X [n × D] rows with their conditions · codes [n × Z]
 */
export async function importanceOf(
  forward: Forward,
  given: { readonly x: Float32Array; readonly X: Float32Array; readonly codes: Float32Array; readonly n: number },
  means: readonly number[],
  units: readonly number[],
  signal: AbortSignal,
  report: (done: number) => void,
): Promise<{ lost: number[]; rows: number }> {
  const { codeSize: Z, columns: D, rebuilt: C } = forward
  const affordable = Math.floor(mostWork / (Math.max(1, units.length) * forward.work))
  const rows = Math.min(given.n, Math.max(fewestRows, Math.min(mostRows, affordable)))
  const place = Uint32Array.from({ length: rows }, (_, i) => Math.floor((i * given.n) / rows))
  const taken = (values: Float32Array, width: number): Float32Array => {
    const out = new Float32Array(rows * width)
    for (let i = 0; i < rows; i++) out.set(values.subarray(place[i] * width, (place[i] + 1) * width), i * width)
    return out
  }
  const [x, X, z] = [taken(given.x, C), taken(given.X, D), taken(given.codes, Z)]
  const scaled = (values: Float32Array): Float32Array => forward.scale?.of(values, rows) ?? values
  const compared = scaled(x)
  const present = forward.present(X, rows)
  const spread = spreadOf(compared, rows, C, present)
  const explained = async (): Promise<number> =>
    fitOf(compared, scaled(await forward.decode(z, rows, X, signal)), rows, C, spread, present).explainedVariance
  const whole = await explained()
  const lost: number[] = []
  const kept = new Float32Array(rows)
  for (const unit of units) {
    throwIfCancelled(signal)
    for (let i = 0; i < rows; i++) {
      kept[i] = z[i * Z + unit]
      z[i * Z + unit] = means[unit]
    }
    lost.push(whole - (await explained()))
    for (let i = 0; i < rows; i++) z[i * Z + unit] = kept[i]
    report(lost.length)
    await setImmediate()
  }
  return { lost, rows }
}
