/**
 * Anomaly scores of every row, with a threshold from held-out rows the model never saw, and what lies above it: flagged rows with blame,
 * events of a time series, objects of a scene.
 *
 * Rows stream: stored errors or codes where those are enough, else the dataset through its preparation; and once more for the highest
 * rows. Memory: blocks of 8 MB, the rows a method is fitted on (score/scorer.ts), the 100 000 highest rows; of local RX every score.
 */
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ScoreSpace, ScoresMeta, ThresholdChoice } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import { countBelow } from '../analysis/confidence.ts'
import { estimateContamination } from '../analysis/contamination.ts'
import { methodIn } from '../analysis/methods/define.ts'
import { quantileOfSorted } from '../analysis/quantiles.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { keyedLabels, labelsIdentity } from './labels.ts'
import { calibrate, calibrationRows } from './score/calibration.ts'
import { writeDetails } from './score/details.ts'
import { writeFound } from './score/found.ts'
import { type Frame, openFrame } from './score/frame.ts'
import { localRx, reconstruction, scoreMethods, spaceTitles } from './score/methods.ts'
import { notesOf } from './score/notes.ts'
import { params } from './score/params.ts'
import { ringScores, ringSpace } from './score/ring.ts'
import { rowsAt } from './score/rows.ts'
import { openScorer, type RowScorer } from './score/scorer.ts'
import { type SeriesRows, writeSeries } from './score/series.ts'
import { type ScoredBlock, scoredRows } from './score/stream.ts'
import { ScoreTally } from './score/tally.ts'
import { chooseThreshold, falseAlarms, labelledRows, type RuleParams, ruleWords } from './score/threshold.ts'

/** What the operation reads of its parameters; the others are the methods' own. */
export interface ScoreParams extends RuleParams, Readonly<Record<string, unknown>> {
  readonly method: string
  readonly space: ScoreSpace | 'auto'
  readonly ringRadius: number
  readonly guardRadius: number
  readonly mergeGap: number
  readonly minimumLength: number
  readonly minimumPixels: number
  readonly explain: number
}
type Context = OperationContext<ScoreParams>

export const scoreOperation = defineOperation({
  id: 'score',
  version: 2,
  title: 'Score anomalies',
  summary: 'Says how unusual each row is to the model, and flags those beyond what held-out rows show.',
  citation: 'Borghesi et al., Anomaly detection using autoencoders in high performance computing systems, arXiv 1811.05269',
  inputs: { latents: { kinds: ['latents'], description: 'Codes with their reconstruction error' } },
  params,
  produces: 'scores',
  ignores: ['device'],
  // Labels that lie in a file belong to the key: the file may change.
  keyed: (given) => ({ ...given, labels: given.labels === null ? null : keyedLabels(given.labels) }),
  identity: ({ rule, labels }) => (rule === 'labels' && labels !== null ? labelsIdentity(labels) : ''),
  nameFor: ({ method }, { latents }) => {
    const of = latents?.name.replace(/ codes$/, '') ?? 'model'
    return method === reconstruction.id ? `${of} anomalies` : `${of} anomalies, ${methodIn(scoreMethods, method).title}`
  },
  async run(ctx) {
    const given = ctx as unknown as Context
    const { project, threads, signal } = given
    const frame = openFrame({ project, latents: given.inputs.latents!, threads, signal })
    try {
      return await (given.params.method === localRx.id ? scoreRing(given, frame) : scoreByRow(given, frame))
    } finally {
      await frame.close()
    }
  },
})

interface Scored {
  readonly scorer: RowScorer | null
  readonly scoring: NonNullable<ScoresMeta['scoring']>
  readonly method: string
  /** Rising, finite. */
  readonly calibration: Float64Array
  readonly of: 'held-out' | 'learning'
  readonly notes: readonly string[]
  readonly blocks: (signal: AbortSignal) => AsyncIterable<ScoredBlock>
}

