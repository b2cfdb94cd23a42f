/**
 * What to know of an evaluation before it is reported: above all where the labels that are reported had a say in the results, which
 * makes figures better than they would be on other data. Everything is read from what the project remembers of how results came about;
 * what was decided outside of it nobody can know.
 *
 * `warn` is what certainly happened, `note` what may matter. Memory: eight bytes per row that a model learned from.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { rowNoun } from '#common/domain/dataset.ts'
import type { EvaluationFinding } from '#common/domain/evaluation.ts'
import type { ClusteringMeta, MatrixMeta, ScoresMeta } from '#common/domain/results.ts'
import { choiceOf } from '#common/domain/scores.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { parsePlace } from '../../data/vector/open.ts'
import type { Project } from '../../project/project.ts'
import { lineage } from '../lineage.ts'
import { ruleWords } from '../score/threshold.ts'
import type { EvaluatedFigures } from './classes.ts'
import { calibrationRows, labelLearnedRows, trainedRows } from './learnedRows.ts'
import type { EvaluateParams } from './params.ts'
import { thresholdOf } from './scores.ts'
import type { Truth } from './truth.ts'
import { counted, grouped } from './words.ts'

export interface Judged {
  readonly project: Project
  readonly dataset: Artifact
  readonly artifacts: readonly Artifact[]
  readonly truth: Truth
  /** Labelled rows of each class. */
  readonly sizes: readonly number[]
  readonly evaluated: readonly EvaluatedFigures[]
  readonly params: EvaluateParams
  readonly signal: AbortSignal
}

/** Fewer rows of a class than this say little of it. */
const fewRows = 10
/** Fewer blocks than this hardly show how much they differ. */
const fewBlocks = 30

const isAre = (n: number): string => (n === 1 ? 'is' : 'are')

export function findingsOf(judged: Judged): EvaluationFinding[] {
  const perResult = judged.artifacts.flatMap((artifact, row) =>
    [
      ...(artifact.kind === 'clustering' ? classLeaks(judged, artifact) : scoreLeaks(judged, artifact)),
      ...labelsLearned(judged, artifact),
    ].map((finding) => ({ ...finding, rows: [row] })),
  )
  throwIfCancelled(judged.signal)
  const all = [...joined(perResult), ...selection(judged), ...rowsLearned(judged), ...ofFigures(judged)]
  return all.sort((a, b) => Number(a.severity === 'note') - Number(b.severity === 'note'))
}

type Found = Omit<EvaluationFinding, 'rows'>

/** The same finding of several results once. */
function joined(findings: readonly EvaluationFinding[]): EvaluationFinding[] {
  const byText = new Map<string, EvaluationFinding>()
  for (const finding of findings) {
    const known = byText.get(finding.message)
    byText.set(finding.message, known ? { ...known, rows: [...known.rows, ...finding.rows] } : finding)
  }
  return [...byText.values()]
}

/** A field by its name, a file wherever it was looked for from. */
function sameLabels(a: unknown, b: string): boolean {
  if (typeof a !== 'string' || a === b) return a === b
  const [first, second] = [parsePlace(a), parsePlace(b)]
  return first.layer === second.layer && resolve(first.path) === resolve(second.path) && existsSync(first.path)
}

/** Finished comparisons that the labels judged, or gave k to. */
function comparisonsOn({ project, params, dataset }: Judged): { artifact: Artifact; meta: ComparisonMeta }[] {
  return project
    .artifacts()
    .filter(({ kind, status }) => kind === 'comparison' && status === 'done')
    .map((artifact) => ({ artifact, meta: artifact.meta as unknown as ComparisonMeta }))
    .filter(({ artifact, meta }) => sameLabels(artifact.params.labels, params.labels) && (meta.dataset ?? dataset.id) === dataset.id)
}

function classLeaks(judged: Judged, artifact: Artifact): Found[] {
  const { k } = artifact.meta as unknown as ClusteringMeta
  const behind = new Set(lineage(judged.project, artifact.id).map(({ id }) => id))
  const giver = comparisonsOn(judged).find(
    ({ meta }) =>
      meta.k?.from === 'labels' &&
      meta.rows.some(({ runs = [] }) => runs.some(({ clustering }) => clustering !== null && behind.has(clustering))),
  )
  if (giver)
    return [
      {
        code: 'K_FROM_LABELS',
        severity: 'warn',
        message: `k = ${k} is the number of labelled classes: “${giver.artifact.name}” took it from these labels.`,
        hint: 'Say so beside the figures, or cluster with a k that was chosen without labels.',
      },
    ]
  const known = judged.sizes.filter((n, j) => n > 0 && !judged.truth.leftOutOfClasses.has(j)).length
  const given = lineage(judged.project, artifact.id).some(({ operation, params }) => operation === 'cluster' && params.k === known)
  return k === known && given
    ? [
        {
          code: 'K_FROM_LABELS',
          severity: 'note',
          message: `k = ${k} was given, and the labels have as many classes.`,
          hint: 'If the labels are where it comes from, say so beside the figures.',
        },
      ]
    : []
}

