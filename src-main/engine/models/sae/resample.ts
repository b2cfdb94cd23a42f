/**
 * Dead latents begin anew at rows that are badly rebuilt (Bricken et al. 2023, Towards Monosemanticity, "Neuron resampling")
 *
 *   P(row) ∝ L(row)²      W_dec ← (x − b_pre) / ‖x − b_pre‖      W_enc ← that · 0.2 · mean length of W_enc of those alive      b_enc ← 0
 *
 * On the host, between passes; the optimiser forgets what it knew of these latents. Time: one product of the sample with the dictionary.
 */
import { uniformsOf } from '../../compute/random/counter.ts'
import type { Revised, Revision, RowSample, Weights } from '../define.ts'

export interface ResampleRule {
  /** How often, evenly over the first three quarters of the passes. */
  readonly times: number
  /** Rows for which a latent may be silent. */
  readonly deadAfter: number
  readonly D: number
}

/** Passes after which it is time, counted from 1. */
export function resamplingPasses(times: number, passes: number): readonly number[] {
  const found = Array.from({ length: times }, (_, i) => Math.round((0.75 * passes * (i + 1)) / times))
  return [...new Set(found.filter((pass) => pass >= 1 && pass < passes))]
}

const encoderShare = 0.2

/** @returns  null when it is not time or none is dead */
export function resample({ weights, buffers, sample, pass, passes, key }: Revision, { times, deadAfter, D }: ResampleRule): Revised | null {
  if (!resamplingPasses(times, passes).includes(pass)) return null
  const dead = [...buffers.rowsSilent.values].flatMap((silent, latent) => (silent > deadAfter ? [latent] : []))
  if (dead.length === 0) return null
  const M = buffers.rowsSilent.values.length
  const [encoder, encoderBias, decoder] = [weights.encoder, weights.encoderBias, weights.decoder].map(({ values }) => values.slice())
  const isDead = new Set(dead)
  const length = encoderShare * meanLength(encoder, D, (latent) => !isDead.has(latent), M)
  const losses = squaredLosses(sample, weights, D)
  const draw = uniformsOf(key, 'resample')
  for (const [i, latent] of dead.entries()) {
    const direction = towards(sample, chosen(losses, draw(i)), weights.preBias.values, D)
    decoder.set(direction, latent * D)
    encoder.set(
      direction.map((value) => value * length),
      latent * D,
    )
    encoderBias[latent] = 0
  }
  const silent = buffers.rowsSilent.values.map((rows, latent) => (isDead.has(latent) ? 0 : rows))
  return {
    weights: {
      encoder: { ...weights.encoder, values: encoder },
      encoderBias: { ...weights.encoderBias, values: encoderBias },
      decoder: { ...weights.decoder, values: decoder },
    },
    buffers: { rowsSilent: { shape: [M], values: silent } },
    fresh: { encoder: dead, encoderBias: dead, decoder: dead },
  }
}

function meanLength(rows: Float32Array, D: number, counts: (row: number) => boolean, M: number): number {
  let [sum, count] = [0, 0]
  for (let m = 0; m < M; m++) {
    if (!counts(m)) continue
    sum += Math.hypot(...rows.subarray(m * D, m * D + D))
    count++
  }
  return count === 0 ? 1 : sum / count
}

/** ‖x − x̂‖⁴ of every row of the sample: the chance of a row goes with its loss squared. */
function squaredLosses({ n, values }: RowSample, { encoder, encoderBias, decoder, preBias }: Weights, D: number): Float64Array {
  const M = encoderBias.values.length
  const losses = new Float64Array(n)
  const [centred, left] = [new Float64Array(D), new Float64Array(D)]
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < D; j++) centred[j] = left[j] = values[i * D + j] - preBias.values[j]
    for (let m = 0, at = 0; m < M; m++, at += D) {
      let code = encoderBias.values[m]
      for (let j = 0; j < D; j++) code += centred[j] * encoder.values[at + j]
      if (code <= 0) continue
      for (let j = 0; j < D; j++) left[j] -= code * decoder.values[at + j]
    }
    const loss = left.reduce((sum, value) => sum + value * value, 0)
    losses[i] = loss * loss
  }
  return losses
}

/** The row at share u of the sum of chances. */
function chosen(chances: Float64Array, u: number): number {
  let rest = u * chances.reduce((a, b) => a + b, 0)
  const at = chances.findIndex((chance) => {
    rest -= chance
    return rest < 0
  })
  return at < 0 ? chances.length - 1 : at
}

/** Unit vector from b to a row; along the first column where they are equal. */
function towards({ values }: RowSample, row: number, b: Float32Array, D: number): Float32Array {
  const direction = Float32Array.from({ length: D }, (_, j) => values[row * D + j] - b[j])
  const length = Math.hypot(...direction)
  if (length === 0) return Float32Array.from({ length: D }, (_, j) => (j === 0 ? 1 : 0))
  return direction.map((value) => value / length)
}