async function scoreByRow(ctx: Context, frame: Frame): Promise<ScoresMeta> {
  const { project, seed, threads, signal, params } = ctx
  const latents = ctx.inputs.latents!.id
  const dataset = project.artifact(frame.latents.dataset)
  ctx.report({ stage: 'Learning what is usual', fraction: null })
  const options = { project, frame, latents, params, seed, threads, signal }
  const scorer = await openScorer({
    ...options,
    report: (fraction) => ctx.report({ stage: 'Learning what is usual', fraction: 0.15 * fraction }),
  })
  const request = {
    project,
    frame,
    latents,
    scorer,
    seed,
    signal,
    report: (fraction: number) => ctx.report({ stage: 'Scoring held-out rows', fraction: 0.15 + 0.15 * fraction }),
  }
  const calibration = await calibrate(request)
  const isOwn = dataset.id === frame.model.dataset
  const notes = await notesOf(options, request, calibration, { isOwn })
  if (!isOwn) ctx.log('warning', 'The threshold comes from the dataset the model was trained on; this dataset may be shifted against it.')
  const { id, title, space, spaceTitle, width, fitRows, paper } = scorer
  const isError = id === reconstruction.id
  return finish(ctx, frame, {
    scorer,
    scoring: { id, title, space, spaceTitle, width, fitRows, paper },
    method: isError
      ? `reconstruction error${frame.model.errorsOf === undefined ? '' : ` of ${frame.model.errorsOf}`}, mean over columns`
      : `${title}, ${spaceTitle}${fitRows > 0 ? `, learned from ${fitRows} rows` : ''}`,
    calibration: Float64Array.from(calibration.scores).sort(),
    of: calibration.of,
    notes,
    blocks: (stop) => scoredRows({ project, dataset, frame, latents, scorer, signal: stop }),
  })
}

/** A pixel is held against its neighbours, so that held-out pixels are scored where they lie. */
async function scoreRing(ctx: Context, frame: Frame): Promise<ScoresMeta> {
  const { project, params, seed, signal } = ctx
  const latents = ctx.inputs.latents!.id
  const dataset = project.artifact(frame.latents.dataset)
  if (dataset.id !== frame.model.dataset)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'Local RX is calibrated on held-out pixels of the scene itself, and this scene is not the one the model learned from.',
      'Score the scene with another method, or train a model on this scene.',
      { parameter: 'method' },
    )
  const report = (fraction: number): void => ctx.report({ stage: 'Comparing pixels with their surroundings', fraction: 0.7 * fraction })
  const all = await ringScores({ project, dataset, frame, latents, params, signal, report })
  const { part, rows } = calibrationRows({ project, frame, seed }, Number.POSITIVE_INFINITY)
  const calibration = Float64Array.from(rows, (row) => all[row])
    .filter(Number.isFinite)
    .sort()
  const { id, title, paper } = localRx
  const space = ringSpace(params.space)
  return finish(ctx, frame, {
    scorer: null,
    scoring: { id, title, space, spaceTitle: spaceTitles[space], width: frame.widthOf(space), fitRows: 0, paper },
    method: `${title}, ${spaceTitles[space]}, ring from ${params.guardRadius + 1} to ${params.ringRadius} pixels`,
    calibration,
    of: part === 'holdout' ? 'held-out' : 'learning',
    notes: part === 'holdout' ? [] : ['No row was held out, so the threshold comes from rows the model learned from.'],
    async *blocks() {
      yield { start: 0, scores: all }
    },
  })
}

