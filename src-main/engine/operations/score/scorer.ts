/**
 * A chosen score, fitted on rows the model learned from: what it sees of a row, the number it makes of it, and which columns that is due to.
 * Memory: the rows it is fitted on, at most 256 MB of them, and what the method says in its header.
 */
import type { MatrixMeta } from '#common/domain/results.ts'
import type { ScoreSpace } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import type { FittedDetector } from '../../analysis/detectors/define.ts'
import { methodIn, paramsOf } from '../../analysis/methods/define.ts'
import { createPace } from '../../analysis/pace.ts'
import { randomStream, spreadSample } from '../../analysis/random.ts'
import { modelById } from '../../models/registry.ts'
import type { Project } from '../../project/project.ts'
import { importanceLogLikelihood, tellsLikelihood } from '../../train/likelihood.ts'
import { readWeights } from '../trainedModel.ts'
import type { Frame } from './frame.ts'
import {
  bound,
  likelihood,
  maxFeature,
  reconstruction,
  robustError,
  rowDetectors,
  scoreMethods,
  spaceTitles,
  spelledOut,
  usualSpace,
} from './methods.ts'
import { rowsAt } from './rows.ts'

export interface RowScorer {
  readonly id: string
  readonly title: string
  readonly paper: string
  readonly space: ScoreSpace
  readonly spaceTitle: string
  /** Numbers of a row in its space. */
  readonly width: number
  /** Rows it was fitted on, beside the model's own. */
  readonly fitRows: number
  /** What it needs of a row: the stored error, the stored code, or all of it. */
  readonly reads: 'error' | 'codes' | 'rows'
  /** Place among the fitted rows by row number of the model's own dataset. */
  readonly ownOf: ReadonlyMap<number, number>
  /**
   * @param V   [n × width] rows in its space
   * @param X   [n × D] the same prepared, for likelihoods
   * @param own [n] place among the fitted rows, −1 for none
   * @param report told the share of the rows that is done
   */
  score(
    V: Float32Array,
    n: number,
    X: Float32Array | null,
    own: Int32Array | null,
    report?: (fraction: number) => void,
  ): Promise<Float64Array>
  /** [n × width], where the method says it exactly. */
  readonly blame: ((V: Float32Array, n: number, own: Int32Array | null) => Promise<Float32Array>) | null
}

export interface ScorerOptions {
  readonly project: Project
  readonly frame: Frame
  readonly latents: number
  readonly params: Readonly<Record<string, unknown>> & { readonly method: string; readonly space: ScoreSpace | 'auto' }
  readonly seed: number
  readonly threads: number
  readonly signal: AbortSignal
  readonly report?: (fraction: number) => void
}

const mostFitBytes = 256e6
/** Numbers a detector is given at once: of the slowest about half a second. */
const numbersAtOnce = 2 ** 18

export async function openScorer(asked: ScorerOptions): Promise<RowScorer> {
  const options = { ...asked, params: spelledOut(asked.params) }
  const { frame, params } = options
  const { id, title, paper } = methodIn(scoreMethods, params.method)
  const errorsOf = frame.model.errorsOf === undefined ? '' : ` of ${frame.model.errorsOf}`
  const base = { id, title, paper, fitRows: 0, ownOf: new Map<number, number>() }
  if (id === reconstruction.id)
    return {
      ...base,
      space: 'residual',
      spaceTitle: `errors of the columns${errorsOf}`,
      width: frame.C,
      reads: 'error',
      score: async (V, n) => rowMeans(V, n, frame.C, (sum, r) => sum + r * r),
      blame: async (V) => V.map((r) => r * r),
    }
  if (id === maxFeature.id)
    return {
      ...base,
      space: 'residual',
      spaceTitle: `errors of the columns${errorsOf}`,
      width: frame.C,
      reads: 'rows',
      score: async (V, n) => rowMeans(V, n, 1, (most, r) => Math.max(most, Math.abs(r)), frame.C),
      blame: async (V) => V.map((r) => r * r),
    }
  if (id === robustError.id) {
    const limit = params.errorLimit as number
    return {
      ...base,
      space: 'residual',
      spaceTitle: `errors of the columns${errorsOf}`,
      width: frame.C,
      reads: 'rows',
      score: async (V, n) => rowMeans(V, n, frame.C, (sum, r) => sum + Math.min(limit, Math.abs(r))),
      blame: async (V) => V.map((r) => Math.min(limit, Math.abs(r))),
    }
  }
  if (id === bound.id || id === likelihood.id) return likelihoodScorer(options, base)
  return detectorScorer(options, base)
}

/** `step` over the numbers of each row, the end divided by `by`. */
function rowMeans(V: Float32Array, n: number, by: number, step: (value: number, r: number) => number, width = by): Float64Array {
  const out = new Float64Array(n)
  for (let i = 0, at = 0; i < n; i++) {
    let value = 0
    for (let j = 0; j < width; j++, at++) value = step(value, V[at])
    out[i] = value / by
  }
  return out
}

type Base = Pick<RowScorer, 'id' | 'title' | 'paper' | 'fitRows' | 'ownOf'>

