/** The vectors that features add to a row, where the decoder is a sum of such vectors: x̂ = b + Σ f_j W_j. */
import type { Forward } from './forward.ts'

export interface Dictionary {
  /** Name of the weight. */
  readonly name: string
  /** [M × C] */
  readonly W: Float32Array
  /** [C] */
  readonly b: Float32Array
}

/** Weights that may hold the vectors: a decoder of its own, or one that is the encoder turned round. */
const names = ['decoder', 'encoder'] as const
const tolerance = 1e-4

/**
 * Found by trying: on the codes given, the sum has to be what the model decodes.
 * @param codes  [n × M], some rows
 */
export async function dictionaryOf(forward: Forward, codes: Float32Array, n: number): Promise<Dictionary | null> {
  const { codeSize: M, rebuilt: C, weights } = forward
  const b = await forward.decode(new Float32Array(M), 1)
  const wanted = await forward.decode(codes, n)
  const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  const out = new Float64Array(C)
  for (const name of names) {
    const weight = weights[name]
    if (weight?.shape.length !== 2 || weight.shape[0] !== M || weight.shape[1] !== C) continue
    const dictionary = { name, W: weight.values, b }
    let off = 0
    for (let i = 0; i < n; i++) {
      addUp(dictionary, codes, i * M, M, out)
      for (let j = 0; j < C; j++) off = Math.max(off, Math.abs(out[j] - wanted[i * C + j]))
    }
    if (off <= tolerance * scale) return dictionary
  }
  return null
}

/** x̂ of one row into `out`, adding up only what fires. */
export function addUp({ W, b }: Pick<Dictionary, 'W' | 'b'>, codes: Float32Array, at: number, M: number, out: Float64Array): void {
  const C = out.length
  out.set(b)
  for (let f = 0; f < M; f++) {
    const value = codes[at + f]
    if (value === 0) continue
    for (let j = 0, w = f * C; j < C; j++, w++) out[j] += value * W[w]
  }
}