function scoreLeaks({ project, params }: Judged, artifact: Artifact): Found[] {
  const meta = artifact.meta as unknown as ScoresMeta
  const found: Found[] = []
  const earlierBest = project
    .artifacts()
    .filter(({ kind, status }) => kind === 'comparison' && status === 'done')
    .flatMap(({ meta: other }) => (other as unknown as ComparisonMeta).evaluation?.results ?? [])
    .flatMap((result) => (result.kind === 'scores' ? result.marks.filter(({ what }) => what === 'best F1') : []))
  const threshold = thresholdOf(artifact)
  const choice = choiceOf(artifact)
  if (threshold !== meta.threshold && choice === null) {
    const isBest = earlierBest.some((mark) => mark.threshold === threshold)
    found.push(
      isBest
        ? {
            code: 'THRESHOLD_FROM_LABELS',
            severity: 'warn',
            message: 'The threshold was moved to where F1 is highest on labels.',
            hint: 'Report precision, recall and F1 at the recommended threshold, or on labels that had no say in it.',
          }
        : {
            code: 'THRESHOLD_MOVED',
            severity: 'note',
            message: 'The threshold was moved by hand.',
            hint: 'If these labels were looked at for it, precision, recall and F1 are too good; ranks (AUC, average precision) are not touched.',
          },
    )
  } else if (choice?.usesLabels) {
    // Which rows it took is kept with the scores, so that they can be left out.
    const isKept = choice.labels !== undefined || artifact.arrays.some(({ name }) => name === 'learned/row')
    const leftOut = params.judge !== 'all' && isKept
    found.push({
      code: 'THRESHOLD_FROM_LABELS',
      severity: leftOut ? 'note' : 'warn',
      message: `The threshold was chosen with labels: ${ruleWords(choice)}.`,
      hint: leftOut
        ? 'The rows it was chosen on are left out; say that labels were used.'
        : 'Judge on rows not learned from, or use a rule that takes no labels. Ranks (AUC, average precision) are not touched.',
    })
  }
  const learner = lineage(project, artifact.id).find(({ meta: other }) => (other as unknown as ScoresMeta).learnedFrom !== undefined)
  if (learner) {
    const { learnedFrom } = learner.meta as unknown as ScoresMeta
    found.push({
      code: 'SCORES_FROM_LABELS',
      severity: params.judge !== 'all' ? 'note' : 'warn',
      message: `The scores learned from ${learnedFrom?.source ?? 'labels'} (${learnedFrom?.anomalous ?? 0} anomalous, ${learnedFrom?.normal ?? 0} normal).`,
      hint:
        params.judge !== 'all'
          ? 'The rows they learned from are left out; say that labels were used.'
          : 'Judge on rows not learned from, and set the scores before re-scoring beside them.',
    })
  }
  return found
}

/** The labels themselves among what a model learned from, was given or was restricted by. */
function labelsLearned({ project, params, dataset }: Judged, artifact: Artifact): Found[] {
  const { metadataFields, columns } = dataset.meta as unknown as DatasetMeta
  const field = params.labels
  if (!metadataFields.includes(field) && !columns.some(({ name }) => name === field)) return []
  const found: Found[] = []
  for (const behind of lineage(project, artifact.id)) {
    if (behind.kind !== 'matrix') continue
    const matrix = behind.meta as unknown as MatrixMeta
    const learned = matrix.columnIndex.some((j) => columns[j]?.name === field)
    const given = matrix.given?.some((condition) => condition.field === field) ?? false
    if (learned || given)
      found.push({
        code: 'LABELS_LEARNED',
        severity: 'warn',
        message: `The model was ${learned ? 'trained on' : 'given'} “${field}” itself, among its ${learned ? 'columns' : 'known influences'}.`,
        hint: `Prepare the data again without “${field}”: what is known already cannot be found.`,
      })
    const { where, within } = behind.params as { where?: string | null; within?: string | null }
    if (typeof where === 'string' && mentions(where, field))
      found.push({
        code: 'LABELS_LEARNED',
        // Normal rows that were learned as normal are told from anomalies too easily.
        severity: artifact.kind === 'scores' && params.judge === 'all' ? 'warn' : 'note',
        message: `The model learned from rows where ${where} only, which these labels decide.`,
        hint: 'Say that it is trained on labelled normal rows, and judge on rows not learned from.',
      })
    if (within === field)
      found.push({
        code: 'LABELS_LEARNED',
        severity: 'warn',
        message: `Columns were scaled within each “${field}”, so that the labels shape what the model sees.`,
        hint: 'Scale over all rows, or within something that is not reported.',
      })
  }
  return found
}

