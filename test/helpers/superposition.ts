/**
 * Rows of which is known what they are made of: more directions than columns, few of them in each row (Elhage et al. 2022, Toy models of
 * superposition; Sharkey et al. 2022, Taking features out of superposition).
 *
 *   x = Σ s_f d_f  over the features that a row has,      s_f = 0.5 + U(0, 1)
 *
 * Directions d_f are uniform on the sphere; a row has each of them by itself with the same chance.
 */
import { normalsOf, stepKey, uniformsOf } from '#engine/compute/random/counter.ts'
import { sharedFloats } from '#engine/analysis/threads/sharedMemory.ts'

export interface Superposition {
  readonly columns: number
  readonly features: number
  /** Features per row, on average. */
  readonly active: number
  readonly seed: number
}

/** [features × columns], rows of length one. */
export function featuresOf({ columns, features, seed }: Superposition): Float32Array {
  const draw = normalsOf(stepKey(seed, 0), 'features')
  const directions = Float32Array.from({ length: features * columns }, (_, i) => draw(i))
  for (let f = 0; f < features; f++) {
    const row = directions.subarray(f * columns, (f + 1) * columns)
    const length = Math.hypot(...row)
    row.forEach((value, j) => {
      row[j] = value / length
    })
  }
  return directions
}

/** n rows on shared memory; other rows for another `part`. */
export function rowsOf(setting: Superposition, n: number, part: string): Float32Array {
  const { columns, features, active, seed } = setting
  const directions = featuresOf(setting)
  const uniform = uniformsOf(stepKey(seed, 1), part)
  const X = sharedFloats(n * columns)
  // Steps between features that are there are geometric: ln U / ln(1 − p).
  const perStep = 1 / Math.log(1 - active / features)
  let draws = 0
  for (let i = 0; i < n; i++) {
    const row = X.subarray(i * columns, (i + 1) * columns)
    for (let f = -1; ; ) {
      f += 1 + Math.floor(Math.log(1 - uniform(draws++)) * perStep)
      if (f >= features) break
      const strength = 0.5 + uniform(draws++)
      for (let j = 0; j < columns; j++) row[j] += strength * directions[f * columns + j]
    }
  }
  return X
}

/** Share of the features whose cosine with some row of the dictionary [latents × columns] is more than `least`. */
export function recovered(setting: Superposition, dictionary: Float32Array, least = 0.9): number {
  const { columns, features } = setting
  const directions = featuresOf(setting)
  const latents = dictionary.length / columns
  const lengths = Array.from({ length: latents }, (_, m) => Math.hypot(...dictionary.subarray(m * columns, (m + 1) * columns)))
  let found = 0
  for (let f = 0; f < features; f++) {
    let best = 0
    for (let m = 0; m < latents; m++) {
      let dot = 0
      for (let j = 0; j < columns; j++) dot += directions[f * columns + j] * dictionary[m * columns + j]
      best = Math.max(best, dot / lengths[m])
    }
    if (best > least) found++
  }
  return found / features
}
