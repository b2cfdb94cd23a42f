/** Seeded initial weights. Each matrix draws at its own site, so adding a layer leaves the others as they were. */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import { sizeOf } from '../compute/graph/node.ts'
import { normalsOf, stepKey, uniformsOf } from '../compute/random/counter.ts'
import type { Initialiser, RowSample, Stage, Weight, Weights } from '../models/define.ts'

type Draw = (i: number) => number
type Rule = 'glorotUniform' | 'lecunNormal' | 'heNormal'

/** The i-th number of a matrix [in, out] drawn at a site, by rule. */
const rules: Readonly<Record<Rule, (key: number, site: string, shape: readonly [number, number]) => Draw>> = {
  /** Glorot & Bengio 2010: uniform in ±√(6 / (in + out)) */
  glorotUniform(key, site, [from, to]) {
    const limit = Math.sqrt(6 / (from + to))
    const draw = uniformsOf(key, `initial/${site}`)
    return (i) => limit * (2 * draw(i) - 1)
  },
  /** variance 1 / in */
  lecunNormal: (key, site, [from]) => normal(key, site, 1 / from),
  /** He et al. 2015: variance 2 / in */
  heNormal: (key, site, [from]) => normal(key, site, 2 / from),
}

function normal(key: number, site: string, variance: number): Draw {
  const draw = normalsOf(key, `initial/${site}`)
  const spread = Math.sqrt(variance)
  return (i) => spread * draw(i)
}

/** An initialiser whose every matrix comes from `weightOf`. */
const byRule = (weightOf: (rule: Rule, site: string, shape: readonly [number, number]) => Weight): Initialiser => ({
  glorotUniform: (site, shape) => weightOf('glorotUniform', site, shape),
  lecunNormal: (site, shape) => weightOf('lecunNormal', site, shape),
  heNormal: (site, shape) => weightOf('heNormal', site, shape),
  constant: (shape, value) => ({ shape, values: new Float32Array(sizeOf(shape)).fill(value) }),
})

// A loop, for wide layers have millions of weights and Float32Array.from takes ten times as long.
function fill(values: Float32Array, draw: Draw, from: number, to: number): void {
  for (let i = from; i < to; i++) values[i] = draw(i)
}

export function initialiserOf(seed: number): Initialiser {
  const key = stepKey(seed, 0)
  return byRule((rule, site, shape) => {
    const values = new Float32Array(sizeOf(shape))
    fill(values, rules[rule](key, site, shape), 0, values.length)
    return { shape, values }
  })
}

/** About 20 ms of drawing. */
const piece = 1 << 18

/**
 * A stage's first weights as `initialiserOf(seed)` draws them, in pieces between which others get their turn: tens of millions take
 * seconds. What is to be drawn is found out before, by asking with zeros.
 *
 * Memory: twice the weights. @throws CANCELLED
 */
export async function drawInPieces(
  stage: Pick<Stage, 'initialWeights'>,
  sample: RowSample,
  seed: number,
  signal: AbortSignal,
): Promise<Weights> {
  const key = stepKey(seed, 0)
  const drawn = new Map<string, Weight>()
  const wanted: (readonly [values: Float32Array, draw: Draw])[] = []
  const nameOf = (rule: Rule, site: string, shape: readonly number[]): string => [rule, site, ...shape].join(' ')
  stage.initialWeights(
    byRule((rule, site, shape) => {
      const values = new Float32Array(sizeOf(shape))
      drawn.set(nameOf(rule, site, shape), { shape, values })
      wanted.push([values, rules[rule](key, site, shape)])
      return { shape, values }
    }),
  )
  for (const [values, draw] of wanted)
    for (let from = 0; from < values.length; from += piece) {
      fill(values, draw, from, Math.min(values.length, from + piece))
      await setImmediate()
      throwIfCancelled(signal)
    }
  return stage.initialWeights(
    byRule((rule, site, shape) => {
      const weight = drawn.get(nameOf(rule, site, shape))
      if (!weight) throw new Error(`the first weights of ${site} depend on more than shapes`)
      return weight
    }),
    sample,
  )
}