const mentions = (expression: string, field: string): boolean => {
  const at = expression.indexOf(field)
  return at >= 0 && !/\w/.test(expression[at - 1] ?? ' ') && !/\w/.test(expression[at + field.length] ?? ' ')
}

/** Figures by which one would choose. */
const choosers = ['ari', 'accuracy', 'nmi', 'ami', 'auc', 'averagePrecision', 'f1'] as const

/** Results that were the best of several by the same labels, and are now reported without the others. */
function selection(judged: Judged): EvaluationFinding[] {
  const { project, artifacts } = judged
  const here = artifacts.map(({ id }) => new Set(lineage(project, id).map((a) => a.id)))
  const found: EvaluationFinding[] = []
  for (const { artifact: earlier, meta } of comparisonsOn(judged)) {
    const candidates = meta.rows.filter(({ isBaseline }) => !isBaseline)
    const reported = candidates.map(({ artifact, runs = [] }) => {
      const made = [artifact, ...runs.flatMap(({ model, clustering }) => [clustering, model])].filter((id) => id !== null)
      return here.findIndex((ids, row) => made.some((id) => id === artifacts[row].id || ids.has(id)))
    })
    const kept = reported.filter((row) => row >= 0)
    if (candidates.length < 2 || kept.length === 0 || kept.length === candidates.length) continue
    const best = choosers.find((key) => {
      const values = candidates.map(({ figures }) => figures[key])
      if (values.some((value) => typeof value !== 'number')) return false
      const top = values.indexOf(Math.max(...(values as number[])))
      return reported[top] >= 0
    })
    if (best === undefined) continue
    found.push({
      code: 'CHOSEN_ON_LABELS',
      severity: 'warn',
      message: `“${earlier.name}” held ${candidates.length} results against these labels, and the best of them is reported here without ${candidates.length - kept.length === 1 ? 'the other' : 'the others'}.`,
      hint: 'Report all that were tried, or judge the chosen one on labels that did not choose it.',
      rows: [...new Set(kept)],
    })
  }
  // One is enough: the one with the most candidates comes from the last comparison as a rule.
  return found.slice(-1)
}

/** Labelled rows that went into what they judge. */
function rowsLearned({ project, artifacts, dataset, truth, params, signal }: Judged): EvaluationFinding[] {
  const scores = artifacts.filter(({ kind }) => kind === 'scores')
  const rows = [...artifacts.keys()].filter((row) => artifacts[row].kind === 'scores')
  const noun = rowNoun[(dataset.meta as unknown as DatasetMeta).kind]
  const found: EvaluationFinding[] = []
  if (scores.length === 0) return found
  const { ids, isAnomalous } = truth
  const judgedAmong = (lists: readonly Float64Array[]): number => {
    const seen = new Uint8Array(ids.length)
    for (const list of lists) for (const row of list) if (ids[row] >= 0) seen[row] = 1
    return seen.reduce((a, b) => a + b, 0)
  }
  if (params.judge === 'all') {
    const told = judgedAmong(labelLearnedRows(project, scores))
    if (told > 0)
      found.push({
        code: 'LABELLED_ROWS_LEARNED',
        severity: 'warn',
        message: `${counted(told, noun)} whose label or review the scores learned from ${isAre(told)} among those reported.`,
        hint: 'Judge on rows not learned from.',
        rows,
      })
    const learned = judgedAmong(trainedRows(project, scores, dataset.id))
    if (learned > 0)
      found.push({
        code: 'ROWS_LEARNED',
        severity: 'note',
        message: `${counted(learned, noun)} that a model was trained on ${isAre(learned)} among those reported. Their labels were not used, but rows that were learned are rebuilt better than new ones.`,
        hint: 'Judge on rows not learned from to see how it does on new data.',
        rows,
      })
  }
  throwIfCancelled(signal)
  for (const row of rows) {
    const calibrating = calibrationRows(project, artifacts[row], dataset.id)
    if (!calibrating) continue
    let anomalous = 0
    let reported = 0
    for (const at of calibrating)
      if (ids[at] >= 0) {
        reported++
        if (isAnomalous?.[ids[at]]) anomalous++
      }
    if (reported > 0)
      found.push({
        code: 'ROWS_CALIBRATED',
        severity: 'note',
        message: `${counted(reported, noun)} that the threshold rests on ${isAre(reported)} among those reported: how many of them it flags was settled with it.`,
        hint: 'Judge on rows without any part in the results, where there are any, for precision, recall and false alarms.',
        rows: [row],
      })
    if (anomalous > 0)
      found.push({
        code: 'CALIBRATED_ON_ANOMALIES',
        severity: 'note',
        message: `${counted(anomalous, noun)} of the ${grouped(calibrating.length)} that the threshold rests on ${isAre(anomalous)} anomalous by these labels: it is higher than normal rows would have it.`,
        hint: 'Prepare with normal rows only where they are known, or use a rule that stands anomalies, such as MAD.',
        rows: [row],
      })
  }
  return joined(found)
}

