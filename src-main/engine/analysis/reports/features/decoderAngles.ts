/** How alike the vectors of a dictionary are: the largest cosine of each with another one, on average over all or over a seeded sample. */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import { randomStream, spreadSample } from '../../random.ts'

/** Multiply-adds of all comparisons, some 10 s. */
const mostWork = 1e10
const workAtOnce = 5e7

/**
 * Memory: a copy of W. Time: compared · M · C, at most some 10 s; vectors of length 0 are left out.
 * @param W  [M × C] row-major
 */
export async function meanMaxCosine(
  W: Float32Array,
  M: number,
  C: number,
  seed: number,
  signal?: AbortSignal,
): Promise<{ cosine: number | null; compared: number }> {
  const unit = W.slice(0, M * C)
  const isThere = new Uint8Array(M)
  for (let f = 0; f < M; f++) {
    let squares = 0
    for (let j = f * C; j < (f + 1) * C; j++) squares += unit[j] * unit[j]
    if (squares === 0) continue
    isThere[f] = 1
    const scale = 1 / Math.sqrt(squares)
    for (let j = f * C; j < (f + 1) * C; j++) unit[j] *= scale
  }
  const count = Math.max(1, Math.min(M, Math.floor(mostWork / (M * C))))
  let [sum, compared, work] = [0, 0, 0]
  for (const f of spreadSample(M, count, randomStream(seed, 'decoder'))) {
    if (isThere[f] === 0) continue
    const largest = largestCosine(unit, isThere, M, C, f)
    if (largest > -2) {
      sum += largest
      compared++
    }
    work += M * C
    if (work > workAtOnce) {
      work = 0
      await setImmediate()
      if (signal) throwIfCancelled(signal)
    }
  }
  return { cosine: compared > 0 ? sum / compared : null, compared }
}

function largestCosine(unit: Float32Array, isThere: Uint8Array, M: number, C: number, f: number): number {
  let largest = -3
  for (let other = 0; other < M; other++) {
    if (other === f || isThere[other] === 0) continue
    let product = 0
    for (let j = 0, a = f * C, b = other * C; j < C; j++) product += unit[a + j] * unit[b + j]
    if (product > largest) largest = product
  }
  return largest
}