function likelihoodScorer({ project, frame, params, seed, signal }: ScorerOptions, base: Base): RowScorer {
  const { model, modelArtifact, D } = frame
  const asked = { model: modelById(model.model), params: model.settings, inputDim: D, conditions: model.conditions ?? 0 }
  if (!tellsLikelihood(asked))
    throw new StratumError(
      'DATA_UNSUITABLE',
      `${model.title} does not say how likely rows are.`,
      'Choose the reconstruction error, or train a variational autoencoder.',
      { parameter: 'method' },
    )
  const weights = readWeights(project, modelArtifact)
  const draws = params.draws as number
  return {
    ...base,
    space: 'prepared',
    spaceTitle: spaceTitles.prepared,
    width: frame.C,
    reads: 'rows',
    async score(_, n, X) {
      if (!X) throw new Error('likelihoods need whole rows')
      const found = await importanceLogLikelihood(X, n, { ...asked, weights, draws, seed, signal })
      return (base.id === bound.id ? found.bound : found.logLikelihood).map((value) => -value)
    },
    blame: null,
  }
}

async function detectorScorer(options: ScorerOptions, base: Base): Promise<RowScorer> {
  const { frame, params, seed, threads, signal, report } = options
  const detector = methodIn(rowDetectors, params.method)
  const space = params.space === 'auto' ? usualSpace(detector.id) : params.space
  const width = frame.widthOf(space)
  const { V, n, rows } = await fittedRows(options, space, width, detector.mostRows)
  const fitted: FittedDetector = await detector.fit(V, n, width, paramsOf(detector, params), { seed, threads, signal, report })
  if (fitted.close) frame.onClose(() => fitted.close?.() ?? Promise.resolve())
  const { blame } = fitted
  return {
    ...base,
    space,
    spaceTitle: space === 'residual' && frame.model.errorsOf ? `${spaceTitles.residual} of ${frame.model.errorsOf}` : spaceTitles[space],
    width,
    fitRows: n,
    reads: space === 'codes' ? 'codes' : 'rows',
    ownOf: new Map(Array.from(rows, (row, i) => [row, i])),
    async score(Y, m, _, own, report) {
      const out = new Float64Array(m)
      const rows = Math.max(1, Math.floor(numbersAtOnce / width))
      const pace = createPace(signal)
      for (let from = 0; from < m; from += rows) {
        const to = Math.min(m, from + rows)
        await fitted.score(Y.subarray(from * width, to * width), to - from, out.subarray(from, to), own?.subarray(from, to))
        report?.(to / m)
        if (pace.due()) await pace.rest()
      }
      return out
    },
    blame: blame
      ? async (Y, m, own) => {
          const out = new Float32Array(m * width)
          await blame.call(fitted, Y, m, out, own ?? undefined)
          return out
        }
      : null,
  }
}

/** Rows to fit on, in a space, and their numbers in the model's dataset: all that were learned from, or so many of them evenly. */
async function fittedRows(
  { project, frame, latents, seed, signal }: ScorerOptions,
  space: ScoreSpace,
  width: number,
  mostRows: number,
): Promise<{ V: Float32Array; n: number; rows: Float64Array }> {
  const { matrix, model } = frame
  const most = Math.max(1, Math.min(mostRows, Math.floor(mostFitBytes / (4 * Math.max(width, frame.D)))))
  const places = spreadSample(matrix.trainRows, most, randomStream(seed, 'rows to fit'))
  const rows = Float64Array.from(rowsAtNumbers(project, model.matrix, 'trainIndex', places))
  const n = places.length
  signal.throwIfAborted()
  const isOwn = frame.latents.dataset === model.dataset
  if (space === 'codes' && isOwn) return { V: codesAt(project, latents, rows), n, rows }
  const train = project.array(model.matrix, 'train')
  const V = new Float32Array(n * width)
  // A few thousand rows at a time: what stands between rows and errors is not held for all.
  for (let from = 0; from < n; from += 8192) {
    const some = places.subarray(from, from + 8192)
    V.set(await frame.inSpace(space, rowsAt(train, some), some.length), from * width)
  }
  return { V, n, rows }
}

function rowsAtNumbers(project: Project, matrix: number, name: string, places: Float64Array): number[] {
  const reader = project.array(matrix, name)
  const all = reader.read(0, reader.shape[0] as number)
  return Array.from(places, (place) => all[place])
}

/** Codes of rows in any order. */
export function codesAt(project: Project, latents: number, rows: Float64Array): Float32Array {
  const reader = project.array(latents, 'codes')
  const Z = reader.shape[1] as number
  const order = Uint32Array.from(rows.keys()).sort((a, b) => rows[a] - rows[b])
  const sorted = rowsAt(
    reader,
    Float64Array.from(order, (i) => rows[i]),
  )
  const out = new Float32Array(rows.length * Z)
  for (const [at, i] of order.entries()) out.set(sorted.subarray(at * Z, (at + 1) * Z), i * Z)
  return out
}

/** Rows no training looked at, or those learned from where none were held out. */
export const calibrationPart = ({ holdoutRows }: MatrixMeta): 'holdout' | 'train' => (holdoutRows > 0 ? 'holdout' : 'train')
