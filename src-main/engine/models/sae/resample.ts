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
  /** The code that a latent makes of W_enc (x − b_pre). */
  code(product: number, latent: number, weights: Weights): number
  /** Further weights of a latent, which begin at zero again. */
  readonly zeroed?: readonly string[]
}

/** ReLU(W_enc (x − b_pre) + b_enc) */
export const rectifiedCode: ResampleRule['code'] = (product, latent, { encoderBias }) => Math.max(0, product + encoderBias.values[latent])

/** Passes after which it is time, counted from 1. */
export function resamplingPasses(times: number, passes: number): readonly number[] {
  const found = Array.from({ length: times }, (_, i) => Math.round((0.75 * passes * (i + 1)) / times))
  return [...new Set(found.filter((pass) => pass >= 1 && pass < passes))]
}

const encoderShare = 0.2

/** @returns  null when it is not time or none is dead */
export function resample({ weights, buffers, sample, pass, passes, key }: Revision, rule: ResampleRule): Revised | null {
  const { times, deadAfter, D, zeroed = [] } = rule
  if (!resamplingPasses(times, passes).includes(pass)) return null
  const dead = [...buffers.rowsSilent.values].flatMap((silent, latent) => (silent > deadAfter ? [latent] : []))
  if (dead.length === 0) return null
  const M = buffers.rowsSilent.values.length
  const [encoder, decoder] = [weights.encoder, weights.decoder].map(({ values }) => values.slice())
  const isDead = new Set(dead)
  const length = encoderShare * meanLength(encoder, D, (latent) => !isDead.has(latent), M)
  const losses = squaredLosses(sample, weights, rule)
  const draw = uniformsOf(key, 'resample')
  for (const [i, latent] of dead.entries()) {
    const direction = towards(sample, chosen(losses, draw(i)), weights.preBias.values, D)
    decoder.set(direction, latent * D)
    encoder.set(
      direction.map((value) => value * length),
      latent * D,
    )
  }
  const atZero = ['encoderBias', ...zeroed]
  const silent = buffers.rowsSilent.values.map((rows, latent) => (isDead.has(latent) ? 0 : rows))
  return {
    weights: {
      encoder: { ...weights.encoder, values: encoder },
      decoder: { ...weights.decoder, values: decoder },
      ...Object.fromEntries(
        atZero.map((name) => [
          name,
          { ...weights[name], values: weights[name].values.map((value, latent) => (isDead.has(latent) ? 0 : value)) },
        ]),
      ),
    },
    buffers: { rowsSilent: { shape: [M], values: silent } },
    fresh: Object.fromEntries(['encoder', 'decoder', ...atZero].map((name) => [name, dead])),
  }
}

const lengthOf = (vector: Float32Array): number => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))

function meanLength(rows: Float32Array, D: number, counts: (row: number) => boolean, M: number): number {
  let [sum, count] = [0, 0]
  for (let m = 0; m < M; m++) {
    if (!counts(m)) continue
    sum += lengthOf(rows.subarray(m * D, m * D + D))
    count++
  }
  return count === 0 ? 1 : sum / count
}

/** ‖x − x̂‖⁴ of every row of the sample: the chance of a row goes with its loss squared. */
function squaredLosses({ n, values }: RowSample, weights: Weights, { D, code: codeOf }: ResampleRule): Float64Array {
  const { encoder, encoderBias, decoder, preBias } = weights
  const M = encoderBias.values.length
  const losses = new Float64Array(n)
  const [centred, left] = [new Float64Array(D), new Float64Array(D)]
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < D; j++) centred[j] = left[j] = values[i * D + j] - preBias.values[j]
    for (let m = 0, at = 0; m < M; m++, at += D) {
      let product = 0
      for (let j = 0; j < D; j++) product += centred[j] * encoder.values[at + j]
      const code = codeOf(product, m, weights)
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
  const length = lengthOf(direction)
  if (length === 0) return Float32Array.from({ length: D }, (_, j) => (j === 0 ? 1 : 0))
  return direction.map((value) => value / length)
}
