/**
 * What to know of an evaluation before it is reported: above all where the labels that are reported had a say in the results, which
 * makes figures better than they would be on other data. Everything is read from what the project remembers of how results came about;
 * what was decided outside of it nobody can know.
 *
 * `warn` is what certainly happened, `note` what may matter. Memory: a byte per row of the dataset.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { EvaluationFinding } from '#common/domain/evaluation.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { Found, Judged } from './judged.ts'
import { calibrationRows, labelLearnedRows, trainedRows } from './learnedRows.ts'
import { classLeaks, labelsLearned, scoreLeaks, selection } from './leaks.ts'
import type { EvaluateParams } from './params.ts'
import type { Truth } from './truth.ts'
import { counted, grouped, listed } from './words.ts'

/** Fewer rows of a class than this say little of it. */
const fewRows = 10
/** Fewer blocks than this hardly show how much they differ. */
const fewBlocks = 30

const isAre = (n: number): string => (n === 1 ? 'is' : 'are')

export function findingsOf(judged: Judged): EvaluationFinding[] {
  const perResult = judged.artifacts.flatMap((artifact, row) => ofResult(judged, artifact, row).map((found) => ({ ...found, rows: [row] })))
  throwIfCancelled(judged.signal)
  const all = [...joined(perResult), ...selection(judged), ...rowsLearned(judged), ...ofFigures(judged)]
  return all.sort((a, b) => Number(a.severity === 'note') - Number(b.severity === 'note'))
}

/** Of what was not judged nothing is reported that labels could have had a say in. */
function ofResult(judged: Judged, artifact: Artifact, row: number): Found[] {
  const { result } = judged.evaluated[row]
  if (result.kind === 'unjudged')
    return [{ code: 'NOT_JUDGED', severity: 'warn', message: `Not judged. ${result.reason}`, hint: result.hint }]
  return [
    ...(artifact.kind === 'clustering' ? classLeaks(judged, artifact) : scoreLeaks(judged, artifact)),
    ...labelsLearned(judged, artifact),
  ]
}

/** The same finding of several results once. */
function joined(findings: readonly EvaluationFinding[]): EvaluationFinding[] {
  const byText = new Map<string, EvaluationFinding>()
  for (const finding of findings) {
    const known = byText.get(finding.message)
    byText.set(finding.message, known ? { ...known, rows: [...known.rows, ...finding.rows] } : finding)
  }
  return [...byText.values()]
}

/** Labelled rows that went into what they judge. */
function rowsLearned({ project, artifacts, dataset, truth, params, evaluated, signal }: Judged): EvaluationFinding[] {
  const rows = [...artifacts.keys()].filter((row) => evaluated[row].result.kind === 'scores')
  const scores = rows.map((row) => artifacts[row])
  const noun = rowNoun[(dataset.meta as unknown as DatasetMeta).kind]
  const found: EvaluationFinding[] = []
  if (scores.length === 0) return found
  const { ids, isAnomalous } = truth
  const judgedAmong = (lists: Iterable<Float64Array>): number => {
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
  found.push(...zeroTwice(truth, params, evaluated))
  const limited = evaluated.flatMap(({ figures }, row) => ((figures.ceiling ?? 1) < 1 ? [row] : []))
  for (const row of limited)
    found.push({
      code: 'FEWER_CLASSES',
      severity: 'note',
      message: `${figureText(evaluated[row].figures.k)} classes for more labelled ones, so no more than ${(evaluated[row].figures.ceiling ?? 1).toFixed(3)} can match one to one.`,
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
          message: `Only ${blocks.count} blocks of neighbouring ${noun} have labels, so intervals may be narrower than they should be.`,
          hint,
          rows: [row],
        })
  }
  return joined(found)
}

/** 0 means 'not labelled' to classes and 'normal' to scores; with several classes beside it, it hardly means both. */
function zeroTwice(
  { names, isAnomalous }: Truth,
  { anomalous, ignore }: EvaluateParams,
  evaluated: Judged['evaluated'],
): EvaluationFinding[] {
  const rowsOf = (kind: string): number[] => evaluated.flatMap(({ result }, row) => (result.kind === kind ? [row] : []))
  const others = names.filter((_, j) => isAnomalous?.[j])
  if (anomalous.length > 0 || ignore !== null || !names.includes('0') || others.length < 2) return []
  if (rowsOf('classes').length === 0 || rowsOf('scores').length === 0) return []
  return [
    {
      code: 'ZERO_TWICE',
      severity: 'note',
      message: `Label 0 is left out of classes and counts as normal for scores, and ${listed(others)} as anomalous.`,
      hint: 'If 0 means “not labelled”, leave it out, and set “Anomalous are” to the label values that are anomalous.',
      rows: rowsOf('scores'),
    },
  ]
}

const figureText = (value: number | null): string => (value === null ? 'few' : String(value))