/** What the figures themselves do not show. */
function ofFigures({ dataset, truth, sizes, evaluated, artifacts, params }: Judged): EvaluationFinding[] {
  const { kind, grid } = dataset.meta as unknown as DatasetMeta
  const found: EvaluationFinding[] = []
  const scarce = truth.names.filter((_, j) => sizes[j] > 0 && sizes[j] < fewRows && !truth.leftOutOfClasses.has(j))
  if (scarce.length > 0)
    found.push({
      code: 'FEW_ROWS',
      severity: 'note',
      message: `${scarce.length === 1 ? `Class “${scarce[0]}” has` : `${scarce.length} classes have`} fewer than ${fewRows} labelled ${rowNoun[kind][1]}: figures of ${scarce.length === 1 ? 'it' : 'them'} say little.`,
      hint: 'Look at the intervals, or label more.',
      rows: [],
    })
  const byLetters = new Map<string, string[]>()
  for (const name of truth.names) {
    const letters = name.trim().toLowerCase()
    byLetters.set(letters, [...(byLetters.get(letters) ?? []), name])
  }
  const alike = [...byLetters.values()].filter((names) => names.length > 1)
  if (alike.length > 0)
    found.push({
      severity: 'note',
      code: 'NAMES_ALIKE',
      message: `Labels that differ only by capitals or spaces count as different classes: ${alike.map((names) => names.map((name) => `“${name}”`).join(' and ')).join(', ')}.`,
      hint: 'If they mean the same, write them alike.',
      rows: [],
    })
  const classes = truth.names.filter((_, j) => sizes[j] > 0 && !truth.leftOutOfClasses.has(j))
  const maps = artifacts.flatMap((artifact, row) => (artifact.kind === 'clustering' ? [row] : []))
  if (maps.length > 0 && classes.length === 1)
    found.push({
      code: 'ONE_CLASS',
      severity: 'warn',
      message: `Only one class is labelled, “${classes[0]}”: that classes agree with it says nothing, for a map of a single class would too.`,
      hint:
        truth.leftOutOfClasses.size > 0 || params.ignore === null
          ? 'If 0 is a class of its own, leave out nothing (an empty list); else label another class.'
          : 'Label another class.',
      rows: maps,
    })
  const limited = evaluated.flatMap(({ figures }, row) => ((figures.ceiling ?? 1) < 1 ? [row] : []))
  for (const row of limited)
    found.push({
      code: 'FEWER_CLASSES',
      severity: 'note',
      message: `${artifacts[row].name}: ${figureText(evaluated[row].figures.k)} classes for more labelled ones, so no more than ${(evaluated[row].figures.ceiling ?? 1).toFixed(3)} can match one to one.`,
      hint: 'Compare with that ceiling, or look at purity and shared information.',
      rows: [row],
    })
  if (grid !== null || kind === 'series') {
    const noun = rowNoun[kind][1]
    const hint = grid
      ? 'Judge on labels from several separate areas, and compare those.'
      : 'Judge on several units or stretches of time, and compare those.'
    const oneByOne = evaluated.flatMap(({ intervals, blocks }, row) => (Object.keys(intervals).length > 0 && !blocks ? [row] : []))
    if (oneByOne.length > 0)
      found.push({
        code: 'NEIGHBOURS_ALIKE',
        severity: 'note',
        message: `Intervals take labelled ${noun} as drawn one by one${params.blockSide === 1 ? '' : ', since it could not be measured that neighbours are alike'}. Where they are, intervals are narrower than they should be.`,
        hint,
        rows: oneByOne,
      })
    for (const [row, { blocks }] of evaluated.entries())
      if (blocks && blocks.count < fewBlocks)
        found.push({
          code: 'NEIGHBOURS_ALIKE',
          severity: 'note',
          message: `${artifacts[row].name}: only ${blocks.count} blocks of neighbouring ${noun} have labels, so intervals may be narrower than they should be.`,
          hint,
          rows: [row],
        })
  }
  return found
}

const figureText = (value: number | null): string => (value === null ? 'few' : String(value))
