/**
 * Where the labels that are reported had a say in the results: in k, in a threshold, in what a model learned from, and in which of several
 * results is reported at all. Read from what the project remembers; what was decided outside of it nobody can know.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { EvaluationFinding } from '#common/domain/evaluation.ts'
import type { ClusteringMeta, MatrixMeta, ScoresMeta } from '#common/domain/results.ts'
import { choiceOf } from '#common/domain/scores.ts'
import { parseConditions } from '../../data/conditions.ts'
import { parsePlace } from '../../data/vector/open.ts'
import { countAsAnomalous } from '../anomalousLabels.ts'
import { lineage } from '../lineage.ts'
import { ruleWords } from '../score/threshold.ts'
import type { Found, Judged } from './judged.ts'
import { thresholdOf } from './scores.ts'

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

export function classLeaks(judged: Judged, artifact: Artifact): Found[] {
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
  const made = lineage(judged.project, artifact.id)
  const given = made.some(
    ({ operation, params }) =>
      (operation === 'cluster' && params.k === known) ||
      (operation === 'cut-tree' && params.by === 'clusters' && params.clusters === known),
  )
  const found: Found[] = []
  if (k === known && given)
    found.push({
      code: 'K_FROM_LABELS',
      severity: 'note',
      message: `k = ${k} was given, and the labels have as many classes.`,
      hint: 'If the labels are where it comes from, say so beside the figures.',
    })
  if (made.some(({ operation }) => operation === 'merge-classes' || operation === 'split-class'))
    found.push({
      code: 'CLASSES_EDITED',
      severity: 'note',
      message: 'Classes were merged or split by hand.',
      hint: 'If these labels were looked at for it, figures are too good: set the classes from before beside them.',
    })
  return found
}

export function scoreLeaks({ project, params }: Judged, artifact: Artifact): Found[] {
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
      message: `The scores learned from ${learnedFrom?.source ?? 'labels'} (${learnedFrom?.anomalous ?? 0} anomalous, ${learnedFrom?.normal ?? 0} normal${learnedFrom?.anomalousLabels ? `, where ${countAsAnomalous(learnedFrom.anomalousLabels)}` : ''}).`,
      hint:
        params.judge !== 'all'
          ? 'The rows they learned from are left out; say that labels were used.'
          : 'Judge on rows not learned from, and set the scores before re-scoring beside them.',
    })
  }
  return found
}

/** The labels themselves among what a model learned from, was given or was restricted by. */
export function labelsLearned({ project, params, dataset }: Judged, artifact: Artifact): Found[] {
  const { metadataFields, columns } = dataset.meta as unknown as DatasetMeta
  const field = params.labels
  const matrices = lineage(project, artifact.id).filter(({ kind }) => kind === 'matrix')
  if (!metadataFields.includes(field) && !columns.some(({ name }) => name === field))
    return matrices.some((behind) => sameLabels(behind.params.region, field)) ? [learnedInside] : []
  const found: Found[] = []
  for (const behind of matrices) {
    const matrix = behind.meta as unknown as MatrixMeta
    // Of the data it was made of, which may be others than those that are judged.
    const own = project.artifact(matrix.dataset).meta as unknown as DatasetMeta
    const learned = matrix.columnIndex.some((j) => own.columns[j]?.name === field)
    const given = matrix.given?.some((condition) => condition.field === field) ?? false
    if (learned || given)
      found.push({
        code: 'LABELS_LEARNED',
        severity: 'warn',
        message: `The model was ${learned ? 'trained on' : 'given'} “${field}” itself, among its ${learned ? 'columns' : 'known influences'}.`,
        hint: `Prepare the data again without “${field}”: what is known already cannot be found.`,
      })
    const { where, within } = behind.params as { where?: string | null; within?: string | null }
    if (typeof where === 'string' && parseConditions(where, own, 'where').some((condition) => condition.field === field))
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

const learnedInside: Found = {
  code: 'LABELS_LEARNED',
  severity: 'note',
  message: 'The model learned only from pixels inside these very labels.',
  hint: 'Say so beside the figures, or judge on labels from other areas.',
}

/** Figures by which one would choose. */
const choosers = ['ari', 'accuracy', 'nmi', 'ami', 'auc', 'averagePrecision', 'f1'] as const

/** Results that were the best of several by the same labels, and are now reported without the others. */
export function selection(judged: Judged): EvaluationFinding[] {
  const { project, artifacts } = judged
  const here = artifacts.map(({ id }) => new Set(lineage(project, id).map((a) => a.id)))
  const found: EvaluationFinding[] = []
  for (const { artifact: earlier, meta } of comparisonsOn(judged)) {
    const candidates = meta.rows.filter(({ isBaseline }) => !isBaseline)
    const reported = candidates.map(({ artifact, runs = [] }) => {
      const made = [artifact, ...runs.flatMap(({ model, clustering }) => [clustering, model])].filter((id) => id !== null)
      return here.findIndex((ids, row) => made.some((id) => id === artifacts[row].id || ids.has(id)))
    })
    const choice = choosers.flatMap((key) => chosenBy(key, candidates, reported))[0]
    if (choice === undefined) continue
    const { of, kept } = choice
    found.push({
      code: 'CHOSEN_ON_LABELS',
      severity: 'warn',
      message: `“${earlier.name}” held ${of} results against these labels, and the best of them is reported here without ${of - kept.length === 1 ? 'the other' : 'the others'}.`,
      hint: 'Report all that were tried, or judge the chosen one on labels that did not choose it.',
      rows: [...new Set(kept)],
    })
  }
  // One is enough: the one with the most candidates comes from the last comparison as a rule.
  return found.slice(-1)
}

/**
 * Whether the best by a figure is reported without all others that have it: classes stand beside scores, which have figures of their own.
 * @param reported for each candidate its row among those that are reported, −1 where it is none of them
 */
function chosenBy(
  key: (typeof choosers)[number],
  candidates: ComparisonMeta['rows'],
  reported: readonly number[],
): { of: number; kept: number[] }[] {
  const having = candidates.flatMap(({ figures }, i) =>
    typeof figures[key] === 'number' ? [{ value: figures[key], row: reported[i] }] : [],
  )
  const kept = having.flatMap(({ row }) => (row >= 0 ? [row] : []))
  if (kept.length === 0 || kept.length === having.length) return []
  const best = having.reduce((top, one) => (one.value > top.value ? one : top))
  return best.row >= 0 ? [{ of: having.length, kept }] : []
}
