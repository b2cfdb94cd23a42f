/** How well unusual rows of a labelled table are found by a model's errors and by detectors, both made from half of the ordinary rows. */
import type { ScoreSpace } from '../../src-main/common/domain/scores.ts'
import { detectors } from '../../src-main/engine/analysis/detectors/registry.ts'
import { methodIn } from '../../src-main/engine/analysis/methods/define.ts'
import { rocAuc } from '#engine/analysis/evaluation/roc.ts'
import { modelById } from '../../src-main/engine/models/registry.ts'
import { sizedSettings, withEnoughPasses } from '../../src-main/engine/operations/modelSettings.ts'
import { openEncoder } from '../../src-main/engine/train/encoder.ts'
import { trainModel } from '../../src-main/engine/train/train.ts'
import pyod from '../fixtures/detectors/pyod.json' with { type: 'json' }
import { adbenchTable, type LabelledTable, standardised } from './adbench.ts'
import { memoryStore } from './training.ts'

/** Rows as a trained model sees them. */
export interface Seen {
  readonly n: number
  readonly d: number
  readonly X: Float32Array
  readonly codes: Float32Array
  readonly codeSize: number
  /** x − x̂ */
  readonly residual: Float32Array
  /** [n] mean of the squared residual */
  readonly error: Float64Array
}

export interface TrainedOn {
  readonly learn: Seen
  readonly judge: Seen
  readonly epochs: number
  readonly seconds: number
}

interface ModelChoice {
  readonly model: string
  readonly preset: string | null
  readonly settings?: Readonly<Record<string, unknown>>
}

/** A tenth is held out, as Prepare does: the training keeps the pass that rebuilds those best. */
const heldOutShare = 0.1

export async function trainOn(
  learn: LabelledTable,
  judge: LabelledTable,
  { model: id, preset, settings: typed = {} }: ModelChoice,
  seed: number,
): Promise<TrainedOn> {
  const { d } = learn
  const model = modelById(id)
  const holdoutRows = Math.floor(heldOutShare * learn.n)
  const trainRows = learn.n - holdoutRows
  const params = withEnoughPasses(model, sizedSettings(model, preset, typed, { columns: d, rows: trainRows }), typed, trainRows)
  const started = performance.now()
  const { weights, epochs } = await trainModel({
    model,
    params,
    train: learn.X.slice(0, trainRows * d),
    trainRows,
    holdout: learn.X.slice(trainRows * d),
    holdoutRows,
    inputDim: d,
    seed,
    threads: 1,
    signal: new AbortController().signal,
    keepRequested: () => false,
    untilResumed: async () => {},
    report: () => {},
    addMetrics: () => {},
    checkpoint: memoryStore(),
    checkpointSeconds: 1e9,
  })
  const seconds = (performance.now() - started) / 1000
  const encoder = await openEncoder({ model, params, inputDim: d, weights, threads: 1 })
  try {
    const see = async ({ n, X }: LabelledTable): Promise<Seen> => {
      const [codes, rebuilt] = [await encoder.codes(X, n), await encoder.reconstruct(X, n)]
      const residual = X.map((x, at) => x - rebuilt[at])
      const error = new Float64Array(n)
      for (const [at, r] of residual.entries()) error[Math.floor(at / d)] += (r * r) / d
      return { n, d, X, codes, codeSize: encoder.codeSize, residual, error }
    }
    return { learn: await see(learn), judge: await see(judge), epochs, seconds }
  } finally {
    await encoder.close()
  }
}

function inSpace({ n, d, X, residual, codes, codeSize }: Seen, space: ScoreSpace): { V: Float32Array; width: number } {
  if (space === 'prepared') return { V: X, width: d }
  if (space === 'residual') return { V: residual, width: d }
  if (space === 'codes') return { V: codes, width: codeSize }
  const V = new Float32Array(2 * n * d)
  for (let i = 0; i < n; i++) {
    V.set(X.subarray(i * d, (i + 1) * d), 2 * i * d)
    V.set(residual.subarray(i * d, (i + 1) * d), (2 * i + 1) * d)
  }
  return { V, width: 2 * d }
}

/** Scores of the rows to judge by a detector that learned from the others. */
export async function detected(
  id: string,
  params: Readonly<Record<string, unknown>>,
  space: ScoreSpace,
  { learn, judge }: Pick<TrainedOn, 'learn' | 'judge'>,
  seed: number,
): Promise<Float64Array> {
  const detector = methodIn(detectors, id)
  const from = inSpace(learn, space)
  const fitted = await detector.fit(from.V, learn.n, from.width, detector.params.parse(params), { seed, threads: 1 })
  const scores = new Float64Array(judge.n)
  await fitted.score(inSpace(judge, space).V, judge.n, scores)
  await fitted.close?.()
  return scores
}

export const areaOf = (scores: ArrayLike<number>, { y }: LabelledTable): number => rocAuc(scores, y)

/** Areas of PyOD's detectors, one for each seed, and scores of a small table. */
export const pyodReference = pyod as {
  readonly versions: Readonly<Record<string, string>>
  readonly areas: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
  readonly scores: Readonly<Record<string, { readonly own: readonly number[]; readonly new: readonly number[] }>>
}

/** What is not the detector's default, to be PyOD's. */
const asInPyod: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { pca: { pcaScore: 'weighted' } }
/** Detectors without chance; the others are held against PyOD by means over seeds. */
const hasNoChance = new Set(['knn', 'lof', 'ecod', 'hbos', 'pca'])
const fewestSeeds = 10
const enoughError = 0.003

export interface BesidePyod {
  readonly ours: number
  readonly theirs: number
  /** Standard error of the difference of the means; 0 where there is no chance. */
  readonly error: number
  /** The areas differ by 0.01 at most. */
  readonly agrees: boolean
}

/**
 * Areas of a detector that learned from a whole standardised table and ranks it: one where it has no chance, else the mean over as many seeds
 * as bring its standard error to 0.003, or `mostSeeds`.
 */
export async function areasBesidePyod(name: string, id: string, mostSeeds = 400): Promise<BesidePyod> {
  const reference = pyodReference.areas[name][id]
  const table = standardised(await adbenchTable(name))
  const { X, n, d } = table
  const detector = methodIn(detectors, id)
  const own = Int32Array.from({ length: n }, (_, i) => i)
  const areas: number[] = []
  const wanted = hasNoChance.has(id) ? 1 : fewestSeeds
  while (areas.length < wanted || (wanted > 1 && standardError(areas) > enoughError && areas.length < mostSeeds)) {
    const fitted = await detector.fit(X, n, d, detector.params.parse(asInPyod[id] ?? {}), { seed: areas.length + 1, threads: 1 })
    const scores = new Float64Array(n)
    await fitted.score(X, n, scores, own)
    await fitted.close?.()
    areas.push(areaOf(scores, table))
  }
  const [ours, theirs] = [mean(areas), mean(reference)]
  const error = Math.hypot(standardError(areas), standardError(reference))
  return { ours, theirs, error, agrees: Math.abs(ours - theirs) <= 0.01 }
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1) / values.length)
}
