/**
 * Mini-batch k-means (Sculley, WWW 2010): each step assigns a small batch and moves each centre towards the mean of its
 * new rows by a rate of one over the rows it has seen, c ← c + (x − c) / count.
 *
 * Departures: batches are drawn without the cost of shuffling, at random; a centre that got no row in a whole pass takes the
 * batch's farthest row; learning ends when the smoothed batch inertia has not improved for 20 batches.
 */
import { squaredDistances } from '#engine/analysis/distance.ts'
import { checkShape, finishTogether, type Kmeans, type KmeansOptions, seedStarts, withCrew } from './kmeans.ts'
import { createPace, lastOf } from '#engine/analysis/pace.ts'
import { randomStream, spreadSample } from '#engine/analysis/random.ts'
import type { KmeansCrew } from './work.ts'

/** Of the time, about, until centres are found; the rest is telling which rows are theirs. */
const shareOfCentres = 0.8

export interface MinibatchOptions extends Omit<KmeansOptions, 'tolerance'> {
  /** Rows per step. Default 4096. */
  readonly batchSize?: number
}

/** The state of one run, for data that come in batches: centres move with every `learn`. */
export interface MinibatchLearner {
  /** [k × d] now. */
  readonly centres: Float64Array
  /** Takes [n × d] finite rows; returns their mean squared distance before the step. */
  learn(batch: Float32Array, n: number): number
}

/** @param centres [k × d] to start from; they are moved in place */
export function createMinibatchLearner(centres: Float64Array, k: number, d: number): MinibatchLearner {
  const counts = new Float64Array(k)
  const distances = new Float64Array(k)
  return {
    centres,
    learn(batch, n) {
      const labels = new Uint16Array(n)
      let sum = 0
      let farthest = 0
      let most = -1
      for (let i = 0; i < n; i++) {
        let best = Number.POSITIVE_INFINITY
        squaredDistances(batch, i * d, centres, k, d, distances)
        for (let c = 0; c < k; c++) {
          if (distances[c] < best) {
            best = distances[c]
            labels[i] = c
          }
        }
        sum += best
        if (best > most) {
          most = best
          farthest = i
        }
      }
      for (let i = 0; i < n; i++) {
        const c = labels[i]
        const rate = 1 / ++counts[c]
        for (let j = 0; j < d; j++) centres[c * d + j] += rate * (batch[i * d + j] - centres[c * d + j])
      }
      const starved = counts.indexOf(0)
      if (starved >= 0 && most > 0) {
        for (let j = 0; j < d; j++) centres[starved * d + j] = batch[farthest * d + j]
        counts[starved] = 1
      }
      return sum / n
    },
  }
}

/**
 * @param points [n × d] row-major, finite
 * @returns as `kmeans`; `iterations` counts batches
 *
 * `nInit` starts are compared on a sample before the best one learns on; `maxIterations` counts passes over the rows.
 */
export async function minibatchKmeans(points: Float32Array, n: number, d: number, options: MinibatchOptions): Promise<Kmeans> {
  checkShape(points, n, d, options.k)
  return withCrew(points, options, (shared, crew) => learn(shared, n, d, options, crew))
}

async function learn(points: Float32Array, n: number, d: number, options: MinibatchOptions, crew: KmeansCrew): Promise<Kmeans> {
  const { k, nInit = 3, maxIterations = 100, seed, signal, batchSize = 4096 } = options
  const pace = createPace(signal)
  const m = Math.min(n, batchSize)
  const batch = new Float32Array(m * d)
  const fill = (rowOf: (i: number) => number, count: number): void => {
    for (let i = 0; i < count; i++) {
      const row = rowOf(i)
      for (let j = 0; j < d; j++) batch[i * d + j] = points[row * d + j]
    }
  }

  const trial = spreadSample(n, m, randomStream(seed, 'mini-batch/trial'))
  let centres = new Float64Array(k * d)
  let least = Number.POSITIVE_INFINITY
  const names = Array.from({ length: nInit }, (_, start) => `mini-batch/${start}`)
  const begun = await seedStarts(points, n, d, k, { names, seed, signal }, crew)
  for (const start of names.keys()) {
    const found = begun.slice(start * k * d, (start + 1) * k * d)
    const learner = createMinibatchLearner(found, k, d)
    fill((i) => trial[i], trial.length)
    for (let step = 0; step < 5; step++) learner.learn(batch, trial.length)
    const inertia = learner.learn(batch, trial.length)
    if (inertia < least) {
      least = inertia
      centres = found
    }
  }

  const learner = createMinibatchLearner(centres, k, d)
  const random = randomStream(seed, 'mini-batch/batches')
  const steps = Math.ceil((maxIterations * n) / m)
  const smoothing = Math.min(1, (2 * m) / (n + 1))
  const patience = 20
  let smoothed: number | null = null
  let lowest = Number.POSITIVE_INFINITY
  let sinceLowest = 0
  let step = 0
  while (step < steps && sinceLowest < patience) {
    fill(() => random.below(n), m)
    const inertia = learner.learn(batch, m)
    smoothed = smoothed === null ? inertia : smoothed + (inertia - smoothed) * Math.max(0.05, smoothing)
    sinceLowest = smoothed < lowest ? 0 : sinceLowest + 1
    lowest = Math.min(lowest, smoothed)
    step++
    if (step % 8 === 0) options.report?.(shareOfCentres * Math.max(step / steps, sinceLowest / patience))
    if (pace.due()) await pace.rest()
  }
  return { ...(await finishTogether(points, n, d, k, Float32Array.from(centres), crew, lastOf(shareOfCentres, options))), iterations: step }
}