async function finish(ctx: Context, frame: Frame, scored: Scored): Promise<ScoresMeta> {
  const { project, params, draft, seed, signal } = ctx
  const { calibration, of } = scored
  const latents = ctx.inputs.latents!.id
  const dataset = project.artifact(frame.latents.dataset)
  const data = dataset.meta as unknown as DatasetMeta
  if (calibration.length === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'No held-out row has a finite score, so there is nothing to judge a threshold on.',
      'Prepare the data again with a larger held-out share.',
    )
  const series = await writeSeries(project, dataset, draft, signal)
  const labels = params.rule === 'labels' ? await labelledRows(data, project.path, params, seed, signal) : null
  const choose = (labelled: Float32Array | null): Promise<ThresholdChoice> =>
    chooseThreshold(params, {
      calibration,
      of,
      rowsPerDay: series?.rowsPerDay ?? null,
      labelled: async () => withScores(labels, labelled),
      seed,
      signal,
    })
  // Labels judge scores of all rows, so those are needed first; any other rule knows its threshold before a row is scored.
  const early = labels ? null : await choose(null)
  const writer = draft.writeArray('score', { dtype: 'float32', shape: [frame.latents.rows] })
  const tally = new ScoreTally({ calibration, data, threshold: early?.value ?? null, unit: series?.unit ?? null, ...params })
  for await (const { start, scores } of scored.blocks(signal)) {
    writer.append(scores)
    tally.add(start, scores)
    const done = start + scores.length
    ctx.report({ stage: 'Scoring', fraction: 0.3 + (0.5 * done) / frame.latents.rows, done, unit: rowNoun[data.kind][1] })
  }
  writer.finish()
  const choice = early ?? (await choose(rowsAt(project.array(draft.id, 'score'), labels!.rows)))
  if (!early) await tallyAgain(ctx, tally, choice.value, frame.latents.rows)
  const counts = tally.finish()
  writeFound(draft, calibration, counts.highest, labels?.rows ?? null)
  const { explained, blame } = await writeDetails(
    {
      project,
      dataset,
      frame,
      scorer: scored.scorer,
      rows: counts.highest.rows,
      explain: params.explain,
      signal,
      report: (fraction) => ctx.report({ stage: 'Finding columns to blame', fraction: 0.8 + 0.2 * fraction }),
    },
    draft,
  )
  return metaOf(frame, scored, { latents, choice, counts, series, explained, blame, params })
}

/** The labelled rows that have a score. */
function withScores(labels: { rows: Float64Array; positive: Uint8Array } | null, scores: Float32Array | null) {
  if (!labels || !scores) throw new Error('labels were not read')
  const known = Uint32Array.from(scores.keys()).filter((i) => Number.isFinite(scores[i]))
  return { scores: Float64Array.from(known, (i) => scores[i]), positive: Uint8Array.from(known, (i) => labels.positive[i]) }
}

async function tallyAgain({ project, draft, signal }: Context, tally: ScoreTally, threshold: number, rows: number): Promise<void> {
  tally.restart(threshold)
  const reader = project.array(draft.id, 'score')
  const step = 1 << 19
  for (let from = 0; from < rows; from += step) {
    signal.throwIfAborted()
    tally.add(from, reader.read(from, Math.min(rows, from + step)) as Float32Array)
  }
}

interface Outcome {
  readonly latents: number
  readonly choice: ThresholdChoice
  readonly counts: ReturnType<ScoreTally['finish']>
  readonly series: SeriesRows | null
  readonly explained: number
  readonly blame: 'exact' | 'replacement' | null
  readonly params: ScoreParams
}

function metaOf(frame: Frame, { scoring, method, calibration, notes }: Scored, outcome: Outcome): ScoresMeta {
  const { latents, choice, counts, series, explained, blame, params } = outcome
  const median = quantileOfSorted(calibration, 0.5)
  const below = countBelow(calibration, median)
  const contamination = estimateContamination(counts.belowMedian, counts.scored, below, calibration.length)
  return {
    method,
    dataset: frame.latents.dataset,
    model: frame.latents.model,
    latents,
    rows: frame.latents.rows,
    validRows: frame.latents.validRows,
    threshold: choice.value,
    thresholdRule: ruleWords(choice),
    percentile: choice.rule === 'percentile' ? params.percentile : (100 * countBelow(calibration, choice.value)) / calibration.length,
    holdoutRows: calibration.length,
    min: counts.min,
    max: counts.max,
    histogram: counts.histogram,
    flagged: counts.flagged,
    scoring,
    choice,
    falseAlarmsPer1000: falseAlarms(calibration, choice.value),
    contamination: contamination && { ...contamination, method: 'Storey’s π₀ at λ = ½ of p values among held-out rows' },
    confidence: 'chance that the row stays flagged when held-out rows are drawn anew (ExCeeD)',
    blame,
    detailedRows: explained,
    ...(counts.events !== null && { events: { count: counts.events, mergeGap: params.mergeGap, minimumLength: params.minimumLength } }),
    ...(series && { series: series.meta }),
    ...(counts.objects !== null && { objects: { count: counts.objects, minimumPixels: params.minimumPixels } }),
    ...(notes.length > 0 && { notes: [...notes] }),
  }
}
