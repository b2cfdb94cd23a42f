/** Rows to learn from and options for trainModel in tests. */
import { normalsOf, stepKey, uniformsOf } from '../../src-main/engine/compute/random/counter.ts'
import { modelById } from '../../src-main/engine/models/registry.ts'
import type { CheckpointStore, TrainOptions } from '../../src-main/engine/train/train.ts'

/** n rows of d columns in 0 … 1 that bend along two hidden numbers, with a little noise. */
export function curvedRows(n: number, d: number, seed = 1): Float32Array {
  const draw = normalsOf(stepKey(seed, 0), 'rows')
  return Float32Array.from({ length: n * d }, (_, at) => {
    const [row, column] = [Math.floor(at / d), at % d]
    const [a, b] = [draw(2 * row), draw(2 * row + 1)]
    return 0.5 + 0.3 * Math.tanh(a * Math.cos(column) + b * Math.sin(2 * column)) + 0.01 * draw(2 * n + at)
  })
}

/** n rows of d whole numbers from 0, around what `curvedRows` are. */
export function countRows(n: number, d: number, seed = 1): Float32Array {
  const draw = uniformsOf(stepKey(seed, 0), 'counts')
  return curvedRows(n, d, seed).map((value, at) => Math.floor(-6 * Math.max(value, 0) * Math.log(1 - draw(at))))
}

/** Rows that a model can learn from. */
export const rowsFor = (modelId: string, n: number, d: number, seed = 1): Float32Array =>
  modelById(modelId).learnsFrom === 'counts' ? countRows(n, d, seed) : curvedRows(n, d, seed)

/** A checkpoint store in memory that keeps everything it was ever given. */
export function memoryStore(
  start: ReturnType<CheckpointStore['load']> = null,
): CheckpointStore & { readonly saved: NonNullable<ReturnType<CheckpointStore['load']>>[] } {
  const saved: NonNullable<ReturnType<CheckpointStore['load']>>[] = []
  return {
    saved,
    load: () => start,
    save: (state, arrays) => {
      saved.push(structuredClone({ state, arrays }))
    },
  }
}

/** Options whose rows are arrays in memory. */
export type ArrayOptions = TrainOptions & { readonly train: Float32Array; readonly holdout: Float32Array }

export function trainOptions(
  modelId: string,
  params: Readonly<Record<string, unknown>>,
  overrides: Partial<ArrayOptions> = {},
): ArrayOptions {
  const [n, held, d] = [330, 60, 5]
  const rows = rowsFor(modelId, n + held, d)
  return {
    model: modelById(modelId),
    params,
    train: rows.slice(0, n * d),
    trainRows: n,
    holdout: rows.slice(n * d),
    holdoutRows: held,
    inputDim: d,
    seed: 7,
    threads: 1,
    signal: new AbortController().signal,
    keepRequested: () => false,
    untilResumed: async () => {},
    report: () => {},
    addMetrics: () => {},
    checkpoint: memoryStore(),
    ...overrides,
  }
}
