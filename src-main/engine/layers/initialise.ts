/** Seeded initial weights. Each matrix draws at its own site, so adding a layer leaves the others as they were. */
import { normalsOf, stepKey, uniformsOf } from '../compute/random/counter.ts'
import type { Initialiser, Weight } from '../models/define.ts'

export function initialiserOf(seed: number): Initialiser {
  const key = stepKey(seed, 0)
  // A loop, for wide layers have millions of weights and Float32Array.from takes ten times as long.
  const drawn = (shape: readonly number[], draw: (i: number) => number): Weight => {
    const values = new Float32Array(shape.reduce((product, n) => product * n, 1))
    for (let i = 0; i < values.length; i++) values[i] = draw(i)
    return { shape, values }
  }
  const normal = (site: string, shape: readonly [number, number], variance: number): Weight => {
    const draw = normalsOf(key, `initial/${site}`)
    const spread = Math.sqrt(variance)
    return drawn(shape, (i) => spread * draw(i))
  }
  return {
    /** Glorot & Bengio 2010: uniform in ±√(6 / (in + out)) */
    glorotUniform(site, shape) {
      const limit = Math.sqrt(6 / (shape[0] + shape[1]))
      const draw = uniformsOf(key, `initial/${site}`)
      return drawn(shape, (i) => limit * (2 * draw(i) - 1))
    },
    /** variance 1 / in */
    lecunNormal: (site, shape) => normal(site, shape, 1 / shape[0]),
    /** He et al. 2015: variance 2 / in */
    heNormal: (site, shape) => normal(site, shape, 2 / shape[0]),
    constant: (shape, value) => drawn(shape, () => value),
  }
}
