/**
 * What every way of scoring ends with: the threshold, the scores of all rows, what lies above it, and the account of all that.
 * Memory: blocks of 8 MB, the 100 000 highest rows; where labels say the threshold see labelledRows.ts, and their scores twice more.
 */
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ScoreSpace, ScoresMeta, ThresholdChoice } from '#common/domain/scores.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { countBelow } from '#engine/analysis/anomalies/confidence.ts'
import { estimateContamination } from '#engine/analysis/anomalies/contamination.ts'
import { quantileOfSorted } from '#engine/analysis/statistics/quantiles.ts'
import type { OperationContext } from '../define.ts'
import { isByChance } from '../prepare/split.ts'
import { type Explained, writeDetails } from './details.ts'
import { writeFound } from './found.ts'
import type { Frame } from './frame.ts'
import type { RowScorer } from './scorer.ts'
import { type SeriesRows, writeSeries } from './series.ts'
import type { ScoredBlock } from './stream.ts'
import { ScoreTally } from './tally.ts'
import { labelledBlocks, labelledRows, labelledScores } from './labelledRows.ts'
import { chooseThreshold, falseAlarms, type RuleParams, ruleWords } from './threshold.ts'

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

export interface Scored {
  readonly scorer: RowScorer | null
  readonly scoring: NonNullable<ScoresMeta['scoring']>
  readonly method: string
  /** Rising, finite. */
  readonly calibration: Float64Array
  readonly of: 'held-out' | 'learning'
  readonly notes: readonly string[]
  /** Where there is no scorer: what each prepared column adds to the scores of rows. */
  readonly blame?: (rows: Float64Array) => Promise<Float32Array>
  /** Rows whose labels or reviews the scores learned from. */
  readonly learned?: Float64Array
  /** @param report told how many rows are done, where a block takes long */
  readonly blocks: (signal: AbortSignal, report: (rows: number) => void) => AsyncIterable<ScoredBlock>
}

/** @param latents id of the codes that are scored */
export async function finish(ctx: Context, frame: Frame, latents: number, scored: Scored): Promise<ScoresMeta> {
  const { project, params, draft, seed, signal } = ctx
  const { calibration, of } = scored
  const dataset = project.artifact(frame.latents.dataset)
  const data = dataset.meta as unknown as DatasetMeta
  if (calibration.length === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'No held-out row has a finite score, so there is nothing to judge a threshold on.',
      'Prepare the data again with a larger held-out share.',
    )
  const series = await writeSeries(project, dataset, draft, signal)
  const reading = (done: number): void => ctx.report({ stage: 'Reading labels', fraction: 0.3, done, unit: rowNoun[data.kind][1] })
  const labels = params.rule === 'labels' ? await labelledRows(data, project.path, params, seed, signal, reading) : null
  const choose = (): Promise<ThresholdChoice> =>
    chooseThreshold(params, {
      calibration,
      of,
      rowsPerDay: series?.rowsPerDay ?? null,
      labelled: async () => {
        if (!labels) throw new Error('labels were not read')
        return labelledScores(labels, project.array(draft.id, 'score'), signal)
      },
      seed,
      signal,
    })
  // Labels judge scores of all rows, so those are needed first; any other rule knows its threshold before a row is scored.
  const early = labels ? null : await choose()
  const writer = draft.writeArray('score', { dtype: 'float32', shape: [frame.latents.rows] })
  const tally = new ScoreTally({ calibration, data, threshold: early?.value ?? null, unit: series?.unit ?? null, ...params })
  const report = (done: number): void =>
    ctx.report({ stage: 'Scoring', fraction: 0.3 + (0.5 * done) / frame.latents.rows, done, unit: rowNoun[data.kind][1] })
  for await (const { start, scores } of scored.blocks(signal, report)) {
    writer.append(scores)
    tally.add(start, scores)
    report(start + scores.length)
  }
  writer.finish()
  const choice = early ?? (await choose())
  if (!early) await tallyAgain(ctx, tally, choice.value, frame.latents.rows)
  const counts = tally.finish()
  const learned = labels && { count: labels.normal + labels.anomalous, blocks: labelledBlocks(labels) }
  writeFound(
    draft,
    calibration,
    counts.highest,
    learned ?? (scored.learned ? { count: scored.learned.length, blocks: [{ rows: scored.learned }] } : null),
  )
  const details = await writeDetails(
    {
      project,
      dataset,
      frame,
      scorer: scored.scorer,
      blame: scored.blame ?? null,
      rows: counts.highest.rows,
      explain: params.explain,
      signal,
      report: (fraction) => ctx.report({ stage: 'Finding columns to blame', fraction: 0.8 + 0.2 * fraction }),
    },
    draft,
  )
  return metaOf(frame, scored, { latents, choice, counts, series, details, params })
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
  readonly details: Explained
  readonly params: ScoreParams
}

function metaOf(frame: Frame, { scoring, method, calibration, notes }: Scored, outcome: Outcome): ScoresMeta {
  const { latents, choice, counts, series, details, params } = outcome
  const median = quantileOfSorted(calibration, 0.5)
  const below = countBelow(calibration, median)
  // Among rows that were learned from, what differs from later ones is time, and no share of anomalies.
  const isComparable = frame.latents.dataset !== frame.model.dataset || isByChance(frame.matrix.split)
  const contamination = isComparable ? estimateContamination(counts.belowMedian, counts.scored, below, calibration.length) : null
  const told = [...notes, ...shiftNote(contamination), ...filledNote(details, counts.flagged)]
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
    blame: details.blame,
    detailedRows: details.explained,
    ...(counts.events !== null && { events: { count: counts.events, mergeGap: params.mergeGap, minimumLength: params.minimumLength } }),
    ...(series && { series: series.meta }),
    ...(counts.objects !== null && { objects: { count: counts.objects, minimumPixels: params.minimumPixels } }),
    ...(told.length > 0 && { notes: told }),
  }
}

/** @param flagged  rows above the threshold; the highest come first */
function filledNote({ filled, explained }: Explained, flagged: number): string[] {
  const count = filled.filter((place) => place < flagged).length
  if (count === 0) return []
  const rows = explained < flagged ? `the ${explained} highest of ${flagged} flagged rows` : counted(flagged, 'flagged row')
  return [
    `Of ${rows}, ${count} ${nounFor(count, 'scores', 'score')} high mostly for missing values, where what stands in for them does not fit the others. Prepare with "Learn around them" or "Leave the row out" to see what else is unusual.`,
  ]
}

/** From this share on rows are rather shifted than anomalous. */
const mostAnomalous = 0.3

export const shiftNote = (contamination: { readonly low: number } | null): string[] =>
  contamination && contamination.low > mostAnomalous
    ? [
        `At least ${Math.round(100 * contamination.low)} % of the rows score like no held-out row: they have shifted as a whole, and the threshold flags more than its false alarms say. Look for drift, or learn from newer rows.`,
      ]
    : []
